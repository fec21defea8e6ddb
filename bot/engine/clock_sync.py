"""The clock is held against the database's, and what waits is put right where the database's was set."""

from datetime import timedelta

from structlog import get_logger

from bot.runtime import metrics
from bot.runtime.clock import STEP, Clock, SystemClock
from bot.store.database.session import Database
from bot.store.upkeep import clock_check as clocks

log = get_logger(__name__)


async def keep_time(database: Database, clock: Clock) -> None:
    """
    Follow the database's time. Nothing to do for a clock that is moved by hand.

    Set ahead: what is due by the new time is due. Set back: what waits is moved with it, so that nobody waits longer.
    Raises DatabaseUnavailable.
    """
    if not isinstance(clock, SystemClock):
        return
    asked_at = clock.now()
    step = clock.follow(await database.now(), asked_at=asked_at)
    if abs(step) >= STEP:
        metrics.CLOCK_STEPS.labels("ahead" if step > timedelta() else "back").inc()
        log.warning("the clock was set", by_seconds=round(step.total_seconds(), 3))
    moved = await database.run(clocks.keep_up, clock.now(), step)
    if moved:
        log.warning("timers were moved with the clock", by_seconds=-round(moved.total_seconds(), 3))
