"""Which day somebody means who writes `Nov 7`, `monday`, `yesterday` or nothing at all."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from bot.domain.errors import Ambiguous, UserError

MONTHS = (
    "jan(?:uary)?", "feb(?:ruary)?", "mar(?:ch)?", "apr(?:il)?", "may", "june?", "july?", "aug(?:ust)?",
    "sept?(?:ember)?", "oct(?:ober)?", "nov(?:ember)?", "dec(?:ember)?",
)  # fmt: skip
WEEKDAYS = (
    "mon(?:day)?", "tue(?:s(?:day)?)?", "wed(?:nesday)?", "thu(?:r(?:s(?:day)?)?)?", "fri(?:day)?", "sat(?:urday)?",
    "sun(?:day)?",
)  # fmt: skip
_DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

_MONTH, _WEEKDAY = "|".join(MONTHS), "|".join(WEEKDAYS)
_MDAY = r"(?:0?[1-9]|[12]\d|3[01])"

# One pattern for a day, to be put into larger ones: every group's name stands once.
DAY = rf"""(?:
    (?:(?P<beside>{_WEEKDAY})\.?,?\ )?
    (?:
        (?P<iso>\d{{4}}[-/]\d{{1,2}}[-/]\d{{1,2}})
      | (?P<dotted>\d{{1,2}}\.\d{{1,2}}\.\d{{4}})
      | (?P<slashed>\d{{1,2}}/\d{{1,2}}(?:/\d{{4}})?)
      | (?P<month_first>{_MONTH})\.?\ (?P<mday_behind>{_MDAY})(?:st|nd|rd|th)?(?:,?\ (?P<year_behind>\d{{4}}))?
      | (?P<mday_first>{_MDAY})(?:st|nd|rd|th|\.)?(?:\ of)?\ (?P<month_behind>{_MONTH})\.?
        (?:,?\ (?P<year_last>\d{{4}}))?
    )
  | (?P<relative>today|yesterday|tomorrow)
  | (?:(?P<which>last|next|this|on)\ )?(?P<weekday>{_WEEKDAY})
)"""


@dataclass(frozen=True, slots=True)
class Day:
    """
    A day as it was written.

    `choices`: the days it can be, the one that is taken first at the head, then the one before it (or after it, when
    times to come are read). A time that is further off than `reach` on the wrong side of now takes the second.
    `readings` holds two days if the text itself can be read in two ways (`03/04/2023`), else none.
    """

    choices: tuple[date, ...]
    reach: timedelta = timedelta(days=3660)
    readings: tuple[date, ...] = ()


def names_day(match: re.Match[str]) -> bool:
    """Whether one of the groups of DAY matched."""
    return any(
        match[each] for each in ("iso", "dotted", "slashed", "month_first", "month_behind", "relative", "weekday")
    )


def bare_clock(today: date, *, past: bool) -> Day:
    """A clock time without a day is today's; one that is more than 12 hours to come is yesterday's."""
    return Day((today, today + timedelta(days=-1 if past else 1)), reach=timedelta(hours=12) if past else timedelta())


def day_of(match: re.Match[str], today: date, *, past: bool) -> Day | None:
    """The day that the groups of DAY name, or None if none of them matched. UserError for a day that does not exist."""
    if match["relative"]:
        step = {"yesterday": -1, "today": 0, "tomorrow": 1}[match["relative"].casefold()]
        return Day((shifted(today, step),))
    if match["weekday"]:
        return _weekday(match, today, past=past)
    day = _dated(match, today, past=past)
    if day is not None and match["beside"]:
        _check_weekday(match["beside"], day)
    return day


def _dated(match: re.Match[str], today: date, *, past: bool) -> Day | None:
    if match["iso"]:
        year, month, mday = (int(part) for part in re.split("[-/]", match["iso"]))
        return Day((_existing(year, month, mday, match["iso"]),))
    if match["dotted"]:
        mday, month, year = (int(part) for part in match["dotted"].split("."))
        return Day((_existing(year, month, mday, match["dotted"]),))
    if match["slashed"]:
        return _slashed(match["slashed"], today, past=past)
    month_name = match["month_first"] or match["month_behind"]
    if not month_name:
        return None
    month = _index(month_name, MONTHS) + 1
    mday = int(match["mday_behind"] or match["mday_first"])
    year_text = match["year_behind"] or match["year_last"]
    if year_text:
        return Day((_existing(int(year_text), month, mday, f"{mday} {month_name} {year_text}"),))
    return _yearless(month, mday, f"{mday} {month_name}", today, past=past)


def _slashed(text: str, today: date, *, past: bool) -> Day:
    """`7/11`: the seventh of November to one half of the world and the eleventh of July to the other."""
    first, second, *year = (int(part) for part in text.split("/"))
    days: list[Day] = []
    for month, mday in ((second, first), (first, second)):
        try:
            day = (
                Day((_existing(year[0], month, mday, text),))
                if year
                else _yearless(month, mday, text, today, past=past)
            )
        except UserError:
            continue
        days.append(day)
    if not days:
        raise no_such_day(text)
    if len({day.choices[0] for day in days}) == 1:
        return days[0]
    return Day(days[0].choices, readings=tuple(day.choices[0] for day in days))


def _yearless(month: int, mday: int, text: str, today: date, *, past: bool) -> Day:
    """The year that brings it nearest: in January `31 Dec` is last year's, and tomorrow's date is tomorrow's."""
    step = -1 if past else 1
    days: list[date] = []
    for year in range(today.year, today.year + step * 9, step):
        try:
            days.append(date(year, month, mday))
        except ValueError:
            continue
    if not days:
        raise no_such_day(text)
    if not past and days[0] < today:
        days.pop(0)
    return Day(tuple(days[:2]), reach=timedelta(days=182) if past else timedelta())


