"""
Several Socket Mode connections: one is renewed while Slack delivers over another.

Slack sends each envelope over one of them. A connection is closed only after its replacement opened, and connections of
one process are never renewed at the same time.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import suppress
from time import monotonic
from typing import Any

import aiohttp
from slack_bolt.adapter.socket_mode.async_internals import run_async_bolt_app
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.response import BoltResponse
from slack_sdk.proxy_env_variable_loader import load_http_proxy_from_env
from slack_sdk.socket_mode.request import SocketModeRequest
from structlog import get_logger

from bot.runtime.metrics import SOCKET_CONNECTIONS, SOCKET_OLDEST_SECONDS, SOCKET_RECONNECTS
from bot.slack.api.client import Gateway
from bot.slack.socket_mode.backoff import describe_problem, log_problem, pause_after
from bot.slack.socket_mode.connection import CLOSE_SECONDS, CUT, PING_SECONDS, SILENT, Connection

log = get_logger(__name__)

CONNECT_SECONDS = 20.0
"""Timeout of an attempt to connect."""
DEFAULT_LIFETIME = 3600.0
"""Seconds that a connection lives if Slack does not say."""
RENEW_AT = 0.9
"""Share of a connection's lifetime after which it is renewed."""
LINGER_SECONDS = 15.0
"""Seconds that a replaced connection still receives: the last envelopes have to be acknowledged over it."""
UNREADY_AFTER = 30.0
"""Seconds without a connection after which the process is unready."""
EVENTS = "events_api"
"""Type of an envelope that holds an event. Source: docs.slack.dev/apis/events-api/using-socket-mode."""
GRACE_SECONDS = 5.0
"""Seconds to wait for envelopes in flight before a connection is closed."""


