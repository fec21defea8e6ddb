"""
Delivery over Socket Mode: docs.slack.dev/apis/events-api/using-socket-mode.

An app has up to ten connections. Each payload goes to one of them, round robin, and is acknowledged over the same one.
A connection ends with a `disconnect` message or is cut. A silent one stays open without answering.
"""

import asyncio
import json
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web

from bot.sandbox.app_link.outcome import Outcome, Outgoing
from bot.sandbox.workspace.records import Json, SlackError

MAX_SOCKETS = 10
APPROXIMATE_SECONDS = 3600
"""Seconds that `hello` announces for a connection."""


@dataclass(eq=False)
class Socket:
    """A WebSocket connection, with its payloads that wait for an acknowledgement."""

    n: int
    ws: web.WebSocketResponse
    transport: asyncio.Transport | None
    opened: float = field(default_factory=time.monotonic)
    unanswered: dict[str, asyncio.Future[Json]] = field(default_factory=dict)
    sent: int = 0
    answered: int = 0
    is_silent: bool = False
    timers: list[asyncio.TimerHandle] = field(default_factory=list)

    def fail_unanswered(self) -> None:
        for timer in self.timers:
            timer.cancel()
        for answer in self.unanswered.values():
            if not answer.done():
                answer.set_exception(ConnectionResetError())

    def as_json(self) -> Json:
        return {
            "n": self.n,
            "seconds": time.monotonic() - self.opened,
            "sent": self.sent,
            "answered": self.answered,
            "unanswered": len(self.unanswered),
            "is_silent": self.is_silent,
        }


