"""What cannot have happened in the order that is recorded."""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from bot.domain.errors import UserError
from bot.domain.findings.common import minute, standing, timed
from bot.domain.findings.finding import Finding, Quote, Value
from bot.domain.record.model import Entry, Record
from bot.domain.terms import MARKS, Kind, Precision, SourceKind
from bot.domain.times import read_time

CODE = "out-of-order"
FAR = timedelta(minutes=10)
"""So far from its own time a clock time at the head of a text has to be. Who types it a little later is no case."""
FARTHEST = timedelta(hours=12)
_CLOCK = re.compile(
    r"\s*[\[(]?(?P<clock>\d{1,2}(?:[:.]\d{2}|h\d{2})(?:\s?[ap]\.?m\.?|\s?Uhr)?(?:\s[A-Z]{3,4})?)(?:[\])]|\s*[-–—:,]\s|\s+(?=[a-z]+ed\b))"
)
_MARKS = frozenset(MARKS)


def out_of_order(record: Record) -> Iterator[Finding]:
    """
    An answer before its page, a fix before the impact began, and a message that gives another time than it was written
    at while something else happened in between.

    Silent where a time is only known about, and about orders that are odd but possible: a cause can be known before
    anything is seen of it.
    """
    entries = standing(record)
    yield from _answers(record)
    yield from _fixes(record, entries)
    yield from _told_late(record, entries)


def _answers(record: Record) -> Iterator[Finding]:
    for each in record.escalations:
        paged, answered = each.paged_at, each.acknowledged_at
        if paged is None or answered is None or each.precision is not Precision.EXACT:
            continue
        if minute(answered) < minute(paged):
            values: dict[str, Value] = {"target": Quote(each.target), "paged": paged, "answered": answered}
            yield Finding(CODE, (each.source.ref,), values, variant="answer")


def _fixes(record: Record, entries: Sequence[Entry]) -> Iterator[Finding]:
    start = record.incident.started
    if start.precision is not Precision.EXACT:
        return
    for entry, at in timed(entries):
        if Kind.FIXED in entry.kinds and entry.precision is Precision.EXACT and minute(at) < minute(start.at):
            yield Finding(CODE, (entry.source.ref,), {"fixed": at, "start": start.at}, variant="fix")


def _told_late(record: Record, entries: Sequence[Entry]) -> Iterator[Finding]:
    """A clock time at the head of a message that lies on the other side of another entry."""
    earlier: datetime | None = None
    for entry, at in timed(entries):
        stated = _stated(record, entry, at)
        if stated is not None and earlier is not None and minute(stated) < minute(earlier):
            values: dict[str, Value] = {"text": Quote(entry.text), "recorded": at, "stated": stated}
            yield Finding(CODE, (entry.source.ref,), values, variant="told_late")
        earlier = at


def _stated(record: Record, entry: Entry, at: datetime) -> datetime | None:
    """The time at the head of an entry's text if it is well before the entry's own, else None."""
    if entry.source.kind is not SourceKind.MESSAGE or not entry.text[:12].strip("[( \t\n")[:1].isdigit():
        return None
    match = _CLOCK.match(entry.text)
    if match is None or not _MARKS.issuperset(entry.kinds):
        return None
    zone = record.incident.zone
    try:
        stated = read_time(match["clock"], now=at, zone=zone).at
    except UserError:
        return None
    offset = at.astimezone(zone).utcoffset() or timedelta()
    # Who thinks in UTC writes UTC: then the entry is right, and so is the text.
    if stated is None or abs(abs(at - stated) - abs(offset)) <= FAR:
        return None
    return stated if FAR < at - stated <= FARTHEST else None
