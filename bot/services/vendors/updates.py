"""Escalations to vendors: start, case reference, first answer, fix."""

from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.config import Settings
from bot.domain.errors import StateError, UserError, did_you_mean
from bot.domain.escalation.vendors import VendorEvent
from bot.domain.record.facts import EscalationAcknowledged, Fact, VendorFixed
from bot.domain.terms import Kind
from bot.domain.times import ParsedTime, format_time, refuse_future
from bot.lazy_dataclass import dataclass
from bot.services import outbox
from bot.services.timeline.entries import record_entry
from bot.services.timeline.milestones import refresh_milestones
from bot.services.vendors.case_questions import close_question, schedule_question
from bot.services.vendors.lookup import find_vendor
from bot.services.workspace.actor import Actor
from bot.store.escalation import escalations
from bot.store.escalation.escalations import Escalation
from bot.store.incidents import incidents
from bot.store.incidents.incidents import Incident
from bot.store.incidents.timeline import TimelineEntry

MAX_CASE = 200
"""Longest case reference, in characters."""


@dataclass(frozen=True, slots=True)
class VendorUpdate:
    """Update of a vendor escalation: case reference, answer or fix, with a text."""

    case: str = ""
    act: VendorEvent | None = None
    text: str = ""
    when: ParsedTime | None = None


def start_vendor_escalation(
    session: Session, settings: Settings, incident: Incident, escalation: Escalation, actor: Actor, case: str = ""
) -> None:
    """Store the vendor's hours and case reference, or schedule the question for it."""
    vendor = find_vendor(settings, escalation.target_id, ZoneInfo(incident.zone))
    escalation.working_hours = vendor.hours.as_json() if vendor.hours else None
    session.add(escalation)
    if case:
        _record_case(session, incident, escalation, actor, case)
    else:
        schedule_question(session, settings, escalation, actor.at)


def find_vendor_escalation(session: Session, settings: Settings, incident: Incident, name: str) -> Escalation:
    """
    The newest escalation to a vendor in an incident. Raises UserError if there is none.

    `name`: may have the prefix of `/incident escalate`: `vendor:payplug`.
    """
    wanted = find_vendor(settings, name.removeprefix("vendor:"), ZoneInfo(incident.zone))
    found = [
        each
        for each in escalations.find_by_incident(session, incident.key)
        if each.is_external and not escalations.is_called_off(session, each)
    ]
    for each in reversed(found):
        if wanted.key.casefold() in {each.target_id.casefold(), each.target_name.casefold()}:
            return each
    guess = did_you_mean(wanted.key, [each.target_id for each in found] or list(settings.vendors))
    raise UserError(
        f"{incident.reference} was not escalated to {wanted.name}.{guess} Type `/incident escalate vendor:NAME WHY` "
        "first. For an earlier call, add `at:TIME`."
    )


def record_vendor_update(
    session: Session, settings: Settings, incident_id: int, actor: Actor, name: str, update: VendorUpdate
) -> Escalation:
    """
    Record an update for the newest escalation to a vendor.

    Raises UserError without such an escalation, for a future time, and for what was recorded before.
    """
    found = find_vendor_escalation(session, settings, incidents.get(session, incident_id), name)
    return update_vendor_escalation(session, settings, found.key, actor, update)


def update_vendor_escalation(
    session: Session, settings: Settings, escalation_id: int, actor: Actor, update: VendorUpdate
) -> Escalation:
    """Record an update for one escalation, as `record_vendor_update` does."""
    escalation = escalations.lock(session, escalation_id)
    if escalation is None or not escalation.is_external:
        raise UserError("That vendor was not called here.")
    incident = incidents.lock(session, escalation.incident_id)
    if escalations.is_called_off(session, escalation):
        raise StateError(f"The escalation to {escalation.target_name} was called off. Escalate again first.")
    if update.when is not None:
        refuse_future(update.when, now=actor.at, zone=ZoneInfo(incident.zone))
    case = " ".join(update.case.split())
    if case:
        _record_case(session, incident, escalation, actor, case)
    if update.act is VendorEvent.ANSWERED:
        _record_answer(session, settings, incident, escalation, actor, update)
    if update.act is VendorEvent.FIXED:
        _record_fix(session, incident, escalation, actor, update)
    outbox.refresh_escalation(session, incident, escalation.key, actor.at)
    outbox.refresh_card(session, incident, actor.at)
    return escalation


def _record_case(session: Session, incident: Incident, escalation: Escalation, actor: Actor, case: str) -> None:
    case = " ".join(case.split())
    if len(case) > MAX_CASE:
        raise UserError(
            f"The case reference has {len(case)} characters. Use at most {MAX_CASE}, and put the rest into a note."
        )
    if escalation.case_reference == case:
        raise StateError(f"{case} is recorded already. Nothing was changed.")
    _record_entry(session, incident, escalation, actor, VendorEvent.CASE, [Kind.NOTE], case, None)
    escalation.case_reference = case
    session.add(escalation)
    session.flush()
    close_question(session, incident, escalation, actor.at)


def _record_answer(
    session: Session, settings: Settings, incident: Incident, escalation: Escalation, actor: Actor, update: VendorUpdate
) -> None:
    """Record the first answer, which is also the acknowledgement."""
    if has_vendor_answered(escalation):
        known = escalation.acknowledged_at
        when = f" ({format_time(known, ZoneInfo(incident.zone))})" if known else ""
        raise StateError(
            f"The first answer of {escalation.target_name} is recorded already{when}. Add a note, or "
            "correct the time in `/incident timeline`."
        )
    entry = _record_entry(
        session,
        incident,
        escalation,
        actor,
        VendorEvent.ANSWERED,
        [Kind.ACKNOWLEDGED],
        update.text or EscalationAcknowledged(escalation.target_name),
        update.when,
    )
    escalation.acknowledged_at = escalation.first_answer_at = entry.happened_at
    escalation.acknowledged_by = actor.user_id
    escalation.acknowledgement_entry_id = escalation.first_answer_entry_id = entry.key
    session.add(escalation)
    refresh_milestones(session, incident)
    if escalation.case_reference is None and escalation.case_message_ts is None:
        schedule_question(session, settings, escalation, actor.at)  # an answer usually has the reference


def _record_fix(
    session: Session, incident: Incident, escalation: Escalation, actor: Actor, update: VendorUpdate
) -> None:
    if escalation.fixed_entry_id is not None:
        raise StateError(
            f"The fix of {escalation.target_name} is recorded already. Correct the time in `/incident timeline`, or "
            "escalate again if it broke again."
        )
    text = update.text or VendorFixed(escalation.target_name)
    entry = _record_entry(session, incident, escalation, actor, VendorEvent.FIXED, [Kind.NOTE], text, update.when)
    escalation.fixed_at, escalation.fixed_entry_id = entry.happened_at, entry.key
    session.add(escalation)
    session.flush()
    close_question(session, incident, escalation, actor.at)


def _record_entry(
    session: Session,
    incident: Incident,
    escalation: Escalation,
    actor: Actor,
    act: VendorEvent,
    kinds: list[Kind],
    text: str | Fact,
    when: ParsedTime | None,
) -> TimelineEntry:
    return record_entry(
        session, incident, kinds, text, actor, when=when, escalation_id=escalation.key, vendor=act.value
    )


def has_vendor_answered(escalation: Escalation) -> bool:
    """True also for an answer at an unknown time."""
    return escalation.acknowledged_at is not None or escalation.first_answer_entry_id is not None
