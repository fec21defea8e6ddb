"""One text, one time: the forms in which people write times, and what each means. Used through `bot.domain.times`."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from bot.domain.errors import Ambiguous
from bot.domain.terms import Precision
from bot.domain.text.normalize import plain
from bot.domain.times.ambiguity import Doubt, Reading, typeable, which_reading
from bot.domain.times.days import (
    DAY,
    Day,
    bare_clock,
    day_of,
    is_text_behind,
    may_be_here,
    part_named,
    shifted,
    written_in_figures,
)
from bot.domain.times.relative import read_relative
from bot.domain.times.time_of_day import CLOCK, clock_of, contradicts_itself, is_midnight
from bot.domain.times.vocabulary import ABOUT, AT, OF, ON
from bot.domain.times.zone_labels import ZONE, zones_in
from bot.domain.times.zones import around_gap, instants, places_of_letters, zone_label

_LEAD = rf"(?:{AT})?(?:(?P<about>{ABOUT})(?:{AT})?)?"
_FLAGS = re.VERBOSE | re.IGNORECASE | re.ASCII
_DAY_FIRST = re.compile(rf"(?:{ON})?{DAY}(?:,?\ |t){_LEAD}{CLOCK}{ZONE}", _FLAGS)
_CLOCK_FIRST = re.compile(rf"{_LEAD}{CLOCK}{ZONE}(?:,?\ (?P<of>{OF})?{DAY})?", _FLAGS)
_ABOUT_FIRST = re.compile(rf"(?:{ABOUT})", _FLAGS)
_ABOUT_LAST = re.compile(r"(?:\ ?\?|\ (?:circa|ca\.?|environ|approx\.?|approximately|aproximadamente))\Z", _FLAGS)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})[tT](\d{2})(\d{2})(\d{2})?(?!\d)", re.ASCII)
_LONGEST = 100
"""No way of writing a time has more signs."""


@dataclass(frozen=True, slots=True)
class When:
    """
    A time that somebody wrote.

    `at` is aware and in UTC; None exactly when the precision is UNKNOWN (`?`). `zone_named`: the text named its zone.
    The rest serves sentences about it: the text, and what else the text can mean where `at` is still to come.
    """

    at: datetime | None
    precision: Precision = Precision.EXACT
    zone_named: bool = False
    text: str = field(default="", compare=False)
    earlier: datetime | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Frame:
    """What a text is read against. `strict`: it may go on with other words, so `est` is no zone here, `EST` is."""

    now: datetime
    zone: ZoneInfo
    past: bool
    strict: bool


def read(text: str, frame: Frame) -> When | None:
    """None if `text` has not the form of a time; UserError if it has, and cannot be one; Ambiguous if it can be two."""
    folded = folded_time(text)
    if len(folded) > _LONGEST:
        return None
    try:
        when = _read(folded, frame)
    except Ambiguous as question:
        raise Ambiguous(question.message, about=text.strip(), candidates=question.candidates) from None
    return when and replace(when, text=text.strip())


def folded_time(text: str) -> str:
    """Blanks of all kinds, full-width digits and ISO's compact form, each as the one form that is read."""
    folded = " ".join(unicodedata.normalize("NFKC", text).split())
    compact = _COMPACT.match(folded)
    if compact is None:
        return folded
    year, month, day, hour, minute, second = compact.groups()
    return f"{year}-{month}-{day}T{hour}:{minute}" + (f":{second}" if second else "") + folded[compact.end() :]


def _read(text: str, frame: Frame) -> When | None:
    """`text` folded, with its accents: they stand in what is said about it."""
    if text == "?":
        return When(None, Precision.UNKNOWN)
    bare = plain(text)
    relative = read_relative(bare, frame.now)
    if relative is not None:
        when = When(relative.at.astimezone(UTC))
        return _approximate(when) if relative.is_about else when
    match = _DAY_FIRST.fullmatch(bare) or _CLOCK_FIRST.fullmatch(bare)
    if match is not None:
        found = _absolute(match, text, frame)
        return _approximate(found) if found and match["about"] else found
    first, last = _ABOUT_FIRST.match(bare), _ABOUT_LAST.search(bare)
    if first:
        return _about(text[first.end() :], frame)
    if last and (bare[0].isdigit() if bare[-1] == "?" else not frame.strict):
        return _about(text[: last.start()], frame)
    return None


def _about(text: str, frame: Frame) -> When | None:
    try:
        when = _read(text, frame)
    except Ambiguous as question:
        raise _about_all(question) from None
    return _approximate(when) if when else None


def _about_all(question: Ambiguous) -> Ambiguous:
    candidates = [each if each.startswith("~") else f"~{each}" for each in question.candidates]
    return Ambiguous(question.message, about=question.about, candidates=candidates)


def _approximate(when: When) -> When:
    return replace(when, precision=Precision.APPROXIMATE) if when.at is not None else when


