"""Ticks of a time axis, at round local times."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.export.plot.model import Period

DAY = timedelta(days=1)
STEPS = (
    *(timedelta(minutes=each) for each in (1, 2, 5, 10, 15, 20, 30)),
    *(timedelta(hours=each) for each in (1, 2, 3, 4, 6, 12)),
    *(timedelta(days=each) for each in (1, 2, 7, 14, 28, 91, 182, 364)),
)


def choose_step(period: Period, most: int) -> timedelta:
    """The shortest step with at most `most` ticks; years for a very long period."""
    for step in STEPS:
        if period.length / step < most:
            return step
    years = 1 + int(period.length / (STEPS[-1] * max(most, 1)))
    return STEPS[-1] * (years + 1)


def axis_ticks(period: Period, zone: ZoneInfo, step: timedelta) -> list[datetime]:
    """
    Local times within the period that are whole steps of the day, or of days.

    A local time that the change of clocks skips has no tick.
    """
    return [at for at in _local_times(period, zone, step) if period.start <= at <= period.end]


def _local_times(period: Period, zone: ZoneInfo, step: timedelta) -> Iterator[datetime]:
    first = period.start.astimezone(zone).replace(tzinfo=None)
    last = period.end.astimezone(zone).replace(tzinfo=None) + timedelta(hours=3)
    local = datetime.combine(first.date(), time.min)
    if step >= DAY:
        local -= timedelta(days=local.toordinal() % step.days)
    else:
        local += (first - local) // step * step
    while local <= last:
        at = local.replace(tzinfo=zone).astimezone(UTC)
        if at.astimezone(zone).replace(tzinfo=None) == local:
            yield at
        local += step
