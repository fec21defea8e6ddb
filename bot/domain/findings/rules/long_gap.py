"""A long time without entries during the impact."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.domain.findings.common import active_entries, existing_refs, known_refs
from bot.domain.findings.finding import Finding
from bot.domain.record.model import Record
from bot.domain.terms import Kind, Severity
from bot.domain.text.durations import duration_between

CODE = "long-gap"
MIN_LENGTH = timedelta(minutes=60)
SHARE = 3
"""The gap has to be more than a third of the response."""
DAY = timedelta(hours=24)
NIGHT = timedelta(hours=12)
"""The shortest gap for incidents of more than a day and for light ones: people sleep."""
LIGHT_SEVERITIES = frozenset({Severity.SEV3, Severity.SEV4})


def check_long_gap(record: Record) -> Iterator[Finding]:
    """
    Find the longest gap during the impact, if over an hour and over a third of that time.

    Silent while the incident is open, where it was recorded after the fact, where an entry of unknown time is in the
    gap, and about up to twelve hours in an incident of more than a day, or over a night in a light one.
    """
    incident = record.incident
    if incident.ended is None:
        return
    first = max(incident.started.at, incident.declared.at)
    last = incident.ended.at
    if last - first <= MIN_LENGTH:
        return
    found = _longest_gap(record, first, last)
    if found is None:
        return
    start, end, refs = found
    length = duration_between(start, end)
    is_light = incident.severity in LIGHT_SEVERITIES
    people_sleep = last - first > DAY or (is_light and _is_over_a_night(start, end, incident.zone))
    if length > MIN_LENGTH and length * SHARE > last - first and not (people_sleep and length <= NIGHT):
        yield Finding(CODE, refs, {"start": start, "end": end, "length": length})


def _is_over_a_night(start: datetime, end: datetime, zone: ZoneInfo) -> bool:
    """Return whether the gap covers midnight to six in the morning, local time."""
    local = start.astimezone(zone)
    midnight = datetime.combine(local.date() + timedelta(days=1), time(), tzinfo=zone)
    return start <= midnight and end >= midnight.replace(hour=6)


def _longest_gap(record: Record, first: datetime, last: datetime) -> tuple[datetime, datetime, tuple[str, ...]] | None:
    """The longest gap without entries of unknown time: its ends, and the refs at both."""
    longest: tuple[datetime, datetime, tuple[str, str]] | None = None
    before, before_ref, is_broken = first, record.incident.declared.source.ref, False
    points = [
        (entry.happened_at, entry.source.ref) for entry in active_entries(record) if entry.kinds != (Kind.DETAILS,)
    ]
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
    refs = existing_refs(known_refs(record), longest[2])
    return (longest[0], longest[1], refs) if refs else None
