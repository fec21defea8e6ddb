"""The cost of misleading paths, as far as the record shows it."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from bot.domain.record.model import Entry
from bot.domain.record.sources import Source
from bot.domain.terms import Kind, Precision
from bot.domain.text.durations import duration_between

ENDED_BY_ANYBODY = frozenset({Kind.RULED_OUT, Kind.CAUSE, Kind.ROLLBACK, Kind.FIXED, Kind.ESCALATION, Kind.ACTION})
"""Kinds that end every misleading path, by any author: they contradict it, or go another way."""
ENDED_BY_AUTHOR = frozenset({Kind.MISLEADING_PATH, Kind.INVESTIGATION, Kind.HYPOTHESIS})
"""Kinds that end a misleading path of the same author; others may look elsewhere at the same time."""
_TELLING = ENDED_BY_ANYBODY | ENDED_BY_AUTHOR
MARK_DELAY = timedelta(minutes=1)
"""A mark within this time of its message tells nothing: the path was marked as it was written down."""


class PathCost(NamedTuple):
    """
    The time that a misleading path took.

    `is_bound`: it was at most that, because the beginning or the end is not known exactly. `source` shows the end;
    None if that is the mark itself.
    """

    length: timedelta
    until: datetime
    is_bound: bool
    source: Source | None = None


class _End(NamedTuple):
    at: datetime
    is_bound: bool
    source: Source | None


def find_path_costs(
    entries: Sequence[Entry], *, impact_end: tuple[datetime, Source] | None, untimed: frozenset[str] = frozenset()
) -> Mapping[str, PathCost]:
    """
    By the ref of a misleading path, what it cost. `entries` are in order.

    A path lasts until the first later entry that contradicts or abandons it, and never longer than until it was marked
    as one or the impact ended. A beginning or an end without an exact time lies between the timed entries around it.
    Absent where neither is known. `untimed` are refs of entries whose time tells nothing.
    """
    if not any(Kind.MISLEADING_PATH in entry.kinds for entry in entries):
        return {}
    times = [_exact_time(entry, untimed) for entry in entries]
    following = _following(times)
    costs: dict[str, PathCost] = {}
    by_anybody: int | None = None
    by_author: dict[str | None, int] = {}
    preceding = _preceding(times)
    tells: dict[tuple[Kind, ...], bool] = {}  # most entries share few combinations of kinds
    told = []
    for place, entry in enumerate(entries):
        kinds = entry.kinds
        if kinds not in tells:
            tells[kinds] = not _TELLING.isdisjoint(kinds)
        if tells[kinds]:
            told.append(place)
    for position in reversed(told):
        entry = entries[position]
        if Kind.MISLEADING_PATH in entry.kinds:
            found = [place for place in (by_anybody, by_author.get(entry.author)) if place is not None]
            end = _entry_end(entries, times, following, min(found)) if found else None
            cost = _path_cost(entry, times[position], preceding[position], end, impact_end)
            if cost is not None:
                costs[entry.source.ref] = cost
        if not ENDED_BY_ANYBODY.isdisjoint(entry.kinds):
            by_anybody = position
        if entry.author is not None and not ENDED_BY_AUTHOR.isdisjoint(entry.kinds):
            by_author[entry.author] = position
    return costs


def _exact_time(entry: Entry, untimed: frozenset[str]) -> datetime | None:
    return entry.happened_at if entry.precision is Precision.EXACT and entry.source.ref not in untimed else None


def _following(times: Sequence[datetime | None]) -> list[int | None]:
    """For each position the next one, itself included, that has a time."""
    found: list[int | None] = [None] * len(times)
    latest: int | None = None
    for position in range(len(times) - 1, -1, -1):
        latest = position if times[position] is not None else latest
        found[position] = latest
    return found


def _preceding(times: Sequence[datetime | None]) -> list[datetime | None]:
    """For each position the last time before it."""
    found: list[datetime | None] = []
    latest: datetime | None = None
    for at in times:
        found.append(latest)
        latest = at or latest
    return found


def _entry_end(
    entries: Sequence[Entry], times: Sequence[datetime | None], following: Sequence[int | None], place: int
) -> _End | None:
    """The end by the entry at `place`; one without a time came before the next that has one."""
    timed = following[place]
    if timed is None:
        return None
    at = times[timed]
    return None if at is None else _End(at, timed != place, entries[timed].source)


def _path_cost(
    entry: Entry,
    began: datetime | None,
    before: datetime | None,
    end: _End | None,
    impact_end: tuple[datetime, Source] | None,
) -> PathCost | None:
    start = began or before
    if start is None:
        return None
    ends = [end] if end else []
    marked = entry.marked_misleading_at
    if began is not None and marked is not None and marked - began >= MARK_DELAY:
        ends.append(_End(marked, is_bound=True, source=None))
    if impact_end is not None and (ends or began is not None):
        ends.append(_End(impact_end[0], is_bound=True, source=impact_end[1]))
    first = min(ends, key=lambda each: (each.at, each.is_bound), default=None)
    if first is None or first.at <= start:
        return None
    return PathCost(duration_between(start, first.at), first.at, first.is_bound or began is None, first.source)