def _weekday(match: re.Match[str], today: date, *, past: bool) -> Day | None:
    which = (match["which"] or "").casefold()
    wanted = _index(match["weekday"], WEEKDAYS)
    if past:
        if which == "next":
            return Day((today + timedelta(days=(wanted - today.weekday() - 1) % 7 + 1),))
        ago = (today.weekday() - wanted) % 7
        if ago == 0 and which == "last":
            ago = 7
        return Day((today - timedelta(days=ago), today - timedelta(days=ago + 7)))
    if which == "last":
        return Day((today - timedelta(days=(today.weekday() - wanted - 1) % 7 + 1),))
    ahead = (wanted - today.weekday() - 1) % 7 + 1
    coming = today + timedelta(days=ahead)
    week_after = coming + timedelta(days=7)
    if which == "next" and ahead < 7:
        return Day((coming,), readings=(coming, week_after))
    return Day((coming, week_after))


def _check_weekday(name: str, day: Day) -> None:
    wanted = _index(name, WEEKDAYS)
    for found in day.readings or day.choices[:1]:
        if found.weekday() == wanted:
            return
    actual = day.choices[0]
    msg = f"{actual} is a {_DAY_NAMES[actual.weekday()]}, not a {_DAY_NAMES[wanted]}. Leave out the one that is wrong."
    raise UserError(msg)


def shifted(day: date, days: int) -> date:
    """UserError instead of OverflowError where the calendar ends."""
    try:
        return day + timedelta(days=days)
    except OverflowError:
        msg = f"{abs(days)} days are more than the calendar has."
        raise UserError(msg) from None


def _existing(year: int, month: int, mday: int, text: str) -> date:
    if not 1970 <= year <= 2100:
        msg = f"`{text}`: the year {year} cannot be meant."
        raise UserError(msg)
    try:
        return date(year, month, mday)
    except ValueError:
        raise no_such_day(text) from None


def no_such_day(text: str) -> UserError:
    """To be raised: the day that `text` names is in no calendar."""
    return UserError(f"`{text}` is a day that does not exist. Write it like `2023-11-07` or `7 Nov 2023`.")


def which_day(text: str, written: str, readings: Sequence[str]) -> Ambiguous:
    """To be raised: the question which of two days was meant."""
    shown = " or ".join(f"`{reading}`" for reading in readings)
    return Ambiguous(f"`{written}` can be two days. Do you mean {shown}?", about=text, candidates=readings)


def _index(word: str, patterns: Sequence[str]) -> int:
    return next(place for place, pattern in enumerate(patterns) if re.fullmatch(pattern, word, re.IGNORECASE))
