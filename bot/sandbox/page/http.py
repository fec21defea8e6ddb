"""
The page: static files, live updates over a WebSocket, and avatars.

Its actions use the control API; the WebSocket only announces changes.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

from aiohttp import web

from bot.sandbox.control.http import is_same_origin
from bot.sandbox.page.guide import Action
from bot.sandbox.page.status import StatusFeed, StatusSource, broadcast
from bot.sandbox.workspace.records import Json
from bot.sandbox.workspace.workspace import Workspace

STATIC = Path(__file__).resolve().parent / "static"
GATHER_SECONDS = 0.03
"""Seconds within which changes are announced together."""
SAFE = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data: http: https:",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}
COLOURS = ("#3d7a6f", "#8a5a44", "#54678f", "#7d5386", "#5f7a3a", "#9a6b1f", "#40728f", "#8c4a5e")


class Owner(StatusSource, Protocol):
    """The sandbox as the page uses it. `marks`: emoji with a meaning for the app."""

    workspace: Workspace
    actions: dict[str, Action]
    commands: Sequence[Mapping[str, str]]
    shortcuts: Sequence[tuple[str, str]]
    global_shortcuts: Sequence[tuple[str, str]]
    marks: Mapping[str, str]
    page_watchers: list[Any]


class Page:
    def __init__(self, owner: Owner) -> None:
        self.owner = owner
        self.sockets: set[web.WebSocketResponse] = set()
        self.stage = StatusFeed(owner, self.sockets)
        self.changes: set[tuple[str, str]] = set()
        self.task: asyncio.Task[None] | None = None
        owner.page_watchers.append(self.changed)

    def routes(self) -> list[web.AbstractRouteDef]:
        return [
            web.get("/", self.index),
            web.get("/archives/{channel}", self.index),
            web.get("/archives/{channel}/{message}", self.index),
            web.get("/docs/{team}/{canvas}", self.canvas),
            web.get("/static/{path:.+}", self.static),
            web.get("/page/state", self.state),
            web.get("/page/live", self.live),
            web.get("/avatar/{name}", self.avatar),
            web.get("/files/{user}/{file}/{name}", self.file),
        ]

    async def index(self, _request: web.Request) -> web.FileResponse:
        return web.FileResponse(STATIC / "index.html", headers=SAFE)

    async def canvas(self, request: web.Request) -> web.Response:
        """Redirect a canvas's address to its channel, with the canvas open."""
        canvas = self.owner.workspace.canvases.get(request.match_info["canvas"])
        if canvas is None:
            return web.Response(status=404, text="There is no such canvas.")
        raise web.HTTPFound(
            f"/archives/{canvas.channel}?canvas={canvas.id}" if canvas.channel else f"/?canvas={canvas.id}"
        )

    async def static(self, request: web.Request) -> web.StreamResponse:
        path = (STATIC / request.match_info["path"]).resolve()
        if not path.is_file() or not path.is_relative_to(STATIC):
            return web.Response(status=404)
        return web.FileResponse(path, headers=SAFE)

    async def state(self, _request: web.Request) -> web.Response:
        """Return the page's initial state."""
        workspace = self.owner.workspace
        return web.json_response(
            {
                "team": vars(workspace.team),
                "app": vars(workspace.app),
                "actions": list(self.owner.actions),
                "commands": [dict(each) for each in self.owner.commands],
                "shortcuts": [{"callback_id": name, "title": title} for name, title in self.owner.shortcuts],
                "global_shortcuts": [
                    {"callback_id": name, "title": title} for name, title in self.owner.global_shortcuts
                ],
                "marks": dict(self.owner.marks),
                "guide": self.owner.guide.as_json() if self.owner.guide else None,
                "stage": await self.stage.now(),
            }
        )

    async def file(self, request: web.Request) -> web.Response:
        """Return a file for the browser: displayed if that is harmless, else saved."""
        file = self.owner.workspace.files.get(request.match_info["file"])
        if file is None or file.content is None:
            return web.Response(status=404, text="There is no such file.")
        headers = dict(SAFE)
        kind = "text/plain; charset=utf-8"
        if file.name.lower().endswith((".png", ".jpg", ".jpeg", ".gif")):
            kind = f"image/{file.name.rpartition('.')[2].lower().replace('jpg', 'jpeg')}"
        elif b"\0" in file.content[:1000]:
            kind = "application/octet-stream"
            headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(file.name)}"
        return web.Response(body=file.content, headers=headers | {"Content-Type": kind})

    async def avatar(self, request: web.Request) -> web.Response:
        """Return a coloured square with the initials."""
        user_id = request.match_info["name"].removesuffix(".svg")
        user = self.owner.workspace.users.get(user_id)
        words = (user.real_name if user else self.owner.workspace.team.name).split()
        initials = escape("".join(word[0] for word in words[:2]).upper())
        colour = "#33414d" if user and user.is_bot else COLOURS[sum(map(ord, user_id)) % len(COLOURS)]
        picture = (
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 72 72">'
            f'<rect width="72" height="72" rx="12" fill="{colour}"/><text x="36" y="46" font-family="sans-serif" '
            f'font-size="28" fill="#fff" text-anchor="middle">{initials}</text></svg>'
        )
        return web.Response(text=picture, content_type="image/svg+xml", headers={"Cache-Control": "max-age=3600"})

    # --- live

    async def live(self, request: web.Request) -> web.StreamResponse:
        if not is_same_origin(request):
            return web.Response(status=403)
        ws = web.WebSocketResponse(heartbeat=30)
        await ws.prepare(request)
        self.sockets.add(ws)
        try:
            await self.stage.greet(ws)
            async for _ in ws:
                pass
        finally:
            self.sockets.discard(ws)
        return ws

    def changed(self, kind: str, which: str) -> None:
        if not self.sockets:
            return
        self.changes.add((kind, which))
        if self.task is None or self.task.done():
            self.task = asyncio.create_task(self._announce_changes())

    async def _announce_changes(self) -> None:
        while self.changes:
            await asyncio.sleep(GATHER_SECONDS)
            gathered, self.changes = self.changes, set()
            news: list[Json] = [{"kind": kind, "which": which} for kind, which in sorted(gathered)]
            await broadcast(self.sockets, json.dumps(news))

    async def close(self) -> None:
        for ws in list(self.sockets):
            await ws.close()
        self.stage.close()
        if self.task:
            self.task.cancel()
