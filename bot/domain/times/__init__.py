"""
Times as people write them, read into instants, and instants shown as people write them.

A text is read in the incident's zone unless it names one. Nothing is guessed: what can be read in two ways is asked
about (`Ambiguous`), with answers that are ready to be typed. Which day a time without one belongs to:

- A clock time alone is today's. If today's is more than 12 hours to come, it is yesterday's (at 00:10, `23:50`). If it
  is less, it stays in the future, where `refuse_future` finds it: that is a slip far more often than yesterday.
- A weekday is the last such day, today included. A date without a year is the one nearest to now.
"""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from bot.domain.errors import UserError
from bot.domain.text.durations import show_duration
from bot.domain.text.normalize import plain
from bot.domain.times.ambiguity import typeable
from bot.domain.times.dates import longest_date, read_date
from bot.domain.times.days import DAY
from bot.domain.times.parser import Frame, When, folded_time, read
from bot.domain.times.zones import read_zone, zone_label

__all__ = [
    "When",
    "is_future",
    "longest_date",
    "longest_time",
    "read_date",
    "read_time",
    "read_zone",
    "refuse_future",
    "show_time",
    "time_in_front",
    "typeable",
    "zone_label",
]

SKEW = timedelta(minutes=1)
"""So far ahead a typed time may be: people's clocks, and the minute that is running, are no mistakes."""

_LONGEST = 16
"""No way of writing a time takes more words."""

_BEHIND = ",;:."
"""What may stand between a time and a text: `at:14:05, payments fail`."""

_FLAGS = re.VERBOSE | re.IGNORECASE | re.ASCII
_DAY_ALONE = re.compile(DAY, _FLAGS)
_BEYOND_DOUBT = re.compile(r"\d[:h]\d\d|\b(?:ago|fa|atras)$|^(?:il y a|vor|hace|ha) .*\d", re.ASCII | re.IGNORECASE)
_HOUR_ALONE = re.compile(r"(?:.* )?\d{1,2}", re.ASCII)
_NO_UNIT = re.compile(r"(?:il y a|vor|hace|ha) (\d{1,3})|(\d{1,3}) (?:ago|fa)", re.ASCII | re.IGNORECASE)
_SHORT_YEAR = re.compile(r"(?:.*\D)?\d{1,2}[/-]\d{1,2}[/-]\d{2}(?:\D.*)?", re.ASCII)


def read_time(text: str, *, now: datetime, zone: ZoneInfo, prefer_past: bool = True) -> When:
    """
    The time that the whole of `text` names, seen from `now` (aware) by people in `zone`.

    With `prefer_past` off, a time without a day is the next such time, as for a reminder.
    Raises UserError if it names none, Ambiguous if it can be two. The future is not refused here: see `refuse_future`.
    """
    when = read(text, Frame(now, zone, prefer_past, strict=False))
    if when is None:
        raise UserError(_no_time(text))
    return when


def longest_time(
    words: Sequence[str], *, now: datetime, zone: ZoneInfo, prefer_past: bool = True
) -> tuple[When, int] | None:
    """
    The time at the head of `words`, and how many of them it takes: the most that make sense. None if there is none.

    What follows may be any text, so zone letters count only in capitals (`at:14:05 est tombé`). Raises UserError if the
    longest that looks like a time cannot be one (`13pm`, `Feb 30 10:00`), Ambiguous if it can be two. `prefer_past` is
    as for `read_time`.
    """
    frame = Frame(now, zone, past=prefer_past, strict=True)
    for count in range(min(len(words), _LONGEST), 0, -1):
        when = read(" ".join(words[:count]).rstrip(_BEHIND), frame)
        if when is not None:
            return when, count
    return None


def time_in_front(text: str, *, now: datetime, zone: ZoneInfo) -> When | None:
    """
    The time that a text begins with, where it can be nothing else: `10 min ago fixed it`, `14:05 rolled back`.

    None for all that a text may begin with as well: `noon batch disabled`, `16.11 rolled back` (a version), what can be
    two times, or lies ahead.
    """
    try:
        found = longest_time(text.split(), now=now, zone=zone)
    except UserError:
        return None
    if found is None or found[0].at is None or not _BEYOND_DOUBT.search(plain(found[0].text)):
        return None
    return None if is_future(found[0], now) else found[0]


def is_future(when: When, now: datetime) -> bool:
    """Later than `now` by more than people's clocks differ (`SKEW`)."""
    return when.at is not None and when.at > now + SKEW


def refuse_future(when: When, *, now: datetime, zone: ZoneInfo) -> None:
    """Raises UserError for a time that has not come yet, and names the reading in the past if the text has one."""
    if when.at is None or not is_future(when, now):
        return
    away, shown = show_duration(when.at - now), show_time(when.at, zone)
    message = f"`{when.text}` is {away} from now ({shown})." if when.text else f"{shown} is {away} from now."
    message += " What has not happened yet cannot be recorded."
    if when.earlier is not None:
        message += f" If you mean the time before that, type `{typeable(when.earlier, zone)}`."
    raise UserError(message)


def show_time(at: datetime, zone: tzinfo, *, with_date: bool = True, with_zone: bool = True) -> str:
    """`2023-11-07 08:45 PST`, to the minute. `read_time` in the same zone reads it back."""
    local = at.astimezone(zone)
    parts = [local.date().isoformat()] if with_date else []
    parts.append(f"{local:%H:%M}")
    if with_zone:
        parts.append(zone_label(at, zone))
    return " ".join(parts)


def _no_time(text: str) -> str:
    folded = folded_time(text)
    shown = folded if len(folded) <= 60 else folded[:59] + "…"
    if not folded:
        return "A time is missing. Write for example `14:05`, `2pm`, `10 min ago`, or `?` if nobody knows it."
    bare = plain(folded)
    number = _NO_UNIT.fullmatch(bare)
    if number:
        count = number[1] or number[2]
        return f"`{shown}` is not a time I can read: minutes, or hours? Write for example `{count} min ago`."
    if _DAY_ALONE.fullmatch(bare):
        return f"`{shown}` names a day and no clock time. Write for example `{shown} 15:00`."
    if _HOUR_ALONE.fullmatch(bare):
        return f"`{shown}` is not a time I can read. Write the minutes too, as in `14:05`, or `2pm`, or `16h`."
    if _SHORT_YEAR.fullmatch(bare):
        return f"`{shown}` can be several days. Write the year in full, as in `2023-11-07 08:45` or `7 Nov 2023 08:45`."
    return (
        f"`{shown}` is not a time I can read. Write for example `14:05`, `2pm`, `10 min ago`, `yesterday 15:00` or "
        "`2023-11-07 08:45 PST`; `~14:05` if it is about then, `?` if nobody knows."
    )
