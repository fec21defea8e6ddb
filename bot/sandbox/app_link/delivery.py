"""
Delivery of events, commands and interactions to the app.

It works like Slack's: at least once, in no guaranteed order, with 3 s for an answer and three retries. An event waits
in a queue until the app is connected; a command or an interaction is sent at once or fails.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable

from bot.sandbox.app_link import interactions
from bot.sandbox.app_link.outcome import Link, Outcome, Outgoing
from bot.sandbox.clock import Clock
from bot.sandbox.web_api.faults import Fault, Faults, fault_param, first_fault
from bot.sandbox.workspace.records import Event, Json
from bot.sandbox.workspace.workspace import Workspace

QUEUE_MAX = 30_000
"""Slack's limit of events per hour."""
RECORDED = 50_000
CONNECTION_SECONDS = 361.0
"""Seconds that an event waits for the first connection: as long as its retries would take."""
REORDER_SECONDS = 1.0
"""Seconds that a reordered event waits for a later one."""

MESSAGES_OF = {"channel": "message.channels", "group": "message.groups", "im": "message.im", "mpim": "message.mpim"}
"""Subscription to messages by kind of conversation."""


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
        self.reordered: Outgoing | None = None
        self.reorder_timer: asyncio.TimerHandle | None = None
        self.retries: dict[int, tuple[Outgoing, asyncio.TimerHandle]] = {}
        self.delayed: set[asyncio.TimerHandle] = set()
        self.in_flight = 0
        self.requests_in_flight = 0
        self.tasks: set[asyncio.Task[None]] = set()
        self.records: deque[Json] = deque(maxlen=RECORDED)
        self.count = 0
        self.changed: Callable[[], None] = lambda: None
        self.is_stopped = False

    # --- events

    def enqueue_event(self, event: Event) -> None:
        """Queue an event of the workspace."""
        if self.is_stopped or not event.is_for_app:
            return
        if not self._is_subscribed(event.body):
            return
        outgoing = Outgoing("events_api", interactions.event_callback(self.workspace, event, self.clock.now()))
        outgoing.expires = time.monotonic() + CONNECTION_SECONDS
        active = self.faults.take_for_delivery((outgoing.type, "events_api"), (event.channel or "",))
        if first_fault(active, "drop"):
            self._record(outgoing, Outcome("dropped"), "dropped")
            return
        outgoing.is_answer_lost = first_fault(active, "unheard") is not None
        outgoing.is_cut = first_fault(active, "cut") is not None
        if fault := first_fault(active, "delay"):
            self._call_later(float(fault_param(fault, "seconds")), lambda: self._enqueue(outgoing))
            return
        if first_fault(active, "reorder") and self.reordered is None:
            self.reordered = outgoing
            self.reorder_timer = self._call_later(REORDER_SECONDS, self._release_reordered)
            return
        self._enqueue(outgoing)
        if first_fault(active, "duplicate"):
            self._enqueue(Outgoing(outgoing.kind, outgoing.payload, expires=outgoing.expires))
        self._release_reordered()

    def _is_subscribed(self, body: Json) -> bool:
        if self.subscribed is None or body["type"] in self.subscribed:
            return True
        return body["type"] == "message" and MESSAGES_OF.get(body.get("channel_type", "")) in self.subscribed

    def _release_reordered(self) -> None:
        if self.reordered is not None:
            event, self.reordered = self.reordered, None
            if self.reorder_timer:
                self.reorder_timer.cancel()
                self.delayed.discard(self.reorder_timer)
            self._enqueue(event)

    def _enqueue(self, outgoing: Outgoing) -> None:
        self.queue.append(outgoing)
        if len(self.queue) > QUEUE_MAX:
            lost = self.queue.popleft()
            self._record(lost, Outcome("queue_full"), "lost")
        self.pump()

    def _call_later(self, delay: float, act: Callable[[], None]) -> asyncio.TimerHandle:
        def run() -> None:
            self.delayed.discard(handle)
            act()
            self.changed()

        handle = asyncio.get_running_loop().call_later(delay, run)
        self.delayed.add(handle)
        return handle

    def pump(self) -> None:
        """Start queued deliveries, up to `at_once`."""
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
            if outgoing.is_answer_lost and outcome.is_acknowledged:
                outgoing.is_answer_lost = False
                outcome = Outcome("http_timeout", outcome.status, seconds=outcome.seconds)
        finally:
            self.in_flight -= 1
        self._finish_attempt(outgoing, outcome)
        self.pump()

    def _finish_attempt(self, outgoing: Outgoing, outcome: Outcome) -> None:
        if outcome.is_acknowledged:
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
            self._enqueue(outgoing)

        handle = asyncio.get_running_loop().call_later(delay, run)
        self.retries[key] = (outgoing, handle)

    def retry_now(self) -> None:
        """Start all waiting retries now."""
        for outgoing, handle in list(self.retries.values()):
            handle.cancel()
            self.queue.append(outgoing)
        self.retries.clear()
        self.pump()

    # --- commands and interactions

    async def request(self, kind: str, payload: Json) -> Outcome:
        """Send a command or interaction, and return the outcome."""
        outgoing = Outgoing(kind, payload)
        active = self.faults.take_for_delivery((outgoing.type, kind))
        if first_fault(active, "drop"):
            outcome = Outcome("operation_timeout")
            self._record(outgoing, outcome, "dropped")
            return outcome
        if not self._can_send():
            outcome = Outcome("no_connection")
            self._record(outgoing, outcome, "lost")
            return outcome
        self.requests_in_flight += 1
        try:
            return await self._send_request(outgoing, active)
        finally:
            self.requests_in_flight -= 1
            self.changed()

    async def _send_request(self, outgoing: Outgoing, active: list[Fault]) -> Outcome:
        if fault := first_fault(active, "delay"):
            await asyncio.sleep(float(fault_param(fault, "seconds")))
        outgoing.is_cut = first_fault(active, "cut") is not None
        outcome = await self.link.send(outgoing, self.answer_seconds)
        if first_fault(active, "duplicate"):
            await self.link.send(Outgoing(outgoing.kind, outgoing.payload), self.answer_seconds)
        if outcome.reason == "http_timeout" or first_fault(active, "unheard"):
            outcome = Outcome("operation_timeout", outcome.status, seconds=outcome.seconds)
        self._record(outgoing, outcome, "heard" if outcome.is_acknowledged else "lost")
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
            "queued": len(self.queue) + (self.reordered is not None),
            "in_flight": self.in_flight + self.requests_in_flight,
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
