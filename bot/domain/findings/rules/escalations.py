"""Escalations without an answer, levels and vendors without theirs, and contradicting fixes."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from bot.domain.findings.common import active_entries
from bot.domain.findings.finding import Finding, Quote, Value
from bot.domain.record.escalations import Escalation, PageOutcome
from bot.domain.record.model import Record, RecordedVendorIncident
from bot.domain.terms import Kind, Precision, TargetKind

NOT_ACKNOWLEDGED = "escalation-not-acknowledged"
UNREACHED, WITHOUT_CASE = "level-unreached", "vendor-without-case"
TOO_LATE = timedelta(minutes=5)
"""A page so shortly before the end needs no answer."""
FIX_CONFLICT = "vendor-fix-conflict"
PAGE_TOLERANCE = timedelta(minutes=15)
"""Status pages are updated some minutes after the fix."""


def check_escalation_not_acknowledged(record: Record) -> Iterator[Finding]:
    """
    Find the escalations that nobody acknowledged, as one finding.

    Silent while the incident is open, where the same target answered another escalation, where the paged person wrote
    an entry afterwards, and within five minutes of the end.
    """
    if record.incident.ended is None or not record.escalations:
        return
    answered = {each.target for each in record.escalations if each.acknowledged_at is not None}
    entries = active_entries(record)
    acknowledged = {entry.about for entry in entries if Kind.ACKNOWLEDGED in entry.kinds}
    positions = {entry.about: index for index, entry in enumerate(entries) if Kind.ESCALATION in entry.kinds}
    last_by_author = {entry.author: index for index, entry in enumerate(entries) if entry.author}
    unanswered = []
    for each in record.escalations:
        has_fixed = each.vendor is not None and each.vendor.fixed is not None
        if each.is_answered or has_fixed or each.target in answered or each.source.ref in acknowledged:
            continue
        if _came_too_late(each, record) or _wrote_later(each, positions.get(each.source.ref, -1), last_by_author):
            continue
        unanswered.append(each)
    if unanswered:
        targets = tuple(Quote(target) for target in dict.fromkeys(each.target for each in unanswered))
        yield Finding(NOT_ACKNOWLEDGED, tuple(each.source.ref for each in unanswered), {"targets": targets})


def _came_too_late(escalation: Escalation, record: Record) -> bool:
    end = record.incident.ended
    return end is not None and escalation.paged_at is not None and escalation.paged_at > end.at - TOO_LATE


def _wrote_later(escalation: Escalation, position: int, last_by_author: dict[str, int]) -> bool:
    """Return whether the paged person wrote an entry after the escalation."""
    if escalation.target_kind is not TargetKind.PERSON:
        return False
    return last_by_author.get(escalation.target.strip("<@>").partition("|")[0], -1) > max(position, 0)


def check_level_unreached(record: Record) -> Iterator[Finding]:
    """
    Find levels whose pages all failed.

    Silent where a user group was mentioned, and where a page was skipped or not needed any more.
    """
    for escalation in record.escalations:
        for level in _unreached_levels(escalation):
            target = Quote(escalation.target)
            yield Finding(UNREACHED, (escalation.source.ref,), {"level": level, "target": target})


def _unreached_levels(escalation: Escalation) -> Iterator[int]:
    """The levels without a successful page in any round, each once."""
    for level in dict.fromkeys(called.position.level for called in escalation.called if called.people):
        has_group = any(called.groups for called in escalation.called if called.position.level == level)
        outcomes = [page.outcome for page in escalation.pages if page.level == level]
        if outcomes and not has_group and all(outcome is PageOutcome.FAILED for outcome in outcomes):
            yield level


def check_vendor_without_case(record: Record) -> Iterator[Finding]:
    """
    Find vendors whose case reference was requested and is missing at the end, as one finding.

    A vendor whose page says that it is over has a finding of its own, also before the end and before the request: cases
    are seldom opened afterwards. Silent for vendors without cases.
    """
    without = [each for each in record.escalations if each.vendor and not each.vendor.case]
    stated = _resolved_pages(record)
    told: set[str] = set()
    for each in without:
        key = each.target.casefold()
        if key in stated and key not in told:
            page, at = stated[key]
            refs = (each.source.ref, page.source.ref)
            yield Finding(WITHOUT_CASE, refs, {"target": Quote(page.vendor), "stated": at}, variant="resolved")
            told.add(key)
    if record.incident.ended is None:
        return
    rest = [each for each in without if each.vendor and each.vendor.case_asked and each.target.casefold() not in told]
    if rest:
        targets = tuple(Quote(target) for target in dict.fromkeys(each.target for each in rest))
        yield Finding(WITHOUT_CASE, tuple(each.source.ref for each in rest), {"targets": targets})


def _resolved_pages(record: Record) -> dict[str, tuple[RecordedVendorIncident, datetime]]:
    """
    The last end that each vendor with cases states, by its folded name.

    None while one of its incidents is open.
    """
    pages = [each for each in record.vendor_incidents if each.has_cases]
    is_open = {each.vendor.casefold() for each in pages if each.resolved_at is None and not each.is_gone}
    ended = sorted(((each.resolved_at, each) for each in pages if each.resolved_at), key=lambda pair: pair[0])
    return {page.vendor.casefold(): (page, at) for at, page in ended if page.vendor.casefold() not in is_open}


def check_vendor_fix_conflict(record: Record) -> Iterator[Finding]:
    """
    Find a vendor's fix that was recorded at another time than its status page states.

    Silent within 15 minutes, and where one of the times is unknown or approximate.
    """
    for escalation in record.escalations:
        facts = escalation.vendor
        if facts is None or facts.fixed_at is None or facts.fixed_precision is not Precision.EXACT:
            continue
        for page in record.vendor_incidents:
            is_theirs = page.vendor.casefold() == escalation.target.casefold()
            if is_theirs and page.resolved_at is not None and abs(page.resolved_at - facts.fixed_at) > PAGE_TOLERANCE:
                places = (facts.fixed.ref if facts.fixed else escalation.source.ref, page.source.ref)
                values: dict[str, Value] = {
                    "target": Quote(page.vendor),
                    "recorded": facts.fixed_at,
                    "stated": page.resolved_at,
                }
                yield Finding(FIX_CONFLICT, places, values)
