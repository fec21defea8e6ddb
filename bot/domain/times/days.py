"""Which day somebody means who writes `Nov 7`, `lundi`, `gestern`, `27.3.` or nothing at all."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from bot.domain.errors import Ambiguous, UserError
from bot.domain.times.vocabulary import (
    DAYS_AWAY,
    ENGLISH_MONTHS,
    ENGLISH_WEEKDAYS,
    HERE_IN_GERMAN,
    LAST,
    MONTHS,
    NEXT,
    ONE_WORD_DAYS,
    PARTS,
    THIS,
    WEEKDAY_NAMES,
    WEEKDAYS,
    WHOLE_WEEKDAYS,
    any_of,
)

_MDAY = r"(?:0?[1-9]|[12]\d|3[01])"
_WEEKDAY, _PART = any_of(WEEKDAYS), any_of(PARTS)

# One pattern for a day without accents, to be put into larger ones: every group's name stands once.
DAY = rf"""(?:
    (?:(?P<beside>{_WEEKDAY})\.?,?\ (?:(?:den|le|el)\ )?)?
    (?:
        (?P<iso>\d{{4}}[-/]\d{{1,2}}[-/]\d{{1,2}})
      | (?P<dotted>\d{{1,2}}\.\ ?\d{{1,2}}\.(?:\ ?\d{{4}}|\d{{2}})?)(?!\d)
      | (?P<slashed>\d{{1,2}}/\d{{1,2}}(?:/\d{{4}})?|\d{{1,2}}-\d{{1,2}}-\d{{4}})
      | (?P<month_first>{any_of(ENGLISH_MONTHS)})\.?\ (?P<mday_behind>{_MDAY})(?:st|nd|rd|th)?(?![\d:.h])
        (?:,?\ (?P<year_behind>\d{{4}})(?![\d:.]))?
      | (?P<mday_first>{_MDAY})(?:st|nd|rd|th|er|o|°|\.)?(?:\ of|\ de|\ d'|-|\ )?[ ]?
        (?P<month_behind>{any_of(MONTHS)})\b\.?(?:(?:,?\ (?:del?\ )?|-)(?P<year_last>\d{{4}})(?![\d:.]))?
    )
  | (?P<days_ago>\d{{1,3}}\ days?\ ago|il\ y\ a\ \d{{1,3}}\ jours?|vor\ \d{{1,3}}\ tag(?:en)?|\d{{1,3}}\ giorn[oi]\ fa
      |hace\ \d{{1,3}}\ dias?|ha\ \d{{1,3}}\ dias?|\d{{1,3}}\ dias?\ atras)
  | (?P<in_one>{any_of(ONE_WORD_DAYS)})
  | (?P<relative>{any_of(DAYS_AWAY)})(?:\ (?:(?:de|a|al|por\ la)\ )?(?P<part>{_PART}))?
  | (?:this|ce|cet|cette|esta|questa|questo)\ (?P<part_today>{_PART})
  | (?:(?P<which>{any_of([*LAST, *NEXT, *THIS])})\ )?(?P<weekday>{_WEEKDAY})\b\.?
    (?:\ (?P<which_behind>{any_of([*LAST, *NEXT])}))?
)"""

_LEADS_TO_A_DATE = frozenset({"on", "le", "du", "il", "del", "el", "am", "vom", "den", "em", "de"})
_TRAILS_AS_A_WORD = frozenset({"set", "out", "ago", "gen", "mag"})
_CAPITAL_WHERE_IT_TRAILS = frozenset({"may", "mar", "march", "mars"})


@dataclass(frozen=True, slots=True)
class Day:
    """
    A day as it was written.

    `choices`: the days it can be, the one that is taken first at the head, then the one before it (or after it, when
    times to come are read). A time that is further off than `reach` on the wrong side of now takes the second.
    `readings` holds two days if the text itself can be read in two ways (`03/04/2023`), else none. `part` is the part
    of the day that was named with it.
    """

    choices: tuple[date, ...]
    reach: timedelta = timedelta(days=3660)
    readings: tuple[date, ...] = ()
    part: str | None = None


def names_day(match: re.Match[str]) -> bool:
    """Whether one of the groups of DAY matched."""
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


def bare_clock(today: date, *, past: bool) -> Day:
    """A clock time without a day is today's; one that is more than 12 hours to come is yesterday's."""
    return Day((today, today + timedelta(days=-1 if past else 1)), reach=timedelta(hours=12) if past else timedelta())


def day_of(match: re.Match[str], today: date, *, past: bool) -> Day | None:
    """The day that the groups of DAY name, or None if none of them matched. UserError for a day that does not exist."""
    if match["days_ago"]:
        return Day((shifted(today, -_number(match["days_ago"])),))
    if match["in_one"]:
        step, part = ONE_WORD_DAYS[match["in_one"].casefold()]
        return Day((shifted(today, step),), part=part)
    if match["relative"] or match["part_today"]:
        step = DAYS_AWAY[match["relative"].casefold()] if match["relative"] else 0
        return Day((shifted(today, step),), part=part_named(match))
    if match["weekday"]:
        return _weekday(match, today, past=past)
    day = _dated(match, today, past=past)
    return _on_weekday(match["beside"], day) if day is not None and match["beside"] else day


def is_text_behind(match: re.Match[str]) -> bool:
    """
    Whether the day behind a clock time, where a sentence may follow it, is rather the beginning of that sentence.

    The group `of` is the word between the two, if there is one.
    `14:05 sat down`, `14:05 2 out of 5`, `14:05 3/4 pods`, `14:05 5 may fail`, `14:05 segunda falha` name no day.
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
    """`so`, `do`, `qui`: short for a day in one language, a word in another. With a dot it is a day."""
    weekday = match["weekday"] or ""
    is_dotted = match.string[match.end("weekday") :].startswith(".") if weekday else False
    return bool(weekday) and not is_dotted and not match["which"] and weekday.casefold() not in ENGLISH_WEEKDAYS


def part_named(match: re.Match[str]) -> str | None:
    """The part of the day that stands beside the day."""
    word = match["part"] or match["part_today"]
    return PARTS[word.casefold()] if word else None


def may_be_here(match: re.Match[str]) -> bool:
    """`14:05 hier …` ends a French time, or begins a German text."""
    return (match["relative"] or "").casefold() == HERE_IN_GERMAN and not match["part"]


def written_in_figures(match: re.Match[str]) -> str | None:
    """The part of the text that can be two days: `03/04/2025`."""
    return match["slashed"]


def year_named(match: re.Match[str]) -> int | None:
    """The year in the text, if it stands there in full."""
    year = re.search(r"\d{4}", match["iso"] or match["dotted"] or match["slashed"] or "")
    text = year[0] if year else match["year_behind"] or match["year_last"]
    return int(text) if text and 1970 <= int(text) <= 2100 else None


def _dated(match: re.Match[str], today: date, *, past: bool) -> Day | None:
    if match["iso"]:
        year, month, mday = (int(part) for part in re.split("[-/]", match["iso"]))
        return Day((_existing(year, month, mday, match["iso"]),))
    if match["dotted"]:
        return _dotted(match["dotted"], today, past=past)
    if match["slashed"]:
        return _slashed(match["slashed"], today, past=past)
    month_name = match["month_first"] or match["month_behind"]
    if not month_name:
        return None
    month = MONTHS[month_name.casefold()] + 1
    mday = int(match["mday_behind"] or match["mday_first"])
    year_text = match["year_behind"] or match["year_last"]
    if year_text:
        return Day((_existing(int(year_text), month, mday, f"{mday} {month_name} {year_text}"),))
    return _yearless(month, mday, f"{mday} {month_name}", today, past=past)


def _dotted(text: str, today: date, *, past: bool) -> Day:
    """`27.3.2025`, `27.03.25`, `27.3.`: with dots the day stands first wherever dates are written so."""
    mday, month, *years = (int(part) for part in text.replace(" ", "").split(".") if part)
    if not years:
        return _yearless(month, mday, text, today, past=past)
    year = years[0] + 2000 if years[0] < 100 else years[0]
    return Day((_existing(year, month, mday, text),))


def _slashed(text: str, today: date, *, past: bool) -> Day:
    """
    `7/11`: the seventh of November to one half of the world and the eleventh of July to the other.

    A reading that no calendar has is none, nor one that lies ahead of today while the other does not (behind it, where
    days to come are read).
    """
    first, second, *year = (int(part) for part in re.split("[-/]", text))
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
    sensible = [day for day in days if (day.choices[0] <= today if past else day.choices[0] >= today)]
    days = sensible or days
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


def _weekday(match: re.Match[str], today: date, *, past: bool) -> Day:
    which = (match["which"] or match["which_behind"] or "").casefold()
    wanted = WEEKDAYS[match["weekday"].casefold()]
    if past:
        if which in NEXT:
            return Day((today + timedelta(days=(wanted - today.weekday() - 1) % 7 + 1),))
        ago = (today.weekday() - wanted) % 7
        if ago == 0 and which in LAST:
            ago = 7
        return Day((today - timedelta(days=ago), today - timedelta(days=ago + 7)))
    if which in LAST:
        return Day((today - timedelta(days=(today.weekday() - wanted - 1) % 7 + 1),))
    ahead = (wanted - today.weekday() - 1) % 7 + 1
    coming = today + timedelta(days=ahead)
    week_after = coming + timedelta(days=7)
    if which in NEXT and ahead < 7:
        return Day((coming,), readings=(coming, week_after))
    return Day((coming, week_after))


def _on_weekday(name: str, day: Day) -> Day:
    """The weekday beside a date settles which of two days is meant, and of which year. UserError if none is on it."""
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


def _number(text: str) -> int:
    found = re.search(r"\d+", text)
    return int(found[0]) if found else 0


def which_day(text: str, written: str, readings: Sequence[str]) -> Ambiguous:
    """To be raised: the question which of two days was meant."""
    shown = " or ".join(f"`{reading}`" for reading in readings)
    return Ambiguous(f"`{written}` can be two days. Do you mean {shown}?", about=text, candidates=readings)
