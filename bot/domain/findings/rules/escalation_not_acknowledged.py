"""Calls for help to which no answer is recorded."""

from collections.abc import Iterator
from datetime import timedelta

from bot.domain.findings.common import standing
from bot.domain.findings.finding import Finding, Quote
from bot.domain.record.model import Escalation, Record
from bot.domain.terms import Kind, TargetKind

CODE = "escalation-not-acknowledged"
TOO_LATE = timedelta(minutes=5)
"""Whoever was called so shortly before the end did not have to answer any more."""


def escalation_not_acknowledged(record: Record) -> Iterator[Finding]:
    """
    One finding for all escalations that nobody acknowledged.

    Silent where the same target answered a later call, where the person who was called wrote an entry afterwards, while
    the incident is open, and where the call came within five minutes of the end.
    """
    if record.incident.ended is None:
        return
    answered = {each.target for each in record.escalations if each.acknowledged_at is not None}
    entries = standing(record)
    told = {entry.about for entry in entries if Kind.ACKNOWLEDGED in entry.kinds}
    places = {entry.about: place for place, entry in enumerate(entries) if Kind.ESCALATION in entry.kinds}
    last_of = {entry.author: place for place, entry in enumerate(entries) if entry.author}
    silent = []
    for each in record.escalations:
        has_fixed = each.vendor is not None and each.vendor.fixed is not None
        if each.is_answered or has_fixed or each.target in answered or each.source.ref in told:
            continue
        if _came_too_late(each, record) or _acted(each, places.get(each.source.ref, -1), last_of):
            continue
        silent.append(each)
    if silent:
        targets = tuple(Quote(target) for target in dict.fromkeys(each.target for each in silent))
        yield Finding(CODE, tuple(each.source.ref for each in silent), {"targets": targets})


def _came_too_late(escalation: Escalation, record: Record) -> bool:
    end = record.incident.ended
    return end is not None and escalation.paged_at is not None and escalation.paged_at > end.at - TOO_LATE


def _acted(escalation: Escalation, place: int, last_of: dict[str, int]) -> bool:
    """Whether the person who was called wrote something that stands behind the call."""
    if escalation.target_kind is not TargetKind.PERSON:
        return False
    return last_of.get(escalation.target.strip("<@>").partition("|")[0], -1) > max(place, 0)
