"""The two ways to an app: signed HTTP requests to its address, and the WebSocket connections it opens."""

import asyncio
import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Callable
from urllib.parse import urlencode

import aiohttp
from aiohttp import web

from bot.sandbox.delivery import Outcome, Outgoing
from bot.sandbox.records import Json

MAX_SOCKETS = 10
MAX_REDIRECTS = 2


def signature(secret: str, timestamp: str, body: bytes) -> str:
    base = b":".join([b"v0", timestamp.encode(), body])
    return "v0=" + hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()


class HttpLink:
    """Posts to the app's request URL. Signed with the machine's time: that is what receivers compare with."""

    name = "http"

    def __init__(self, url: str, secret: str) -> None:
        self.url = url
        self.secret = secret
        self.session: aiohttp.ClientSession | None = None

    def is_open(self) -> bool:
        return True

    async def send(self, outgoing: Outgoing, limit: float) -> Outcome:
        body, kind = encoded(outgoing)
        headers = self.headers(body, kind)
        if outgoing.attempt:
            headers |= {"x-slack-retry-num": str(outgoing.attempt), "x-slack-retry-reason": outgoing.reason}
        began = time.perf_counter()
        outcome = await self._post(body, headers, limit)
        outcome.seconds = time.perf_counter() - began
        return outcome

    def headers(self, body: bytes, kind: str) -> dict[str, str]:
        timestamp = str(int(time.time()))
        return {
            "Content-Type": kind,
            "User-Agent": "Slackbot 1.0 (+sandbox)",
            "X-Slack-Request-Timestamp": timestamp,
            "X-Slack-Signature": signature(self.secret, timestamp, body),
        }

    async def _post(self, body: bytes, headers: dict[str, str], limit: float) -> Outcome:
        if self.session is None:
            self.session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        timeout = aiohttp.ClientTimeout(total=limit)
        try:
            async with self.session.post(
                self.url, data=body, headers=headers, timeout=timeout, max_redirects=MAX_REDIRECTS
            ) as response:
                return outcome_of(
                    response.status, response.headers.get("x-slack-no-retry") == "1", await response.text()
                )
        except TimeoutError:
            return Outcome("http_timeout")
        except aiohttp.TooManyRedirects:
            return Outcome("too_many_redirects")
        except aiohttp.ClientSSLError:
            return Outcome("ssl_error")
        except (aiohttp.ClientError, OSError):
            return Outcome("connection_failed")
        except UnicodeDecodeError:
            return Outcome("unknown_error")

    async def verify(self, limit: float) -> bool:
        """Whether the address answers Slack's challenge."""
        challenge = uuid.uuid4().hex
        body = json.dumps({"token": "sandbox", "challenge": challenge, "type": "url_verification"}).encode()
        outcome = await self._post(body, self.headers(body, "application/json"), limit)
        return outcome.is_heard and (outcome.text.strip() == challenge or outcome.body.get("challenge") == challenge)

    async def close(self) -> None:
        if self.session is not None:
            await self.session.close()
            self.session = None


def encoded(outgoing: Outgoing) -> tuple[bytes, str]:
    """Events are JSON, commands a form, interactions a form with one field that holds JSON."""
    if outgoing.kind == "events_api":
        return json.dumps(outgoing.payload).encode(), "application/json"
    form = outgoing.payload if outgoing.kind == "slash_commands" else {"payload": json.dumps(outgoing.payload)}
    return urlencode(form).encode(), "application/x-www-form-urlencoded"


def outcome_of(status: int, no_retry: bool, text: str) -> Outcome:
    try:
        body = json.loads(text) if text.strip().startswith("{") else {}
    except ValueError:
        body = {}
    heard = status == web.HTTPOk.status_code
    return Outcome("" if heard else "http_error", status, body, "" if body else text, no_retry)


