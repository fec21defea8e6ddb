"""Small records for one rule each."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from bot.domain.findings.finding import Finding
from bot.domain.record.model import Record, Update
from bot.domain.record.sources import Moment, Source
from bot.domain.terms import Kind, Precision, SourceKind, UpdateState
from tests.support.records.builders import RecordBuilder

Rule = Callable[[Record], Iterable[Finding]]


def incident(start: str = "16:11", end: str | None = "16:24", *, zone: str = "Europe/Paris") -> RecordBuilder:
    """An incident of that window, declared when it began; nothing else is recorded yet."""
    told = RecordBuilder("2025-03-27", zone, "Payments are down", "payments")
    declared = told.typed(start, "oncall", told.title, Kind.DECLARED)
    for name in ("declared", "started", "detected"):
        told.sets(name, declared, "declared")
    if end is not None:
        resolved = told.typed(end, "oncall", "", Kind.RESOLVED)
        for name in ("resolved", "ended"):
            told.sets(name, resolved, "resolve was typed")
    return told


def published(told: RecordBuilder, at: str, text: str, state: UpdateState = UpdateState.RESOLVED) -> Record:
    """The record with one public update in no stated language."""
    entry = told.typed(at, "oncall", text, Kind.COMMUNICATION, public=state)
    return replace(told.record(), updates=[Update(state, entry.happened_at, {"": text}, (), (entry.source,))])


def about(told: RecordBuilder, name: str) -> None:
    """Mark a moment as approximate."""
    moment = told.moments[name]
    told.moments[name] = Moment(moment.at, moment.because, moment.source, Precision.APPROXIMATE)


def codes(rule: Rule, record: Record) -> list[str]:
    """Codes of the rule's findings, with their variants."""
    return [f"{each.code}/{each.variant}" if each.variant else each.code for each in rule(record)]


def nowhere(ref: str) -> Source:
    return Source(SourceKind.SYSTEM, ref, None)
