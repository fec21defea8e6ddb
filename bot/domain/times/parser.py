"""Parsing of one text as one time. Use it through `bot.domain.times`."""

import re
from collections.abc import Sequence
from dataclasses import field, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from bot.domain.errors import Ambiguous
from bot.domain.terms import Precision
from bot.domain.text.lazy_pattern import LazyPattern
from bot.domain.text.normalize import normalize, strip_accents
from bot.domain.times.ambiguity import Doubt, Reading, ambiguous_time, format_unambiguous
from bot.domain.times.days import (
    DAY_PATTERN,
    Day,
    add_days,
    day_without_date,
    is_start_of_text,
    may_be_german_here,
    named_part_of_day,
    numeric_date,
    resolve_day,
)
from bot.domain.times.relative import read_relative
from bot.domain.times.time_of_day import CLOCK_PATTERN, contradicts_itself, is_midnight, resolve_clock
from bot.domain.times.vocabulary import ABOUT_PATTERN, AT_PATTERN, OF_PATTERN, ON_PATTERN
from bot.domain.times.zone_labels import ZONE_PATTERN, resolve_zones
from bot.domain.times.zones import instants_around_gap, instants_at, places_of_letters, zone_label
from bot.lazy_dataclass import dataclass

_LEAD = rf"(?:{AT_PATTERN})?(?:(?P<about>{ABOUT_PATTERN})(?:{AT_PATTERN})?)?"
_FLAGS = re.VERBOSE | re.IGNORECASE | re.ASCII
_DAY_FIRST = LazyPattern(rf"(?:{ON_PATTERN})?{DAY_PATTERN}(?:,?\ |t){_LEAD}{CLOCK_PATTERN}{ZONE_PATTERN}", _FLAGS)
_CLOCK_FIRST = LazyPattern(rf"{_LEAD}{CLOCK_PATTERN}{ZONE_PATTERN}(?:,?\ (?P<of>{OF_PATTERN})?{DAY_PATTERN})?", _FLAGS)
_ABOUT_FIRST = LazyPattern(rf"(?:{ABOUT_PATTERN})", _FLAGS)
_ABOUT_LAST = LazyPattern(r"(?:\ ?\?|\ (?:circa|ca\.?|environ|approx\.?|approximately|aproximadamente))\Z", _FLAGS)
_COMPACT = LazyPattern(r"(\d{4})(\d{2})(\d{2})[tT](\d{2})(\d{2})(\d{2})?(?!\d)", re.ASCII)
_FOUR_FIGURES = LazyPattern(r"(~ ?)?([01]\d|2[0-3])([0-5]\d)( ?(?:[zZ]|[A-Z]{2,5}))?", re.ASCII)
"""A clock time without its colon, with nothing but a zone beside it: `1405`, `1511Z`, `~0905 CET`."""
_HALF_BEHIND_H = LazyPattern(r"\b(\d{1,2})h(\d{2}) ?([ap]\.?m\b\.?)", re.ASCII | re.IGNORECASE)
_MAX_SIGNS = 100
"""Signs of the longest time that can be written."""


@dataclass(frozen=True, slots=True)
class ParsedTime:
    """
    A time that somebody wrote.

    `at` is aware and in UTC; None exactly when the precision is UNKNOWN (`?`). `zone_named`: the text named its zone.
    For messages about it: the text, and the `earlier` reading where `at` is in the future.
    """

    at: datetime | None
    precision: Precision = Precision.EXACT
    zone_named: bool = False
    text: str = field(default="", compare=False)
    earlier: datetime | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class ParseContext:
    """
    The context of a text.

    `strict`: other words may follow it, so `EST` is a zone and `est` is none.
    """

    now: datetime
    zone: ZoneInfo
    past: bool
    strict: bool


def parse_time(text: str, context: ParseContext) -> ParsedTime | None:
    """
    Parse a text, or return None if it does not have the form of a time.

    Raises UserError if it has that form and is invalid, Ambiguous if it has two readings.
    """
    folded = normalize_time_text(text)
    if len(folded) > _MAX_SIGNS:
        return None
    try:
        when = _parse(folded, context)
    except Ambiguous as question:
        raise Ambiguous(question.message, about=text.strip(), candidates=question.candidates) from None
    return when and replace(when, text=text.strip())


