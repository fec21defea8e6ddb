"""
Telling the app: events, commands and interactions, over signed HTTP or Socket Mode.

Delivery is as Slack's: at least once, without promised order, an answer within 3 s, three retries. An event waits in a
queue until there is somebody to tell; a command or a press of a button is put to the app at once or fails.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from bot.sandbox.clock import Clock
from bot.sandbox.web_api.faults import Fault, Faults, first, param
from bot.sandbox.workspace.records import Event, Json
from bot.sandbox.workspace.workspace import Workspace, seconds

QUEUE_MAX = 30_000
"""Events an app gets in an hour, at most."""
RECORDED = 50_000
CONNECTION_SECONDS = 361.0
"""How long an event waits for the first connection to send it over: as long as the retries would take."""
REORDER_SECONDS = 1.0
"""How long an event that is to be overtaken waits for another to do so."""


@dataclass
class Outgoing:
    kind: str
    """`events_api`, `slash_commands` or `interactive`."""
    payload: Json
    attempt: int = 0
    reason: str = ""
    """Why the attempt before failed."""
    expires: float = 0.0
    unheard: bool = False
    is_cut: bool = False
    """The connection ends when the answer comes, and the answer with it."""

    @property
    def type(self) -> str:
        if self.kind == "events_api":
            return str((self.payload.get("event") or self.payload)["type"])  # `app_rate_limited` has no event in it
        return str(self.payload.get("type") or self.payload.get("command"))


@dataclass
class Outcome:
    """What came of one attempt. `reason`: why it failed, in Slack's word; empty if it was answered with success."""

    reason: str = ""
    status: int | None = None
    body: Json = field(default_factory=dict)
    text: str = ""
    no_retry: bool = False
    seconds: float = 0.0

    @property
    def is_heard(self) -> bool:
        return not self.reason


class Link(Protocol):
    """A way to the app."""

    name: str

    def is_open(self) -> bool: ...

    async def send(self, outgoing: Outgoing, limit: float) -> Outcome: ...


