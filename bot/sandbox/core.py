"""Parts of the sandbox: workspace, faults, delivery and Web API."""

import asyncio
import inspect
import secrets
import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import TypedDict, Unpack

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
"""Seconds between checks of `wait_until`; changes in the sandbox trigger one, too."""
SAVE_AFTER = 0.5
"""Seconds from a change to its saving; longer if saving takes long."""


class CoreOptions(TypedDict, total=False):
    """See `Sandbox`."""

    state: Path | None
    clock: Clock | None
    seed: bool
    bot_token: str | None
    app_token: str | None
    signing_secret: str | None
    retry_delays: tuple[float, ...]
    answer_seconds: float
    events_at_once: int
    site_url: str | None


class Core:
    def __init__(self, **options: Unpack[CoreOptions]) -> None:
        self.state = options.get("state")
        self.clock: Clock = options.get("clock") or RealClock()
        self.seed = options.get("seed", True)
        self.site_url = options.get("site_url")
        self.faults = Faults()
        loaded = persistence.load(self.state) if self.state else None
        tokens: Json = loaded[1] if loaded else {}
        self.workspace: Workspace = (
            loaded[0] if loaded else persistence.create_workspace(self.clock.now(), with_people=self.seed)
        )
        self.bot_token = options.get("bot_token") or tokens.get("bot") or f"xoxb-sandbox-{secrets.token_hex(12)}"
        self.app_token = options.get("app_token") or tokens.get("app") or f"xapp-sandbox-{secrets.token_hex(12)}"
        self.signing_secret = options.get("signing_secret") or tokens.get("signing") or secrets.token_hex(16)
        self.hub = SocketHub(self.workspace.app.id, self._sockets_changed)
        self.http: HttpLink | None = None
        self.delivery = Delivery(self.workspace, self.clock, self.faults, self.hub)
        self.delivery.retry_delays = options.get("retry_delays", self.delivery.retry_delays)
        self.delivery.answer_seconds = options.get("answer_seconds", self.delivery.answer_seconds)
        self.delivery.at_once = options.get("events_at_once", self.delivery.at_once)
        self.delivery.changed = self._wake_waiters
        self.api = WebApi(self.workspace, self.clock, self.faults, self._defer)
        self.api.new_ticket = self.hub.new_ticket
        self.api.changed = self._wake_waiters
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
        """Replace the workspace."""
        self.workspace = workspace
        self.delivery.workspace = workspace
        self.api.workspace = workspace
        workspace.site_url = self.site_url or self.base_url or workspace.site_url
        workspace.listeners = [self._on_event]
        workspace.watchers = [self._on_change]

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

    def _visible_channel(self, user: User, name: str) -> Channel:
        """Return a channel that a person can see."""
        channel = self.workspace.channel(name)
        if not self.workspace.can_see(channel, user.id):
            raise SlackError("channel_not_found")
        return channel

    def _message(self, channel: Channel, ts: str, user: User | None = None) -> Message:
        """Return a message, also an ephemeral one of `user`."""
        for where, note in self.workspace.ephemerals:
            if where == channel.id and note.ts == ts and user and note.ephemeral_to == user.id:
                return note
        message = channel.messages.get(ts)
        if message is None or message.subtype == "tombstone":
            raise SlackError("message_not_found")
        return message

    # --- what happens

    def _on_event(self, event: Event) -> None:
        if self._is_running():
            self.delivery.enqueue_event(event)
        self._wake_waiters()

    def _on_change(self, kind: str, which: str) -> None:
        for watcher in self.page_watchers:
            watcher(kind, which)
        if self.state and self._save_timer is None and self._is_running():
            delay = max(SAVE_AFTER, 20 * self._save_seconds)
            self._save_timer = asyncio.get_running_loop().call_later(delay, self.save)
        self._wake_waiters()

    def _is_running(self) -> bool:
        return bool(self.base_url)

    def _sockets_changed(self) -> None:
        self.delivery.pump()

    def _defer(self, seconds: float, act: Callable[[], object]) -> None:
        def run() -> None:
            self._deferred.discard(handle)
            act()
            self._wake_waiters()

        handle = asyncio.get_running_loop().call_later(seconds, run)
        self._deferred.add(handle)

    def save(self) -> None:
        """Save the workspace now."""
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
        """Count requests, deliveries, retries and deferred effects in progress."""
        counts = self.delivery.pending()
        deferred = len(self._deferred) + counts.pop("delayed")
        return {"requests": self.api.open_requests, **counts, "deferred": deferred}

    def settled(self) -> bool:
        return not any(self.pending().values())

    async def wait_settled(self, timeout: float = 10.0, quiet: float = 0.0) -> None:  # noqa: ASYNC109  as in wait_until
        """Wait until nothing was pending for `quiet` seconds. Raises TimeoutError."""
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
        """Wait until the predicate, also a coroutine function, is true. Raises TimeoutError."""
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

    def _wake_waiters(self) -> None:
        while self._waiters:
            waiter = self._waiters.pop()
            if not waiter.done():
                waiter.set_result(None)
