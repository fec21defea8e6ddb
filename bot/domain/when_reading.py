"""One text, one time: the forms in which people write times, and what each means. Used through `bot.domain.when`."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from bot.domain.durations import read_duration
from bot.domain.errors import Ambiguous, UserError, did_you_mean
from bot.domain.terms import Precision
from bot.domain.when_clock import CLOCK, clock_of
from bot.domain.when_days import DAY, MONTHS, WEEKDAYS, bare_clock, day_of, names_day, shifted, which_day
from bot.domain.when_zones import (
    around_gap,
    fixed_offset,
    instants,
    is_zone_shaped,
    offset_label,
    places_of_letters,
    zone_label,
    zone_names,
    zones_of_letters,
)

_ABOUT = r"(?P<about>[~≈]\ ?|(?:about|around|approx(?:imately|\.)?|roughly|circa|ca\.?|vers|gegen|verso)\ )"
_NO_LETTERS = "|".join(
    ("last", "next", "this", "on", "at", "ago", "today", "yesterday", "tomorrow", *MONTHS, *WEEKDAYS)
)
_ZONE = rf"""(?:
    (?P<offset_glued>[+\-−]\d{{2}}(?::?\d{{2}})?)
  | \ \(?(?P<offset_apart>[+\-−]\d{{2}}:?\d{{2}})\)?
  | \ ?\(?(?P<offset_named>(?:UTC|GMT)\ ?[+\-−]\d{{1,2}}(?::?\d{{2}})?)\)?
  | \ \(?(?P<zone>[A-Za-z_]+/[\w+\-/]+)\)?
  | \ ?\(?(?!(?:{_NO_LETTERS})\b)(?P<letters>[A-Za-z]{{2,5}}|z)\)?
)?"""
_FLAGS = re.VERBOSE | re.IGNORECASE | re.ASCII
_DAY_FIRST = re.compile(rf"{DAY}(?:,?\ (?:at\ |um\ |à\ )?|t){_ABOUT}?{CLOCK}{_ZONE}", _FLAGS)
_CLOCK_FIRST = re.compile(rf"(?:at\ )?{_ABOUT}?{CLOCK}{_ZONE}(?:,?\ (?:on\ )?{DAY})?", _FLAGS)
_APPROXIMATE = re.compile(_ABOUT, _FLAGS)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})[tT](\d{2})(\d{2})(\d{2})?(?!\d)", re.ASCII)


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
    if len(folded) > 80:
        return None
    try:
        when = _read(folded, frame)
    except Ambiguous as question:
        is_about = _APPROXIMATE.search(folded) or folded.endswith("?")
        candidates = [f"~{each}" if is_about else each for each in question.candidates]
        raise Ambiguous(question.message, about=text.strip(), candidates=candidates) from None
    return when and replace(when, text=text.strip())


def folded_time(text: str) -> str:
    """Blanks of all kinds, full-width digits and ISO's compact form, each as the one form that is read."""
    folded = " ".join(unicodedata.normalize("NFKC", text).split())
    compact = _COMPACT.match(folded)
    if compact is None:
        return folded
    year, month, day, hour, minute, second = compact.groups()
    return f"{year}-{month}-{day}T{hour}:{minute}" + (f":{second}" if second else "") + folded[compact.end() :]


def typeable(at: datetime, zone: tzinfo) -> str:
    """`2025-10-26 02:30 +02:00`: the way of writing an instant that nobody can read differently."""
    local = at.astimezone(zone)
    clock = f"{local:%H:%M:%S}" if local.second else f"{local:%H:%M}"
    return f"{local.date().isoformat()} {clock} {offset_label(local)}"


def _read(text: str, frame: Frame) -> When | None:
    if text == "?":
        return When(None, Precision.UNKNOWN)
    if text.endswith("?") and text[:1].isdigit():
        return _approximately(_read(text[:-1].rstrip(), frame))
    relative = _relative(text, frame.now)
    if relative is not None:
        return relative
    match = _DAY_FIRST.fullmatch(text) or _CLOCK_FIRST.fullmatch(text)
    if match is None:
        about = _APPROXIMATE.match(text)
        return _approximately(_read(text[about.end() :], frame)) if about else None
    when = _absolute(match, text, frame)
    return _approximately(when) if match["about"] else when


def _approximately(when: When | None) -> When | None:
    return replace(when, precision=Precision.APPROXIMATE) if when is not None and when.at is not None else when


def _relative(text: str, now: datetime) -> When | None:
    """`10 min ago`, counted from the moment at which it was typed."""
    folded = text.casefold()
    if folded == "now":
        return When(now.astimezone(UTC))
    is_past = folded.endswith(" ago")
    length = read_duration(folded.removesuffix(" ago") if is_past else folded.removeprefix("in "))
    if length is None or not (is_past or folded.startswith("in ")):
        return None
    if length > timedelta(days=3660):
        raise UserError(f"`{text}` is further away than any incident.")
    at = now.astimezone(UTC) - length if is_past else now.astimezone(UTC) + length
    return When(at)


def _absolute(match: re.Match[str], text: str, frame: Frame) -> When | None:
    zones = _zones(match, text, frame)
    if zones is None or (frame.strict and _ends_in_a_word(match)):
        return None
    letters = match["letters"]
    zone_named = zones != (frame.zone,) or bool(letters or match["zone"])
    if len(zones) == 1:
        local, earlier = _local(match, text, zones[0], frame)
        at = _instant(local, zones[0], text, frame)
        return When(at, zone_named=zone_named, earlier=_last_instant(earlier, zones[0]))
    found: dict[datetime, tzinfo] = {}
    for zone in zones:
        local, earlier = _local(match, text, zone, frame)
        found[instants(earlier or local, zone)[0]] = zone
    found = _borne(found, letters, frame.zone) or found
    if len(found) > 1:
        raise _which_letters(text, letters, found)
    return When(next(iter(found)), zone_named=True)


