"""The day in a text: `Nov 7`, `lundi`, `gestern`, `27.3.`, or none at all."""

import re
from datetime import date, timedelta

from bot.domain.errors import UserError
from bot.domain.times.vocabulary import (
    DAYS_AWAY,
    ENGLISH_MONTHS,
    ENGLISH_WEEKDAYS,
    HERE_IN_GERMAN,
    LAST_WORDS,
    MONTHS,
    NEXT_WORDS,
    ONE_WORD_DAYS,
    PARTS,
    THIS_WORDS,
    WEEKDAY_NAMES,
    WEEKDAYS,
    WHOLE_WEEKDAYS,
    alternatives,
)
from bot.lazy_dataclass import dataclass

_MDAY = r"(?:0?[1-9]|[12]\d|3[01])"
_WEEKDAY, _PART = alternatives(WEEKDAYS), alternatives(PARTS)

# A pattern for a day without accents, part of larger ones: each group name is used once.
DAY_PATTERN = rf"""(?:
    (?:(?P<beside>{_WEEKDAY})\.?,?\ (?:(?:den|le|el)\ )?)?
    (?:
        (?P<iso>\d{{4}}[-/]\d{{1,2}}[-/]\d{{1,2}})
      | (?P<dotted>\d{{1,2}}\.\ ?\d{{1,2}}\.(?:\ ?\d{{4}}|\d{{2}})?)(?!\d)
      | (?P<slashed>\d{{1,2}}/\d{{1,2}}(?:/\d{{4}})?|\d{{1,2}}-\d{{1,2}}-\d{{4}})
      | (?P<month_first>{alternatives(ENGLISH_MONTHS)})\.?\ (?P<mday_behind>{_MDAY})(?:st|nd|rd|th)?(?![\d:.h])
        (?:,?\ (?P<year_behind>\d{{4}})(?![\d:.]))?
      | (?P<mday_first>{_MDAY})(?:st|nd|rd|th|er|o|°|\.)?(?:\ of|\ de|\ d'|-|\ )?[ ]?
        (?P<month_behind>{alternatives(MONTHS)})\b\.?(?:(?:,?\ (?:del?\ )?|-)(?P<year_last>\d{{4}})(?![\d:.]))?
    )
  | (?P<days_ago>\d{{1,3}}\ days?\ ago|il\ y\ a\ \d{{1,3}}\ jours?|vor\ \d{{1,3}}\ tag(?:en)?|\d{{1,3}}\ giorn[oi]\ fa
      |hace\ \d{{1,3}}\ dias?|ha\ \d{{1,3}}\ dias?|\d{{1,3}}\ dias?\ atras)
  | (?P<in_one>{alternatives(ONE_WORD_DAYS)})
  | (?P<relative>{alternatives(DAYS_AWAY)})(?:\ (?:(?:de|a|al|por\ la)\ )?(?P<part>{_PART}))?
  | (?:this|ce|cet|cette|esta|questa|questo)\ (?P<part_today>{_PART})
  | (?:(?P<which>{alternatives([*LAST_WORDS, *NEXT_WORDS, *THIS_WORDS])})\ )?(?P<weekday>{_WEEKDAY})\b\.?
    (?:\ (?P<which_behind>{alternatives([*LAST_WORDS, *NEXT_WORDS])}))?
)"""

_LEADS_TO_A_DATE = frozenset({"on", "le", "du", "il", "del", "el", "am", "vom", "den", "em", "de"})
_TRAILS_AS_A_WORD = frozenset({"set", "out", "ago", "gen", "mag"})
_CAPITAL_WHERE_IT_TRAILS = frozenset({"may", "mar", "march", "mars"})


@dataclass(frozen=True, slots=True)
class Day:
    """
    A day as it was written.

    `choices`: the preferred day first, then the one before it (or after it, for future times). A time further than
    `reach` on the wrong side of now takes the second. `readings`: two days if the text is ambiguous (`03/04/2023`),
    else empty. `part`: the part of the day that was named with it.
    """

    choices: tuple[date, ...]
    reach: timedelta = timedelta(days=3660)
    readings: tuple[date, ...] = ()
    part: str | None = None


def names_day(match: re.Match[str]) -> bool:
    """Return whether one of the groups of DAY_PATTERN matched."""
    return any(
        match[each]
        for each in (
            "iso",
            "dotted",
            "slashed",
            "month_first",
            "month_behind",
            "days_ago",
            "in_one",
            "relative",
            "part_today",
            "weekday",
        )
    )


