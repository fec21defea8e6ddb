"""How things stand, told to every open page when it changes: is the app there, what waits, what goes on."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Protocol

from aiohttp import web

from bot.sandbox.page.guide import Guide
from bot.sandbox.web_api.faults import Faults
from bot.sandbox.workspace.records import Json

Panel = Callable[[], Awaitable[list[Json]]]
LOOK_EVERY = 0.4
"""Seconds. Nobody tells the sandbox what waits in the app, so it looks, while somebody has a page open."""


class Watched(Protocol):
    faults: Faults
    guide: Guide | None
    panel: Panel | None

    def is_connected(self) -> bool:
        """Whether there is a way to the app."""


class Stage:
    def __init__(self, owner: Watched, sockets: set[web.WebSocketResponse]) -> None:
        self.owner = owner
        self.sockets = sockets
        self.shown: Json = {}
        self.task: asyncio.Task[None] | None = None

    async def now(self) -> Json:
        """`waiting` is None where the app does not say."""
        owner = self.owner
        standing = await owner.guide.now() if owner.guide else {}
        return {
            "connected": owner.is_connected(),
            "down": owner.faults.is_down,
            "waiting": await owner.panel() if owner.panel else None,
            "doing": standing.get("doing", []),
            "steps": standing.get("steps", []),
        }

    async def greet(self, ws: web.WebSocketResponse) -> None:
        """Tell a page that has just opened, and look after it from now on."""
        await ws.send_str(as_news(await self.now()))
        if self.task is None or self.task.done():
            self.task = asyncio.create_task(self._watch(), name="stage")

    async def _watch(self) -> None:
        while self.sockets:
            await asyncio.sleep(LOOK_EVERY)
            try:
                found = await self.now()
            except Exception as problem:  # noqa: BLE001  whatever the app's own panel stumbles over: the page goes on
                asyncio.get_running_loop().call_exception_handler({"message": "no panel", "exception": problem})
                continue
            if found != self.shown:
                self.shown = found
                await tell(self.sockets, as_news(found))

    def close(self) -> None:
        if self.task:
            self.task.cancel()


def as_news(stage: Json) -> str:
    return json.dumps([{"kind": "stage", "which": "", "stage": stage}])


async def tell(sockets: set[web.WebSocketResponse], news: str) -> None:
    for ws in list(sockets):
        if ws.closed:
            continue
        try:
            await ws.send_str(news)
        except ConnectionError:
            sockets.discard(ws)
