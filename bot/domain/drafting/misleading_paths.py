"""The cost of misleading paths, as far as the record shows it."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from enum import Enum, auto
from functools import cache
from itertools import islice
from typing import NamedTuple

from bot.domain.record.model import Entry
from bot.domain.record.sources import Source
from bot.domain.terms import Kind, Precision
from bot.domain.text.durations import duration_between
from bot.domain.text.lazy_pattern import LazyPattern

Subject = Callable[[str], frozenset[str]]
"""The words of a text that name what it is about."""

_ANSWERS = frozenset({Kind.CAUSE, Kind.ROLLBACK, Kind.FIXED})
"""Kinds that end every misleading path, by any author: somebody knows better."""
_STEPS = frozenset({Kind.ACTION, Kind.ESCALATION})
_SUSPICIONS = frozenset({Kind.INVESTIGATION, Kind.HYPOTHESIS, Kind.MISLEADING_PATH})
_TELLING = _ANSWERS | _STEPS | _SUSPICIONS | {Kind.RULED_OUT}
_DENIAL = LazyPattern(
    r"\b(?:ruled out|excluded|properly|innocent|ausgeschlossen|[ée]cart\w+|exclue?s?|esclus\w+|descartad\w+|"
    r"exclu[ií]d\w+|"
    r"not|no|never|nothing|still|fine|healthy|ok|okay|normal|unchanged|unrelated|nicht|kein\w*|nichts|immer noch|"
    r"weiterhin|in ordnung|gesund|pas|rien|toujours|encore|sain\w*|non|niente|ancora|normal\w*|a posto|nada|todav[ií]a|"
    r"sigue\w*|bien|n[aã]o|ainda)\b|n['’]t\b",
    re.IGNORECASE,
)
"""Words of a text that takes leave of what it names."""
MAX_PATHS = 200
"""Misleading paths of a record whose words are compared; of more, people and kinds of entries decide alone."""
MAX_COMPARED, MAX_SUSPECTED = 100, 12
"""Later entries that a misleading path is compared with, and earlier ones that those may be about."""
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


class _Relation(Enum):
    """The relation of a later entry to a misleading path."""

    ENDS = auto()
    MAY_END = auto()
    GOES_ON = auto()


def find_path_costs(
    entries: Sequence[Entry],
    *,
    impact_end: tuple[datetime, Source] | None,
    subject: Subject,
    untimed: frozenset[str] = frozenset(),
) -> Mapping[str, PathCost]:
    """
    By the ref of a misleading path, what it cost. `entries` are in order.

    A path lasts until the first later entry that contradicts or abandons it, and never longer than until it was marked
    as one or the impact ended. A beginning or an end without an exact time lies between the timed entries around it,
    and an end after entries that may have been one is a bound. Absent where neither is known. `untimed` are refs of
    entries whose time tells nothing.
    """
    number = sum(Kind.MISLEADING_PATH in entry.kinds for entry in entries)
    if not number:
        return {}
    words = cache(subject) if number <= MAX_PATHS else None
    times = [_exact_time(entry, untimed) for entry in entries]
    following, preceding = _following(times), _preceding(times)
    is_telling = cache(lambda kinds: not _TELLING.isdisjoint(kinds))  # most entries share few combinations of kinds
    told = [place for place, entry in enumerate(entries) if is_telling(entry.kinds)]
    relations = _Relations([entries[place] for place in told], words)
    costs: dict[str, PathCost] = {}
    for index, place in enumerate(told):
        entry = entries[place]
        if Kind.MISLEADING_PATH in entry.kinds:
            ended_by, is_sure = relations.find_end(index)
            end = _entry_end(entries, times, following, told[ended_by]) if ended_by is not None else None
            end = end._replace(is_bound=True) if end and not is_sure else end
            cost = _path_cost(entry, times[place], preceding[place], end, impact_end)
            if cost is not None:
                costs[entry.source.ref] = cost
    return costs


class _Relations:
    """Compares misleading paths with later entries; `told` are those that may end one, in order."""

    def __init__(self, told: Sequence[Entry], subject: Subject | None) -> None:
        self._told = told
        self._subject = subject

    def find_end(self, index: int) -> tuple[int | None, bool]:
        """
        The first entry that ends the path surely; false if one before it may have ended it.

        Until an entry that names the path, or of the same person, nobody had left it.
        """
        path, is_sure = self._told[index], True
        for later in islice(range(index + 1, len(self._told)), MAX_COMPARED):
            match self._relation(index, later):
                case _Relation.ENDS:
                    entry = self._told[later]
                    is_own = entry.author is not None and entry.author == path.author
                    return later, is_sure or is_own or self._is_about(entry, path)
                case _Relation.MAY_END:
                    is_sure = False
        return None, False

    def _relation(self, index: int, later: int) -> _Relation:
        path, entry = self._told[index], self._told[later]
        kinds, is_own = entry.kinds, entry.author is not None and entry.author == path.author
        if not _ANSWERS.isdisjoint(kinds) or (is_own and Kind.MISLEADING_PATH in kinds):
            return _Relation.ENDS
        if self._is_about(entry, path):
            return self._relation_by_words(entry)
        if Kind.RULED_OUT in kinds:
            if self._is_about_another(index, later):
                return _Relation.GOES_ON
            has_own = not is_own and self._has_own_suspicion(index, later)
            return _Relation.MAY_END if has_own else _Relation.ENDS
        if is_own:
            return _Relation.ENDS
        is_step = not _STEPS.isdisjoint(kinds) and not self._is_about_another(index, later)
        return _Relation.MAY_END if is_step else _Relation.GOES_ON

    def _relation_by_words(self, entry: Entry) -> _Relation:
        """The relation of an entry that names the same thing: it follows the path, or leaves it."""
        if Kind.RULED_OUT in entry.kinds:
            return _Relation.ENDS
        is_denied = _DENIAL.search(entry.text) is not None
        if not _STEPS.isdisjoint(entry.kinds):
            return _Relation.ENDS if is_denied else _Relation.MAY_END
        return _Relation.ENDS if is_denied else _Relation.GOES_ON

    def _is_about(self, one: Entry, other: Entry) -> bool:
        subject = self._subject
        return subject is not None and not subject(one.text).isdisjoint(subject(other.text))

    def _is_about_another(self, index: int, later: int) -> bool:
        if self._subject is None:
            return False
        return any(self._is_about(self._told[later], each) for each in self._suspicions(index, later))

    def _has_own_suspicion(self, index: int, later: int) -> bool:
        return any(each.author == self._told[later].author for each in self._suspicions(index, later))

    def _suspicions(self, index: int, later: int) -> Iterator[Entry]:
        """Other things that were suspected or looked at shortly before the later entry."""
        for place in range(max(0, later - MAX_SUSPECTED), later):
            each = self._told[place]
            if place != index and not _SUSPICIONS.isdisjoint(each.kinds):
                yield each


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
