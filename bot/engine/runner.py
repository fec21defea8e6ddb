"""Time passes: timers are carried out when they fall due, and the house is kept in order."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from structlog import get_logger

from bot.config import Settings
from bot.engine import timers as due
from bot.engine.calendar_sync import Calendars, Find
from bot.engine.clock_sync import keep_time
from bot.engine.gauges import count
from bot.engine.periodic import again_and_again
from bot.engine.retention import Retention
from bot.runtime import metrics
from bot.runtime.clock import IN_HAND, Clock, rest
from bot.runtime.log import unit
from bot.runtime.supervision import kept_going
from bot.store.database.session import Database, DatabaseUnavailable
from bot.store.shared import timers

log = get_logger(__name__)

POLL = timedelta(seconds=5)
"""The safety net: how long a due timer can be overlooked."""
TOGETHER = 50
"""Due timers of one kind that go in one transaction: a few dozen milliseconds, and nobody waits longer for it."""
AT_ONCE = 2
"""Such transactions that one process has under way side by side."""
LOOK_AGAIN = timedelta(seconds=15)


class Engine:
    """Loops for what is due, for upkeep and for what is old enough to go. `start` sets them going, `stop` ends them."""

    def __init__(self, database: Database, clock: Clock, settings: Callable[[], Settings], find: Find) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings
        self.retention = Retention(database, clock, settings)
        self.calendars = Calendars(database, clock, settings, find)
        self._wake = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._has_begun = False
        self.is_working = False
        self.beat_at: datetime | None = None
        """When timers were last looked for with success."""

    def start(self) -> None:
        self._tasks = [
            asyncio.create_task(kept_going("timers", self._run_timers), name="timers"),
            asyncio.create_task(kept_going("upkeep", self._keep_house), name="upkeep"),
            asyncio.create_task(kept_going("retention", self.retention.keep), name="retention"),
            asyncio.create_task(kept_going("calendars", self.calendars.keep), name="calendars"),
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
                await self._begin()
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
            if next_due is not None and next_due <= now:
                await rest(IN_HAND, self._wake)
            else:
                limit = now + POLL
                await self._clock.sleep_until(limit if next_due is None else min(next_due, limit), self._wake)

    async def _begin(self) -> None:
        """What was given up is tried once more with each start: it may be the release that mends it."""
        if not self._has_begun:
            if again := await self._database.run(timers.try_again, self._clock.now()):
                log.info("timers that were given up are tried again", count=again)
            self._has_begun = True

    async def _run_due(self) -> datetime | None:
        """
        Everything that is due now, several in each transaction, some of these side by side; then when the next is due.

        A time that has come means that what is due is in other hands: another replica's, or a transaction's that is
        about to end.

        What is due is read first: this is asked after every commit, and would stand in the writers' way.
        """
        while True:
            now = self._clock.now()
            next_due, waiting = await self._database.read(timers.look, now, AT_ONCE * TOGETHER)
            self.beat_at = now
            if not waiting:
                return next_due
            workers = min(1 + waiting // TOGETHER, AT_ONCE)
            carried_out = await asyncio.gather(*(self._run_some() for _ in range(workers)), return_exceptions=True)
            for each in carried_out:
                if isinstance(each, BaseException):
                    raise each
            if not any(carried_out):
                return now

    async def _run_some(self) -> int:
        """Due timers, some at a time, until there is none left that nobody has in hand. How many there were."""
        count = 0
        while True:
            with unit():
                ran = await self._database.run(due.run_due, self._settings(), self._clock.now(), TOGETHER)
                if not ran:
                    return count
                count += len(ran)
                log.info("timers were carried out", what=ran[0].timer.what, timers=[each.timer.key for each in ran])
                for each in ran:
                    self._tell(each)

    def _tell(self, ran: due.Ran) -> None:
        if ran.problem is None:
            late = self._clock.now() - ran.timer.due_at
            metrics.TIMER_LATENESS_SECONDS.observe(late.total_seconds())
            return
        log.error("a timer failed", timer=ran.timer.key, exc_info=ran.problem)
        if ran.is_given_up:
            log.error("a timer was given up", timer=ran.timer.key)

    async def _keep_house(self) -> None:
        """Runs on real time: how often the counts are taken has nothing to do with the record."""
        await again_and_again("upkeep", self._put_in_order, first=timedelta(), pause=LOOK_AGAIN)

    async def _put_in_order(self) -> None:
        await keep_time(self._database, self._clock)
        if ended := await self._database.end_stuck():
            log.warning("transactions of a replica that stands still were ended", count=ended)
        await count(self._database, self._clock.now())
