"""
Socket Mode by several connections: while one is made anew, Slack has another to deliver over.

Slack sends each envelope over one of them. A connection that Slack wants to end is let go of only when there is a new
one; two of one process are never renewed at the same time.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Coroutine
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
from bot.slack.api.client import Busy, Gateway, Refused, SlackError, TokenRefused
from bot.slack.socket_mode.connection import BROKEN, CLOSE_SECONDS, CUT, PING_SECONDS, SILENT, Connection, Dismissed

log = get_logger(__name__)

CONNECT_SECONDS = 20.0
PAUSES = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
"""Seconds between attempts, more or less; the last stays. `apps.connections.open` is a rated method."""
SLOW_PAUSE = 60.0
"""Seconds between attempts where only an operator can mend what is wrong."""
LIFETIME = 3600.0
"""Seconds that a connection lives if Slack does not say."""
RENEWED_AT = 0.9
"""Of that, when it is renewed: before Slack asks for it."""
LINGER_SECONDS = 15.0
"""How long a connection that was replaced still listens: what was sent over it last has to be answered over it."""
UNREADY_AFTER = 30.0
"""Seconds without any connection until the process calls itself unready."""
GRACE_SECONDS = 5.0
LINK_DISABLED, TOO_MANY = "link_disabled", "too_many_websockets"
REMEDIES = {
    LINK_DISABLED: "Socket Mode is switched off in the app's settings. Switch it on there, or unset SLACK_APP_TOKEN "
    "and let Slack call a request URL.",
    TOO_MANY: "Slack allows an app ten connections, and they are in use. Run fewer replicas, or set "
    "DOGWATCH_SOCKET_CONNECTIONS to a lower number.",
}
WITHOUT_ACCESS = (
    "Slack does not accept SLACK_APP_TOKEN. Make an app-level token with the scope connections:write in the app's "
    "settings, under Basic Information, and start again with it."
)


class SocketLink:
    """
    `start`, then `stop`. `on_gap` is awaited when something may have been missed: after the first connection, and
    after each that was lost without a replacement.
    """

    def __init__(
        self,
        app: AsyncApp,
        token: str,
        gateway: Gateway,
        on_gap: Callable[[], Awaitable[None]],
        *,
        count: int = 2,
        ping_seconds: float = PING_SECONDS,
    ) -> None:
        self._app, self._token, self._gateway = app, token, gateway
        self._on_gap = on_gap
        self._count = count
        self._ping_seconds = ping_seconds
        self._proxy = load_http_proxy_from_env()
        self._http: aiohttp.ClientSession | None = None
        self._open: set[Connection] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._opened = 0
        self._renewals: dict[int, float] = {}
        self._turn = asyncio.Lock()
        self._is_somewhere = asyncio.Event()
        self._is_nowhere = asyncio.Event()
        self._lost_at: float | None = None
        self._is_gap = True
        self._trouble = ""

    def start(self) -> None:
        self._http = aiohttp.ClientSession()
        SOCKET_OLDEST_SECONDS.set_function(self.oldest_seconds)
        for place in range(self._count):
            self._spawn(self._hold(place), f"socket mode {place + 1}")

    def _spawn(self, work: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    @property
    def was_connected(self) -> bool:
        """Whether there ever was a connection since the start."""
        return self._lost_at is not None or bool(self._open)

    @property
    def is_idle(self) -> bool:
        return not any(each.under_way for each in self._open)

    def oldest_seconds(self) -> float:
        """How long the oldest connection has been open; 0 without any."""
        return max((monotonic() - each.opened_at for each in self._open), default=0.0)

    def problem(self) -> str | None:
        """Why nothing can come from Slack, in words; None while it can, or could a moment ago."""
        if self._open:
            return None
        if self._lost_at is not None and monotonic() - self._lost_at < UNREADY_AFTER:
            return None
        return f"not connected: {self._trouble}" if self._trouble else "not connected"

    async def stop(self, grace: float = GRACE_SECONDS) -> None:
        """Take nothing new, and wait for what is under way, but at most `grace` seconds."""
        for each in self._open:
            each.is_refusing = True
        try:
            async with asyncio.timeout(grace):
                await asyncio.gather(*(each.drain() for each in self._open))
        except TimeoutError:
            left = sum(len(each.under_way) for each in self._open)
            log.warning("stopped before everything was answered", under_way=left)
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.gather(*(each.close() for each in list(self._open)))
        if self._http is not None:
            await self._http.close()
        SOCKET_OLDEST_SECONDS.set_function(lambda: 0.0)

    # --- one place, held

    async def _hold(self, place: int) -> None:
        """One of the connections, and its successors."""
        connection: Connection | None = None
        while True:
            former, (connection, seconds) = connection, await self._keep_opening(place, connection)
            if former is not None:
                SOCKET_RECONNECTS.labels(former.reason).inc()
                log.info("a Socket Mode connection was replaced", connection=former.number, reason=former.reason)
                self._spawn(self._let_go(former), f"farewell to socket {former.number}")
            if self._is_gap:
                self._is_gap = False
                self._spawn(self._look_for_what_was_missed(), "look for what was missed")
            await connection.stay(self._life(place, seconds * RENEWED_AT))

    def _life(self, place: int, seconds: float) -> float:
        """How long to keep a connection: at most `seconds`, and not until when another one is to be renewed."""
        now, apart = monotonic(), seconds / (2 * self._count)
        others = [at for other, at in self._renewals.items() if other != place]
        at = now + seconds
        while any(abs(at - other) < apart * 0.99 for other in others):
            at -= apart
        self._renewals[place] = at
        return at - now

    async def _keep_opening(self, place: int, former: Connection | None) -> tuple[Connection, float]:
        """A successor, however many attempts it takes, and the seconds that it will live."""
        failures = 0
        while True:
            if place and not self._open:  # one attempt at a time is enough to learn that Slack is away
                await self._is_somewhere.wait()
            try:
                async with self._turn, asyncio.timeout(CONNECT_SECONDS):
                    return await self._connect()
            except Exception as problem:  # noqa: BLE001  this is what keeps the bot reachable: it goes on whatever comes
                pause = self._pause_after(problem, failures)
            failures += 1
            await self._wait(pause, former)

    async def _wait(self, seconds: float, former: Connection | None) -> None:
        """At most so long: not while nothing is connected any more, nor where the former one has just made room."""
        waits = [asyncio.create_task(self._is_nowhere.wait())]
        if former is not None and not former.has_ended.is_set():
            waits.append(asyncio.create_task(former.has_ended.wait()))
        try:
            await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in waits:
                each.cancel()

    async def _connect(self) -> tuple[Connection, float]:
        assert self._http is not None  # noqa: S101  `start` made it
        told = await self._gateway.call("apps.connections.open", app_token=self._token)
        ws = await self._http.ws_connect(
            str(told["url"]),
            autoping=False,
            max_msg_size=0,
            proxy=self._proxy,
            timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_SECONDS),
        )
        self._opened += 1
        connection = Connection(self._opened, ws, self._dispatch, self._ended, self._ping_seconds)
        try:
            hello = await connection.greeting()
        except BaseException:
            await connection.close()
            raise
        self._came(connection)
        log.info("connected to Slack by Socket Mode", connection=connection.number, open=len(self._open))
        return connection, float((hello.get("debug_info") or {}).get("approximate_connection_time") or LIFETIME)

    async def _dispatch(self, request: SocketModeRequest) -> BoltResponse:
        response: BoltResponse = await run_async_bolt_app(self._app, request)
        return response

    async def _let_go(self, former: Connection) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(LINGER_SECONDS):
                await former.has_ended.wait()
        former.is_refusing = True
        with suppress(TimeoutError):
            async with asyncio.timeout(GRACE_SECONDS):
                await former.drain()
        await former.close()

    # --- what there is

    def _came(self, connection: Connection) -> None:
        self._open.add(connection)
        self._is_somewhere.set()
        self._lost_at, self._trouble = None, ""
        SOCKET_CONNECTIONS.set(len(self._open))

    def _ended(self, connection: Connection) -> None:
        if connection not in self._open:
            return
        self._open.discard(connection)
        SOCKET_CONNECTIONS.set(len(self._open))
        if connection.reason in {CUT, SILENT}:
            self._is_gap = True
            log.warning("a Socket Mode connection is gone", connection=connection.number, reason=connection.reason)
        if not self._open:
            self._is_gap = True
            self._lost_at = monotonic()
            self._is_somewhere.clear()
            self._is_nowhere.set()  # wakes those who wait now, and nobody later
            self._is_nowhere.clear()

    async def _look_for_what_was_missed(self) -> None:
        try:
            await self._on_gap()
        except Exception:
            log.exception("what was missed was not looked for")

    # --- what goes wrong

    def _pause_after(self, problem: Exception, failures: int) -> float:
        """Say what is wrong, the first time loudly if it is an operator's business. Returns seconds, with jitter."""
        remedy = _remedy(problem)
        words = str(problem) or type(problem).__name__
        if not isinstance(problem, (SlackError, Dismissed, *BROKEN)):
            log.error("a Socket Mode connection failed", exc_info=problem)
        elif remedy is None:
            log.warning("Socket Mode did not connect", problem=words)
        elif words != self._trouble:
            log.error("Socket Mode cannot connect", problem=words, remedy=remedy)
        else:
            log.warning("Socket Mode still cannot connect", problem=words)
        self._trouble = words
        if isinstance(problem, Busy):
            return problem.seconds + random.uniform(0, 1)  # noqa: S311  jitter, no secret
        pause = PAUSES[min(failures, len(PAUSES) - 1)] if remedy is None else SLOW_PAUSE
        return pause * random.uniform(0.5, 1.5)  # noqa: S311


def _remedy(problem: Exception) -> str | None:
    """What an operator has to do; None for what passes by itself."""
    if isinstance(problem, Dismissed):
        return REMEDIES.get(problem.reason)
    return WITHOUT_ACCESS if isinstance(problem, Refused | TokenRefused) else None
