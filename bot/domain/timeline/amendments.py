"""Amendments of timeline entries: time, position, kinds."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.domain.errors import Ambiguous, UserError
from bot.domain.terms import MARKS, Kind, Precision
from bot.domain.text.lazy_pattern import LazyPattern
from bot.domain.text.normalize import strip_accents
from bot.domain.times import ParsedTime, format_time, format_unambiguous, is_future, read_time
from bot.domain.times.time_of_day import CLOCK_PATTERN
from bot.domain.times.vocabulary import ABOUT_PATTERN, AT_PATTERN, DAYS_AWAY, WEEKDAYS, alternatives
from bot.domain.times.zones import instants_at
from bot.lazy_dataclass import dataclass

FIXED_TIME_KINDS = frozenset({Kind.DECLARED, Kind.RESOLVED, Kind.ACKNOWLEDGED, Kind.CANCELLED})
"""Kinds whose time is when the command was typed, and is never changed."""
COMMAND_KINDS = frozenset(Kind) - frozenset(MARKS)
"""Kinds that only commands set, with consequences: they cannot be removed."""

_BARE = LazyPattern(
    rf"(?:{ABOUT_PATTERN})?(?:{AT_PATTERN})?{CLOCK_PATTERN}"
    rf"(?:\ ?(?:(?!{alternatives([*DAYS_AWAY, *WEEKDAYS])})[a-z]{{3,5}}|[+\-−]\d{{2}}:?\d{{2}}))?\ ?\??",
    re.VERBOSE | re.IGNORECASE,
)
"""A time of day without a date, in any accepted spelling."""
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class EntryPosition:
    """Position of an entry in its incident's order, up to those that share its `sort_at`."""

    id: int
    sort_at: datetime


def move_entry(
    group: Sequence[EntryPosition], entry: EntryPosition, beside: EntryPosition, *, before: bool
) -> list[EntryPosition]:
    """
    Positions to renumber, in this order, when `entry` moves next to `beside`.

    `group` are the entries that share `beside`'s `sort_at`, in order. The moved one takes that `sort_at`; it and those
    after it get higher numbers than any given yet. So the order stays total, and the others keep theirs.
    """
    others = [each for each in group if each.id != entry.id]
    index = next(number for number, each in enumerate(others) if each.id == beside.id) + (not before)
    return [replace(entry, sort_at=beside.sort_at), *others[index:]]


def placement_problem(happened_at: datetime | None, beside_sort_at: datetime) -> str | None:
    """
    Why an entry of this time cannot be next to the other; None if it can.

    Entries of known time are ordered by it, to the minute.
    """
    if happened_at is None or _minute(happened_at) == _minute(beside_sort_at):
        return None
    return "Entries are ordered by time. Change the entry's time instead, or write `?` if it is unknown."


def _minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)


def format_editable_time(happened_at: datetime | None, precision: Precision, zone: ZoneInfo) -> str:
    """Format a time for an edit form: `2026-03-02 13:50`, `~…` if approximate, `?` if unknown."""
    if happened_at is None:
        return "?"
    local = happened_at.astimezone(zone).replace(tzinfo=None)
    is_plain = len(instants_at(local, zone)) == 1
    text = format_time(happened_at, zone, with_zone=False) if is_plain else format_unambiguous(happened_at, zone)
    return f"~{text}" if precision is Precision.APPROXIMATE else text


def parse_amended_time(text: str, *, near: datetime, now: datetime, zone: ZoneInfo) -> ParsedTime:
    """
    Parse the corrected time of an entry.

    A time of day without a date is the one nearest to `near`, the entry's present position: an entry is often amended
    days later. Raises UserError for an invalid or future time, Ambiguous for one with two readings.
    """
    if not _BARE.fullmatch(strip_accents(" ".join(text.split()))):
        when = read_time(text, now=now, zone=zone)
    else:
        day = near.astimezone(zone).replace(hour=23, minute=59, second=59, microsecond=0)
        found = [each for shift in (-DAY, timedelta(), DAY) for each in _read_on_day(text, day + shift, zone)]
        past = [each for each in found if not is_future(each[0], now)] or found[:1]
        when, question = min(past, key=lambda each: abs((each[0].at or near) - near))
        if question is not None:
            raise question
    if is_future(when, now):
        shown = format_time(when.at, zone) if when.at else text
        raise UserError(f"{shown} is in the future. Choose a time in the past.")
    return when


def _read_on_day(text: str, day: datetime, zone: ZoneInfo) -> list[tuple[ParsedTime, Ambiguous | None]]:
    """The reading of a time of day; of several each one, with the question about it."""
    try:
        return [(read_time(text, now=day, zone=zone), None)]
    except Ambiguous as question:
        return [(read_time(each, now=day, zone=zone), question) for each in question.candidates]


def amended_kinds(present: Sequence[Kind], chosen: Collection[Kind], *, fixed: Collection[Kind]) -> tuple[Kind, ...]:
    """
    The kinds of an entry after its marks were chosen: present ones first, then new ones.

    `fixed` kinds stay. Raises UserError if nothing is left.
    """
    kept = [kind for kind in present if kind in fixed or kind in chosen]
    kinds = tuple(dict.fromkeys([*kept, *(kind for kind in MARKS if kind in chosen)]))
    if not kinds:
        raise UserError("Choose at least one kind, or remove the entry from the timeline.")
    return kinds


def fixed_kinds(kinds: Iterable[Kind], *, carries: bool) -> frozenset[Kind]:
    """
    Kinds that cannot be removed.

    `carries`: the entry represents an escalation, an action item or an alert.
    """
    return frozenset(kind for kind in kinds if kind in COMMAND_KINDS or carries)


def earlier_time(
    one: tuple[datetime | None, Precision], other: tuple[datetime | None, Precision]
) -> tuple[datetime | None, Precision]:
    """The earlier of two entries' times; the known one if the other is unknown."""
    if other[0] is None:
        return one
    return other if one[0] is None or other[0] < one[0] else one
