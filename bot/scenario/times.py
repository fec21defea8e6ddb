"""The time of each step: stated in the scenario, or between stated times."""

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.domain.errors import UserError
from bot.domain.times.zones import instants_at

CLOCK = re.compile(r"(?:(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2}) +)?(?P<time>[0-9]{2}:[0-9]{2}(?::[0-9]{2})?)")
PAUSE_AFTER_LAST = timedelta(minutes=1)


def step_times(stated: Sequence[tuple[str, str | None]], first_day: date, zone: ZoneInfo) -> list[datetime]:
    """
    Return an instant (UTC) for each `(label, at)`.

    A bare clock time is on the day of the timed step before, or on the next day if that would be earlier. Steps without
    a time are spread evenly between their timed neighbours; after the last timed step, one minute apart.
    Raises UserError with the label for a time that is invalid, ambiguous, or earlier than the one before.
    """
    known: list[datetime | None] = []
    before: datetime | None = None
    for label, at in stated:
        if at is None:
            if before is None:
                raise UserError(f"{label}: at: it is missing. The first step needs a time.")
            known.append(None)
            continue
        before = _read_instant(label, at, before, first_day, zone)
        known.append(before)
    return _fill_gaps(known)


def _read_instant(label: str, text: str, before: datetime | None, first_day: date, zone: ZoneInfo) -> datetime:
    local = _read_local_time(label, text, before.astimezone(zone).date() if before else first_day)
    at = _one_read_instant(label, text, local, zone)
    if before is None or at >= before:
        return at
    if CLOCK.fullmatch(text.strip()) and " " not in text.strip():
        return _one_read_instant(label, text, local + timedelta(days=1), zone)
    raise UserError(f"{label}: at: `{text}` is earlier than a step before it. Sort the steps by time.")


def _read_local_time(label: str, text: str, day: date) -> datetime:
    match = CLOCK.fullmatch(text.strip())
    try:
        return datetime.fromisoformat(f"{match['day'] or day.isoformat()}T{match['time']}" if match else "")
    except ValueError:
        raise UserError(
            f'{label}: at: `{text}` is not a time. Write "12:05", "12:05:30" or "2025-03-31 09:43".'
        ) from None


def _one_read_instant(label: str, text: str, local: datetime, zone: ZoneInfo) -> datetime:
    found = instants_at(local, zone)
    if len(found) == 1:
        return found[0]
    how_often = "twice" if found else "never"
    raise UserError(f"{label}: at: the clocks of {zone.key} show `{text}` {how_often} on {local.date()}.")


def _fill_gaps(known: Sequence[datetime | None]) -> list[datetime]:
    """Replace each None; the first time is known."""
    times: list[datetime] = []
    for place, at in enumerate(known):
        if at is not None:
            times.append(at)
            continue
        gap = next((ahead for ahead in range(place, len(known)) if known[ahead] is not None), None)
        end = known[gap] if gap is not None else None
        if gap is None or end is None:
            times.append(times[-1] + PAUSE_AFTER_LAST)
        else:
            share = (end - times[-1]) / (gap - place + 1)
            times.append(times[-1] + timedelta(seconds=int(share.total_seconds())))
    return times
