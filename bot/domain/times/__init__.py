"""
Parsing and formatting of times as people write them.

A text is read in the incident's zone unless it names one. Nothing is guessed: a text with two readings raises
`Ambiguous`, with answers that are ready to be typed. The day of a time without one:

- A clock time alone is today's. If that is more than 12 hours ahead, it is yesterday's (at 00:10, `23:50`). If it is
  less, it stays in the future, where `refuse_future` finds it: that is a slip far more often than yesterday.
- A weekday is the last such day, today included. A date without a year is the one nearest to now.
"""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from bot.domain.errors import UserError
from bot.domain.text.durations import format_duration
from bot.domain.text.lazy_pattern import LazyPattern
from bot.domain.text.normalize import strip_accents
from bot.domain.times.ambiguity import format_unambiguous
from bot.domain.times.dates import read_date, read_leading_date
from bot.domain.times.days import DAY_PATTERN
from bot.domain.times.parser import ParseContext, ParsedTime, normalize_time_text, parse_time
from bot.domain.times.zones import full_zone_label, read_zone, zone_label

__all__ = [
    "ParsedTime",
    "format_time",
    "format_unambiguous",
    "full_zone_label",
    "is_future",
    "read_certain_time",
    "read_date",
    "read_leading_date",
    "read_leading_time",
    "read_text_time",
    "read_time",
    "read_zone",
    "refuse_future",
    "zone_label",
]

CLOCK_SKEW = timedelta(minutes=1)
"""How far ahead of now a typed time may be: clocks differ, and the current minute is no mistake."""

_MAX_WORDS = 16
"""Words of the longest time that can be written."""

_SEPARATORS = ",;:."
"""Signs between a time and a text: `at:14:05, payments fail`."""

_FLAGS = re.VERBOSE | re.IGNORECASE | re.ASCII
_DAY_ALONE = LazyPattern(DAY_PATTERN, _FLAGS)
_CERTAIN = LazyPattern(r"\d[:h]\d\d|\b(?:ago|fa|atras)$|^(?:il y a|vor|hace|ha) .*\d", re.ASCII | re.IGNORECASE)
_HOUR_ALONE = LazyPattern(r"(?:.* )?\d{1,2}", re.ASCII)
_NO_UNIT = LazyPattern(r"(?:il y a|vor|hace|ha) (\d{1,3})|(\d{1,3}) (?:ago|fa)", re.ASCII | re.IGNORECASE)
_SHORT_YEAR = LazyPattern(r"(?:.*\D)?\d{1,2}[/-]\d{1,2}[/-]\d{2}(?:\D.*)?", re.ASCII)


def read_time(text: str, *, now: datetime, zone: ZoneInfo, prefer_past: bool = True) -> ParsedTime:
    """
    Parse all of `text` as a time, seen from `now` (aware) by people in `zone`.

    With `prefer_past` off, a time without a day is the next such time, as for a reminder.
    Raises UserError if it is not a time, Ambiguous if it has two readings. Accepts future times: see `refuse_future`.
    """
    when = parse_time(text, ParseContext(now, zone, prefer_past, strict=False))
    if when is None:
        raise UserError(_explain_no_time(text))
    return when


def read_leading_time(
    words: Sequence[str], *, now: datetime, zone: ZoneInfo, prefer_past: bool = True
) -> tuple[ParsedTime, int] | None:
    """
    Parse the longest time at the start of `words`, with the number of its words.

    None if there is none. Any text may follow, so zone letters count only in capitals (`at:14:05 est tombé`).
    `prefer_past` is as for `read_time`. Raises UserError if the longest text in the form of a time is none (`13pm`,
    `Feb 30 10:00`), Ambiguous if it has two readings.
    """
    context = ParseContext(now, zone, past=prefer_past, strict=True)
    for count in range(min(len(words), _MAX_WORDS), 0, -1):
        when = parse_time(" ".join(words[:count]).rstrip(_SEPARATORS), context)
        if when is not None:
            return when, count
    return None


def read_certain_time(text: str, *, now: datetime, zone: ZoneInfo) -> ParsedTime | None:
    """
    Parse a time at the start of a text where it can be nothing else: `10 min ago fixed it`.

    None for words that may begin a text (`noon batch disabled`), a version (`16.11 rolled back`), an ambiguous time and
    a time in the future.
    """
    try:
        found = read_leading_time(text.split(), now=now, zone=zone)
    except UserError:
        return None
    if found is None or found[0].at is None or not _CERTAIN.search(strip_accents(found[0].text)):
        return None
    return None if is_future(found[0], now) else found[0]


def read_text_time(text: str, *, now: datetime, zone: ZoneInfo) -> ParsedTime | None:
    """
    Parse a time at the start of a note, also after `at`.

    None for any other text, and for the present minute.
    """
    first, _, rest = text.partition(" ")
    found = read_certain_time(rest if first.casefold() in {"at", "@"} else text, now=now, zone=zone)
    return found if found and found.at and abs(now - found.at) >= timedelta(minutes=1) else None


def is_future(when: ParsedTime, now: datetime) -> bool:
    """Return whether it is later than `now` by more than CLOCK_SKEW."""
    return when.at is not None and when.at > now + CLOCK_SKEW


def refuse_future(when: ParsedTime, *, now: datetime, zone: ZoneInfo) -> None:
    """Raise UserError for a time in the future, with the reading in the past if there is one."""
    if when.at is None or not is_future(when, now):
        return
    away, shown = format_duration(when.at - now), format_time(when.at, zone)
    message = f"`{when.text}` is {away} from now ({shown})." if when.text else f"{shown} is {away} from now."
    message += " Only past times can be recorded."
    if when.earlier is not None:
        message += f" If you mean the earlier time, type `{format_unambiguous(when.earlier, zone)}`."
    raise UserError(message)


def format_time(at: datetime, zone: tzinfo, *, with_date: bool = True, with_zone: bool = True) -> str:
    """`2023-11-07 08:45 PST`, to the minute. `read_time` in the same zone reads it back."""
    local = at.astimezone(zone)
    parts = [local.date().isoformat()] if with_date else []
    parts.append(f"{local:%H:%M}")
    if with_zone:
        parts.append(zone_label(at, zone))
    return " ".join(parts)


def _explain_no_time(text: str) -> str:
    folded = normalize_time_text(text)
    shown = folded if len(folded) <= 60 else folded[:59] + "…"
    if not folded:
        return "A time is missing. Write for example `14:05`, `2pm`, `10 min ago`, or `?` if it is unknown."
    bare = strip_accents(folded)
    number = _NO_UNIT.fullmatch(bare)
    if number:
        count = number[1] or number[2]
        return f"`{shown}` is not a time: minutes, or hours? Write for example `{count} min ago`."
    if _DAY_ALONE.fullmatch(bare):
        return f"`{shown}` is a day without a time. Write for example `{shown} 15:00`."
    if _HOUR_ALONE.fullmatch(bare):
        return f"`{shown}` is not a time. Write the minutes too, as in `14:05`, or `2pm`, or `16h`."
    if _SHORT_YEAR.fullmatch(bare):
        return f"`{shown}` can be several days. Write the year in full, as in `2023-11-07 08:45` or `7 Nov 2023 08:45`."
    return (
        f"`{shown}` is not a time. Write for example `14:05`, `2pm`, `10 min ago`, `yesterday 15:00` or `2023-11-07 "
        "08:45 PST`; `~14:05` if it is approximate, `?` if it is unknown."
    )
