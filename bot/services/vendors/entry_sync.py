"""Entries about a vendor's escalation, and what changes with them."""

from collections.abc import Iterable
from datetime import datetime

from sqlmodel import Session

from bot.domain.escalation.vendors import VendorEvent
from bot.services.outbox.timer_payloads import EscalationTimer
from bot.services.vendors.case_questions import (
    ASK_AGAIN_AFTER,
    CASE_QUESTION,
    case_timer_key,
    close_question,
    is_case_missing,
)
from bot.store.escalation import escalations
from bot.store.incidents import timeline
from bot.store.incidents.incidents import Incident
from bot.store.incidents.timeline import TimelineEntry
from bot.store.shared import timers

VENDOR_EVENTS = frozenset(VendorEvent)


def vendor_event_of(entry: TimelineEntry) -> VendorEvent | None:
    """Vendor event of an entry; None for any other entry."""
    event = entry.values.vendor
    return VendorEvent(event) if event in VENDOR_EVENTS else None


def newest_event_entry(act: VendorEvent, escalation_id: int, standing: Iterable[TimelineEntry]) -> TimelineEntry | None:
    """The newest entry with an event of an escalation; it replaces earlier ones."""
    entries = [each for each in standing if vendor_event_of(each) is act and each.values.escalation_id == escalation_id]
    return max(entries, key=lambda entry: (entry.recorded_at, entry.seq), default=None)


def sync_with_entry(session: Session, incident: Incident, entry: TimelineEntry, at: datetime) -> None:
    """
    Update the escalation after its entry was amended, withdrawn, restored or redacted.

    The newest remaining entry of the event counts. No effect for other entries.
    """
    act = vendor_event_of(entry)
    escalation = escalations.lock(session, entry.values.escalation_id or 0) if act else None
    if act is None or escalation is None:
        return
    session.flush()
    standing = timeline.find_entries(session, escalation.incident_id, with_withdrawn=False)
    newest = newest_event_entry(act, escalation.key, standing)
    if act is VendorEvent.CASE:
        escalation.case_reference = (newest.text or None) if newest else None
        session.add(escalation)
        close_question(session, incident, escalation, at)
        if is_case_missing(session, incident, escalation):
            timers.set_timer(
                session,
                case_timer_key(escalation.key),
                at + ASK_AGAIN_AFTER,
                CASE_QUESTION,
                EscalationTimer(escalation.key),
            )
    elif act is VendorEvent.ANSWERED:
        escalation.acknowledged_at = escalation.first_answer_at = newest.happened_at if newest else None
        escalation.acknowledged_by = newest.recorded_by if newest else None
        escalation.acknowledgement_entry_id = escalation.first_answer_entry_id = newest.key if newest else None
    else:
        escalation.fixed_at = newest.happened_at if newest else None
        escalation.fixed_entry_id = newest.key if newest else None
    session.add(escalation)