def day_without_date(today: date, *, past: bool) -> Day:
    """The day of a time without one: today, or yesterday if that is over 12 hours ahead."""
    return Day((today, today + timedelta(days=-1 if past else 1)), reach=timedelta(hours=12) if past else timedelta())


def resolve_day(match: re.Match[str], today: date, *, past: bool) -> Day | None:
    """The day in the groups of DAY_PATTERN, if any. Raises UserError if it does not exist."""
    if match["days_ago"]:
        return Day((add_days(today, -_first_number(match["days_ago"])),))
    if match["in_one"]:
        step, part = ONE_WORD_DAYS[match["in_one"].casefold()]
        return Day((add_days(today, step),), part=part)
    if match["relative"] or match["part_today"]:
        step = DAYS_AWAY[match["relative"].casefold()] if match["relative"] else 0
        return Day((add_days(today, step),), part=named_part_of_day(match))
    if match["weekday"]:
        return _resolve_weekday(match, today, past=past)
    day = _resolve_date(match, today, past=past)
    return _check_weekday(match["beside"], day) if day is not None and match["beside"] else day


def is_start_of_text(match: re.Match[str]) -> bool:
    """
    Return whether the day after a clock time is rather the start of a sentence.

    `14:05 sat down`, `14:05 2 out of 5`, `14:05 3/4 pods`, `14:05 5 may fail`, `14:05 segunda falha` contain no day.
    The group `of` is the word between the two, if there is one.
    """
    weekday, month = match["weekday"] or "", match["month_first"] or match["month_behind"] or ""
    if weekday:
        return not (match["which"] or match["which_behind"]) and weekday.casefold() not in WHOLE_WEEKDAYS
    if match["slashed"] or match["dotted"]:
        return re.search(r"\d{4}", match["slashed"] or match["dotted"]) is None
    if not month or match["year_behind"] or match["year_last"] or (match["of"] or "").strip() in _LEADS_TO_A_DATE:
        return False
    return month.casefold() in _TRAILS_AS_A_WORD or (month.casefold() in _CAPITAL_WHERE_IT_TRAILS and month.islower())


def is_short_weekday(match: re.Match[str]) -> bool:
    """Return whether it is a weekday that is a word elsewhere: `so`, `do`, but not `so.`."""
    weekday = match["weekday"] or ""
    is_dotted = match.string[match.end("weekday") :].startswith(".") if weekday else False
    return bool(weekday) and not is_dotted and not match["which"] and weekday.casefold() not in ENGLISH_WEEKDAYS


def named_part_of_day(match: re.Match[str]) -> str | None:
    """The part of the day that is named with the day."""
    word = match["part"] or match["part_today"]
    return PARTS[word.casefold()] if word else None


def may_be_german_here(match: re.Match[str]) -> bool:
    """Return whether `hier` ends a French time or starts a German text: `14:05 hier …`."""
    return (match["relative"] or "").casefold() == HERE_IN_GERMAN and not match["part"]


def numeric_date(match: re.Match[str]) -> str | None:
    """The part of the text that can be two days: `03/04/2025`."""
    return match["slashed"]


def named_year(match: re.Match[str]) -> int | None:
    """The year in the text, if it has four digits."""
    year = re.search(r"\d{4}", match["iso"] or match["dotted"] or match["slashed"] or "")
    text = year[0] if year else match["year_behind"] or match["year_last"]
    return int(text) if text and 1970 <= int(text) <= 2100 else None


def _resolve_date(match: re.Match[str], today: date, *, past: bool) -> Day | None:
    if match["iso"]:
        year, month, mday = (int(part) for part in re.split("[-/]", match["iso"]))
        return Day((_checked_date(year, month, mday, match["iso"]),))
    if match["dotted"]:
        return _resolve_dotted(match["dotted"], today, past=past)
    if match["slashed"]:
        return _resolve_slashed(match["slashed"], today, past=past)
    month_name = match["month_first"] or match["month_behind"]
    if not month_name:
        return None
    month = MONTHS[month_name.casefold()] + 1
    mday = int(match["mday_behind"] or match["mday_first"])
    year_text = match["year_behind"] or match["year_last"]
    if year_text:
        return Day((_checked_date(int(year_text), month, mday, f"{mday} {month_name} {year_text}"),))
    return _resolve_yearless(month, mday, f"{mday} {month_name}", today, past=past)


