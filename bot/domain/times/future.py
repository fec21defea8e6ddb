"""Times that are to come: where a text can be read both ways, what lies ahead is meant."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.domain.errors import UserError, WrongField
from bot.domain.times import When, read_time, show_time


def ahead(when: When, *, after: datetime, zone: ZoneInfo) -> datetime:
    """
    The time that is meant, behind `after`: `to:02:00` behind `from:22:00` is that of the next morning.

    Raises UserError for one that is not known, and for one that lies before by any reading.
    """
    if when.at is None:
        raise UserError("An exact time is needed here, like `18:00`, `in 2 hours` or `tomorrow 09:00`.")
    if when.at > after:
        return when.at
    if when.text:
        again = read_time(when.text, now=after, zone=zone, prefer_past=False)
        if again.at is not None and again.at > after:
            return again.at
    said = f"`{when.text}` is {show_time(when.at, zone)}" if when.text else show_time(when.at, zone)
    raise UserError(f"{said}, and has to be after {show_time(after, zone)}.")


def within(name: str, until: datetime, *, since: datetime, most: timedelta) -> None:
    """Raises WrongField for an end further away than `most`."""
    if until - since > most:
        raise WrongField(name, f"{most.days} days are the most. Choose an earlier end; it can be set again later.")
