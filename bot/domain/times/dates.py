"""Days to come, as people write them in the six languages of documents: when something is due."""

import re
from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta

from bot.domain.errors import Ambiguous, UserError
from bot.domain.text.durations import read_duration
from bot.domain.text.normalize import plain
from bot.domain.times.days import DAY, day_of, is_short_weekday, shifted, written_in_figures
from bot.domain.times.parser import folded_time
from bot.domain.times.vocabulary import ON

_FLAGS = re.VERBOSE | re.IGNORECASE | re.ASCII
_BY = r"(?:by|until|avant|d'ici(?:\ a)?|entro|para|antes\ d[eo]|ate|bis(?:\ zum)?|zum)\ "
_DAY = re.compile(rf"(?:{_BY})?(?:{ON})?{DAY}", _FLAGS)
_AHEAD = re.compile(rf"(?:{_BY})?(?:in|dans|d'ici|tra|fra|dentro\ de|en|em|daqui\ a)\ (?P<length>.+)", _FLAGS)
_ONE = {"a", "an", "one", "un", "uno", "um", "ein", "einem", "einen"}
_FEW = {
    "two": 2,
    "three": 3,
    "deux": 2,
    "trois": 3,
    "due": 2,
    "tre": 3,
    "dos": 2,
    "tres": 3,
    "dois": 2,
    "zwei": 2,
    "drei": 3,
}
_MONTHS_LONG = re.compile(r"(?P<count>\d{1,2}|[a-z]{1,5})\ (?:months?|mois|mes[ei]|mes(?:es)?|monat(?:e|en)?)", _FLAGS)
_NEXT_WEEK = frozenset(
    {
        "next week",
        "la semaine prochaine",
        "semaine prochaine",
        "la prossima settimana",
        "la settimana prossima",
        "prossima settimana",
        "settimana prossima",
        "la proxima semana",
        "proxima semana",
        "la semana que viene",
        "nachste woche",
        "naechste woche",
        "kommende woche",
        "na proxima semana",
        "semana que vem",
        "na semana que vem",
        "a proxima semana",
    }
)
_NEXT_MONTH = frozenset(
    {
        "next month",
        "le mois prochain",
        "mois prochain",
        "il prossimo mese",
        "il mese prossimo",
        "prossimo mese",
        "mese prossimo",
        "el proximo mes",
        "proximo mes",
        "el mes que viene",
        "nachsten monat",
        "naechsten monat",
        "kommenden monat",
        "no proximo mes",
        "mes que vem",
        "o proximo mes",
        "no mes que vem",
    }
)
_WORDS = frozenset({"so", "do", "qui"})
"""Short for a day only as `So` or `so.`: `due:so schnell wie möglich` names none."""
_LONGEST = 8
"""No way of writing a day takes more words."""
_MOST_SIGNS = 60


def read_date(text: str, *, now: datetime, zone: ZoneInfo) -> date:
    """
    The day that the whole of `text` names: `2023-12-01`, `1 Dec`, `friday`, `demain`, `in 2 weeks`, `tra un mese`.

    A weekday is the next such day after today, a date without a year the next such date, today included.
    Raises UserError if it names none, Ambiguous if it can be two (`3/4`, or `next friday` on a Wednesday).
    """
    found = _read(text, now.astimezone(zone).date(), strict=False)
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
        found = _read(" ".join(words[:count]).rstrip(",;:"), today, strict=count < len(words))
        if found is not None:
            return found, count
    return None


def _read(text: str, today: date, *, strict: bool) -> date | None:
    """`strict`: other words follow, and `so` is one of them rather than a Sunday."""
    folded = folded_time(text)
    if len(folded) > _MOST_SIGNS:
        return None
    bare = plain(folded)
    match = _DAY.fullmatch(bare)
    if match is not None:
        if is_short_weekday(match) and (strict or match["weekday"] in _WORDS):
            return None
        day = day_of(match, today, past=False)
        if day and len(day.readings) > 1:
            raise _which_day(text.strip(), written_in_figures(match) or folded, day.readings)
        return day.choices[0] if day else None
    return _ahead(bare.casefold(), today)


def _which_day(text: str, written: str, readings: Sequence[date]) -> Ambiguous:
    days = [each.isoformat() for each in readings]
    shown = " or ".join(f"`{day}`" for day in days)
    return Ambiguous(f"`{written}` can be two days. Do you mean {shown}?", about=text, candidates=days)


def _ahead(folded: str, today: date) -> date | None:
    """`in 2 weeks`, `3d`, `next week`, `tra un mese`: counted from today."""
    if folded in _NEXT_WEEK:
        return shifted(today, 7)
    if folded in _NEXT_MONTH:
        return today + relativedelta(months=1)
    ahead = _AHEAD.fullmatch(folded)
    distance = ahead["length"] if ahead else folded
    months = _MONTHS_LONG.fullmatch(distance)
    if months:
        count = _count(months["count"])
        return today + relativedelta(months=count) if count else None  # Jan 31 becomes the last of February
    length = read_duration(distance)
    # Hours and minutes lead to no day: `2h` from now is today, and nobody means that.
    if not length or length.seconds:
        return None
    return shifted(today, length.days)


def _count(word: str) -> int | None:
    if word.isdecimal():
        return int(word)
    return 1 if word in _ONE else _FEW.get(word)
