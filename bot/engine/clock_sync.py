"""Synchronise the process's clock with the database's, and move timers after a step."""

from datetime import timedelta

from structlog import get_logger

from bot.runtime import metrics
from bot.runtime.clock import CLOCK_STEP, Clock, SystemClock
from bot.store.database.session import Database
from bot.store.upkeep import clock_check

log = get_logger(__name__)


async def sync_clock(database: Database, clock: Clock) -> None:
    """
    Follow the database's time. A simulated clock is left alone.

    If the clock was set back, pending timers are moved with it, so that none fires later than planned.
    Raises DatabaseUnavailable.
    """
    if not isinstance(clock, SystemClock):
        return
    asked_at = clock.now()
    step = clock.synchronize(await database.now(), asked_at=asked_at)
    if abs(step) >= CLOCK_STEP:
        metrics.CLOCK_STEPS.labels("ahead" if step > timedelta() else "back").inc()
        log.warning("clock step detected", by_seconds=round(step.total_seconds(), 3))
    moved = await database.run(clock_check.check_clock, clock.now(), step)
    if moved:
        log.warning("timers moved after clock step", by_seconds=-round(moved.total_seconds(), 3))
