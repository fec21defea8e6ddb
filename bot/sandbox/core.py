"""What the sandbox consists of, wired together: workspace, clock, faults, delivery, Web API, and when all is quiet."""

import asyncio
import inspect
import secrets
import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path

from bot.sandbox.app_link.delivery import Delivery
from bot.sandbox.app_link.http import HttpLink
from bot.sandbox.app_link.sockets import SocketHub
from bot.sandbox.clock import Clock, RealClock
from bot.sandbox.web_api.call import Grant
from bot.sandbox.web_api.faults import Faults
from bot.sandbox.web_api.http import WebApi
from bot.sandbox.workspace import persistence
from bot.sandbox.workspace.records import Channel, Event, Json, Message, SlackError, User
from bot.sandbox.workspace.workspace import Workspace

LOOK_AGAIN = 0.05
"""`wait_until` looks at each change here, and this often, as its condition may depend on things elsewhere."""
SAVE_AFTER = 0.5
"""Seconds after a change until it is saved; longer if saving itself takes long."""


class Core:
    def __init__(
        self,
        *,
        state: Path | None = None,
        clock: Clock | None = None,
        seed: bool = True,
        bot_token: str | None = None,
        app_token: str | None = None,
        signing_secret: str | None = None,
        retry_delays: tuple[float, ...] = (0, 60, 300),
        answer_seconds: float = 3.0,
        events_at_once: int = 64,
        site_url: str | None = None,
    ) -> None:
        self.state = state
        self.clock: Clock = clock or RealClock()
        self.seed = seed
        self.site_url = site_url
        self.faults = Faults()
        loaded = persistence.load(state) if state else None
        self.workspace: Workspace
        tokens: Json = {}
        if loaded:
            self.workspace, tokens = loaded
        else:
            self.workspace = persistence.fresh(self.clock.now(), with_people=seed)
        self.bot_token = bot_token or tokens.get("bot") or f"xoxb-sandbox-{secrets.token_hex(12)}"
        self.app_token = app_token or tokens.get("app") or f"xapp-sandbox-{secrets.token_hex(12)}"
        self.signing_secret = signing_secret or tokens.get("signing") or secrets.token_hex(16)
        self.hub = SocketHub(self.workspace.app.id, self._sockets_changed)
        self.http: HttpLink | None = None
        self.delivery = Delivery(self.workspace, self.clock, self.faults, self.hub)
        self.delivery.retry_delays = retry_delays
        self.delivery.answer_seconds = answer_seconds
        self.delivery.at_once = events_at_once
        self.delivery.changed = self._pulse
        self.api = WebApi(self.workspace, self.clock, self.faults, self._later)
        self.api.new_ticket = self.hub.new_ticket
        self.api.changed = self._pulse
        self.api.grants[self.bot_token] = Grant("bot", self.workspace.app.bot_user_id)
        self.api.grants[self.app_token] = Grant("app", self.workspace.app.bot_user_id)
        self.base_url = ""
        self.page_watchers: list[Callable[[str, str], None]] = []
        self._waiters: set[asyncio.Future[None]] = set()
        self._deferred: set[asyncio.TimerHandle] = set()
        self._save_timer: asyncio.TimerHandle | None = None
        self._save_seconds = 0.0
        self._adopt(self.workspace)

    def _adopt(self, workspace: Workspace) -> None:
        """Make this the workspace that everything works on."""
        self.workspace = workspace
        self.delivery.workspace = workspace
        self.api.workspace = workspace
        workspace.site_url = self.site_url or self.base_url or workspace.site_url
        workspace.listeners = [self._happened]
        workspace.watchers = [self._looks_different]

    # --- ids

    @property
    def team_id(self) -> str:
        return self.workspace.team.id

    @property
    def app_id(self) -> str:
        return self.workspace.app.id

    @property
    def bot_user_id(self) -> str:
        return self.workspace.app.bot_user_id

    @property
    def bot_id(self) -> str:
        return self.workspace.app.bot_id

    @property
    def api_url(self) -> str:
        return f"{self.base_url}/api/"

    @property
    def page_url(self) -> str:
        return f"{self.base_url}/"

    def now(self) -> datetime:
        return self.clock.now()

    def _user(self, name: str) -> User:
        return self.workspace.user(name)

    def _channel(self, name: str) -> Channel:
        return self.workspace.channel(name)

    def _seen(self, user: User, name: str) -> Channel:
        """A channel that this person may know of."""
        channel = self.workspace.channel(name)
        if not self.workspace.sees(channel, user.id):
            raise SlackError("channel_not_found")
        return channel

    def _message(self, channel: Channel, ts: str, user: User | None = None) -> Message:
        """Also a message for this person's eyes only."""
        for where, note in self.workspace.ephemerals:
            if where == channel.id and note.ts == ts and user and note.ephemeral_to == user.id:
                return note
        message = channel.messages.get(ts)
        if message is None or message.subtype == "tombstone":
            raise SlackError("message_not_found")
        return message

    # --- what happens

    def _happened(self, event: Event) -> None:
        if self._is_running():
            self.delivery.offer(event)
        self._pulse()

    def _looks_different(self, kind: str, which: str) -> None:
        for watcher in self.page_watchers:
            watcher(kind, which)
        if self.state and self._save_timer is None and self._is_running():
            delay = max(SAVE_AFTER, 20 * self._save_seconds)
            self._save_timer = asyncio.get_running_loop().call_later(delay, self.save)
        self._pulse()

    def _is_running(self) -> bool:
        return bool(self.base_url)

    def _sockets_changed(self) -> None:
        self.delivery.pump()

    def _later(self, seconds: float, act: Callable[[], object]) -> None:
        def run() -> None:
            self._deferred.discard(handle)
            act()
            self._pulse()

        handle = asyncio.get_running_loop().call_later(seconds, run)
        self._deferred.add(handle)

    def save(self) -> None:
        """Write the workspace to its folder now."""
        if self._save_timer:
            self._save_timer.cancel()
            self._save_timer = None
        if self.state is None:
            return
        began = time.perf_counter()
        tokens = {"bot": self.bot_token, "app": self.app_token, "signing": self.signing_secret}
        persistence.save(self.state, self.workspace, tokens)
        self._save_seconds = time.perf_counter() - began

    # --- quiet

    def pending(self) -> dict[str, int]:
        """What is not done yet: open requests, deliveries queued, under way or to be tried again, deferred effects."""
        counts = self.delivery.pending()
        deferred = len(self._deferred) + counts.pop("delayed")
        return {"requests": self.api.open_requests, **counts, "deferred": deferred}

    def settled(self) -> bool:
        return not any(self.pending().values())

    async def wait_settled(self, timeout: float = 10.0, quiet: float = 0.0) -> None:  # noqa: ASYNC109  as in wait_until
        """Until nothing has been pending for `quiet` seconds. Raises TimeoutError, naming what still is."""
        since = time.monotonic()

        def has_been_quiet() -> bool:
            nonlocal since
            if not self.settled():
                since = time.monotonic()
                return False
            return time.monotonic() - since >= quiet

        try:
            await self.wait_until(has_been_quiet, timeout)
        except TimeoutError:
            raise TimeoutError(f"not settled after {timeout} s: {self.pending()}") from None

    async def wait_until(
        self,
        predicate: Callable[[], object | Awaitable[object]],
        timeout: float = 10.0,  # noqa: ASYNC109  callers write a number, not a context manager
    ) -> None:
        """Until the predicate, which may be a coroutine function, says something true. Raises TimeoutError."""
        async with asyncio.timeout(timeout):
            while True:
                found = predicate()
                if inspect.isawaitable(found):
                    found = await found
                if found:
                    return
                await self._next_change()

    async def _next_change(self) -> None:
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.add(waiter)
        await asyncio.wait([waiter], timeout=LOOK_AGAIN)
        self._waiters.discard(waiter)
        waiter.cancel()

    def _pulse(self) -> None:
        while self._waiters:
            waiter = self._waiters.pop()
            if not waiter.done():
                waiter.set_result(None)
