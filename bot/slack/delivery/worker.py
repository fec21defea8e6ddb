"""
Carries out the outbox.

Awake after each commit, it claims due lanes and runs each of them until nothing in it may go now. What a failure means
for a row is decided in `outcomes`.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from time import perf_counter
from uuid import uuid4

from structlog import get_logger

from bot.runtime.clock import IN_HAND, rest
from bot.runtime.log import concerns, unit
from bot.runtime.metrics import OUTBOX_FENCED, OUTBOX_FINISHED
from bot.runtime.supervision import kept_going
from bot.services.outbox import What
from bot.slack.api.client import CALL_SECONDS, HELD
from bot.slack.delivery.batch_finish import Ending
from bot.slack.delivery.effects import EFFECTS, Effect, rates_of
from bot.slack.delivery.effects.context import OfLaterRelease, Tools
from bot.slack.delivery.failures import outcome_of, shown
from bot.store import outbox
from bot.store.database.session import DatabaseUnavailable
from bot.store.incidents import incidents
from bot.store.outbox import Claim, LostLease, Outcome, RatesOf

log = get_logger(__name__)

AT_ONCE = 24
"""Lanes that one process runs side by side."""
POLL = timedelta(seconds=5)
"""The safety net: how long a due lane can be overlooked, for example one whose owner died."""
LEASE = timedelta(seconds=CALL_SECONDS + 10)
FOLLOWERS = 8
"""Lanes that are taken with the end of the row that made them due. More than that are claimed as any others."""
BETWEEN_RECOVERIES = timedelta(seconds=10)
"""Where Slack answers some calls and not others, what it does not take is not tried more often than that."""
NOTHING = outbox.Look([], None, is_all=True, passed_over=frozenset())
"""What is found where nobody could look."""


class Sender:
    """One worker. `start` sets it going, `stop` lets it finish what it has in hand."""

    def __init__(
        self,
        tools: Tools,
        *,
        lease: timedelta = LEASE,
        poll: timedelta = POLL,
        lanes_at_once: int = AT_ONCE,
        effects: Mapping[What, Effect] = EFFECTS,
        rates_of: RatesOf = rates_of,
    ) -> None:
        self._effects = effects
        self._rates_of = rates_of
        self.owner = str(uuid4())
        self._tools = tools
        self._lease = lease
        self._poll = poll
        self._lanes_at_once = lanes_at_once
        self._wake = asyncio.Event()
        self._stopping = False
        self._loop: asyncio.Task[None] | None = None
        self._running: set[asyncio.Task[None]] = set()
        self._ending = Ending(self._end_several)
        self._asked_for = 0
        """Places that are kept for what is just being claimed."""
        self._is_short = False
        """Whether there was more to do than places to do it in."""
        self._passed_over: frozenset[str] = frozenset()
        """Lanes that were due while they were under way here: they are looked at again when they have ended."""
        self._held_until: dict[str, datetime] = {}
        """When the lease of each lane that is under way here runs out, in real time."""
        self._is_slack_back = True
        """Whether what an outage held up is to be let go: at the start, and when Slack answers, now and then."""
        self._let_go_at: datetime | None = None
        self._references: dict[int, str] = {}
        """What people call the incidents whose rows ran here: some bytes for each."""
        self.is_claiming = False
        self.beat_at: datetime | None = None
        """When the worker last looked for work with success: if that is long ago, it hangs, or fails each time."""

    def start(self) -> None:
        """Set it going; nothing if it was."""
        if self._loop is not None:
            return
        self._tools.gateway.answered = self._slack_answered
        self._loop = asyncio.create_task(kept_going("sender", self._work), name="sender")

    def wake(self) -> None:
        self._wake.set()

    def _slack_answered(self) -> None:
        """Slack may have been away before, for this process or another one: that is looked up, but not each time."""
        now = self._tools.now()
        if self._let_go_at is None or not timedelta(0) <= now - self._let_go_at < BETWEEN_RECOVERIES:
            self._let_go_at = now
            self._is_slack_back = True
            self._wake.set()

    @property
    def is_idle(self) -> bool:
        return not (self._running or self.is_claiming or self._wake.is_set())

    async def stop(self, grace: float = 15.0) -> None:
        """Take no new work, and wait up to `grace` seconds for the calls that are under way."""
        ends_at = asyncio.get_running_loop().time() + grace
        self._stopping = True
        self._wake.set()
        if self._loop is not None:  # it may just be claiming: what it has claimed it also runs
            await asyncio.wait([self._loop], timeout=grace)
        while self._running and (seconds := ends_at - asyncio.get_running_loop().time()) > 0:
            await asyncio.wait(self._running, timeout=seconds)
        left = [*self._running, *(task for task in (self._loop, self._ending.under_way) if task is not None)]
        if self._running:
            log.warning("stopped in the middle of calls: they are looked up later", lanes=len(self._running))
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def _work(self) -> None:
        while not self._stopping:
            self._wake.clear()
            self.is_claiming = True
            try:
                await self._let_go()
                look = await self._claim()
                self.beat_at = self._tools.now()
            except DatabaseUnavailable as problem:
                log.warning("the outbox cannot be read", problem=str(problem))
                look = NOTHING
            except Exception:
                log.exception("the outbox could not be claimed from")
                look = NOTHING
            finally:
                self.is_claiming = False
            self._take_up(look.claims)
            now = self._tools.now()
            self._passed_over = look.passed_over
            self._is_short |= not look.is_all and not self._free
            if (self._free and not look.is_all) or not look.passed_over <= self._lanes:
                continue
            due = now + self._poll if look.next_due is None else min(look.next_due, now + self._poll)
            if due <= now:  # due, but not ours to take: a lane of another worker, or every place is taken
                await rest(IN_HAND, self._wake)
            else:
                await self._tools.clock.sleep_until(due, self._wake)

    async def _let_go(self) -> None:
        """Once for each recovery, let go what waits only because Slack was away."""
        if not self._is_slack_back:
            return
        now, self._is_slack_back = self._tools.now(), False
        try:
            if await self._tools.database.read(outbox.some_wait_for_slack, now):
                log.info("what waited while Slack was away is due")
                if not await self._tools.database.run(outbox.slack_is_back, now):
                    self._let_go_at = None  # some lanes were held at this moment: the next answer is for them
        except BaseException:
            self._is_slack_back = True
            raise

    @property
    def _free(self) -> int:
        """How many lanes may still be taken."""
        return max(self._lanes_at_once - len(self._running) - self._asked_for, 0)

    @property
    def _lanes(self) -> set[str]:
        return {task.get_name() for task in self._running}

    def _take_up(self, claims: Sequence[Claim]) -> None:
        for claim in claims:
            task = asyncio.create_task(self._run_lane(claim), name=claim.row.lane)
            self._running.add(task)
            task.add_done_callback(self._lane_ended)

    def _lane_ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._tell_of_places()
        if task.get_name() not in self._lanes:  # it may have been taken up again before this one was over
            self._held_until.pop(task.get_name(), None)
        if task.get_name() in self._passed_over:
            self._wake.set()

    def _tell_of_places(self) -> None:
        """Let the loop look again, if it found more to do than it had places for."""
        if self._is_short and self._free:
            self._is_short = False
            self._wake.set()

    async def _claim(self) -> outbox.Look:
        free = self._free
        if not free:
            self._is_short = True
            return NOTHING
        real_now = self._tools.clock.real_now()
        with self._keeping(free):
            look = await self._tools.database.run_behind(
                outbox.claim,
                owner=self.owner,
                now=self._tools.now(),
                real_now=real_now,
                lease=self._lease,
                limit=free,
                rates_of=self._rates_of,
                busy=self._lanes,
                lapsed_before=self._tools.clock.lapsed_before(),
            )
        self._hold(look.claims, real_now)
        return look

    def _hold(self, claims: Sequence[Claim], since: datetime) -> None:
        self._held_until |= {claim.row.lane: since + self._lease for claim in claims}

    def _check_held(self, lane: str) -> None:
        """Raises LostLease where the lease has run out: whoever was paused for that long has been replaced."""
        if self._held_until[lane] < self._tools.clock.lapsed_before():
            raise LostLease(lane)

    @contextmanager
    def _keeping(self, places: int) -> Iterator[None]:
        self._asked_for += places
        try:
            yield
        finally:
            self._asked_for -= places
            self._tell_of_places()

    async def _run_lane(self, claim: Claim) -> None:
        ended = asyncio.Event()
        HELD.set(partial(self._check_held, claim.row.lane))
        with unit(lane=claim.row.lane):  # the task may have been begun by the end of another lane's row
            await self._run_and_hold(claim, ended)

    async def _run_and_hold(self, claim: Claim, ended: asyncio.Event) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._keep_lease(claim.row.lane, ended))
            try:
                await self._run_rows(claim)
            finally:
                ended.set()

    async def _keep_lease(self, lane: str, ended: asyncio.Event) -> None:
        """Renew the lease until the lane has ended: one call is shorter than a lease, but a row may have many."""
        while not ended.is_set():
            try:
                async with asyncio.timeout(self._lease.total_seconds() / 3):
                    await ended.wait()
            except TimeoutError:
                await self._renew(lane)

    async def _renew(self, lane: str) -> None:
        until = self._tools.clock.real_now() + self._lease
        try:
            if await self._tools.database.run(outbox.renew, lane, self.owner, until):
                self._held_until[lane] = until
            else:
                log.warning("a lane was lost while its row ran", lane=lane)
        except DatabaseUnavailable as problem:
            log.warning("a lease could not be renewed", lane=lane, problem=str(problem))

    async def _run_rows(self, claim: Claim) -> None:
        current: Claim | None = claim
        while current is not None:
            with unit(current.row.request_id, row=current.row.id, what=current.row.what):
                await self._name_incident(current.row.incident_id)
                current = await self._run_row(current)

    async def _name_incident(self, incident_id: int | None) -> None:
        """For the row's lines: its number is looked up once."""
        if incident_id is not None and incident_id not in self._references:
            try:
                self._references[incident_id] = (await self._tools.incident(incident_id)).reference
            except (DatabaseUnavailable, incidents.IncidentNotFound):
                return  # the row itself will meet that
        if incident_id is not None:
            concerns(self._references[incident_id])

    async def _run_row(self, claim: Claim) -> Claim | None:
        """The row that follows in its lane, if there is one that may go now."""
        row, began = claim.row, perf_counter()
        outcome = await self._run(claim)
        if isinstance(outcome, outbox.Done):
            log.info("a row of the outbox is done", ms=round((perf_counter() - began) * 1000, 1))
        try:
            return await self._write_down(claim, outcome)
        except LostLease as problem:
            OUTBOX_FENCED.labels(row.what).inc()
            log.warning("another worker took the lane meanwhile", lane=str(problem))
        except DatabaseUnavailable as problem:
            # The lease runs out, and whoever claims the lane then looks what came of this row.
            log.warning("what came of a row could not be written down", problem=str(problem))
        except Exception:
            log.exception("a lane was left", lane=row.lane)
        return None

    async def _write_down(self, claim: Claim, outcome: Outcome) -> Claim | None:
        try:
            return await self._finish(claim, outcome)
        except (LostLease, DatabaseUnavailable):
            raise
        except Exception as problem:  # noqa: BLE001  a defect in what the outcome writes back counts against the row
            return await self._finish(claim, outcome_of(claim, problem, self._tools.now()))

    async def _finish(self, claim: Claim, outcome: Outcome) -> Claim | None:
        finished = None
        real_now = self._tools.clock.real_now()
        if isinstance(outcome, outbox.Done) and outcome.apply is None and not self._stopping:
            finished = await self._ending.put(claim)
        if finished is None:
            finished = await self._end_alone(claim, outcome, real_now)
        self._hold([*finished.others, *([finished.following] if finished.following else [])], real_now)
        self._take_up(finished.others)
        if finished.due_at is not None:
            self._wake.set()  # the loop does not know of that time yet
        return finished.following

    async def _end_several(self, claims: Sequence[Claim]) -> Sequence[outbox.Finished | None]:
        return await self._tools.database.run_behind(
            outbox.finish_several,
            claims,
            now=self._tools.now(),
            real_now=self._tools.clock.real_now(),
            lease=self._lease,
            rates_of=self._rates_of,
        )

    async def _end_alone(self, claim: Claim, outcome: Outcome, real_now: datetime) -> outbox.Finished:
        others = min(self._free, FOLLOWERS)
        with self._keeping(others):
            return await self._tools.database.run_behind(
                outbox.finish,
                claim,
                outcome,
                now=self._tools.now(),
                real_now=real_now,
                lease=self._lease,
                rates_of=self._rates_of,
                go_on=not self._stopping,
                others=others,
                busy=self._lanes,
                lapsed_before=self._tools.clock.lapsed_before(),
            )

    def _effect_of(self, what: str) -> Effect:
        if what not in set(What):
            raise OfLaterRelease
        return self._effects[What(what)]

    async def _run(self, claim: Claim) -> Outcome:
        row = claim.row
        try:
            outcome = await self._effect_of(row.what)(self._tools, claim)
        except Exception as problem:  # noqa: BLE001  each kind has its own outcome, and a worker never dies of a row
            outcome = outcome_of(claim, problem, self._tools.now())
        OUTBOX_FINISHED.labels(row.what, type(outcome).__name__.lower()).inc()
        return shown(row, outcome, self._tools.now()) if isinstance(outcome, outbox.Refused) else outcome
