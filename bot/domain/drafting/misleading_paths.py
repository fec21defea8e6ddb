"""What misleading paths cost: the time from taking one to leaving it, where the record has both."""

from collections.abc import Mapping, Sequence

from bot.domain.record.model import Entry
from bot.domain.terms import Kind, Precision

LEFT_BY_ANYBODY = frozenset({Kind.RULED_OUT, Kind.CAUSE, Kind.ROLLBACK, Kind.FIXED})
"""
After one of these nobody follows a path any more, whoever recorded it. That the incident was over, or was called off,
says nothing of it: the path may have been left hours before.
"""

LEFT_BY_ITS_AUTHOR = frozenset(
    {Kind.MISLEADING_PATH, Kind.INVESTIGATION, Kind.HYPOTHESIS, Kind.ACTION, Kind.ESCALATION}
)
"""Whoever took the path has turned to something else, or to somebody. Others may look elsewhere at the same time."""


def ends_of_paths(standing: Sequence[Entry]) -> Mapping[str, Entry]:
    """
    By the ref of a misleading entry, the entry at which the path was left: the first after it, in the incident's order,
    that says so. Absent where there is none, or where one of the two times is unknown or only approximate.
    """
    ends: dict[str, Entry] = {}
    by_anybody: tuple[int, Entry] | None = None
    by_author: dict[str | None, tuple[int, Entry]] = {}
    for place in range(len(standing) - 1, -1, -1):
        entry = standing[place]
        if Kind.MISLEADING_PATH in entry.kinds:
            later = [each for each in (by_anybody, by_author.get(entry.author)) if each is not None]
            end = min(later, key=lambda each: each[0])[1] if later else None
            if end is not None and _is_after(end, entry):
                ends[entry.source.ref] = end
        if not LEFT_BY_ANYBODY.isdisjoint(entry.kinds):
            by_anybody = (place, entry)
        if entry.author is not None and not LEFT_BY_ITS_AUTHOR.isdisjoint(entry.kinds):
            by_author[entry.author] = (place, entry)
    return ends


def _is_after(end: Entry, start: Entry) -> bool:
    if end.happened_at is None or start.happened_at is None or end.happened_at <= start.happened_at:
        return False
    return end.precision is Precision.EXACT and start.precision is Precision.EXACT
