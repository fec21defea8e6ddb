"""Nothing recorded for long while the impact lasted."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.domain.findings.common import existing, refs_of, standing
from bot.domain.findings.finding import Finding
from bot.domain.record.model import Record
from bot.domain.terms import Kind, Severity
from bot.domain.text.durations import between

CODE = "long-gap"
SHORTEST = timedelta(minutes=60)
SHARE = 3
"""The gap has to be more than one in so many parts of the response."""
DAY = timedelta(hours=24)
NIGHT = timedelta(hours=12)
"""In an incident of more than a day, and in a light one, people sleep: a shorter gap is no finding there."""
LIGHT = frozenset({Severity.SEV3, Severity.SEV4})


def long_gap(record: Record) -> Iterator[Finding]:
    """
    The longest time without an entry while the incident was open and the impact lasted, if it is over an hour and over
    a third of that time.

    Silent where an entry of unknown time stands in the gap, while the incident is open, where it was recorded after the
    fact, and about up to twelve hours in an incident of more than a day, or over a night in a light one.
    """
    incident = record.incident
    if incident.ended is None:
        return
    first = max(incident.started.at, incident.declared.at)
    last = incident.ended.at
    if last - first <= SHORTEST:
        return
    found = _longest(record, first, last)
    if found is None:
        return
    start, end, refs = found
    length = between(start, end)
    people_sleep = last - first > DAY or (incident.severity in LIGHT and _is_over_a_night(start, end, incident.zone))
    if length > SHORTEST and length * SHARE > last - first and not (people_sleep and length <= NIGHT):
        yield Finding(CODE, refs, {"start": start, "end": end, "length": length})


def _is_over_a_night(start: datetime, end: datetime, zone: ZoneInfo) -> bool:
    """Whether it is all of midnight to six in the morning on somebody's clock."""
    local = start.astimezone(zone)
    midnight = datetime.combine(local.date() + timedelta(days=1), time(), tzinfo=zone)
    return start <= midnight and end >= midnight.replace(hour=6)


def _longest(record: Record, first: datetime, last: datetime) -> tuple[datetime, datetime, tuple[str, ...]] | None:
    """The longest gap in which no entry of unknown time stands: its ends, and the refs on its two sides."""
    longest: tuple[datetime, datetime, tuple[str, str]] | None = None
    before, before_ref, is_broken = first, record.incident.declared.source.ref, False
    points = [(entry.happened_at, entry.source.ref) for entry in standing(record) if entry.kinds != (Kind.DETAILS,)]
    ended = record.incident.ended
    points.append((last, ended.source.ref if ended else before_ref))
    for at, ref in points:
        if at is None:
            is_broken = True
            continue
        if at <= first:
            before_ref = ref if at <= before else before_ref
            is_broken = False
            continue
        bounded = min(at, last)
        if not is_broken and bounded > before and (longest is None or bounded - before > longest[1] - longest[0]):
            longest = before, bounded, (before_ref, ref)
        before, before_ref, is_broken = max(before, bounded), ref, False
    if longest is None:
        return None
    refs = existing(refs_of(record), longest[2])
    return (longest[0], longest[1], refs) if refs else None
