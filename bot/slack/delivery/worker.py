"""
Outbox worker: claims due lanes after each commit and runs their rows in order.

`failures` decides on the outcome of a failed row.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar
from uuid import uuid4

from sqlalchemy.exc import DBAPIError
from structlog import get_logger

from bot.runtime.clock import LEASED_PAUSE, sleep_or_wake
from bot.runtime.log import request_context
from bot.runtime.metrics import OUTBOX_FENCED
from bot.runtime.supervision import restart_on_failure
from bot.services.outbox import OutboxKind
from bot.slack.api.client import CALL_SECONDS
from bot.slack.delivery.batch_finish import BatchFinisher
from bot.slack.delivery.effects import EFFECTS, EffectHandler, rates_of
from bot.slack.delivery.effects.context import EffectContext
from bot.slack.delivery.failures import failure_outcome
from bot.slack.delivery.leases import LaneLeases
from bot.slack.delivery.outage_recovery import OutageRecovery
from bot.slack.delivery.row_runner import RowRunner
from bot.slack.delivery.schedule import Schedule
from bot.store import outbox
from bot.store.database.session import DatabaseUnavailable
from bot.store.outbox import Claim, LostLease, Outcome, RatesOf

log = get_logger(__name__)

T = TypeVar("T")

MAX_LANES = 24
"""Lanes that one process runs at a time."""
POLL = timedelta(seconds=5)
"""Longest time until a lane is found that no wake-up announced, such as one whose owner died."""
LEASE = timedelta(seconds=CALL_SECONDS + 10)
FOLLOWERS = 8
"""Further lanes taken when a row has made them due."""
URGENT = frozenset({OutboxKind.CREATE_CHANNEL})
"""Kinds whose results let further rows go: they are written at once."""
NOTHING = outbox.ClaimResult([], None, is_all=True, passed_over=frozenset())
"""Result of a failed claim."""


class Sender:
    def __init__(
        self,
        context: EffectContext,
        *,
        lease: timedelta = LEASE,
        poll: timedelta = POLL,
        lanes_at_once: int = MAX_LANES,
        effects: Mapping[OutboxKind, EffectHandler] = EFFECTS,
        rates_of: RatesOf = rates_of,
    ) -> None:
        self.owner = str(uuid4())
        self.is_claiming = False
        self.beat_at: datetime | None = None
        """Time of the last successful claim. An old one means that the worker hangs or keeps failing."""
        self.leases = LaneLeases(context.database, context.clock, self.owner, lease)
        self._context = context
        self._runner = RowRunner(context, effects)
        self._recovery = OutageRecovery(context.database, context.now)
        self._finisher = BatchFinisher(self._finish_batch, lambda: len(self._running))
        self._rates_of = rates_of
        self._lanes_at_once = lanes_at_once
        self._wake = asyncio.Event()
        self._schedule = Schedule(context.now, poll)
        self._stopping = False
        self._loop: asyncio.Task[None] | None = None
        self._running: set[asyncio.Task[None]] = set()
        self._reserved = 0
        """Places kept for lanes that are being claimed."""
        self._is_short = False
        """More lanes were due than there were places."""
        self._passed_over: frozenset[str] = frozenset()
        """Lanes that were due while they ran here: they are claimed again when they have ended."""

    def start(self) -> None:
        """Start the worker; nothing if it is running."""
        if self._loop is not None:
            return
        self._context.gateway.on_answer = self._on_slack_answer
        self._loop = asyncio.create_task(restart_on_failure("sender", self._work), name="sender")

    def wake(self, *, is_later: bool = True) -> None:
        """Look for work. `is_later`: some may be due later, at a time that nobody told."""
        if is_later:
            self._schedule.forget()
        self._wake.set()
        self._schedule.has_changed.set()

    def _on_slack_answer(self) -> None:
        if self._recovery.request():
            self.wake(is_later=False)

    @property
    def is_idle(self) -> bool:
        return not (self._running or self.is_claiming or self._wake.is_set() or self._schedule.has_changed.is_set())

    async def stop(self, grace: float = 15.0) -> None:
        """Claim nothing more, and wait up to `grace` seconds for the calls under way."""
        ends_at = asyncio.get_running_loop().time() + grace
        self._stopping = True
        self.wake()
        if self._loop is not None:  # it may be claiming: it runs what it has claimed
            await asyncio.wait([self._loop], timeout=grace)
        while self._running and (seconds := ends_at - asyncio.get_running_loop().time()) > 0:
            await asyncio.wait(self._running, timeout=seconds)
        left = [*self._running, *(task for task in (self._loop, self._finisher.under_way) if task is not None)]
        if self._running:
            log.warning("worker stopped during calls; they are looked up later", lanes=len(self._running))
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        await self._context.early_calls.stop()

    async def _work(self) -> None:
        while not self._stopping:
            self._wake.clear()
            found = await self._look_for_work()
            self._start_lanes(found.claims)
            if found.waits_for_slack:
                await self._release_waiting()
            self._passed_over = found.passed_over
            self._is_short |= not found.is_all and not self._free
            if (self._free and not found.is_all) or not found.passed_over <= self._lanes:
                continue
            await self._sleep()

    async def _sleep(self) -> None:
        """Sleep until work is due, or until something wakes this worker."""
        while not self._wake.is_set():
            self._schedule.has_changed.clear()
            due, now = self._schedule.next_look, self._context.now()
            if due <= now:  # due, but another worker has the lane or every place is taken
                await sleep_or_wake(LEASED_PAUSE, self._wake)
                return
            await self._context.clock.sleep_until(due, self._schedule.has_changed)
            if self._context.now() >= due:
                return
        self._schedule.has_changed.clear()

    async def _look_for_work(self) -> outbox.ClaimResult:
        self.is_claiming = True
        try:
            found = await self._claim()
            self.beat_at = self._context.now()
        except DatabaseUnavailable as problem:
            log.warning("outbox claim failed; database unavailable", problem=str(problem))
            return NOTHING
        except Exception:
            log.exception("outbox claim failed")
            return NOTHING
        finally:
            self.is_claiming = False
        return found

    async def _release_waiting(self) -> None:
        """Make rows due again that waited for Slack; the commit wakes this worker for them."""
        self.is_claiming = True
        try:
            await self._recovery.release()
        except DatabaseUnavailable as problem:
            log.warning("release of waiting outbox rows failed; database unavailable", problem=str(problem))
        except Exception:
            log.exception("release of waiting outbox rows failed")
        finally:
            self.is_claiming = False

    @property
    def _free(self) -> int:
        """Lanes that may still be taken."""
        return max(self._lanes_at_once - len(self._running) - self._reserved, 0)

    @property
    def _lanes(self) -> set[str]:
        return {task.get_name() for task in self._running}

    def _start_lanes(self, claims: Sequence[Claim]) -> None:
        for claim in claims:
            task = asyncio.create_task(self._run_lane(claim), name=claim.row.lane)
            self._running.add(task)
            task.add_done_callback(self._on_lane_end)

    def _on_lane_end(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._finisher.start_batch()
        self._wake_if_short()
        if task.get_name() not in self._lanes:  # it may have been started again before this one ended
            self.leases.discard(task.get_name())
        if task.get_name() in self._passed_over:
            self.wake(is_later=False)

    def _wake_if_short(self) -> None:
        """Wake the loop if a place is free and the last claim had too few."""
        if self._is_short and self._free:
            self._is_short = False
            self.wake(is_later=False)

    async def _claim(self) -> outbox.ClaimResult:
        free = self._free
        if not free:
            self._is_short = True
            return NOTHING
        real_now = self._context.clock.real_now()
        asks_next_due = self._schedule.begin_look()
        with self._reserve(free), self._recovery.search_for_work() as asks_waiting:
            found = await self._run_loading(
                outbox.claim_lanes, owner=self.owner, limit=free, asks_next_due=asks_next_due, asks_waiting=asks_waiting
            )
        self._schedule.end_look(found)
        self.leases.add(found.claims, real_now)
        return found

    @contextmanager
    def _reserve(self, places: int) -> Iterator[None]:
        self._reserved += places
        try:
            yield
        finally:
            self._reserved -= places
            self._wake_if_short()

    async def _run_lane(self, claim: Claim) -> None:
        lane = claim.row.lane
        with request_context(lane=lane):  # the end of another lane's row may have started this task
            await self.leases.run_leased(lane, partial(self._run_rows, claim))

    async def _run_rows(self, claim: Claim) -> None:
        current: Claim | None = claim
        while current is not None:
            with request_context(current.row.request_id, row=current.row.id, what=current.row.kind):
                current = await self._run_row(current)

    async def _run_row(self, claim: Claim) -> Claim | None:
        """Run a row and return the lane's next one, if it may go now."""
        row = claim.row
        outcome = await self._runner.run(claim)
        if isinstance(outcome, outbox.Retry) and outcome.failure is outbox.Failure.SLACK_UNREACHABLE:
            self._recovery.note_outage()
        try:
            return await self._record(claim, outcome)
        except LostLease as problem:
            OUTBOX_FENCED.labels(row.kind).inc()
            log.warning("lane taken by another worker", lane=str(problem))
        except DatabaseUnavailable as problem:
            # The lease expires, and the worker that claims the lane then looks up the outcome.
            log.warning("could not record the outcome of an outbox row", problem=str(problem))
        except Exception:
            log.exception("lane aborted after an unexpected error", lane=row.lane)
        return None

    async def _record(self, claim: Claim, outcome: Outcome) -> Claim | None:
        try:
            return await self._finish(claim, outcome)
        except (LostLease, DatabaseUnavailable):
            raise
        except Exception as problem:  # noqa: BLE001  a defect in what the outcome writes counts against the row
            return await self._finish(claim, failure_outcome(claim, problem, self._context.now()))

    async def _finish(self, claim: Claim, outcome: Outcome) -> Claim | None:
        finished = None
        real_now = self._context.clock.real_now()
        if isinstance(outcome, outbox.Done) and not self._stopping:
            finished = await self._finisher.finish(claim, outcome, is_urgent=claim.row.kind in URGENT)
        if finished is None:
            finished = await self._finish_alone(claim, outcome)
        self.leases.add([*finished.others, *([finished.following] if finished.following else [])], real_now)
        self._start_lanes(finished.others)
        if finished.due_at is not None:
            self._schedule.add(finished.due_at)
        return finished.following

    async def _finish_batch(self, ended: Sequence[tuple[Claim, outbox.Done]]) -> Sequence[outbox.FinishResult | None]:
        return await self._go_on(outbox.finish_several, ended)

    async def _finish_alone(self, claim: Claim, outcome: Outcome) -> outbox.FinishResult:
        return await self._go_on(outbox.finish, claim, outcome, go_on=not self._stopping)

    async def _go_on(self, finish: Callable[..., T], *ended: Any, **more: Any) -> T:
        """Finish rows, and take others that this makes due as far as there are places."""
        others = min(self._free, FOLLOWERS)
        with self._reserve(others):
            return await self._run_loading(finish, *ended, others=others, **more)

    async def _run_loading(self, fn: Callable[..., T], *args: Any, **more: Any) -> T:
        """
        Run a transaction that claims rows and loads what they show.

        If it fails it runs without loading: a view that cannot be loaded concerns its own row only.
        """
        run = partial(
            self._context.database.run_low_priority,
            fn,
            *args,
            now=self._context.now(),
            lease=self.leases.duration,
            rates_of=self._rates_of,
            busy=self._lanes,
            lapsed_before=self._context.clock.lapsed_before(),
            **more,
        )
        try:
            return await run(real_now=self._context.clock.real_now(), load=self._runner.load)
        except DBAPIError as problem:  # the row's own attempt shows where it failed
            log.warning("views could not be loaded with their rows", problem=str(problem.orig))
            return await run(real_now=self._context.clock.real_now())
