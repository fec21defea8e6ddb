"""Status of the app, sent to every open page when it changes."""

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
"""Seconds between checks of the app, while a page is open."""


class StatusSource(Protocol):
    faults: Faults
    guide: Guide | None
    panel: Panel | None

    def is_connected(self) -> bool:
        """Return whether the app is connected."""


class StatusFeed:
    def __init__(self, owner: StatusSource, sockets: set[web.WebSocketResponse]) -> None:
        self.owner = owner
        self.sockets = sockets
        self.shown: Json = {}
        self.task: asyncio.Task[None] | None = None

    async def now(self) -> Json:
        """Return the status. `waiting` None: the app does not say."""
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
        """Send the status to a new page, and watch it from now on."""
        await ws.send_str(status_news(await self.now()))
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
                await broadcast(self.sockets, status_news(found))

    def close(self) -> None:
        if self.task:
            self.task.cancel()


def status_news(stage: Json) -> str:
    return json.dumps([{"kind": "stage", "which": "", "stage": stage}])


async def broadcast(sockets: set[web.WebSocketResponse], news: str) -> None:
    for ws in list(sockets):
        if ws.closed:
            continue
        try:
            await ws.send_str(news)
        except ConnectionError:
            sockets.discard(ws)
