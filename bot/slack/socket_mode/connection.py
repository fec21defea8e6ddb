"""
One Socket Mode connection: receive envelopes, acknowledge them, detect a dead peer.

The SDK's client is not used: it acknowledges over the newest connection instead of the receiving one, closes a
connection before there is another, and detects a dead one by the wall clock.
Frames: docs.slack.dev/apis/events-api/using-socket-mode.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from time import monotonic, perf_counter
from typing import Any

import aiohttp
from slack_bolt.response import BoltResponse
from slack_sdk.socket_mode.request import SocketModeRequest
from structlog import get_logger

from bot.runtime.log import request_context
from bot.runtime.metrics import SOCKET_ENVELOPES

log = get_logger(__name__)

EVENTS = "events_api"
"""The envelope type of channel activity, which is frequent: acknowledged events are logged at `debug`."""
MAX_ID = 64
"""Characters of an envelope's id in the log."""

PING_SECONDS = 5.0
"""Seconds between pings. A connection is dead if nothing arrives for `PINGS_MISSED` of them."""
PINGS_MISSED = 2
MAX_IN_FLIGHT = 4_000
"""Envelopes being handled; more are not acknowledged, so Slack delivers them again."""
CLOSE_SECONDS = 1.0
CUT, SILENT, OLD, STOPPED = "cut", "silent", "old", "stopped"
"""Reasons for which a connection ends, where Slack gave none."""
CONNECTION_ERRORS = (aiohttp.ClientError, OSError, TimeoutError)

Dispatch = Callable[[SocketModeRequest], Awaitable[BoltResponse]]


class ConnectionRejected(Exception):
    """
    Slack sent `disconnect` before `hello`.

    `reason`: `too_many_websockets` or `link_disabled`.
    """

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class Connection:
    """
    A connection: `wait_for_hello`, then `wait_until_stale`, then `close`.

    It receives and acknowledges while its replacement opens. `reason`: why it is replaced.
    """

    def __init__(
        self,
        number: int,
        ws: aiohttp.ClientWebSocketResponse,
        dispatch: Dispatch,
        on_end: Callable[["Connection"], None],
        ping_seconds: float,
    ) -> None:
        self.number = number
        self.opened_at = monotonic()
        self.reason = ""
        self.is_draining = False
        self.in_flight: set[asyncio.Task[None]] = set()
        self.has_ended = asyncio.Event()
        self._ws = ws
        self._dispatch = dispatch
        self._on_end = on_end
        self._ping_seconds = ping_seconds
        self._missed = 0
        self._stale = asyncio.Event()
        self._hello: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._tasks = [
            asyncio.create_task(self._read(), name=f"read socket {number}"),
            asyncio.create_task(self._ping(), name=f"ping socket {number}"),
        ]

    async def wait_for_hello(self) -> dict[str, Any]:
        """Return Slack's `hello`. Raises ConnectionRejected, or ConnectionError if there was none."""
        return await self._hello

    async def wait_until_stale(self, seconds: float) -> None:
        """Wait until Slack asks to reconnect, the connection is dead, or `seconds` are over."""
        try:
            async with asyncio.timeout(seconds):
                await self._stale.wait()
        except TimeoutError:
            self.reason = OLD

    async def drain(self) -> None:
        """Wait for the envelopes in flight."""
        while self.in_flight:
            await asyncio.wait(self.in_flight)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._hello.done() and not self._hello.cancelled():
            self._hello.exception()  # retrieved, so that asyncio does not log it
        self._end(STOPPED)
        await self._ws.close()

    async def _read(self) -> None:
        try:
            while True:
                message = await self._ws.receive()
                self._missed = 0
                if message.type is aiohttp.WSMsgType.TEXT:
                    self._on_frame(message.data)
                elif message.type is aiohttp.WSMsgType.PING:
                    await self._ws.pong(message.data)
                elif message.type is not aiohttp.WSMsgType.PONG:
                    break
        except CONNECTION_ERRORS:
            pass
        self._end(CUT)

    async def _ping(self) -> None:
        """Ping, and count misses instead of seconds: a process may have been paused."""
        while True:
            await asyncio.sleep(self._ping_seconds)
            if self._missed >= PINGS_MISSED:
                self._end(SILENT)
                return
            self._missed += 1
            try:
                async with asyncio.timeout(self._ping_seconds):
                    await self._ws.ping()
            except CONNECTION_ERRORS:
                self._end(SILENT)
                return

    def _end(self, reason: str) -> None:
        if self.has_ended.is_set():
            return
        self._mark_stale(reason)
        self.has_ended.set()
        if not self._hello.done():
            self._hello.set_exception(ConnectionResetError("the connection ended before Slack's hello"))
        self._on_end(self)

    def _mark_stale(self, reason: str) -> None:
        self.reason = self.reason or reason
        self._stale.set()

    def _on_frame(self, text: str) -> None:
        try:
            message = json.loads(text)
        except ValueError:
            message = None
        if not isinstance(message, dict):
            log.warning("socket frame is not a JSON object; ignored", connection=self.number)
            return
        match message.get("type"):
            case "hello" if not self._hello.done():
                self._hello.set_result(message)
            case "disconnect":
                self._on_disconnect(str(message.get("reason") or "refresh_requested"))
            case _:
                self._on_envelope(message)

    def _on_disconnect(self, reason: str) -> None:
        if not self._hello.done():
            self._hello.set_exception(ConnectionRejected(reason))
        self._mark_stale(reason)

    def _on_envelope(self, message: dict[str, Any]) -> None:
        request = SocketModeRequest.from_dict(message)
        if request is None:
            return
        if self.is_draining or len(self.in_flight) >= MAX_IN_FLIGHT:
            SOCKET_ENVELOPES.labels("refused").inc()
            return
        task = asyncio.create_task(self._handle(request), name=f"envelope {request.envelope_id}")
        self.in_flight.add(task)
        task.add_done_callback(self.in_flight.discard)

    async def _handle(self, request: SocketModeRequest) -> None:
        """Acknowledge after the listeners, which commit before they return."""
        with request_context(str(request.envelope_id)[:MAX_ID] or None, connection=self.number):
            started = perf_counter()
            outcome = await self._dispatch_and_acknowledge(request)
            SOCKET_ENVELOPES.labels(outcome).inc()
            seconds = perf_counter() - started
            is_routine = request.type == EVENTS and outcome == "answered"
            write = log.debug if is_routine else log.info
            write("envelope handled", type=request.type, outcome=outcome, ms=round(seconds * 1000, 1))

    async def _dispatch_and_acknowledge(self, request: SocketModeRequest) -> str:
        """Return `answered`, `failed` (delivered again) or `lost` (done, but not acknowledged)."""
        try:
            response = await self._dispatch(request)
        except Exception:
            log.exception("envelope failed", type=request.type)
            return "failed"
        if response.status != 200:
            return "failed"
        try:
            await self._ws.send_str(json.dumps(build_acknowledgement(request.envelope_id, response)))
        except CONNECTION_ERRORS:
            return "lost"
        return "answered"


def build_acknowledgement(envelope_id: str, response: BoltResponse) -> dict[str, Any]:
    """Build the frame that acknowledges an envelope with Bolt's response."""
    if not response.body:
        return {"envelope_id": envelope_id}
    kind = response.headers.get("content-type", [""])[0]
    payload = json.loads(response.body) if kind.startswith("application/json") else {"text": response.body}
    return {"envelope_id": envelope_id, "payload": payload}
