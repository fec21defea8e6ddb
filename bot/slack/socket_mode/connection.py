"""
One Socket Mode connection: what comes over it is answered over it, and its death is noticed.

The SDK's own client is not used: it answers over whichever connection is the newest, lets go of a connection before
there is another, and sees a dead one by the wall clock. Frames: docs.slack.dev/apis/events-api/using-socket-mode.
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

from bot.runtime.log import unit
from bot.runtime.metrics import SOCKET_ENVELOPES

log = get_logger(__name__)

EVENTS = "events_api"
"""The type of envelopes that come whenever anybody says anything: their lines stand at `debug`."""
LONGEST_ID = 64
"""Characters of an envelope's id that are kept for the log."""

PING_SECONDS = 5.0
"""Seconds between our pings. A connection from which two of them in a row brought nothing back is dead."""
PINGS_MISSED = 2
MOST_UNDER_WAY = 4_000
"""Envelopes being worked on; what comes beyond is not answered, and Slack delivers it again."""
CLOSE_SECONDS = 1.0
CUT, SILENT, OLD, STOPPED = "cut", "silent", "old", "stopped"
"""Why a connection ends where Slack gave no reason: it broke, nobody answers, its time is nearly over, we let go."""
BROKEN = (aiohttp.ClientError, OSError, TimeoutError)

Dispatch = Callable[[SocketModeRequest], Awaitable[BoltResponse]]


class Dismissed(Exception):
    """Slack ended a connection before its `hello`. `reason` is its word: `too_many_websockets`, `link_disabled`."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class Connection:
    """
    `greeting` until Slack has said hello, then `stay` for as long as it is good, and `close`.

    It goes on hearing and answering while it is being replaced: `reason` says why it is.
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
        self.is_refusing = False
        self.under_way: set[asyncio.Task[None]] = set()
        self.has_ended = asyncio.Event()
        self._ws = ws
        self._dispatch = dispatch
        self._on_end = on_end
        self._ping_seconds = ping_seconds
        self._missed = 0
        self._leaving = asyncio.Event()
        self._hello: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._tasks = [
            asyncio.create_task(self._read(), name=f"socket {number}"),
            asyncio.create_task(self._ping(), name=f"pings of socket {number}"),
        ]

    async def greeting(self) -> dict[str, Any]:
        """Slack's `hello`. Raises Dismissed, and ConnectionError if the connection ended without a word."""
        return await self._hello

    async def stay(self, seconds: float) -> None:
        """Until it has to be replaced: by Slack's word, because it is dead, or because `seconds` are over."""
        try:
            async with asyncio.timeout(seconds):
                await self._leaving.wait()
        except TimeoutError:
            self.reason = OLD

    async def drain(self) -> None:
        """Until nothing that came over it is being worked on."""
        while self.under_way:
            await asyncio.wait(self.under_way)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._hello.done() and not self._hello.cancelled():
            self._hello.exception()  # nobody else may have looked
        self._end(STOPPED)
        await self._ws.close()

    # --- what comes

    async def _read(self) -> None:
        try:
            while True:
                message = await self._ws.receive()
                self._missed = 0
                if message.type is aiohttp.WSMsgType.TEXT:
                    self._take(message.data)
                elif message.type is aiohttp.WSMsgType.PING:
                    await self._ws.pong(message.data)
                elif message.type is not aiohttp.WSMsgType.PONG:
                    break
        except BROKEN:
            pass
        self._end(CUT)

    async def _ping(self) -> None:
        """Counts pings instead of seconds: a process that stood still for an hour asks before it judges."""
        while True:
            await asyncio.sleep(self._ping_seconds)
            if self._missed >= PINGS_MISSED:
                self._end(SILENT)
                return
            self._missed += 1
            try:
                async with asyncio.timeout(self._ping_seconds):
                    await self._ws.ping()
            except BROKEN:
                self._end(SILENT)
                return

    def _end(self, reason: str) -> None:
        if self.has_ended.is_set():
            return
        self._leave(reason)
        self.has_ended.set()
        if not self._hello.done():
            self._hello.set_exception(ConnectionResetError("the connection ended before Slack's hello"))
        self._on_end(self)

    def _leave(self, reason: str) -> None:
        self.reason = self.reason or reason
        self._leaving.set()

    def _take(self, text: str) -> None:
        try:
            message = json.loads(text)
        except ValueError:
            message = None
        if not isinstance(message, dict):
            log.warning("Slack sent a frame that is no JSON object", connection=self.number)
            return
        match message.get("type"):
            case "hello" if not self._hello.done():
                self._hello.set_result(message)
            case "disconnect":
                self._dismissed(str(message.get("reason") or "refresh_requested"))
            case _:
                self._take_envelope(message)

    def _dismissed(self, reason: str) -> None:
        if not self._hello.done():
            self._hello.set_exception(Dismissed(reason))
        self._leave(reason)

    def _take_envelope(self, message: dict[str, Any]) -> None:
        request = SocketModeRequest.from_dict(message)
        if request is None:
            return
        if self.is_refusing or len(self.under_way) >= MOST_UNDER_WAY:
            SOCKET_ENVELOPES.labels("refused").inc()
            return
        task = asyncio.create_task(self._answer(request), name=f"envelope {request.envelope_id}")
        self.under_way.add(task)
        task.add_done_callback(self.under_way.discard)

    async def _answer(self, request: SocketModeRequest) -> None:
        """The listeners commit before they return, so what is acknowledged is kept."""
        with unit(str(request.envelope_id)[:LONGEST_ID] or None, connection=self.number):
            began = perf_counter()
            outcome = await self._carried_out(request)
            SOCKET_ENVELOPES.labels(outcome).inc()
            seconds = perf_counter() - began
            is_routine = request.type == EVENTS and outcome == "answered"
            say = log.debug if is_routine else log.info
            say("answered an envelope", type=request.type, outcome=outcome, ms=round(seconds * 1000, 1))

    async def _carried_out(self, request: SocketModeRequest) -> str:
        """What came of it: `answered`, `failed` (Slack delivers it again) or `lost` (done, and Slack does not know)."""
        try:
            response = await self._dispatch(request)
        except Exception:
            log.exception("an envelope failed", type=request.type)
            return "failed"
        if response.status != 200:
            return "failed"
        try:
            await self._ws.send_str(json.dumps(acknowledgement(request.envelope_id, response)))
        except BROKEN:
            return "lost"
        return "answered"


def acknowledgement(envelope_id: str, response: BoltResponse) -> dict[str, Any]:
    """What Bolt answered, as the frame that acknowledges an envelope."""
    if not response.body:
        return {"envelope_id": envelope_id}
    kind = response.headers.get("content-type", [""])[0]
    payload = json.loads(response.body) if kind.startswith("application/json") else {"text": response.body}
    return {"envelope_id": envelope_id, "payload": payload}
