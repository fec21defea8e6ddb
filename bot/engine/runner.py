"""Run due timers and periodic maintenance."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from structlog import get_logger

from bot.config import Settings
from bot.engine.calendar_sync import CalendarSync, FindByMail
from bot.engine.clock_sync import sync_clock
from bot.engine.fetch.alert_images import AlertImages
from bot.engine.gauges import update_gauges
from bot.engine.index_merge import IndexMerge
from bot.engine.periodic import run_periodically
from bot.engine.retention import Retention
from bot.engine.timers import TimerResult, run_due_timers
from bot.engine.vendors.watch import VendorWatch
from bot.runtime import metrics
from bot.runtime.clock import LEASED_PAUSE, Clock, sleep_or_wake
from bot.runtime.log import request_context
from bot.runtime.supervision import restart_on_failure
from bot.store.database.session import Database, DatabaseUnavailable
from bot.store.shared import timers

log = get_logger(__name__)

POLL = timedelta(seconds=5)
"""Longest delay of a timer for which no wake-up came."""
BATCH_SIZE = 50
"""Timers of one kind in one transaction, which then takes a few dozen milliseconds."""
MAX_CONCURRENT = 2
"""Concurrent transactions with timers in one process."""
UPKEEP_INTERVAL = timedelta(seconds=15)


class Engine:
    """The loops: `start`, then `stop`."""

    def __init__(self, database: Database, clock: Clock, settings: Callable[[], Settings], find: FindByMail) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings
        self.retention = Retention(database, clock, settings)
        self.calendars = CalendarSync(database, clock, settings, find)
        self.vendors = VendorWatch(database, clock, settings)
        self.index_merge = IndexMerge(database)
        self.images = AlertImages(database, clock, settings)
        self._wake = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._has_retried = False
        self._looks_at: datetime | None = None
        """Time of the next look for due timers; None during one."""
        self.is_working = False
        self.beat_at: datetime | None = None
        """Time of the last successful look for due timers."""

    def start(self) -> None:
        self._tasks = [
            asyncio.create_task(restart_on_failure("timers", self._run_timers), name="timers"),
            asyncio.create_task(restart_on_failure("upkeep", self._run_upkeep), name="upkeep"),
            asyncio.create_task(restart_on_failure("retention", self.retention.run_forever), name="retention"),
            asyncio.create_task(restart_on_failure("calendars", self.calendars.run_forever), name="calendars"),
            asyncio.create_task(restart_on_failure("vendors", self.vendors.run_forever), name="vendors"),
            asyncio.create_task(restart_on_failure("search index", self.index_merge.run_forever), name="search index"),
        ]

    def wake(self, at: datetime | None = None) -> None:
        """Look for due timers now, unless that happens by `at`; None: in any case."""
        if at is None or self._looks_at is None or at < self._looks_at:
            self._wake.set()

    @property
    def is_idle(self) -> bool:
        return not (self.is_working or self._wake.is_set())

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, self.vendors.stop(), return_exceptions=True)

    async def _run_timers(self) -> None:
        while True:
            self._wake.clear()
            self.is_working, self._looks_at = True, None
            try:
                await self._retry_exhausted_once()
                next_due = await self._run_due()
            except DatabaseUnavailable as problem:
                log.warning("timer loop postponed; database unavailable", problem=str(problem))
                next_due = None
            except Exception:
                log.exception("timer loop failed")
                next_due = None
            finally:
                self.is_working = False
            now = self._clock.now()
            if next_due is not None and next_due <= now:
                await sleep_or_wake(LEASED_PAUSE, self._wake)
            else:
                self._looks_at = now + POLL if next_due is None else min(next_due, now + POLL)
                await self._clock.sleep_until(self._looks_at, self._wake)

    async def _retry_exhausted_once(self) -> None:
        """After a start, retry timers that were given up: a new version may have fixed them."""
        if not self._has_retried:
            if again := await self._database.run(timers.revive_abandoned, self._clock.now()):
                log.info("exhausted timers rescheduled after start", count=again)
            self._has_retried = True

    async def _run_due(self) -> datetime | None:
        """
        Run all due timers in concurrent batches; return when the next one is due.

        A time that has passed means that others hold what is due: another replica, or a transaction about to end.
        Reading comes first, because this runs after every commit and should not block writers.
        """
        while True:
            self._wake.clear()  # what set it is committed, so this read sees it
            now = self._clock.now()
            next_due, waiting = await self._database.read(timers.summarize_due, now, MAX_CONCURRENT * BATCH_SIZE)
            self.beat_at = now
            if not waiting:
                return next_due
            workers = min(1 + waiting // BATCH_SIZE, MAX_CONCURRENT)
            counts = await asyncio.gather(*(self._run_batches(waiting) for _ in range(workers)), return_exceptions=True)
            for each in counts:
                if isinstance(each, BaseException):
                    raise each
            if not any(counts):
                return now

    async def _run_batches(self, waiting: int) -> int:
        """Run batches until `waiting` timers ran, or none is free. Returns the number that ran."""
        count, most = 0, min(waiting, BATCH_SIZE)  # one alone is taken with a statement less
        while count < waiting:
            with request_context():
                ran = await self._database.run(run_due_timers, self._settings(), self._clock.now(), most)
                if not ran:
                    return count
                count += len(ran)
                log.info("timers finished", what=ran[0].timer.kind, timers=[each.timer.key for each in ran])
                for each in ran:
                    self._report(each)
        return count

    def _report(self, result: TimerResult) -> None:
        if result.problem is None:
            late = self._clock.now() - result.timer.due_at
            metrics.TIMER_LATENESS_SECONDS.observe(late.total_seconds())
            return
        log.error("timer failed", timer=result.timer.key, exc_info=result.problem)
        if result.is_exhausted:
            log.error("timer exhausted its tries", timer=result.timer.key)

    async def _run_upkeep(self) -> None:
        """On real time: the interval of gauges does not depend on a simulated clock."""
        await run_periodically("upkeep", self._upkeep, first=timedelta(), pause=UPKEEP_INTERVAL)

    async def _upkeep(self) -> None:
        if ended := await self._database.end_stuck_transactions():  # first: everything else may wait for them
            log.warning("transactions of a hung replica terminated", count=ended)
        await sync_clock(self._database, self._clock)
        await update_gauges(self._database, self._clock.now())
