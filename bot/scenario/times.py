"""When each step happened: the times the scenario gives, and those between them."""

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.domain.errors import UserError
from bot.domain.times.zones import instants

CLOCK = re.compile(r"(?:(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2}) +)?(?P<time>[0-9]{2}:[0-9]{2}(?::[0-9]{2})?)")
AFTER_THE_LAST = timedelta(minutes=1)


def step_times(stated: Sequence[tuple[str, str | None]], first_day: date, zone: ZoneInfo) -> list[datetime]:
    """
    An instant (UTC) for each step, of `(label, at)` in order.

    A bare clock time is of the day of the timed step before, or of the next day if that would be earlier. A step
    without a time gets one between its timed neighbours, evenly; after the last timed one, a minute after the other.
    Raises UserError, naming the step, for a time that cannot be read, does not exist, or goes back.
    """
    known: list[datetime | None] = []
    before: datetime | None = None
    for label, at in stated:
        if at is None:
            if before is None:
                raise UserError(f"{label}: at: it is missing. The first step needs a time.")
            known.append(None)
            continue
        before = _instant(label, at, before, first_day, zone)
        known.append(before)
    return _spread(known)


def _instant(label: str, text: str, before: datetime | None, first_day: date, zone: ZoneInfo) -> datetime:
    local = _local(label, text, before.astimezone(zone).date() if before else first_day)
    at = _one_instant(label, text, local, zone)
    if before is None or at >= before:
        return at
    if CLOCK.fullmatch(text.strip()) and " " not in text.strip():
        return _one_instant(label, text, local + timedelta(days=1), zone)
    raise UserError(f"{label}: at: `{text}` is earlier than a step before it. Steps stand in their order.")


def _local(label: str, text: str, day: date) -> datetime:
    match = CLOCK.fullmatch(text.strip())
    try:
        return datetime.fromisoformat(f"{match['day'] or day.isoformat()}T{match['time']}" if match else "")
    except ValueError:
        raise UserError(f'{label}: at: `{text}` is no time. Write "12:05", "12:05:30" or "2025-03-31 09:43".') from None


def _one_instant(label: str, text: str, local: datetime, zone: ZoneInfo) -> datetime:
    found = instants(local, zone)
    if len(found) == 1:
        return found[0]
    how_often = "twice" if found else "never"
    raise UserError(f"{label}: at: the clocks of {zone.key} show `{text}` {how_often} on {local.date()}.")


def _spread(known: Sequence[datetime | None]) -> list[datetime]:
    """Fill the gaps. The first is known."""
    times: list[datetime] = []
    for place, at in enumerate(known):
        if at is not None:
            times.append(at)
            continue
        gap = next((ahead for ahead in range(place, len(known)) if known[ahead] is not None), None)
        end = known[gap] if gap is not None else None
        if gap is None or end is None:
            times.append(times[-1] + AFTER_THE_LAST)
        else:
            # What is left of the gap is divided among the steps in it and its end: evenly, step by step.
            share = (end - times[-1]) / (gap - place + 1)
            times.append(times[-1] + timedelta(seconds=int(share.total_seconds())))
    return times
