"""Times in the future: starts and ends of mutes, maintenance and on-call changes."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.domain.errors import InvalidField, UserError
from bot.domain.text.duration_parser import read_duration
from bot.domain.times import ParsedTime, format_time, read_leading_time, read_time

MAX_BACKDATING = timedelta(minutes=5)
"""How long ago a start may be."""
_BEFORE_END = frozenset({"for", "until", "till", "to"})
_LENGTH_WORDS = 5
"""Words of the longest length: `2 hours and 5 minutes`."""


def read_leading_end(text: str, *, now: datetime, zone: ZoneInfo) -> tuple[ParsedTime, str] | None:
    """
    Read the end at the start of a text, `1h`, `for 2 hours` or `until 18:00`, and the rest.

    `1h` is a length here, not the time of day. None if the text begins otherwise. Raises UserError for an invalid
    time.
    """
    words = text.split()
    if words and words[0].casefold() in _BEFORE_END:
        words = words[1:]
    for count in range(min(len(words), _LENGTH_WORDS), 0, -1):
        length = read_duration(" ".join(words[:count]).rstrip(",;:."))
        if length:
            return ParsedTime((now + length).astimezone(UTC)), " ".join(words[count:])
    found = read_leading_time(words, now=now, zone=zone, prefer_past=False)
    return (found[0], " ".join(words[found[1] :])) if found else None


def resolve_start(when: ParsedTime, now: datetime) -> datetime | None:
    """
    The time of a start: of `22:00` today's until some minutes later, then the next day's.

    None if it is unknown.
    """
    is_just_over = when.earlier is not None and now - when.earlier <= MAX_BACKDATING
    return when.earlier if is_just_over else when.at


def resolve_future_time(when: ParsedTime, *, after: datetime, zone: ZoneInfo) -> datetime:
    """
    Resolve a time to one after `after`: `to:02:00` after `from:22:00` is the next morning's.

    Raises UserError for an unknown time, and for one that is earlier by any reading.
    """
    if when.at is None:
        raise UserError("An exact time is needed here, like `18:00`, `in 2 hours` or `tomorrow 09:00`.")
    if when.at > after:
        return when.at
    if when.text:
        again = read_time(when.text, now=after, zone=zone, prefer_past=False)
        if again.at is not None and again.at > after:
            return again.at
    said = f"`{when.text}` is {format_time(when.at, zone)}" if when.text else format_time(when.at, zone)
    raise UserError(f"{said}, which is not after {format_time(after, zone)}. Choose a later time.")


def check_end_within(name: str, until: datetime, *, since: datetime, most: timedelta) -> None:
    """Raise InvalidField if `until` is further than `most` from `since`."""
    if until - since > most:
        raise InvalidField(name, f"The maximum is {most.days} days. Choose an earlier end; you can extend it later.")
