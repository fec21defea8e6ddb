"""The three lengths of an incident, named: impact, response, and public communication."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.domain.drafting.block_builder import BlockBuilder
from bot.domain.drafting.model import Block
from bot.domain.record.model import Entry, Incident
from bot.domain.terms import Kind, UpdateState

SECTION = "durations"


def durations_section(builder: BlockBuilder, impact: Sequence[Block], entries: Sequence[Entry]) -> tuple[Block, ...]:
    """The lengths of impact, response and public communication, as far as recorded."""
    is_one = _has_one_window(builder.record.incident)
    label = builder.format_message("duration_of_impact_and_response" if is_one else "duration_of_impact")
    first = [
        block._replace(section=SECTION, key="impact", label=block.label or label)
        for block in impact
        if not block.is_missing
    ]
    others = (None if is_one else _response_length(builder), _public_length(builder, entries))
    return (*first, *(block for block in others if block))


def _has_one_window(incident: Incident) -> bool:
    """Return whether impact and response began and ended within a minute of each other."""
    ended, resolved = incident.ended, incident.resolved
    if ended is None or resolved is None or not incident.is_detected_by_declaration:
        return False
    starts, ends = (incident.started.at, incident.detected.at), (ended.at, resolved.at)
    return all(abs(first - second) < timedelta(minutes=1) for first, second in (starts, ends))


def _response_length(builder: BlockBuilder) -> Block | None:
    """The time from detection to resolution; None if it was declared after the impact."""
    incident = builder.record.incident
    if incident.ended is not None and incident.declared.at > incident.ended.at:
        return None
    is_detected = incident.is_detected_by_declaration
    start, end = incident.noticed, incident.resolved
    if end is None or end.at < start.at:
        return None
    length = builder.format_length(start.at, end.at, start.precision, end.precision)
    text = builder.format_message("from_detection" if is_detected else "from_declaration", duration=length)
    label = builder.format_message("duration_of_response")
    return builder.fact_block(SECTION, "response", text, [start.source, end.source], label=label)


def _public_length(builder: BlockBuilder, entries: Sequence[Entry]) -> Block | None:
    """The delay of the first public word, and the length of the public record."""
    told = public_entries(builder, entries)
    if not told:
        return None
    (first_at, first), (last_at, last) = told[0], told[-1]
    started = builder.record.incident.started
    parts = []
    if first_at >= started.at:
        delay = builder.format_length(started.at, first_at, started.precision, first.precision)
        parts.append(builder.format_message("told_after", duration=delay))
    if last_at - first_at >= timedelta(minutes=1):
        length = builder.format_length(first_at, last_at, first.precision, last.precision)
        parts.append(builder.format_message("public_record_lasted", duration=length))
    if not parts:
        return None
    label = builder.format_message("communication")
    text = builder.format_message("semicolon").join(parts)
    return builder.fact_block(SECTION, "public", text, [first.source, last.source], label=label)


def public_entries(builder: BlockBuilder, entries: Sequence[Entry]) -> list[tuple[datetime, Entry]]:
    """
    The communications with a time, in order, without the published postmortem.

    An update in several languages is one.
    """
    translations = builder.record.translation_refs
    return [
        (entry.happened_at, entry)
        for entry in entries
        if Kind.COMMUNICATION in entry.kinds
        and entry.happened_at
        and entry.public is not UpdateState.POSTMORTEM
        and entry.source.ref not in translations
    ]