class Socket:
    """One WebSocket connection of the app, and what was sent over it and not yet acknowledged."""

    def __init__(self, ws: web.WebSocketResponse, transport: asyncio.Transport | None) -> None:
        self.ws = ws
        self.transport = transport
        self.unanswered: dict[str, asyncio.Future[Json]] = {}

    def close_out(self) -> None:
        for answer in self.unanswered.values():
            if not answer.done():
                answer.set_exception(ConnectionResetError())


class SocketHub:
    """All open connections; each payload goes to one of them, in turn."""

    name = "socket"

    def __init__(self, app_id: str, on_change: Callable[[], None]) -> None:
        self.app_id = app_id
        self.on_change = on_change
        self.sockets: list[Socket] = []
        self.tickets: set[str] = set()
        self.turn = 0
        self.is_refusing = False

    def is_open(self) -> bool:
        return bool(self.sockets)

    def new_ticket(self) -> str:
        ticket = uuid.uuid4().hex
        self.tickets.add(ticket)
        return ticket

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
        answer: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        socket.unanswered[envelope["envelope_id"]] = answer
        try:
            await socket.ws.send_str(json.dumps(envelope))
            async with asyncio.timeout(limit):
                given = await answer
        except TimeoutError:
            return Outcome("http_timeout" if outgoing.kind != "events_api" else "timeout", seconds=limit)
        except OSError:
            return Outcome("connection_failed", seconds=time.perf_counter() - began)
        finally:
            socket.unanswered.pop(envelope["envelope_id"], None)
        payload = given.get("payload") or {}
        body = payload if isinstance(payload, dict) else {"text": str(payload)}
        return Outcome("", 200, body, seconds=time.perf_counter() - began)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """One connection, from hello to its end. A ticket opens one connection."""
        ticket = request.query.get("ticket", "")
        if self.is_refusing or ticket not in self.tickets:
            return web.Response(status=web.HTTPForbidden.status_code, text="no such ticket")
        self.tickets.discard(ticket)
        ws = web.WebSocketResponse(heartbeat=None, max_msg_size=0)
        await ws.prepare(request)
        if len(self.sockets) >= MAX_SOCKETS:
            await ws.send_str(json.dumps(self.farewell("too_many_websockets")))
            await ws.close()
            return ws
        socket = Socket(ws, request.transport)
        hello = {"type": "hello", "connection_info": {"app_id": self.app_id}, "num_connections": len(self.sockets) + 1}
        hello["debug_info"] = {"host": "sandbox", "build_number": 1, "approximate_connection_time": 3600}
        await ws.send_str(json.dumps(hello))
        self.sockets.append(socket)
        self.on_change()
        try:
            async for message in ws:
                if message.type == aiohttp.WSMsgType.TEXT:
                    self.acknowledge(socket, message.data)
        finally:
            if socket in self.sockets:
                self.sockets.remove(socket)
            socket.close_out()
            self.on_change()
        return ws

    def acknowledge(self, socket: Socket, data: str) -> None:
        try:
            given = json.loads(data)
        except ValueError:
            return
        answer = socket.unanswered.get(given.get("envelope_id", "")) if isinstance(given, dict) else None
        if answer and not answer.done():
            answer.set_result(given)

    def farewell(self, reason: str) -> Json:
        return {"type": "disconnect", "reason": reason, "debug_info": {"host": "sandbox"}}

    async def disconnect(self, reason: str) -> None:
        """Say goodbye on every connection; after `warning` Slack leaves it open for a while."""
        for socket in list(self.sockets):
            await socket.ws.send_str(json.dumps(self.farewell(reason)))
            if reason != "warning":
                await socket.ws.close()

    async def drop(self) -> None:
        """Cut every connection without a word."""
        for socket in list(self.sockets):
            self.sockets.remove(socket)
            socket.close_out()
            if socket.transport is not None:
                socket.transport.abort()

    async def close(self) -> None:
        for socket in list(self.sockets):
            await socket.ws.close()
