"""
Dates in running text: "3 March 2026", "le 3 mars 2026", "na quarta-feira 3/3/2026".

The patterns are for text without accents, as `strip_accents` gives it.
"""

import re
from collections.abc import Iterator
from datetime import date

from bot.domain.text.lazy_pattern import LazyPattern
from bot.domain.text.normalize import strip_accents
from bot.domain.times.vocabulary import ENGLISH_MONTHS, MONTHS, WHOLE_WEEKDAYS
from bot.lazy_dataclass import dataclass


def _names(words: dict[str, int]) -> str:
    """A pattern for any of the names, the longest first."""
    return "|".join(re.escape(word) for word in sorted(words, key=lambda word: (-len(word), word)))


_PORTUGUESE_DAYS = {"segunda": 0, "terca": 1, "quarta": 2, "quinta": 3, "sexta": 4}
"""Short names that are words elsewhere: a weekday only beside a date."""
_SHORT_DAYS = {"mon": 0, "tue": 1, "tues": 1, "wed": 2, "thu": 3, "thur": 3, "thurs": 3, "fri": 4, "sat": 5, "sun": 6}
_WEEKDAYS = {**WHOLE_WEEKDAYS, **_PORTUGUESE_DAYS, **_SHORT_DAYS}
_MONTH, _ENGLISH_MONTH = _names(dict(MONTHS)), _names(dict(ENGLISH_MONTHS))
_YEAR = r"\d{4}(?![\d:.]\d|h)"
_MDAY = r"(?:0?[1-9]|[12]\d|3[01])"
DATE = (
    rf"(?:\d{{4}}-\d{{1,2}}-\d{{1,2}}|\d{{1,2}}\.\s?\d{{1,2}}\.\s?{_YEAR}|\d{{1,2}}[/-]\d{{1,2}}[/-]{_YEAR}"
    rf"|(?:{_ENGLISH_MONTH})\.?\s{_MDAY}(?:st|nd|rd|th)?(?![\d:.h])(?:,?\s{_YEAR})?"
    rf"|{_MDAY}(?:st|nd|rd|th|er|o|°|\.)?\s(?:of\s|de\s|d')?(?:{_MONTH})(?!\w)\.?(?:,?\s(?:del?\s)?{_YEAR})?)"
)
"""A date with the name of its month, or in figures with its year."""
WEEKDAY = rf"(?:{_names(_WEEKDAYS)})(?!\w)\.?"
DAY = rf"(?:(?:the|le|il|el|den|dem|am|o|dia)\s)?(?:{WEEKDAY},?\s(?:(?:the|le|il|el|den|dem|dia|d[aeo])\s)?)?"
"""A weekday and little words before a date."""
_PAIR = LazyPattern(
    rf"(?<!\w)(?P<before>{_names(_WEEKDAYS)})(?!\w)\.?,?\s(?:(?:the|le|il|el|den|dem|dia|d[aeo])\s)?"
    rf"(?P<date>{DATE}|\d{{1,2}}/\d{{1,2}}(?![\d/])|\d{{1,2}}\.\d{{1,2}}\.(?!\d))"
    rf"|(?<!\w)(?P<other>{DATE}),?\s?\(?(?P<after>{_names(dict(WHOLE_WEEKDAYS))})(?!\w)",
    re.IGNORECASE,
)
_WEEKDAY_WORDS = frozenset(name.partition("-")[0].encode("ascii") for name in _WEEKDAYS)
"""The first word of each name: a text without one needs no pattern, which takes ten times as long."""
_DIGIT = re.compile(r"\d")
_ONLY_LETTERS = bytes(ord(chr(sign).lower()) if chr(sign).isalpha() else ord(" ") for sign in range(128)).ljust(256)
"""Translation of ASCII: capitals become small, everything but letters a blank."""
_NAMED = LazyPattern(rf"(?P<month>{_MONTH})(?!\w)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class WeekdayDate:
    """
    A date with a weekday beside it.

    `days` are the readings of the date; `weekday` counts from Monday, 0.
    """

    text: str
    weekday: int
    days: tuple[date, ...]

    @property
    def is_possible(self) -> bool:
        return any(day.weekday() == self.weekday for day in self.days)


def may_have_weekday_date(text: str) -> bool:
    """Return whether it has a figure and the first word of a weekday. Most texts have not."""
    if not _DIGIT.search(text):
        return False
    letters = strip_accents(text).encode("ascii", "replace").translate(_ONLY_LETTERS)
    return not _WEEKDAY_WORDS.isdisjoint(letters.split())


def find_weekday_dates(text: str, near: date) -> Iterator[WeekdayDate]:
    """
    The dates of a text that have a weekday beside them.

    A date without a year is the one nearest to `near`.
    """
    if not may_have_weekday_date(text):
        return
    line = " ".join(text.split())
    folded = strip_accents(line)
    for match in _PAIR.finditer(folded):
        days = read_dates(match["date"] or match["other"], near)
        if days:
            weekday = _WEEKDAYS[(match["before"] or match["after"]).casefold()]
            yield WeekdayDate(line[match.start() : match.end()], weekday, days)


def read_dates(text: str, near: date) -> tuple[date, ...]:
    """The readings of a date, the nearest to `near` first; none for an impossible day."""
    found = [day for year, month, mday in _parts(text, near) if (day := _date(year, month, mday)) is not None]
    return tuple(sorted(dict.fromkeys(found), key=lambda day: abs(day - near)))


def _parts(text: str, near: date) -> Iterator[tuple[int, int, int]]:
    """Year, month and day of each reading."""
    named = _NAMED.search(text)
    numbers = [int(each) for each in re.findall(r"\d+", text)]
    if named:
        mday, years = numbers[0], numbers[1:] or [near.year - 1, near.year, near.year + 1]
        nearest = min(years, key=lambda year: _distance(_date(year, MONTHS[named["month"].casefold()] + 1, mday), near))
        yield nearest, MONTHS[named["month"].casefold()] + 1, mday
    elif len(numbers) == 3 and numbers[0] > 31:
        yield numbers[0], numbers[1], numbers[2]
    else:
        years = numbers[2:] or [near.year]
        yield years[0], numbers[1], numbers[0]
        if "/" in text or "-" in text:
            yield years[0], numbers[0], numbers[1]


def _date(year: int, month: int, mday: int) -> date | None:
    try:
        return date(year, month, mday)
    except ValueError:
        return None


def _distance(day: date | None, near: date) -> int:
    return abs(day - near).days if day else 10**6