def normalize_time_text(text: str) -> str:
    """Normalize blanks, full-width digits, ISO's compact form, `1405`, and `2h05 PM`."""
    folded = " ".join(normalize("NFKC", text).split())
    if figures := _FOUR_FIGURES.fullmatch(folded):
        about, hour, minute, zone = figures.groups("")
        return f"{about}{hour}:{minute}{zone}"
    if half := _HALF_BEHIND_H.search(folded):
        folded = f"{folded[: half.start()]}{half[1]}:{half[2]} {half[3]}{folded[half.end() :]}"
    compact = _COMPACT.match(folded)
    if compact is None:
        return folded
    year, month, day, hour, minute, second = compact.groups()
    return f"{year}-{month}-{day}T{hour}:{minute}" + (f":{second}" if second else "") + folded[compact.end() :]


def _parse(text: str, context: ParseContext) -> ParsedTime | None:
    """`text` is normalized, with its accents: messages quote it."""
    if text == "?":
        return ParsedTime(None, Precision.UNKNOWN)
    bare = strip_accents(text)
    relative = read_relative(bare, context.now)
    if relative is not None:
        when = ParsedTime(relative.at.astimezone(UTC))
        return _mark_approximate(when) if relative.is_about else when
    match = _DAY_FIRST.fullmatch(bare) or _CLOCK_FIRST.fullmatch(bare)
    if match is not None:
        found = _resolve_absolute(match, text, context)
        return _mark_approximate(found) if found and match["about"] else found
    first, last = _ABOUT_FIRST.match(bare), _ABOUT_LAST.search(bare)
    if first:
        return _parse_about(text[first.end() :], context)
    if last and (bare[0].isdigit() if bare[-1] == "?" else not context.strict):
        return _parse_about(text[: last.start()], context)
    return None


def _parse_about(text: str, context: ParseContext) -> ParsedTime | None:
    try:
        when = _parse(text, context)
    except Ambiguous as question:
        raise _mark_candidates_approximate(question) from None
    return _mark_approximate(when) if when else None


def _mark_candidates_approximate(question: Ambiguous) -> Ambiguous:
    candidates = [each if each.startswith("~") else f"~{each}" for each in question.candidates]
    return Ambiguous(question.message, about=question.about, candidates=candidates)


def _mark_approximate(when: ParsedTime) -> ParsedTime:
    return replace(when, precision=Precision.APPROXIMATE) if when.at is not None else when


def _resolve_absolute(match: re.Match[str], text: str, context: ParseContext) -> ParsedTime | None:
    zones = resolve_zones(match, text, now=context.now, own=context.zone, strict=context.strict)
    if zones is None or (context.strict and _continues_as_text(match)):
        return None
    if context.strict and match.re is _CLOCK_FIRST.compiled and may_be_german_here(match):
        raise _ambiguous_hier(match, text, context)
    letters = match["letters"] or ""
    found = [reading for zone in zones for reading in _readings_in(match, zone, context)]
    found = _with_own_letters(found, letters, context.zone) or found
    distinct = list({each.at: each for each in reversed(found)}.values())[::-1]
    over = _past_readings(distinct, context.now) if context.past else []
    if len(over) > 1:  # a single one is asked about all the same: the letters may be of a zone where it is to come
        distinct = over
    if len(distinct) > 1:
        is_letters = len({each.zone for each in distinct}) > 1
        written = numeric_date(match) or text if any(each.doubt is Doubt.DAY for each in distinct) else text
        question = ambiguous_time(
            written, distinct, letters if is_letters else "", places_of_letters(letters) if is_letters else {}
        )
        raise _mark_candidates_approximate(question) if match["about"] else question
    named = zones != (context.zone,) or bool(letters or match["zone"])
    return ParsedTime(distinct[0].at, zone_named=named, earlier=distinct[0].earlier)


def _past_readings(readings: Sequence[Reading], now: datetime) -> list[Reading]:
    """The readings in the past; one in the future counts as the day before."""
    past = [each if each.at <= now or each.earlier is None else replace(each, at=each.earlier) for each in readings]
    return [each for each in past if each.at <= now]