class SocketModePool:
    """
    The set of `count` open connections. `start`, then `stop`.

    `on_gap` is awaited when events may have been missed: after the first connection, and after one was lost without a
    replacement.
    """

    def __init__(
        self,
        app: AsyncApp,
        handle_event: Callable[[Mapping[str, Any]], Awaitable[BoltResponse]],
        token: str,
        gateway: Gateway,
        on_gap: Callable[[], Awaitable[None]],
        *,
        count: int = 2,
        ping_seconds: float = PING_SECONDS,
    ) -> None:
        self._app, self._handle_event = app, handle_event
        self._token, self._gateway = token, gateway
        self._on_gap = on_gap
        self._count = count
        self._ping_seconds = ping_seconds
        self._proxy = load_http_proxy_from_env()
        self._http: aiohttp.ClientSession | None = None
        self._open: set[Connection] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._opened = 0
        self._renewals: dict[int, float] = {}
        self._connect_lock = asyncio.Lock()
        self._connected = asyncio.Event()
        self._disconnected = asyncio.Event()
        self._lost_at: float | None = None
        self._has_gap = True
        self._problem = ""

    def start(self) -> None:
        self._http = aiohttp.ClientSession()
        SOCKET_OLDEST_SECONDS.set_function(self.oldest_seconds)
        for slot in range(self._count):
            self._spawn(self._keep_connected(slot), f"keep socket slot {slot + 1} connected")

    def _spawn(self, work: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    @property
    def was_connected(self) -> bool:
        """True once a connection was open."""
        return self._lost_at is not None or bool(self._open)

    @property
    def is_idle(self) -> bool:
        return not any(each.in_flight for each in self._open)

    def oldest_seconds(self) -> float:
        """Return the age of the oldest open connection; 0 without any."""
        return max((monotonic() - each.opened_at for each in self._open), default=0.0)

    def problem(self) -> str | None:
        """Return why nothing arrives from Slack; None while connected or just disconnected."""
        if self._open:
            return None
        if self._lost_at is not None and monotonic() - self._lost_at < UNREADY_AFTER:
            return None
        return f"not connected: {self._problem}" if self._problem else "not connected"

    async def stop(self, grace: float = GRACE_SECONDS) -> None:
        """Accept no more envelopes, wait at most `grace` seconds for those in flight, and close."""
        for each in self._open:
            each.is_draining = True
        try:
            async with asyncio.timeout(grace):
                await asyncio.gather(*(each.drain() for each in self._open))
        except TimeoutError:
            left = sum(len(each.in_flight) for each in self._open)
            log.warning("socket mode stopped with envelopes in flight", in_flight=left)
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.gather(*(each.close() for each in list(self._open)))
        if self._http is not None:
            await self._http.close()
        SOCKET_OLDEST_SECONDS.set_function(lambda: 0.0)

    async def _keep_connected(self, slot: int) -> None:
        connection: Connection | None = None
        while True:
            former, (connection, lifetime) = connection, await self._connect_until_success(slot, connection)
            if former is not None:
                SOCKET_RECONNECTS.labels(former.reason).inc()
                log.info("socket connection replaced", connection=former.number, reason=former.reason)
                self._spawn(self._retire(former), f"drain socket {former.number}")
            if self._has_gap:
                self._has_gap = False
                self._spawn(self._report_gap(), "backfill missed events")
            await connection.wait_until_stale(self._schedule_renewal(slot, lifetime * RENEW_AT))

    def _schedule_renewal(self, slot: int, seconds: float) -> float:
        """Return the seconds until a renewal: at most `seconds`, apart from other slots' renewals."""
        now, apart = monotonic(), seconds / (2 * self._count)
        others = [at for other, at in self._renewals.items() if other != slot]
        at = now + seconds
        while any(abs(at - other) < apart * 0.99 for other in others):
            at -= apart
        self._renewals[slot] = at
        return at - now

    async def _connect_until_success(self, slot: int, former: Connection | None) -> tuple[Connection, float]:
        """Return a new connection and its lifetime in seconds, after as many attempts as it takes."""
        failures = 0
        while True:
            if slot and not self._open:  # while disconnected, one slot's attempts suffice
                await self._connected.wait()
            try:
                async with self._connect_lock, asyncio.timeout(CONNECT_SECONDS):
                    return await self._connect()
            except Exception as problem:  # noqa: BLE001  the bot has to stay reachable: try again whatever comes
                log_problem(problem, self._problem)
                self._problem = describe_problem(problem)
                pause = pause_after(problem, failures)
            failures += 1
            await self._pause(pause, former)

    async def _pause(self, seconds: float, former: Connection | None) -> None:
        """Wait, but no longer than until the last connection was lost, or the former one closed."""
        waits = [asyncio.create_task(self._disconnected.wait())]
        if former is not None and not former.has_ended.is_set():
            waits.append(asyncio.create_task(former.has_ended.wait()))
        try:
            await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in waits:
                each.cancel()

    async def _connect(self) -> tuple[Connection, float]:
        assert self._http is not None  # noqa: S101  `start` made it
        answer = await self._gateway.call("apps.connections.open", app_token=self._token)
        ws = await self._http.ws_connect(
            str(answer["url"]),
            autoping=False,
            max_msg_size=0,
            proxy=self._proxy,
            timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_SECONDS),
        )
        self._opened += 1
        connection = Connection(self._opened, ws, self._dispatch, self._on_end, self._ping_seconds)
        try:
            hello = await connection.wait_for_hello()
        except BaseException:
            await connection.close()
            raise
        self._on_open(connection)
        log.info("socket mode connected", connection=connection.number, open=len(self._open))
        lifetime = (hello.get("debug_info") or {}).get("approximate_connection_time")
        return connection, float(lifetime or DEFAULT_LIFETIME)

    async def _dispatch(self, request: SocketModeRequest) -> BoltResponse:
        if request.type == EVENTS:
            return await self._handle_event(request.payload)
        response: BoltResponse = await run_async_bolt_app(self._app, request)
        return response

    async def _retire(self, former: Connection) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(LINGER_SECONDS):
                await former.has_ended.wait()
        former.is_draining = True
        with suppress(TimeoutError):
            async with asyncio.timeout(GRACE_SECONDS):
                await former.drain()
        await former.close()

    def _on_open(self, connection: Connection) -> None:
        self._open.add(connection)
        self._connected.set()
        self._lost_at, self._problem = None, ""
        SOCKET_CONNECTIONS.set(len(self._open))

    def _on_end(self, connection: Connection) -> None:
        if connection not in self._open:
            return
        self._open.discard(connection)
        SOCKET_CONNECTIONS.set(len(self._open))
        if connection.reason in {CUT, SILENT}:
            self._has_gap = True
            log.warning("socket connection lost", connection=connection.number, reason=connection.reason)
        if not self._open:
            self._has_gap = True
            self._lost_at = monotonic()
            self._connected.clear()
            self._disconnected.set()  # wakes the tasks that wait now
            self._disconnected.clear()

    async def _report_gap(self) -> None:
        try:
            await self._on_gap()
        except Exception:
            log.exception("backfill after reconnect failed")
