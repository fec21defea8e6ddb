"""Events in an impossible order."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from bot.domain.errors import UserError
from bot.domain.findings.common import active_entries, entries_with_time
from bot.domain.findings.finding import Finding, Quote, Value
from bot.domain.record.model import Entry, Record
from bot.domain.terms import MARKS, Kind, Precision, SourceKind
from bot.domain.text.durations import to_minute
from bot.domain.text.lazy_pattern import LazyPattern
from bot.domain.times import read_time

CODE = "out-of-order"
MIN_DIFFERENCE = timedelta(minutes=10)
"""How far a time at the start of a text has to be from the entry's: people type a little later."""
MAX_DIFFERENCE = timedelta(hours=12)
_LEADING_TIME = LazyPattern(
    r"\s*[\[(]?(?P<clock>\d{1,2}(?:[:.]\d{2}|h\d{2})(?:\s?[ap]\.?m\.?|\s?Uhr)?(?:\s[A-Z]{3,4})?)(?:[\])]|\s*[-–—:,]\s|\s+(?=[a-z]+ed\b))"
)
_MARKS = frozenset(MARKS)
MAX_HEAD_START = timedelta(hours=1)
"""How long before the incident an investigation may be: of what turns out to be its beginning."""
_RESPONSES = frozenset({Kind.ACKNOWLEDGED, Kind.ROLE, Kind.INVESTIGATION, Kind.ROLLBACK})


def check_out_of_order(record: Record) -> Iterator[Finding]:
    """
    Find answers before their page, fixes and responses before the incident, late messages.

    A late message starts with a time before another entry. Silent about approximate times, and about orders that are
    odd but possible: a cause can be known before it has an effect.
    """
    entries = active_entries(record)
    yield from _early_answers(record)
    yield from _early_fixes(record, entries)
    yield from _early_responses(record, entries)
    yield from _late_messages(record, entries)


def _early_answers(record: Record) -> Iterator[Finding]:
    for each in record.escalations:
        paged, answered = each.paged_at, each.acknowledged_at
        if paged is None or answered is None or each.precision is not Precision.EXACT:
            continue
        if to_minute(answered) < to_minute(paged):
            values: dict[str, Value] = {"target": Quote(each.target), "paged": paged, "answered": answered}
            yield Finding(CODE, (each.source.ref,), values, variant="answer")


def _early_fixes(record: Record, entries: Sequence[Entry]) -> Iterator[Finding]:
    start = record.incident.started
    if start.precision is not Precision.EXACT:
        return
    for entry, at in entries_with_time(entries):
        if Kind.FIXED in entry.kinds and entry.precision is Precision.EXACT and to_minute(at) < to_minute(start.at):
            yield Finding(CODE, (entry.source.ref,), {"fixed": at, "start": start.at}, variant="fix")


def _early_responses(record: Record, entries: Sequence[Entry]) -> Iterator[Finding]:
    """Responses long before the incident: their day or time is wrong."""
    incident = record.incident
    first = min((incident.started, incident.detected, incident.declared), key=lambda each: each.at)
    if first.precision is not Precision.EXACT:
        return
    earliest = first.at - MAX_HEAD_START
    for entry, at in entries_with_time(entries):
        if at < earliest and entry.precision is Precision.EXACT and not _RESPONSES.isdisjoint(entry.kinds):
            values: dict[str, Value] = {"text": Quote(entry.text), "recorded": at, "start": first.at}
            yield Finding(CODE, (entry.source.ref,), values, variant="early")


def _late_messages(record: Record, entries: Sequence[Entry]) -> Iterator[Finding]:
    """Messages that start with a time before an earlier entry."""
    earlier: datetime | None = None
    for entry, at in entries_with_time(entries):
        stated = _stated_time(record, entry, at)
        if stated is not None and earlier is not None and to_minute(stated) < to_minute(earlier):
            values: dict[str, Value] = {"text": Quote(entry.text), "recorded": at, "stated": stated}
            yield Finding(CODE, (entry.source.ref,), values, variant="told_late")
        earlier = at


def _stated_time(record: Record, entry: Entry, at: datetime) -> datetime | None:
    """The time at the start of an entry's text, if well before the entry's own."""
    if entry.source.kind is not SourceKind.MESSAGE or not entry.text[:12].strip("[( \t\n")[:1].isdigit():
        return None
    match = _LEADING_TIME.match(entry.text)
    if match is None or not _MARKS.issuperset(entry.kinds):
        return None
    zone = record.incident.zone
    try:
        stated = read_time(match["clock"], now=at, zone=zone).at
    except UserError:
        return None
    offset = at.astimezone(zone).utcoffset() or timedelta()
    # A difference of the zone's offset is a time typed in UTC: then entry and text are both right.
    if stated is None or abs(abs(at - stated) - abs(offset)) <= MIN_DIFFERENCE:
        return None
    return stated if MIN_DIFFERENCE < at - stated <= MAX_DIFFERENCE else None