def _continues_as_text(match: re.Match[str]) -> bool:
    """Return whether the end of the time is rather the start of the text after it."""
    return match.re is _CLOCK_FIRST.compiled and (
        contradicts_itself(match, named_part_of_day(match)) or is_start_of_text(match)
    )


def _ambiguous_hier(match: re.Match[str], text: str, context: ParseContext) -> Ambiguous:
    word = match["relative"]
    clock = text[: match.start("relative")].rstrip(" ,")
    meant = [replace(context, strict=False), context]
    yesterday, today = (parse_time(each, at) for each, at in zip((text, clock), meant, strict=True))
    shown = [format_unambiguous(each.at, context.zone) for each in (yesterday, today) if each and each.at]
    about = "~" if match["about"] else ""
    return Ambiguous(
        f"`{word}` is yesterday in French and “here” in German. Do you mean `{shown[0]}`, or `{shown[-1]}` and a text "
        f"that begins with `{word}`?",
        about=text,
        candidates=[f"{about}{shown[0]}", f"{about}{shown[-1]} {word}"],
    )


def _readings_in(match: re.Match[str], zone: tzinfo, context: ParseContext) -> list[Reading]:
    """The readings of the text by the clocks of `zone`: one, or several to ask about."""
    today = context.now.astimezone(zone).date()
    named = resolve_day(match, today, past=context.past)
    day = named or day_without_date(today, past=context.past)
    clock = resolve_clock(match, day.part)
    nights = _night_days(match, day, clock) if named else ()
    days = day.readings or nights
    if days:
        locals_of = [datetime.combine(each, clock) for each in days]
        return [replace(each, doubt=Doubt.DAY) for local in locals_of for each in _readings_at(local, zone, context)]
    first, *others = (datetime.combine(each, clock) for each in day.choices)
    soonest, latest = first.replace(tzinfo=zone).astimezone(UTC), _instants(first, zone)[-1]
    away = (soonest if context.past else latest) - context.now
    is_wrong_side = away > timedelta() if context.past else away < timedelta()
    if not others or not is_wrong_side:
        return _readings_at(first, zone, context)
    if abs(away) > day.reach:
        return [
            replace(each, earlier=None if context.past else latest) for each in _readings_at(others[0], zone, context)
        ]
    before = instants_at(others[0], zone)
    return [replace(each, earlier=before[-1] if before else None) for each in _readings_at(first, zone, context)]


def _night_days(match: re.Match[str], day: Day, clock: time) -> tuple[date, ...]:
    """The two days of `yesterday midnight` and `gestern Nacht 2 Uhr`; else empty."""
    if is_midnight(match) or (day.part == "night" and clock.hour < 12):
        return day.choices[0], add_days(day.choices[0], 1)
    return ()


def _readings_at(local: datetime, zone: tzinfo, context: ParseContext) -> list[Reading]:
    """
    One reading; two if the clocks skip `local`, or show it twice on the right side of now.

    On the wrong side there is nothing to ask: it is refused, or another day is meant.
    """
    found = _instants(local, zone)
    sided = [at for at in found if (at <= context.now) is context.past]
    if len(found) == 1 or not sided:
        return [Reading(found[0 if context.past else -1], zone)]
    if not instants_at(local, zone):
        return [Reading(at, zone, Doubt.SKIPPED) for at in found]
    return [Reading(at, zone, Doubt.TWICE) for at in sided]


def _instants(local: datetime, zone: tzinfo) -> tuple[datetime, ...]:
    """The instants of a local time, in order: one, or two around a change of the clocks."""
    return instants_at(local, zone) or instants_around_gap(local, zone)


def _with_own_letters(found: Sequence[Reading], letters: str, zone: ZoneInfo) -> list[Reading]:
    """The readings for which the zone used these letters then: Moscow's `MSK` moved in 2014."""
    return [
        each
        for each in found
        if zone_label(each.at, zone).upper() == letters.upper()
        and each.at.astimezone(zone).utcoffset() == each.at.astimezone(each.zone).utcoffset()
    ]