class Delivery:
    def __init__(self, workspace: Workspace, clock: Clock, faults: Faults, link: Link) -> None:
        self.workspace = workspace
        self.clock = clock
        self.faults = faults
        self.link = link
        self.retry_delays: tuple[float, ...] = (0, 60, 300)
        self.answer_seconds = 3.0
        self.at_once = 64
        self.subscribed: set[str] | None = None
        self.queue: deque[Outgoing] = deque()
        self.held: Outgoing | None = None
        self.held_until: asyncio.TimerHandle | None = None
        self.retries: dict[int, tuple[Outgoing, asyncio.TimerHandle]] = {}
        self.delayed: set[asyncio.TimerHandle] = set()
        self.in_flight = 0
        self.asking = 0
        self.tasks: set[asyncio.Task[None]] = set()
        self.records: deque[Json] = deque(maxlen=RECORDED)
        self.count = 0
        self.changed: Callable[[], None] = lambda: None
        self.is_stopped = False

    # --- events

    def offer(self, event: Event) -> None:
        """What the workspace says has happened."""
        if self.is_stopped or not event.is_for_app:
            return
        if self.subscribed is not None and event.body["type"] not in self.subscribed:
            return
        outgoing = Outgoing("events_api", self.event_payload(event))
        outgoing.expires = time.monotonic() + CONNECTION_SECONDS
        befalls = self.faults.of_delivery((outgoing.type, "events_api"), (event.channel or "",))
        if first(befalls, "drop"):
            self._record(outgoing, Outcome("dropped"), "dropped")
            return
        outgoing.unheard = first(befalls, "unheard") is not None
        outgoing.is_cut = first(befalls, "cut") is not None
        if fault := first(befalls, "delay"):
            self._after(float(param(fault, "seconds")), lambda: self._put(outgoing))
            return
        if first(befalls, "reorder") and self.held is None:
            self.held = outgoing
            self.held_until = self._after(REORDER_SECONDS, self._release)
            return
        self._put(outgoing)
        if first(befalls, "duplicate"):
            self._put(Outgoing(outgoing.kind, outgoing.payload, expires=outgoing.expires))
        self._release()

    def event_payload(self, event: Event) -> Json:
        workspace = self.workspace
        return {
            "token": "sandbox",
            "team_id": workspace.team.id,
            "context_team_id": workspace.team.id,
            "context_enterprise_id": workspace.organisation,
            "api_app_id": workspace.app.id,
            "event": event.body,
            "type": "event_callback",
            "event_id": f"Ev{workspace.new_secret(6).upper()}",
            "event_time": seconds(self.clock.now()),
            "authorizations": [
                {
                    "enterprise_id": workspace.organisation,
                    "team_id": None if workspace.organisation else workspace.team.id,
                    "user_id": workspace.app.bot_user_id,
                    "is_bot": True,
                    "is_enterprise_install": workspace.organisation is not None,
                }
            ],
            "is_ext_shared_channel": False,
            "event_context": f"1-{event.body['type']}-{workspace.team.id}-{event.channel or ''}",
        }

    def _release(self) -> None:
        if self.held is not None:
            held, self.held = self.held, None
            if self.held_until:
                self.held_until.cancel()
                self.delayed.discard(self.held_until)
            self._put(held)

    def _put(self, outgoing: Outgoing) -> None:
        self.queue.append(outgoing)
        if len(self.queue) > QUEUE_MAX:
            lost = self.queue.popleft()
            self._record(lost, Outcome("queue_full"), "lost")
        self.pump()

    def _after(self, delay: float, act: Callable[[], None]) -> asyncio.TimerHandle:
        def run() -> None:
            self.delayed.discard(handle)
            act()
            self.changed()

        handle = asyncio.get_running_loop().call_later(delay, run)
        self.delayed.add(handle)
        return handle

    def pump(self) -> None:
        """Start as many waiting deliveries as may be under way."""
        while self.queue and self.in_flight < self.at_once and self._can_send():
            outgoing = self.queue.popleft()
            if outgoing.expires and outgoing.attempt == 0 and time.monotonic() > outgoing.expires:
                self._record(outgoing, Outcome("no_connection"), "lost")
                continue
            self.in_flight += 1
            task = asyncio.create_task(self._attempt(outgoing))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)
        self.changed()

    def _can_send(self) -> bool:
        return not self.is_stopped and not self.faults.is_down and self.link.is_open()

    async def _attempt(self, outgoing: Outgoing) -> None:
        try:
            outcome = await self.link.send(outgoing, self.answer_seconds)
            if outgoing.unheard and outcome.is_heard:
                outgoing.unheard = False
                outcome = Outcome("http_timeout", outcome.status, seconds=outcome.seconds)
        finally:
            self.in_flight -= 1
        self._settle(outgoing, outcome)
        self.pump()

    def _settle(self, outgoing: Outgoing, outcome: Outcome) -> None:
        if outcome.is_heard:
            self._record(outgoing, outcome, "heard")
        elif outcome.no_retry or outgoing.attempt >= len(self.retry_delays):
            self._record(outgoing, outcome, "lost")
        else:
            self._record(outgoing, outcome, "retry")
            delay = self.retry_delays[outgoing.attempt]
            again = Outgoing(outgoing.kind, outgoing.payload, outgoing.attempt + 1, outcome.reason, outgoing.expires)
            self._retry_later(again, delay)

    def _retry_later(self, outgoing: Outgoing, delay: float) -> None:
        key = id(outgoing)

        def run() -> None:
            self.retries.pop(key, None)
            self._put(outgoing)

        handle = asyncio.get_running_loop().call_later(delay, run)
        self.retries[key] = (outgoing, handle)

    def retry_now(self) -> None:
        """Do not wait any longer with what is to be tried again."""
        for outgoing, handle in list(self.retries.values()):
            handle.cancel()
            self.queue.append(outgoing)
        self.retries.clear()
        self.pump()

    # --- commands and interactions

    async def ask(self, kind: str, payload: Json) -> Outcome:
        """Put something to the app and wait for what it answers."""
        outgoing = Outgoing(kind, payload)
        befalls = self.faults.of_delivery((outgoing.type, kind))
        if first(befalls, "drop"):
            outcome = Outcome("operation_timeout")
            self._record(outgoing, outcome, "dropped")
            return outcome
        if not self._can_send():
            outcome = Outcome("no_connection")
            self._record(outgoing, outcome, "lost")
            return outcome
        self.asking += 1
        try:
            return await self._ask(outgoing, befalls)
        finally:
            self.asking -= 1
            self.changed()

    async def _ask(self, outgoing: Outgoing, befalls: list[Fault]) -> Outcome:
        if fault := first(befalls, "delay"):
            await asyncio.sleep(float(param(fault, "seconds")))
        outgoing.is_cut = first(befalls, "cut") is not None
        outcome = await self.link.send(outgoing, self.answer_seconds)
        if first(befalls, "duplicate"):
            await self.link.send(Outgoing(outgoing.kind, outgoing.payload), self.answer_seconds)
        if outcome.reason == "http_timeout" or first(befalls, "unheard"):
            outcome = Outcome("operation_timeout", outcome.status, seconds=outcome.seconds)
        self._record(outgoing, outcome, "heard" if outcome.is_heard else "lost")
        return outcome

    # --- looking

    def _record(self, outgoing: Outgoing, outcome: Outcome, what: str) -> None:
        self.count += 1
        self.records.append(
            {
                "n": self.count,
                "kind": outgoing.kind,
                "type": outgoing.type,
                "event_id": outgoing.payload.get("event_id"),
                "attempt": outgoing.attempt,
                "mode": self.link.name,
                "status": outcome.status,
                "outcome": what,
                "reason": outcome.reason,
                "seconds": outcome.seconds,
                "payload": outgoing.payload,
            }
        )

    def pending(self) -> dict[str, int]:
        return {
            "queued": len(self.queue) + (self.held is not None),
            "in_flight": self.in_flight + self.asking,
            "waiting_retry": len(self.retries),
            "delayed": len(self.delayed),
        }

    async def stop(self) -> None:
        self.is_stopped = True
        for _, handle in self.retries.values():
            handle.cancel()
        for handle in self.delayed:
            handle.cancel()
        for task in list(self.tasks):
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
