"""A duration in a text that differs from the record's, or from the window beside it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain.findings.common import active_entries, entries_with_time, known_refs, last_reopened_at, update_sources
from bot.domain.findings.durations_in_text import Claim, StatedLength, StatedSpan, find_spans, parse_impact_duration
from bot.domain.findings.finding import Finding, Value
from bot.domain.record.model import Entry, Record
from bot.domain.record.sources import Moment
from bot.domain.terms import Kind, Precision, SourceKind, UpdateState
from bot.domain.text.durations import duration_between
from bot.lazy_dataclass import dataclass

CODE = "duration-conflict"
MAX_ANCHOR = timedelta(minutes=2)
"""How far an end of a text's window may be from the incident's for its length to be the incident's."""
MAX_LENGTH = 1000
"""Characters of an entry that may state the incident's length in passing."""
_REVIEWS = frozenset({Kind.NOTE, Kind.FIXED, Kind.WENT_WELL, Kind.WENT_BADLY, Kind.GOT_LUCKY, Kind.CAUSE})
_BY_PEOPLE = frozenset({SourceKind.MESSAGE, SourceKind.COMMAND})


@dataclass(frozen=True, slots=True)
class _Text:
    """A text that may state the length. `is_statement`: it is about the whole incident."""

    text: str
    refs: tuple[str, ...]
    is_impact: bool = False
    is_statement: bool = True


def check_duration_conflict(record: Record) -> Iterator[Finding]:
    """
    Find texts with another duration than the recorded window, or than their own window.

    Silent within the rounding of the text ("2 hours" is 1 h 30 to 2 h 30), about a part ("for 10 minutes, then slowly")
    that is shorter than the whole, and where an end of the recorded window is approximate.
    """
    conflicts = ((text, _own_conflict(record, text) or _conflict(record, text)) for text in _texts(record))
    found = [(text, finding) for text, finding in conflicts if finding is not None]
    known, told = known_refs(record) if found else frozenset[str](), set[str]()
    for text, finding in found:
        if known.issuperset(text.refs) and text.refs[0] not in told:
            told.add(text.refs[0])
            yield finding


def _own_conflict(record: Record, text: _Text) -> Finding | None:
    """The text's window and the length beside it contradict each other."""
    for span in _spans(record, text):
        start, end = span.window.start, span.window.end
        length = duration_between(start.at, end.at)
        stated = replace(span.stated, may_be_part=False)
        if stated.shortest is None and stated.contradicts(length, tolerance=start.slack + end.slack):
            values: dict[str, Value] = {
                "stated": span.stated.length,
                "start": start.at,
                "end": end.at,
                "length": length,
            }
            return Finding(CODE, text.refs, values, variant="window")
    return None


def _spans(record: Record, text: _Text) -> Iterator[StatedSpan]:
    if text.is_statement:
        yield from find_spans(text.text, record.incident.started.at, record.incident.zone)


def _conflict(record: Record, text: _Text) -> Finding | None:
    incident = record.incident
    start, end = incident.started, incident.ended
    if end is None or end.at < start.at or {start.precision, end.precision} != {Precision.EXACT}:
        return None
    stated = parse_impact_duration(text.text, is_impact=text.is_impact) or _length_of_window(record, text, end)
    if stated is None or (not text.is_statement and stated.claim is not Claim.WHOLE):
        return None
    recorded = duration_between(start.at, end.at)
    if not all(stated.contradicts(length) for length in _recorded_lengths(record, stated, end)):
        return None
    return Finding(CODE, text.refs, {"stated": stated.length, "recorded": recorded}, _variant(stated))


def _variant(stated: StatedLength) -> str:
    if stated.shortest is not None:
        return "few_minutes" if stated.length < timedelta(hours=1) else "few_hours"
    return "at_most" if stated.is_most else "at_least" if stated.is_least else ""


def _recorded_lengths(record: Record, stated: StatedLength, end: Moment) -> Iterator[timedelta]:
    """
    The lengths that a text can mean.

    Some leave out the time between a resolution and the reopening, or count a recovery from detection or declaration.
    """
    incident = record.incident
    whole = duration_between(incident.started.at, end.at)
    yield whole
    yield whole - _time_resolved(record)
    if stated.claim is Claim.RECOVERY:
        for first in (incident.detected, incident.declared):
            for last in (incident.resolved, incident.mitigated, end):
                if last is not None:
                    yield duration_between(first.at, last.at)


def _time_resolved(record: Record) -> timedelta:
    """The time between resolutions and the reopenings that followed them."""
    resolved: datetime | None = None
    found = timedelta()
    for entry, at in entries_with_time(active_entries(record)):
        if Kind.RESOLVED in entry.kinds:
            resolved = entry.states_end or at
        elif Kind.REOPENED in entry.kinds and resolved is not None:
            found, resolved = found + max(duration_between(resolved, at), timedelta()), None
    return found


def _length_of_window(record: Record, text: _Text, end: Moment) -> StatedLength | None:
    """The length beside a window that begins or ends with the incident."""
    for span in _spans(record, text):
        near_start = abs(span.window.start.at - record.incident.started.at) <= MAX_ANCHOR
        if near_start or abs(span.window.end.at - end.at) <= MAX_ANCHOR:
            return span.stated
    return None


def _texts(record: Record) -> Iterator[_Text]:
    """Texts about the whole incident, and what people wrote after its end."""
    reopened, end = last_reopened_at(record), record.incident.ended
    for impact in record.impacts:
        if reopened is None or impact.at >= reopened:
            yield _Text(impact.text, (impact.source.ref,), is_impact=True)
    for statement in (*record.resolutions, *record.causes):
        yield _Text(statement.text, (statement.source.ref,))
    for update in record.updates:
        at = update.published_at
        is_over = update.state is UpdateState.RESOLVED or (end is not None and at is not None and at >= end.at)
        if is_over and update.state is not UpdateState.POSTMORTEM and (reopened is None or not at or at >= reopened):
            for code, text in update.texts.items():
                yield _Text(text, tuple(source.ref for source in update_sources(update, code)))
    if end is not None:
        for entry, at in entries_with_time(active_entries(record)):
            if at >= end.at and len(entry.text) <= MAX_LENGTH and _is_review(entry):
                yield _Text(entry.text, (entry.source.ref,), is_statement=False)


def _is_review(entry: Entry) -> bool:
    return entry.source.kind in _BY_PEOPLE and entry.public is None and not _REVIEWS.isdisjoint(entry.kinds)
