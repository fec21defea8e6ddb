"""A long time without entries during the impact, and a detection long after its start."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from itertools import chain
from zoneinfo import ZoneInfo

from bot.domain.findings.common import active_entries, existing_refs, known_refs
from bot.domain.findings.finding import Finding, Value
from bot.domain.record.model import Record
from bot.domain.record.sources import Moment
from bot.domain.terms import Kind, Precision, Severity
from bot.domain.text.durations import duration_between, to_minute
from bot.lazy_dataclass import dataclass

CODE = "long-gap"
LATE = "detected-late"
MIN_LENGTH = timedelta(minutes=60)
_NEARLY_LONG = MIN_LENGTH - timedelta(minutes=1)
"""Lengths are compared by their printed minutes."""
SHARE = 3
"""The gap has to be more than a third of the response."""
DAY = timedelta(hours=24)
NIGHT = timedelta(hours=12)
"""The shortest gap for incidents of more than a day and for light ones: people sleep."""
LIGHT_SEVERITIES = frozenset({Severity.SEV3, Severity.SEV4})
SHORT_DELAY = timedelta(minutes=30)
"""A detection so late counts where it is more than a third of the impact; one of over an hour always."""
SAME_TIME = timedelta(minutes=10)
"""The declaration and the mark of what led to it are made one after the other."""
AFTER_END = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class _Gap:
    """
    A time between two entries with times.

    `refs` are theirs; `untimed` counts the entries without a time between them.
    """

    start: datetime
    end: datetime
    refs: tuple[str, str]
    untimed: int = 0

    @property
    def length(self) -> timedelta:
        return duration_between(self.start, self.end)

    @property
    def surely_empty(self) -> timedelta:
        """The time that is empty at least, wherever the entries without a time belong."""
        return self.length / (self.untimed + 1)


def check_long_gap(record: Record) -> Iterator[Finding]:
    """
    Find gaps between the detection and the end, over an hour and over a third of that time.

    An entry of unknown time may be anywhere in its gap: what remains at least is compared. Silent while the incident
    is open, where it was recorded after the fact, between a resolution and a reopening, and about up to twelve hours
    where the impact lasted more than a day, or over a night in a light incident.
    """
    incident = record.incident
    if incident.ended is None:
        return
    first = max(incident.started.at, min(incident.declared.at, incident.detected.at))
    if incident.retro or incident.declared.at > incident.ended.at:
        first = max(incident.started.at, incident.declared.at)
    response = incident.ended.at - first
    for gap in [gap for gap in _gaps(record, first, incident.ended) if _is_long(record, gap, response)]:
        if refs := existing_refs(known_refs(record), gap.refs):
            values: dict[str, Value] = {"start": gap.start, "end": gap.end, "length": gap.length}
            yield Finding(CODE, refs, values, "untimed" if gap.untimed else "")


def _is_long(record: Record, gap: _Gap, response: timedelta) -> bool:
    incident = record.incident
    length = gap.surely_empty
    if length <= MIN_LENGTH or length * SHARE <= response:
        return False
    is_light = incident.severity in LIGHT_SEVERITIES
    impact = incident.ended.at - incident.started.at if incident.ended else response
    people_sleep = impact > DAY or (is_light and _is_over_a_night(gap.start, gap.end, incident.zone))
    return not (people_sleep and length <= NIGHT)


def _is_over_a_night(start: datetime, end: datetime, zone: ZoneInfo) -> bool:
    """Return whether the gap covers midnight to six in the morning, local time."""
    local = start.astimezone(zone)
    midnight = datetime.combine(local.date() + timedelta(days=1), time(), tzinfo=zone)
    return start <= midnight and end >= midnight.replace(hour=6)


def _gaps(record: Record, first: datetime, ended: Moment) -> Iterator[_Gap]:
    """The gaps from `first` to the end that may be long, in order."""
    before, before_ref, untimed = first, record.incident.declared.source.ref, 0
    end = ended.at
    entries = (entry for entry in active_entries(record) if entry.kinds != (Kind.DETAILS,))
    points = ((entry.happened_at, entry.source.ref, entry.kinds) for entry in entries)
    is_over = False  # resolved, and reopened later
    for at, ref, kinds in chain(points, [(end, ended.source.ref, ())]):
        if at is None:
            untimed += 1
            continue
        bounded = min(at, end)
        if at > first and bounded - before > _NEARLY_LONG and not is_over:
            yield _Gap(before, bounded, (before_ref, ref), untimed)
        if at >= before or at <= first:
            before_ref = ref
        before, untimed = max(before, bounded), 0
        is_over = (is_over or Kind.RESOLVED in kinds) and Kind.REOPENED not in kinds


def check_late_detection(record: Record) -> Iterator[Finding]:
    """
    Find a detection after the end, or long after the start.

    Long is over an hour, or over half an hour and over a third of the impact. Where only the declaration stands for the
    detection, the missing detection is the finding. Silent about a record made after the fact without a detection, and
    about approximate times within ten minutes of a limit.
    """
    incident = record.incident
    start, found, end = incident.started, incident.noticed, incident.ended
    is_unmarked = not incident.is_detection_recorded or duration_between(found.at, incident.detected.at) > SAME_TIME
    if is_unmarked and incident.retro:
        return
    delay = duration_between(start.at, found.at)
    values: dict[str, Value]
    variant = "unmarked" if is_unmarked else ""
    if end is not None and to_minute(found.at) - to_minute(end.at) > _margin(AFTER_END, found, end):
        values, variant = {"end": end.at, "detected": found.at}, f"after_end_{variant}".rstrip("_")
    elif _is_late(delay - _margin(timedelta(), found, start), end.at - start.at if end else None):
        values = {"start": start.at, "detected": found.at, "length": delay}
    else:
        return
    known = known_refs(record)
    refs = existing_refs(known, (found.source.ref, start.source.ref)) or existing_refs(
        known, (incident.declared.source.ref,)
    )
    if refs:
        yield Finding(LATE, refs, values, variant)


def _is_late(delay: timedelta, impact: timedelta | None) -> bool:
    return delay > MIN_LENGTH or (impact is not None and delay > SHORT_DELAY and delay * SHARE > impact)


def _margin(least: timedelta, *moments: Moment) -> timedelta:
    is_about = any(moment.precision is not Precision.EXACT for moment in moments)
    return max(least, timedelta(minutes=10)) if is_about else least
