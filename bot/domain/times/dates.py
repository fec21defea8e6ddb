"""Parsing of due dates in the six languages of documents."""

import re
from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta

from bot.domain.errors import Ambiguous, UserError
from bot.domain.text.duration_parser import read_duration
from bot.domain.text.lazy_pattern import LazyPattern
from bot.domain.text.normalize import strip_accents
from bot.domain.times.days import DAY_PATTERN, add_days, is_short_weekday, numeric_date, resolve_day
from bot.domain.times.parser import normalize_time_text
from bot.domain.times.vocabulary import ON_PATTERN, word_set

_FLAGS = re.VERBOSE | re.IGNORECASE | re.ASCII
_BY = r"(?:by|until|avant|d'ici(?:\ a)?|entro|para|antes\ d[eo]|ate|bis(?:\ zum)?|zum)\ "
_DAY = LazyPattern(rf"(?:{_BY})?(?:{ON_PATTERN})?{DAY_PATTERN}", _FLAGS)
_AHEAD = LazyPattern(rf"(?:{_BY})?(?:in|dans|d'ici|tra|fra|dentro\ de|en|em|daqui\ a)\ (?P<length>.+)", _FLAGS)
_ONE = {"a", "an", "one", "un", "uno", "um", "ein", "einem", "einen"}
_FEW = {
    **dict.fromkeys(("two", "deux", "due", "dos", "dois", "zwei"), 2),
    **dict.fromkeys(("three", "trois", "tre", "tres", "drei"), 3),
}
_MONTHS_AHEAD = LazyPattern(
    r"(?P<count>\d{1,2}|[a-z]{1,5})\ (?:months?|mois|mes[ei]|mes(?:es)?|monat(?:e|en)?)", _FLAGS
)
_NEXT_WEEK = word_set("""
    next_week la_semaine_prochaine semaine_prochaine la_prossima_settimana la_settimana_prossima prossima_settimana
    settimana_prossima la_proxima_semana proxima_semana la_semana_que_viene nachste_woche naechste_woche
    kommende_woche na_proxima_semana semana_que_vem na_semana_que_vem a_proxima_semana
""")
_NEXT_MONTH = word_set("""
    next_month le_mois_prochain mois_prochain il_prossimo_mese il_mese_prossimo prossimo_mese mese_prossimo
    el_proximo_mes proximo_mes el_mes_que_viene nachsten_monat naechsten_monat kommenden_monat no_proximo_mes
    mes_que_vem o_proximo_mes no_mes_que_vem
""")
_ALSO_WORDS = frozenset({"so", "do", "qui"})
"""Weekdays only as `So` or `so.`: `due:so schnell wie möglich` has none."""
_MAX_WORDS = 8
"""Words of the longest date that can be written."""
_MAX_SIGNS = 60


def read_date(text: str, *, now: datetime, zone: ZoneInfo) -> date:
    """
    Parse all of `text` as a day: `2023-12-01`, `1 Dec`, `demain`, `in 2 weeks`.

    A weekday is the next such day after today, a date without a year the next such date, today included.
    Raises UserError if it is not a day, Ambiguous if it has two readings (`3/4`, or `next friday` on a Wednesday).
    """
    found = _parse(text, now.astimezone(zone).date(), strict=False)
    if found is None:
        shown = text if len(text) <= 60 else text[:59] + "…"
        raise UserError(
            f"`{shown}` is not a day. Write for example `2023-12-01`, `1 Dec`, `friday`, `tomorrow` or `in 2 weeks`."
        )
    return found


def read_leading_date(words: Sequence[str], *, now: datetime, zone: ZoneInfo) -> tuple[date, int] | None:
    """Parse the longest date at the start of `words`, with the number of its words."""
    today = now.astimezone(zone).date()
    for count in range(min(len(words), _MAX_WORDS), 0, -1):
        found = _parse(" ".join(words[:count]).rstrip(",;:"), today, strict=count < len(words))
        if found is not None:
            return found, count
    return None


def _parse(text: str, today: date, *, strict: bool) -> date | None:
    """`strict`: other words follow, and `so` is one of them, not a Sunday."""
    folded = normalize_time_text(text)
    if len(folded) > _MAX_SIGNS:
        return None
    bare = strip_accents(folded)
    match = _DAY.fullmatch(bare)
    if match is not None:
        if is_short_weekday(match) and (strict or match["weekday"] in _ALSO_WORDS):
            return None
        day = resolve_day(match, today, past=False)
        if day and len(day.readings) > 1:
            raise _ambiguous_day(text.strip(), numeric_date(match) or folded, day.readings)
        return day.choices[0] if day else None
    return _parse_distance(bare.casefold(), today)


def _ambiguous_day(text: str, written: str, readings: Sequence[date]) -> Ambiguous:
    days = [each.isoformat() for each in readings]
    shown = " or ".join(f"`{day}`" for day in days)
    return Ambiguous(f"`{written}` can be two days. Do you mean {shown}?", about=text, candidates=days)


def _parse_distance(folded: str, today: date) -> date | None:
    """`in 2 weeks`, `3d`, `next week`, `tra un mese`, counted from today."""
    if folded in _NEXT_WEEK:
        return add_days(today, 7)
    if folded in _NEXT_MONTH:
        return today + relativedelta(months=1)
    ahead = _AHEAD.fullmatch(folded)
    distance = ahead["length"] if ahead else folded
    months = _MONTHS_AHEAD.fullmatch(distance)
    if months:
        count = _read_count(months["count"])
        return today + relativedelta(months=count) if count else None  # Jan 31 becomes the last of February
    length = read_duration(distance)
    # Hours and minutes lead to no day: `2h` from now is today, and nobody means that.
    if not length or length.seconds:
        return None
    return add_days(today, length.days)


def _read_count(word: str) -> int | None:
    if word.isdecimal():
        return int(word)
    return 1 if word in _ONE else _FEW.get(word)
