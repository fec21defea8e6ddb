"""Time passes: timers are carried out when they fall due, and the house is kept in order."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from structlog import get_logger

from bot import metrics
from bot.clock import Clock
from bot.config import Settings
from bot.engine import timers as due
from bot.engine.timekeeping import keep_time
from bot.store import deliveries, incidents, outbox, timers
from bot.store.session import Database, DatabaseUnavailable

log = get_logger(__name__)

POLL = timedelta(seconds=5)
KEEP_HOUSE = timedelta(hours=1)
DONE_ROWS_KEPT = timedelta(days=7)
LOOK_AGAIN = timedelta(seconds=15)


class Engine:
    """One loop for what is due, one for upkeep. `start` sets it going, `stop` ends it."""

    def __init__(self, database: Database, clock: Clock, settings: Callable[[], Settings]) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings
        self._wake = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self.is_working = False
        self.beat_at: datetime | None = None

    def start(self) -> None:
        self._tasks = [
            asyncio.create_task(self._run_timers(), name="timers"),
            asyncio.create_task(self._keep_house(), name="upkeep"),
        ]

    def wake(self) -> None:
        self._wake.set()

    @property
    def is_idle(self) -> bool:
        return not (self.is_working or self._wake.is_set())

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _run_timers(self) -> None:
        while True:
            self._wake.clear()
            self.is_working = True
            try:
                next_due = await self._run_due()
            except DatabaseUnavailable as problem:
                log.warning("timers cannot be read", problem=str(problem))
                next_due = None
            except Exception:
                log.exception("timers could not be carried out")
                next_due = None
            finally:
                self.is_working = False
            now = self._clock.now()
            self.beat_at = now
            limit = now + POLL
            await self._clock.sleep_until(limit if next_due is None else min(next_due, limit), self._wake)

    async def _run_due(self) -> datetime | None:
        """
        Everything that is due now, one transaction each. Returns when the next is due.

        Whether anything is due is read first: this is asked after every commit, and would stand in the writers' way.
        """
        while True:
            next_due, now = await self._database.read(timers.next_due), self._clock.now()
            if next_due is None or next_due > now:
                return next_due
            try:
                timer = await self._database.run(due.run_one, self._settings(), now)
            except due.TimerFailed as problem:
                log.exception("a timer failed", timer=problem.key)
                if not await self._database.run(due.put_off, problem.key, now):
                    log.error("a timer was given up", timer=problem.key)  # noqa: TRY400  the exception stands above
                continue
            if timer is None:  # another replica has it in hand
                return now + POLL
            metrics.TIMER_LATENESS_SECONDS.observe((now - timer.due_at).total_seconds())

    async def _keep_house(self) -> None:
        """Runs on real time: how often the counts are taken and old rows dropped has nothing to do with the record."""
        cleaned: datetime | None = None
        while True:
            try:
                await keep_time(self._database, self._clock)
                now = self._clock.now()
                await self._count(now)
                if cleaned is None or now - cleaned > KEEP_HOUSE:
                    await self._database.run(deliveries.forget_old, now)
                    await self._database.run(outbox.forget_done, now - DONE_ROWS_KEPT)
                    cleaned = now
            except DatabaseUnavailable as problem:
                log.warning("upkeep has to wait", problem=str(problem))
            except Exception:
                log.exception("upkeep failed")
            await asyncio.sleep(LOOK_AGAIN.total_seconds())

    async def _count(self, now: datetime) -> None:
        backlog = await self._database.read(outbox.backlog)
        metrics.OUTBOX_WAITING.set(backlog.unfinished)
        metrics.OUTBOX_DEAD.set(backlog.dead)
        oldest = backlog.oldest_due_at
        metrics.OUTBOX_OLDEST_SECONDS.set(max((now - oldest).total_seconds(), 0) if oldest else 0)
        metrics.INCIDENTS_OPEN.set(await self._database.read(incidents.count_open))
