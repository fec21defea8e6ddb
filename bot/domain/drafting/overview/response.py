"""The times of the response: what happened when, and how long after the detection."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import NamedTuple

from bot.domain.drafting.block_builder import BlockBuilder
from bot.domain.drafting.model import Block
from bot.domain.record.model import Entry, Incident
from bot.domain.record.sources import Moment
from bot.domain.terms import Kind
from bot.domain.text.durations import duration_between, to_minute

SECTION = "response"
NO_RESPONSE = frozenset(
    {
        Kind.DECLARED,
        Kind.DETECTION,
        Kind.IMPACT_BEGAN,
        Kind.ALERT_RESOLVED,
        Kind.IMPACT,
        Kind.DETAILS,
        Kind.MERGED,
        Kind.TASK,
        Kind.IMPROVEMENT,
        Kind.WENT_WELL,
        Kind.WENT_BADLY,
        Kind.GOT_LUCKY,
        Kind.CANCELLED,
    }
)
"""Kinds that report the incident or write it up. Everything else that a person does is a response."""

_KNOWING = frozenset({Kind.INVESTIGATION, Kind.HYPOTHESIS, Kind.ESCALATION, Kind.ACKNOWLEDGED, Kind.ROLE})
"""Kinds of what only somebody does who knows that something is wrong."""


class ResponseTime(NamedTuple):
    """One time of the response. `is_latest`: it happened then or before."""

    moment: Moment
    is_latest: bool = False


def response_section(builder: BlockBuilder, entries: Sequence[Entry]) -> tuple[Block, ...]:
    """
    The recorded times of the response in order, each with its distance from the detection.

    Without a recorded detection the distance is that from the declaration.
    """
    incident = builder.record.incident
    known = {
        "detected": _detection(incident),
        "declared": ResponseTime(incident.declared),
        "first_response": find_first_response(builder, entries),
        "identified": ResponseTime(incident.identified) if incident.identified else None,
        "mitigated": ResponseTime(incident.mitigated) if incident.mitigated else None,
        "resolved": ResponseTime(incident.resolved) if incident.resolved else None,
    }
    found = sorted(((key, each) for key, each in known.items() if each), key=lambda pair: pair[1].moment.at)
    return tuple(_response_block(builder, key, each, is_first=each is found[0][1]) for key, each in found)


def _detection(incident: Incident) -> ResponseTime | None:
    """The recorded detection; if the declaration came before it, people knew of it by then."""
    if not incident.is_detection_recorded:
        return None
    if incident.is_detected_by_declaration:
        return ResponseTime(incident.detected)
    return ResponseTime(replace(incident.declared, source=incident.detected.source), is_latest=True)


def _response_block(builder: BlockBuilder, key: str, found: ResponseTime, *, is_first: bool) -> Block:
    moment, times = found.moment, builder.times
    format_time = times.format_with_day if is_first and times.has_several_days else times.format_short
    time = format_time(moment.at, moment.precision)
    text = builder.format_message("no_later_than", time=time) if found.is_latest else time
    note = _distance_note(builder, found)
    label = builder.format_message(key)
    return builder.fact_block(SECTION, key, text, [moment.source], label=label, notes=[note] if note else [])


def _distance_note(builder: BlockBuilder, found: ResponseTime) -> str:
    """The time since the detection or the declaration; after the impact there is none."""
    incident, at = builder.record.incident, found.moment.at
    ended = incident.ended
    if ended is not None and to_minute(at) > to_minute(ended.at):
        return builder.format_message("after_impact_end")
    is_detected, noticed = incident.is_detected_by_declaration, incident.noticed
    if duration_between(noticed.at, at) < timedelta(minutes=1):
        return ""
    length = builder.format_length(noticed.at, at, noticed.precision, found.moment.precision)
    if found.is_latest:
        length = builder.format_message("at_most", duration=length)
    return builder.format_message("after_detection" if is_detected else "after_declaration", duration=length)


def find_first_response(builder: BlockBuilder, entries: Sequence[Entry]) -> ResponseTime | None:
    """
    The first thing that one of our people did: an entry, a lead, an acknowledgement.

    `entries` are in order. If it has no time, it was done no later than the next time in the order. None if nobody
    did anything.
    """
    incident = builder.record.incident
    begins = to_minute(min(incident.started.at, incident.detected.at))
    noticed = to_minute(incident.noticed.at)
    pending: Entry | None = None
    for entry in entries:
        at = None if entry.source.ref in builder.untimed else entry.happened_at
        is_early = at is not None and to_minute(at) < noticed
        is_response = _is_response(builder, entry) and not (is_early and _is_of_course(incident, entry))
        if at is None:
            pending = pending or (entry if is_response else None)
        elif incident.resolved and at > incident.resolved.at:
            return None
        elif at >= begins and (pending or is_response):
            source = (pending or entry).source
            return ResponseTime(Moment(at, SECTION, source, entry.precision), is_latest=pending is not None)
    return None


def _is_of_course(incident: Incident, entry: Entry) -> bool:
    """
    Return whether an entry from before anybody noticed tells the course of the incident.

    Notes do; with a recorded detection, everything does that can be done without knowing of the incident.
    """
    if not incident.is_detected_by_declaration:
        return entry.kinds == (Kind.NOTE,)
    return _KNOWING.isdisjoint(entry.kinds)


def _is_response(builder: BlockBuilder, entry: Entry) -> bool:
    """Return whether one of our people did something; an answer of a vendor is none."""
    if entry.vendor is not None:
        return False
    if Kind.ACKNOWLEDGED in entry.kinds:
        escalation = builder.escalations.get(entry.about or "")
        return escalation is None or not escalation.external
    return entry.author is not None and not NO_RESPONSE.issuperset(entry.kinds)