class SocketHub:
    """All open connections, the oldest first."""

    name = "socket"

    def __init__(self, app_id: str, on_change: Callable[[], None]) -> None:
        self.app_id = app_id
        self.on_change = on_change
        self.sockets: list[Socket] = []
        self.tickets: set[str] = set()
        self.count = 0
        self.turn = 0
        self.is_refusing = False
        self.is_disabled = False
        self.max_sockets = MAX_SOCKETS
        self.lifetime: tuple[float, float] | None = None
        """Seconds until a refresh, and how long before it a warning comes. None: no refresh."""
        self.announced_seconds: float = APPROXIMATE_SECONDS
        self.tasks: set[asyncio.Task[None]] = set()

    def is_open(self) -> bool:
        return bool(self.sockets)

    def new_ticket(self) -> str:
        ticket = uuid.uuid4().hex
        self.tickets.add(ticket)
        return ticket

    # --- payloads

    async def send(self, outgoing: Outgoing, limit: float) -> Outcome:
        began = time.perf_counter()
        self.turn += 1
        socket = self.sockets[self.turn % len(self.sockets)]
        envelope: Json = {
            "envelope_id": str(uuid.uuid4()),
            "type": outgoing.kind,
            "payload": outgoing.payload,
            "accepts_response_payload": outgoing.kind != "events_api",
        }
        if outgoing.kind == "events_api":
            envelope |= {"retry_attempt": outgoing.attempt, "retry_reason": outgoing.reason}
        try:
            given = await self._send_envelope(socket, envelope, limit)
        except TimeoutError:
            return Outcome("http_timeout" if outgoing.kind != "events_api" else "timeout", seconds=limit)
        except OSError:
            return Outcome("connection_failed", seconds=time.perf_counter() - began)
        if outgoing.is_cut:
            outgoing.is_cut = False
            self.cut(socket)
            return Outcome("connection_failed", seconds=time.perf_counter() - began)
        payload = given.get("payload") or {}
        body = payload if isinstance(payload, dict) else {"text": str(payload)}
        return Outcome("", 200, body, seconds=time.perf_counter() - began)

    async def _send_envelope(self, socket: Socket, envelope: Json, limit: float) -> Json:
        """Send and await the acknowledgement. Raises TimeoutError, or OSError at the end."""
        answer: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        socket.unanswered[envelope["envelope_id"]] = answer
        socket.sent += 1
        try:
            if not socket.is_silent:
                await socket.ws.send_str(json.dumps(envelope))
            async with asyncio.timeout(limit):
                given = await answer
        finally:
            socket.unanswered.pop(envelope["envelope_id"], None)
        socket.answered += 1
        return given

    # --- a connection's life

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Serve one connection. Each ticket opens one."""
        ticket = request.query.get("ticket", "")
        if self.is_refusing or ticket not in self.tickets:
            return web.Response(status=web.HTTPForbidden.status_code, text="no such ticket")
        self.tickets.discard(ticket)
        ws = web.WebSocketResponse(heartbeat=None, max_msg_size=0, autoping=False)
        await ws.prepare(request)
        refusal = "link_disabled" if self.is_disabled else "too_many_websockets"
        if self.is_disabled or len(self.sockets) >= self.max_sockets:
            await ws.send_str(json.dumps(self.disconnect_message(refusal)))
            await ws.close()
            return ws
        self.count += 1
        socket = Socket(self.count, ws, request.transport)
        await ws.send_str(json.dumps(self.hello_message()))
        self.sockets.append(socket)
        self._schedule_refresh(socket)
        self.on_change()
        try:
            await self._listen(socket)
        finally:
            self._remove(socket)
        return ws

    async def _listen(self, socket: Socket) -> None:
        async for message in socket.ws:
            if socket.is_silent:
                continue
            if message.type == aiohttp.WSMsgType.TEXT:
                self.acknowledge(socket, message.data)
            elif message.type == aiohttp.WSMsgType.PING:
                await socket.ws.pong(message.data)

    def hello_message(self) -> Json:
        return {
            "type": "hello",
            "connection_info": {"app_id": self.app_id},
            "num_connections": len(self.sockets) + 1,
            "debug_info": {"host": "sandbox", "build_number": 1, "approximate_connection_time": self.announced_seconds},
        }

    def disconnect_message(self, reason: str) -> Json:
        return {"type": "disconnect", "reason": reason, "debug_info": {"host": "sandbox"}}

    def acknowledge(self, socket: Socket, data: str) -> None:
        """Accept an acknowledgement, if the envelope was sent over this connection."""
        try:
            given = json.loads(data)
        except ValueError:
            return
        answer = socket.unanswered.get(given.get("envelope_id", "")) if isinstance(given, dict) else None
        if answer and not answer.done():
            answer.set_result(given)

    def _remove(self, socket: Socket) -> None:
        if socket in self.sockets:
            self.sockets.remove(socket)
        socket.fail_unanswered()
        self.on_change()

    def _schedule_refresh(self, socket: Socket) -> None:
        if self.lifetime is None:
            return
        seconds, warned = self.lifetime
        loop = asyncio.get_running_loop()
        for after, reason in ((seconds - warned, "warning"), (seconds, "refresh_requested")):
            socket.timers.append(loop.call_later(max(after, 0), self._disconnect_later, socket, reason))

    def _disconnect_later(self, socket: Socket, reason: str) -> None:
        task = asyncio.create_task(self.disconnect(socket, reason))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    # --- what can be done to them

    def select(self, n: int | None) -> Iterator[Socket]:
        """Return the connection `n`, or all for None. Raises SlackError for an unknown number."""
        found = [each for each in self.sockets if n in (None, each.n)]
        if n is not None and not found:
            raise SlackError("not_found", [f"there is no connection {n}"])
        return iter(found)

    async def disconnect(self, socket: Socket, reason: str) -> None:
        """Send `disconnect`, and close the connection unless it is a warning."""
        if socket not in self.sockets or socket.is_silent:
            return
        await socket.ws.send_str(json.dumps(self.disconnect_message(reason)))
        if reason != "warning":
            await socket.ws.close()

    def cut(self, socket: Socket) -> None:
        """Cut the connection without a message."""
        self._remove(socket)
        if socket.transport is not None:
            socket.transport.abort()

    async def close(self) -> None:
        for task in list(self.tasks):
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        for socket in list(self.sockets):
            if socket.is_silent:
                self.cut(socket)
            else:
                await socket.ws.close()
