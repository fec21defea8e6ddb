"""Coverage gaps of a schedule in words."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.domain.oncall.schedule import Override, Schedule, gaps_between

GAP_HORIZON = timedelta(days=28)
GAP_HORIZON_TEXT = "the next 4 weeks"


def describe_gaps(schedule: Schedule, overrides: Sequence[Override], now: datetime) -> str | None:
    """One sentence about the gaps, with the times of the first; None without gaps."""
    found = gaps_between(schedule, overrides, now, now + GAP_HORIZON)
    if not found:
        return None
    begin, end = found[0]
    if (begin, end) == (now, now + GAP_HORIZON):
        return f"Nobody is on call in {GAP_HORIZON_TEXT}."
    more = len(found) - 1
    behind = "" if not more else f", and {more} more {'time' if more == 1 else 'times'} in {GAP_HORIZON_TEXT}"
    start = "now" if begin == now else format_moment(begin, schedule.zone)
    span = f"from {start} to {format_moment(end, schedule.zone)} ({schedule.zone.key})"
    return f"Nobody is on call {span}{behind}."


def format_moment(at: datetime, zone: ZoneInfo) -> str:
    """`Mon 2026-11-23 09:00`."""
    return f"{at.astimezone(zone):%a %Y-%m-%d %H:%M}"