def _absolute(match: re.Match[str], text: str, frame: Frame) -> When | None:
    zones = zones_in(match, text, now=frame.now, own=frame.zone, strict=frame.strict)
    if zones is None or (frame.strict and _goes_on_as_text(match)):
        return None
    if frame.strict and match.re is _CLOCK_FIRST and may_be_here(match):
        raise _which_hier(match, text, frame)
    letters = match["letters"] or ""
    found = [reading for zone in zones for reading in _in_zone(match, zone, frame)]
    found = _borne(found, letters, frame.zone) or found
    distinct = list({each.at: each for each in reversed(found)}.values())[::-1]
    over = _over(distinct, frame.now) if frame.past else []
    if len(over) > 1:  # a single one is asked about all the same: the letters may be of a zone where it is to come
        distinct = over
    if len(distinct) > 1:
        is_letters = len({each.zone for each in distinct}) > 1
        written = written_in_figures(match) or text if any(each.doubt is Doubt.DAY for each in distinct) else text
        question = which_reading(
            written, distinct, letters if is_letters else "", places_of_letters(letters) if is_letters else {}
        )
        raise _about_all(question) if match["about"] else question
    named = zones != (frame.zone,) or bool(letters or match["zone"])
    return When(distinct[0].at, zone_named=named, earlier=distinct[0].earlier)


def _over(readings: Sequence[Reading], now: datetime) -> list[Reading]:
    """What may be chosen of several where only the past can be meant: what is to come gives way to the day before."""
    past = [each if each.at <= now or each.earlier is None else replace(each, at=each.earlier) for each in readings]
    return [each for each in past if each.at <= now]


def _goes_on_as_text(match: re.Match[str]) -> bool:
    """Whether what was taken for the end of a time is rather the beginning of the text behind it."""
    return match.re is _CLOCK_FIRST and (contradicts_itself(match, part_named(match)) or is_text_behind(match))


def _which_hier(match: re.Match[str], text: str, frame: Frame) -> Ambiguous:
    word = match["relative"]
    clock = text[: match.start("relative")].rstrip(" ,")
    meant = [replace(frame, strict=False), frame]
    yesterday, today = (read(each, at) for each, at in zip((text, clock), meant, strict=True))
    shown = [typeable(each.at, frame.zone) for each in (yesterday, today) if each and each.at]
    about = "~" if match["about"] else ""
    return Ambiguous(
        f"`{word}` is yesterday in French and “here” in German. Do you mean `{shown[0]}`, or `{shown[-1]}` and a text "
        f"that begins with `{word}`?",
        about=text,
        candidates=[f"{about}{shown[0]}", f"{about}{shown[-1]} {word}"],
    )


def _in_zone(match: re.Match[str], zone: tzinfo, frame: Frame) -> list[Reading]:
    """What the text means if it was written by the clocks of `zone`: one instant, or several to ask about."""
    today = frame.now.astimezone(zone).date()
    named = day_of(match, today, past=frame.past)
    day = named or bare_clock(today, past=frame.past)
    clock = clock_of(match, day.part)
    nights = _nights(match, day, clock) if named else ()
    days = day.readings or nights
    if days:
        locals_of = [datetime.combine(each, clock) for each in days]
        return [replace(each, doubt=Doubt.DAY) for local in locals_of for each in _at(local, zone, frame)]
    first, *others = (datetime.combine(each, clock) for each in day.choices)
    away = first.replace(tzinfo=zone).astimezone(UTC) - frame.now
    is_wrong_side = away > timedelta() if frame.past else away < timedelta()
    if not others or not is_wrong_side:
        return _at(first, zone, frame)
    if abs(away) > day.reach:
        return _at(others[0], zone, frame)
    before = instants(others[0], zone)
    return [replace(each, earlier=before[-1] if before else None) for each in _at(first, zone, frame)]


def _nights(match: re.Match[str], day: Day, clock: time) -> tuple[date, ...]:
    """The two days that `yesterday midnight` and `gestern Nacht 2 Uhr` can be; none where the day is clear."""
    if is_midnight(match) or (day.part == "night" and clock.hour < 12):
        return day.choices[0], shifted(day.choices[0], 1)
    return ()


def _at(local: datetime, zone: tzinfo, frame: Frame) -> list[Reading]:
    """Several if the clocks skip `local`, or if they show it twice and both are over (or both to come)."""
    found = instants(local, zone)
    if not found:
        return [Reading(at, zone, Doubt.SKIPPED) for at in around_gap(local, zone)]
    if len(found) > 1:
        sided = [at for at in found if (at <= frame.now) is frame.past]
        return [Reading(at, zone, Doubt.TWICE) for at in (sided if len(sided) == 1 else found)]
    return [Reading(found[0], zone)]


def _borne(found: Sequence[Reading], letters: str, zone: ZoneInfo) -> list[Reading]:
    """Of the readings of the zone's own letters, those at which its clocks bore them: Moscow's `MSK` moved in 2014."""
    return [
        each
        for each in found
        if zone_label(each.at, zone).upper() == letters.upper()
        and each.at.astimezone(zone).utcoffset() == each.at.astimezone(each.zone).utcoffset()
    ]
