"""What several rules ask of a record."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from bot.domain.record.model import Entry, Record
from bot.domain.terms import Kind


def standing(record: Record) -> list[Entry]:
    """The entries that were not withdrawn, in the incident's order."""
    return [entry for entry in record.entries if entry.withdrawn_at is None]


def refs_of(record: Record) -> frozenset[str]:
    """Everything in the record that a reader can look at."""
    return frozenset(
        each.source.ref
        for group in (record.entries, record.alerts, record.escalations, record.actions)
        for each in group
    )


def existing(known: frozenset[str], refs: Iterable[str]) -> tuple[str, ...]:
    """Those of the refs that are known, each once."""
    return tuple(ref for ref in dict.fromkeys(refs) if ref in known)


def minute(at: datetime) -> datetime:
    """As it is printed: without its seconds."""
    return at.replace(second=0, microsecond=0)


def last_reopening(record: Record) -> datetime | None:
    """When the incident was reopened last, as recorded. What was said of its end before that is out of date."""
    return max((entry.recorded_at for entry in standing(record) if Kind.REOPENED in entry.kinds), default=None)


def timed(entries: Iterable[Entry]) -> Iterator[tuple[Entry, datetime]]:
    """The entries whose time is known, each with it."""
    for entry in entries:
        if entry.happened_at is not None:
            yield entry, entry.happened_at
