"""
Server-sent events of open pages: an event names what changed, and the page fetches it.

The id of an event is the version of the page. A browser that connects again sends the last one, and gets an event at
once if the page has another version by now, so nothing is missed.
"""

import asyncio
import itertools
from collections import defaultdict
from collections.abc import Awaitable, Callable

from aiohttp import web

from bot.services.web_pages.live import LiveState, Shown
from bot.services.web_pages.sessions import Viewer
from bot.web.admission import retry_later
from bot.web.connections import find_connection_limit
from bot.web.live.changes import LiveChanges, Watched
from bot.web.request_context import ROUTINE

KEEP_ALIVE_SECONDS = 10.0
"""Shorter than the time-outs of proxies for an idle answer."""
WRITE_SECONDS = 10.0
"""A browser that does not read for this long is disconnected."""
RETRY_MILLISECONDS = 2000
"""How long a browser waits before it connects again."""
SPREAD_EACH = 0.01
SPREAD_SECONDS = 2.0
"""Pages are told one after the other: if all fetched at the same moment, everybody else would wait."""
MAX_PER_SESSION = 8
MAX_IN_ALL = 1000
"""At most half of the connections that the process may have are streams."""
LAST_ID = "Last-Event-ID"
AFTER = "after"
"""Query with the version that the page shows, for the first connection."""
HEADERS = {"Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}

Find = Callable[[LiveState], Awaitable[Shown | None]]
"""What the page shows in a state; None if the viewer may not see it any longer."""


class Streams:
    """All streams of this process."""

    def __init__(self, changes: LiveChanges) -> None:
        self._changes = changes
        self._turns = itertools.count()
        self._limit = min(MAX_IN_ALL, find_connection_limit() // 2)
        self._open: defaultdict[str, dict[asyncio.BaseProtocol, Watched]] = defaultdict(dict)

    async def serve(self, request: web.Request, page: Watched, find: Find) -> web.StreamResponse:
        """Send events until the browser leaves, the session ends, or Dogwatch stops."""
        request[ROUTINE] = True
        if self._changes.is_stopped or sum(map(len, self._open.values())) >= self._limit:
            return retry_later(503, "Too many pages are open, or Dogwatch stops. Try again in a moment.")
        mine = self._open[page.token]
        for left in [each for each in mine if _is_gone(each)]:
            del mine[left]
        if len(mine) >= MAX_PER_SESSION:
            return retry_later(429, f"At most {MAX_PER_SESSION} pages of a session are live. Close another one.")
        mine[request.protocol] = page
        try:
            with self._changes.watch(page):
                return await self._send_events(request, page, find)
        finally:
            mine.pop(request.protocol, None)
            if not mine:
                self._open.pop(page.token, None)

    @property
    def state(self) -> LiveState:
        """The last state that was read for the open pages."""
        return self._changes.state

    def find_viewer(self, token: str | None) -> Viewer | None:
        """The person who has a stream open with this token: their session was checked a moment ago."""
        pages = self._open.get(token or "") if token not in self._changes.state.ended else None
        return next(iter(pages.values())).viewer if pages else None

    async def _send_events(self, request: web.Request, page: Watched, find: Find) -> web.StreamResponse:
        response = web.StreamResponse(headers=HEADERS)
        response.enable_chunked_encoding()
        changes = self._changes
        generation = changes.generation
        version = request.headers.get(LAST_ID) or request.query.get(AFTER, "")
        before: Shown | None = None
        is_missing = False
        turn = next(self._turns)
        try:
            await response.prepare(request)
            await _write(response, f"retry: {RETRY_MILLISECONDS}\n\n")
            while True:
                await changes.wait(generation, KEEP_ALIVE_SECONDS)
                if changes.is_stopped:
                    break
                if page.token in changes.state.ended:
                    await _write(response, "event: ended\ndata: session\n\n")
                    break
                if changes.generation == generation:
                    await _write(response, ": still here\n\n")
                    continue
                generation = changes.generation
                shown = await find(changes.state)
                if shown is None and not is_missing:  # it may be new among what is watched
                    is_missing = True
                    changes.refresh()
                    continue
                if shown is None:
                    await _write(response, "event: ended\ndata: page\n\n")
                    break
                if shown.version != version:
                    await asyncio.sleep(turn % changes.pages * min(SPREAD_EACH, SPREAD_SECONDS / changes.pages))
                    await _write(response, _event(shown, before))
                before, version, is_missing = shown, shown.version, False
        except (ConnectionError, TimeoutError):
            pass  # the browser left, or does not read
        return response


def _is_gone(connection: asyncio.BaseProtocol) -> bool:
    transport: asyncio.BaseTransport | None = getattr(connection, "transport", None)
    return transport is None or transport.is_closing()


def _event(shown: Shown, before: Shown | None) -> str:
    return f"event: changed\nid: {shown.version}\ndata: {' '.join(shown.changed_since(before))}\n\n"


async def _write(response: web.StreamResponse, text: str) -> None:
    async with asyncio.timeout(WRITE_SECONDS):
        await response.write(text.encode())
