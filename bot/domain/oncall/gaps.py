"""Times at which nobody is on call, as they are told to whoever looks after a schedule."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.domain.oncall.schedule import Override, Schedule, gaps

AHEAD = timedelta(days=28)
AHEAD_IN_WORDS = "the next 4 weeks"


def told_gaps(schedule: Schedule, overrides: Sequence[Override], now: datetime) -> str | None:
    """In one sentence, the first of them with its times in the schedule's zone; None if somebody always is."""
    found = gaps(schedule, overrides, now, now + AHEAD)
    if not found:
        return None
    begin, end = found[0]
    if (begin, end) == (now, now + AHEAD):
        return f"Nobody is on call by it in {AHEAD_IN_WORDS}."
    more = len(found) - 1
    behind = "" if not more else f", and {more} more {'time' if more == 1 else 'times'} in {AHEAD_IN_WORDS}"
    start = "now" if begin == now else moment(begin, schedule.zone)
    span = f"from {start} to {moment(end, schedule.zone)} ({schedule.zone.key})"
    return f"Nobody is on call by it {span}{behind}."


def moment(at: datetime, zone: ZoneInfo) -> str:
    """`Mon 2026-11-23 09:00`."""
    return f"{at.astimezone(zone):%a %Y-%m-%d %H:%M}"