def _resolve_dotted(text: str, today: date, *, past: bool) -> Day:
    """`27.3.2025`, `27.03.25`, `27.3.`: with dots the day comes first everywhere."""
    mday, month, *years = (int(part) for part in text.replace(" ", "").split(".") if part)
    if not years:
        return _resolve_yearless(month, mday, text, today, past=past)
    year = years[0] + 2000 if years[0] < 100 else years[0]
    return Day((_checked_date(year, month, mday, text),))


def _resolve_slashed(text: str, today: date, *, past: bool) -> Day:
    """
    `7/11`: 7 November to one half of the world and 11 July to the other.

    A reading that does not exist is dropped, and so is one in the future while the other is not (in the past, for
    future times).
    """
    first, second, *year = (int(part) for part in re.split("[-/]", text))
    days: list[Day] = []
    for month, mday in ((second, first), (first, second)):
        try:
            day = (
                Day((_checked_date(year[0], month, mday, text),))
                if year
                else _resolve_yearless(month, mday, text, today, past=past)
            )
        except UserError:
            continue
        days.append(day)
    if not days:
        raise nonexistent_day(text)
    sensible = [day for day in days if (day.choices[0] <= today if past else day.choices[0] >= today)]
    days = sensible or days
    if len({day.choices[0] for day in days}) == 1:
        return days[0]
    return Day(days[0].choices, readings=tuple(day.choices[0] for day in days))


def _resolve_yearless(month: int, mday: int, text: str, today: date, *, past: bool) -> Day:
    """The nearest year: in January `31 Dec` is last year's, and tomorrow's date is tomorrow's."""
    step = -1 if past else 1
    days: list[date] = []
    for year in range(today.year, today.year + step * 9, step):
        try:
            days.append(date(year, month, mday))
        except ValueError:
            continue
    if not days:
        raise nonexistent_day(text)
    if not past and days[0] < today:
        days.pop(0)
    return Day(tuple(days[:2]), reach=timedelta(days=182) if past else timedelta())


def _resolve_weekday(match: re.Match[str], today: date, *, past: bool) -> Day:
    which = (match["which"] or match["which_behind"] or "").casefold()
    wanted = WEEKDAYS[match["weekday"].casefold()]
    if past:
        if which in NEXT_WORDS:
            return Day((today + timedelta(days=(wanted - today.weekday() - 1) % 7 + 1),))
        ago = (today.weekday() - wanted) % 7
        if ago == 0 and which in LAST_WORDS:
            ago = 7
        return Day((today - timedelta(days=ago), today - timedelta(days=ago + 7)))
    if which in LAST_WORDS:
        return Day((today - timedelta(days=(today.weekday() - wanted - 1) % 7 + 1),))
    ahead = (wanted - today.weekday() - 1) % 7 + 1
    coming = today + timedelta(days=ahead)
    week_after = coming + timedelta(days=7)
    if which in NEXT_WORDS and ahead < 7:
        return Day((coming,), readings=(coming, week_after))
    return Day((coming, week_after))


def _check_weekday(name: str, day: Day) -> Day:
    """Choose the reading that falls on the weekday beside a date. Raises UserError if none does."""
    wanted = WEEKDAYS[name.casefold()]
    readings = tuple(each for each in day.readings if each.weekday() == wanted)
    choices = tuple(each for each in day.choices if each.weekday() == wanted)
    if readings:
        return Day(readings[:1], readings=readings if len(readings) > 1 else ())
    if choices and not day.readings:
        return Day(choices, reach=day.reach)
    actual = day.choices[0]
    msg = (
        f"{actual} is a {WEEKDAY_NAMES[actual.weekday()]}, not a {WEEKDAY_NAMES[wanted]}. "
        "Leave out the one that is wrong."
    )
    raise UserError(msg)


def add_days(day: date, days: int) -> date:
    """Raises UserError instead of OverflowError where the calendar ends."""
    try:
        return day + timedelta(days=days)
    except OverflowError:
        msg = f"{abs(days)} days are beyond the calendar. Write a nearer day."
        raise UserError(msg) from None


def _checked_date(year: int, month: int, mday: int, text: str) -> date:
    if not 1970 <= year <= 2100:
        msg = f"`{text}`: the year {year} is out of range. Use 1970 to 2100."
        raise UserError(msg)
    try:
        return date(year, month, mday)
    except ValueError:
        raise nonexistent_day(text) from None


def nonexistent_day(text: str) -> UserError:
    """The error for a day that is in no calendar, to be raised."""
    return UserError(f"`{text}` is a day that does not exist. Write it like `2023-11-07` or `7 Nov 2023`.")


def _first_number(text: str) -> int:
    found = re.search(r"\d+", text)
    return int(found[0]) if found else 0
