"""Helpers of several rules."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from bot.domain.record.model import Entry, Record, Update
from bot.domain.record.sources import Source
from bot.domain.terms import Kind


def active_entries(record: Record) -> list[Entry]:
    """The entries that are not withdrawn, in order."""
    return [entry for entry in record.entries if entry.withdrawn_at is None]


def known_refs(record: Record) -> frozenset[str]:
    """The refs of everything in the record that has a place of its own."""
    return frozenset(
        each.source.ref
        for group in (record.entries, record.alerts, record.escalations, record.actions)
        for each in group
    )


def existing_refs(known: frozenset[str], refs: Iterable[str]) -> tuple[str, ...]:
    """The known ones among the refs, each once."""
    return tuple(ref for ref in dict.fromkeys(refs) if ref in known)


def last_reopened_at(record: Record) -> datetime | None:
    """The last reopening as recorded; earlier statements of the end are out of date."""
    return max((entry.recorded_at for entry in active_entries(record) if Kind.REOPENED in entry.kinds), default=None)


def entries_with_time(entries: Iterable[Entry]) -> Iterator[tuple[Entry, datetime]]:
    """The entries with a known time, each with it."""
    for entry in entries:
        if entry.happened_at is not None:
            yield entry, entry.happened_at


def update_sources(update: Update, language: str) -> tuple[Source, ...]:
    """The sources of an update's text in one language, or all where they cannot be told apart."""
    codes = list(update.texts)
    if len(codes) == len(update.sources) and language in codes:
        return (update.sources[codes.index(language)],)
    return tuple(update.sources)
