"""Questions for a vendor's case reference."""

from datetime import datetime, timedelta

from sqlmodel import Session

from bot.config import Settings
from bot.domain.escalation.vendors import next_case_question
from bot.services import outbox
from bot.services.outbox.timer_payloads import EscalationTimer
from bot.services.workspace.actor import Actor, Origin
from bot.services.workspace.audit_log import audit_action
from bot.store.escalation import escalations
from bot.store.escalation.escalations import Escalation
from bot.store.incidents import incidents
from bot.store.incidents.incidents import Incident
from bot.store.shared import timers
from bot.store.shared.timers import Timer

CASE_QUESTION = "ask for a vendor's case reference"
"""Kind of the timer."""
ASK_AGAIN_AFTER = timedelta(minutes=15)
"""Delay of the question after a case reference was removed from the record."""


def case_timer_key(escalation_id: int) -> str:
    return f"case:{escalation_id}"


def ask_interval(settings: Settings, escalation: Escalation) -> timedelta:
    section = settings.vendors.get(escalation.target_id)
    return timedelta(minutes=section.ask_for_case_minutes if section else 0)


def schedule_question(session: Session, settings: Settings, escalation: Escalation, at: datetime) -> None:
    """Schedule the question, for configured vendors only: others may have no case numbers."""
    every = ask_interval(settings, escalation)
    if every:
        due = next_case_question(escalation.case_asked, every, at)
        timers.set_timer(session, case_timer_key(escalation.key), due, CASE_QUESTION, EscalationTimer(escalation.key))


def is_case_missing(session: Session, incident: Incident, escalation: Escalation) -> bool:
    """True if the case reference is worth asking for."""
    return (
        incident.is_open
        and not escalation.case_reference
        and escalation.fixed_entry_id is None
        and not escalations.is_called_off(session, escalation)
    )


def ask_for_case(session: Session, settings: Settings, timer: Timer, at: datetime) -> None:
    """Run the timer: ask for the case reference, in one message that is edited."""
    escalation = escalations.lock(session, EscalationTimer.from_json(timer.details).escalation_id)
    if escalation is None:
        return
    incident = incidents.lock(session, escalation.incident_id)
    if not is_case_missing(session, incident, escalation) or not ask_interval(settings, escalation):
        return
    escalation.case_asked_at, escalation.case_asked = at, escalation.case_asked + 1
    session.add(escalation)
    outbox.refresh_vendor_case(session, incident, escalation.key, at, is_new=escalation.case_message_ts is None)
    schedule_question(session, settings, escalation, at)
    audit_action(
        session,
        Actor(incident.team_id, None, at, Origin.TIMER),
        "asked for a vendor's case reference",
        incident=incident,
        escalation=escalation.key,
    )


def record_case_message(session: Session, escalation_id: int, ts: str) -> None:
    escalation = escalations.lock(session, escalation_id)
    if escalation is not None:
        escalation.case_message_ts = ts
        session.add(escalation)


def close_case_questions(session: Session, incident: Incident, at: datetime, *, of: int | None = None) -> None:
    """Close the questions of an incident that is over, or of one escalation `of` it."""
    for escalation in escalations.find_by_incident(session, incident.key):
        if escalation.is_external and of in {None, escalation.key}:
            close_question(session, incident, escalation, at)


def close_question(session: Session, incident: Incident, escalation: Escalation, at: datetime) -> None:
    timers.cancel(session, case_timer_key(escalation.key))
    if escalation.case_message_ts is not None:
        outbox.refresh_vendor_case(session, incident, escalation.key, at)