def _ends_in_a_word(match: re.Match[str]) -> bool:
    """`14:05 sat down`: short for a day only if something else says so (`sat 14:05`, `14:05 last sat`)."""
    weekday = match["weekday"] or ""
    return match.re is _CLOCK_FIRST and bool(weekday) and not match["which"] and not weekday.casefold().endswith("day")


def _local(match: re.Match[str], text: str, zone: tzinfo, frame: Frame) -> tuple[datetime, datetime | None]:
    """What the clocks in `zone` showed (naive); and, if that is still to come, what else the text can mean."""
    today = frame.now.astimezone(zone).date()
    clock = clock_of(match)
    named = day_of(match, today, past=frame.past)
    day = named or bare_clock(today, past=frame.past)
    if len(day.readings) > 1:
        written = match["slashed"] or match["weekday"]
        raise which_day(text, written, [text.replace(written, each.isoformat()) for each in day.readings])
    if named and (match["named"] or "").casefold() == "midnight":
        night = [f"{shifted(day.choices[0], step)} {clock:%H:%M}" for step in (0, 1)]
        raise which_day(text, text, night)
    first, *others = (datetime.combine(each, clock) for each in day.choices)
    away = first.replace(tzinfo=zone).astimezone(UTC) - frame.now
    is_wrong_side = away > timedelta() if frame.past else away < timedelta()
    if not others or not is_wrong_side:
        return first, None
    return (others[0], None) if abs(away) > day.reach else (first, others[0])


def _instant(local: datetime, zone: tzinfo, text: str, frame: Frame) -> datetime:
    """Ambiguous if the clocks skip `local`, or if they show it twice and both are over (or both to come)."""
    found = instants(local, zone)
    if not found:
        problem = "does not exist: the clocks were put forward then"
        raise _which_instant(text, problem, around_gap(local, zone), zone)
    if len(found) > 1:
        sided = [at for at in found if (at <= frame.now) is frame.past]
        if len(sided) != 1:
            raise _which_instant(text, "came twice: the clocks were put back then", found, zone)
        return sided[0]
    return found[0]


def _last_instant(local: datetime | None, zone: tzinfo) -> datetime | None:
    found = instants(local, zone) if local is not None else ()
    return found[-1] if found else None


def _borne(found: Mapping[datetime, tzinfo], letters: str, zone: ZoneInfo) -> dict[datetime, tzinfo]:
    """Of the readings of the zone's own letters, those at which its clocks bore them: Moscow's `MSK` moved in 2014."""
    return {
        at: offset
        for at, offset in found.items()
        if zone_label(at, zone).upper() == letters.upper() and at.astimezone(zone).utcoffset() == offset.utcoffset(None)
    }


def _which_instant(text: str, problem: str, found: Sequence[datetime], zone: tzinfo) -> Ambiguous:
    candidates = [typeable(at, zone) for at in found]
    shown = " or ".join(f"`{candidate}`" for candidate in candidates)
    return Ambiguous(f"`{text}` {problem}. Do you mean {shown}?", about=text, candidates=candidates)


def _which_letters(text: str, letters: str, found: Mapping[datetime, tzinfo]) -> Ambiguous:
    places = places_of_letters(letters)
    candidates = [typeable(at, zone) for at, zone in found.items()]
    shown = [
        f"`{candidate}`" + (f" ({places[zone]})" if zone in places else "")
        for candidate, zone in zip(candidates, found.values(), strict=True)
    ]
    message = f"`{letters}` stands for several time zones. Do you mean {', '.join(shown[:-1])} or {shown[-1]}?"
    return Ambiguous(message, about=text, candidates=candidates)


def _zones(match: re.Match[str], text: str, frame: Frame) -> tuple[tzinfo, ...] | None:
    """The zones that the text can mean; the incident's if it names none. None: that word is no zone."""
    offset = match["offset_glued"] or match["offset_apart"] or match["offset_named"]
    if offset:
        if match["offset_glued"] and offset[0] in "-−" and match["hour"] and not names_day(match):
            raise UserError(
                f"`{text}` looks like a span of two times: type the first of them alone. "
                f"If `{offset}` is an offset from UTC, put a blank before it."
            )
        return (fixed_offset(re.sub(r"(?i)UTC|GMT|\ ", "", offset)),)
    if match["zone"]:
        name = zone_names().get(match["zone"].casefold())
        if name is not None:
            return (ZoneInfo(name),)
        if frame.strict and not is_zone_shaped(match["zone"]):
            return None
        raise UserError(
            f"`{match['zone']}` is not a time zone I know.{did_you_mean(match['zone'], list(zone_names().values()))}"
        )
    letters = match["letters"]
    if not letters:
        return (frame.zone,)
    if frame.strict and letters.islower():
        return None
    zones = zones_of_letters(letters, frame.zone, _year(match, frame))
    if not zones and not frame.strict:
        raise UserError(
            f"I do not know the time zone `{letters}`. Leave it out for the incident's zone, or write an offset "
            "(`14:05 +02:00`) or a place (`14:05 Europe/Paris`)."
        )
    return zones or None


def _year(match: re.Match[str], frame: Frame) -> int:
    year = re.search(r"\d{4}", match["iso"] or match["dotted"] or match["slashed"] or "")
    text = year[0] if year else match["year_behind"] or match["year_last"] or "0"
    return int(text) if 1970 <= int(text) <= 2100 else frame.now.year
