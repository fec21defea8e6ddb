"""Days to come, as people write them: when something is due."""

import re
from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta

from bot.domain.durations import read_duration
from bot.domain.errors import UserError
from bot.domain.when_days import DAY, day_of, shifted, which_day
from bot.domain.when_reading import folded_time

_DAY = re.compile(DAY, re.VERBOSE | re.IGNORECASE | re.ASCII)
_MONTHS_AHEAD = re.compile(r"(?:in )?(?P<count>\d{1,2}|an?|one|two|three) months?|next month", re.ASCII)
_COUNTS = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3}
_LONGEST = 6
"""No way of writing a day takes more words."""


def read_date(text: str, *, now: datetime, zone: ZoneInfo) -> date:
    """
    The day that the whole of `text` names: `2023-12-01`, `1 Dec`, `friday`, `tomorrow`, `in 2 weeks`, `next month`.

    A weekday is the next such day after today, a date without a year the next such date, today included.
    Raises UserError if it names none, Ambiguous if it can be two (`3/4`, or `next friday` on a Wednesday).
    """
    found = _read(text, now.astimezone(zone).date())
    if found is None:
        shown = text if len(text) <= 60 else text[:59] + "…"
        raise UserError(
            f"`{shown}` is not a day I can read. Write for example `2023-12-01`, `1 Dec`, `friday`, `tomorrow` or "
            "`in 2 weeks`."
        )
    return found


def longest_date(words: Sequence[str], *, now: datetime, zone: ZoneInfo) -> tuple[date, int] | None:
    """The day at the head of `words` and how many of them it takes: the most that make sense. None if there is none."""
    today = now.astimezone(zone).date()
    for count in range(min(len(words), _LONGEST), 0, -1):
        found = _read(" ".join(words[:count]).rstrip(",;"), today)
        if found is not None:
            return found, count
    return None


def _read(text: str, today: date) -> date | None:
    folded = folded_time(text)
    if len(folded) > 60:
        return None
    match = _DAY.fullmatch(folded)
    day = day_of(match, today, past=False) if match else None
    if match and day:
        if len(day.readings) > 1:
            written = match["slashed"] or folded
            raise which_day(text.strip(), written, [each.isoformat() for each in day.readings])
        return day.choices[0]
    return _ahead(folded.casefold(), today)


def _ahead(folded: str, today: date) -> date | None:
    """`in 2 weeks`, `3d`, `next week`, `in a month`: counted from today."""
    if folded == "next week":
        return shifted(today, 7)
    months = _MONTHS_AHEAD.fullmatch(folded)
    if months:
        count = months["count"] or "one"
        return today + relativedelta(months=_COUNTS.get(count) or int(count))  # Jan 31 becomes the last of February
    length = read_duration(folded.removeprefix("in "))
    # Hours and minutes lead to no day: `2h` from now is today, and nobody means that.
    if length is None or not re.search(r"\d\s*[dw]|day|week", folded) or length.seconds:
        return None
    return shifted(today, length.days)
