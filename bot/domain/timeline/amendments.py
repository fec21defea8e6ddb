"""What a person may change of an entry, and what follows from it: its time, its place, its kinds."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.domain.errors import UserError
from bot.domain.terms import MARKS, Kind, Precision
from bot.domain.text.normalize import plain
from bot.domain.times import When, is_future, read_time, show_time, typeable
from bot.domain.times.time_of_day import CLOCK
from bot.domain.times.vocabulary import ABOUT, AT, DAYS_AWAY, WEEKDAYS, any_of
from bot.domain.times.zones import instants

DONE_THEN = frozenset({Kind.DECLARED, Kind.RESOLVED, Kind.ACKNOWLEDGED, Kind.CANCELLED})
"""Kinds whose time is when it was done, and is never moved."""
STATES = frozenset(Kind) - frozenset(MARKS)
"""Kinds that a command gave the entry, with all that follows from it: nobody takes them away."""

_BARE = re.compile(
    rf"(?:{ABOUT})?(?:{AT})?{CLOCK}"
    rf"(?:\ ?(?:(?!{any_of([*DAYS_AWAY, *WEEKDAYS])})[a-z]{{3,5}}|[+\-−]\d{{2}}:?\d{{2}}))?\ ?\??",
    re.VERBOSE | re.IGNORECASE,
)
"""A clock time without a day, in any of the ways in which clock times are read."""
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Place:
    """Where an entry stands in its incident's order, up to those that share its `sort_at`."""

    id: int
    sort_at: datetime


def moved(group: Sequence[Place], entry: Place, beside: Place, *, before: bool) -> list[Place]:
    """
    The places to be numbered anew, in this order, when `entry` goes right before or behind `beside`.

    `group` are the entries that share `beside`'s `sort_at`, in order. The moved one takes that `sort_at`; it and those
    behind it get higher numbers than any given yet. So the order stays total, and of the others none changes places
    with another.
    """
    others = [each for each in group if each.id != entry.id]
    index = next(number for number, each in enumerate(others) if each.id == beside.id) + (not before)
    return [replace(entry, sort_at=beside.sort_at), *others[index:]]


def why_not_beside(happened_at: datetime | None, beside_sort_at: datetime) -> str | None:
    """Why an entry of this time cannot stand there: entries of known time stand in its order, to the minute."""
    if happened_at is None or _minute(happened_at) == _minute(beside_sort_at):
        return None
    return "Entries of known time stand in its order. Amend the entry's time instead, or write `?` if nobody knows it."


def _minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)


def typed_time(happened_at: datetime | None, precision: Precision, zone: ZoneInfo) -> str:
    """A time as a form shows it for amending: `2026-03-02 13:50`, `~…` about then, `?` unknown. Read back the same."""
    if happened_at is None:
        return "?"
    local = happened_at.astimezone(zone).replace(tzinfo=None)
    is_plain = len(instants(local, zone)) == 1
    text = show_time(happened_at, zone, with_zone=False) if is_plain else typeable(happened_at, zone)
    return f"~{text}" if precision is Precision.APPROXIMATE else text


def amended_time(text: str, *, near: datetime, now: datetime, zone: ZoneInfo) -> When:
    """
    The time that somebody puts an entry right with.

    A clock time without a day is the one nearest to `near`, where the entry stands: an entry is often amended days
    later. Raises UserError for a text that is no time and for the future, Ambiguous for one that can be two.
    """
    if not _BARE.fullmatch(plain(" ".join(text.split()))):
        when = read_time(text, now=now, zone=zone)
    else:
        day = near.astimezone(zone).replace(hour=23, minute=59, second=59, microsecond=0)
        found = [read_time(text, now=day + shift, zone=zone) for shift in (-DAY, timedelta(), DAY)]
        past = [each for each in found if not is_future(each, now)] or found[:1]
        when = min(past, key=lambda each: abs((each.at or near) - near))
    if is_future(when, now):
        shown = show_time(when.at, zone) if when.at else text
        raise UserError(f"{shown} is still to come. What has not happened yet cannot be recorded.")
    return when


def amended_kinds(present: Sequence[Kind], chosen: Collection[Kind], *, fixed: Collection[Kind]) -> tuple[Kind, ...]:
    """
    The kinds of an entry after somebody chose its marks: those that were there keep their order, new ones follow.

    `fixed` stay whatever was chosen. Raises UserError if nothing is left.
    """
    kept = [kind for kind in present if kind in fixed or kind in chosen]
    kinds = tuple(dict.fromkeys([*kept, *(kind for kind in MARKS if kind in chosen)]))
    if not kinds:
        raise UserError("Choose at least one kind: without any, take the entry off the timeline instead.")
    return kinds


def fixed_kinds(kinds: Iterable[Kind], *, carries: bool) -> frozenset[Kind]:
    """The kinds that nobody takes away. `carries`: the entry stands for an escalation, an action item or an alert."""
    return frozenset(kind for kind in kinds if kind in STATES or carries)


def earlier_time(
    one: tuple[datetime | None, Precision], other: tuple[datetime | None, Precision]
) -> tuple[datetime | None, Precision]:
    """Of two entries' times the earlier; the known one, if the other is not."""
    if other[0] is None:
        return one
    return other if one[0] is None or other[0] < one[0] else one
