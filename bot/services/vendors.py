"""Escalations to vendors: case reference, first answer, fix."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.config import Settings
from bot.domain.errors import UserError, did_you_mean
from bot.domain.escalation.vendors import Vendor, VendorEvent, next_case_question
from bot.domain.record.facts import EscalationAcknowledged, Fact, VendorFixed
from bot.domain.terms import Kind
from bot.domain.times import ParsedTime, format_time, refuse_future
from bot.services import outbox
from bot.services.outbox.timer_payloads import EscalationTimer
from bot.services.timeline.entries import record_entry
from bot.services.timeline.milestones import refresh_milestones
from bot.services.workspace.actor import Actor, Origin
from bot.services.workspace.audit_log import audit_action
from bot.store.escalation import escalations
from bot.store.escalation.escalations import Escalation
from bot.store.incidents import incidents, timeline
from bot.store.incidents.incidents import Incident
from bot.store.incidents.timeline import TimelineEntry
from bot.store.shared import timers
from bot.store.shared.timers import Timer

CASE_QUESTION = "ask for a vendor's case reference"
"""Kind of the timer."""
MAX_CASE = 200
"""Longest case reference, in characters."""


def find_vendor(settings: Settings, name: str, zone: ZoneInfo) -> Vendor:
    """
    The vendor by key or name; an unknown one has only its name.

    Case does not matter, and blanks and underscores are dashes. `zone`: of the incident.
    """
    by_key = {_folded(key): key for key in settings.vendors}
    by_name = {_folded(each.name or key): key for key, each in settings.vendors.items()}
    key = by_key.get(_folded(name)) or by_name.get(_folded(name))
    return settings.vendors[key].as_vendor(key, zone) if key else Vendor(name, name, zone)


def _folded(name: str) -> str:
    return re.sub(r"[\s_]+", "-", name.strip().casefold())


def vendor_names(settings: Settings, keys: Iterable[str]) -> tuple[str, ...]:
    """Display names; the key of a vendor that is no longer configured."""
    known = ((key, settings.vendors.get(key)) for key in keys)
    return tuple((vendor.name if vendor else None) or key for key, vendor in known)


def case_timer_key(escalation_id: int) -> str:
    return f"case:{escalation_id}"


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
        _schedule_question(session, settings, escalation, actor.at)


def _ask_interval(settings: Settings, escalation: Escalation) -> timedelta:
    section = settings.vendors.get(escalation.target_id)
    return timedelta(minutes=section.ask_for_case_minutes if section else 0)


def _schedule_question(session: Session, settings: Settings, escalation: Escalation, at: datetime) -> None:
    """Schedule the question, for configured vendors only: others may have no case numbers."""
    every = _ask_interval(settings, escalation)
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
    if not is_case_missing(session, incident, escalation) or not _ask_interval(settings, escalation):
        return
    escalation.case_asked_at, escalation.case_asked = at, escalation.case_asked + 1
    session.add(escalation)
    outbox.refresh_vendor_case(session, incident, escalation.key, at, is_new=escalation.case_message_ts is None)
    _schedule_question(session, settings, escalation, at)
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
            _close_question(session, incident, escalation, at)


def _close_question(session: Session, incident: Incident, escalation: Escalation, at: datetime) -> None:
    timers.cancel(session, case_timer_key(escalation.key))
    if escalation.case_message_ts is not None:
        outbox.refresh_vendor_case(session, incident, escalation.key, at)


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


@dataclass(frozen=True, slots=True)
class VendorUpdate:
    """Update of a vendor escalation: case reference, answer or fix, with a text."""

    case: str = ""
    act: VendorEvent | None = None
    text: str = ""
    when: ParsedTime | None = None


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
        raise UserError(f"The escalation to {escalation.target_name} was called off. Escalate again first.")
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
        raise UserError(f"{case} is recorded already. Nothing was changed.")
    _record_entry(session, incident, escalation, actor, VendorEvent.CASE, [Kind.NOTE], case, None)
    escalation.case_reference = case
    session.add(escalation)
    session.flush()
    _close_question(session, incident, escalation, actor.at)


def _record_answer(
    session: Session, settings: Settings, incident: Incident, escalation: Escalation, actor: Actor, update: VendorUpdate
) -> None:
    """Record the first answer, which is also the acknowledgement."""
    if has_vendor_answered(escalation):
        known = escalation.acknowledged_at
        when = f" ({format_time(known, ZoneInfo(incident.zone))})" if known else ""
        raise UserError(
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
        _schedule_question(session, settings, escalation, actor.at)  # an answer usually has the reference


def _record_fix(
    session: Session, incident: Incident, escalation: Escalation, actor: Actor, update: VendorUpdate
) -> None:
    if escalation.fixed_entry_id is not None:
        raise UserError(
            f"The fix of {escalation.target_name} is recorded already. Correct the time in `/incident timeline`, or "
            "escalate again if it broke again."
        )
    text = update.text or VendorFixed(escalation.target_name)
    entry = _record_entry(session, incident, escalation, actor, VendorEvent.FIXED, [Kind.NOTE], text, update.when)
    escalation.fixed_at, escalation.fixed_entry_id = entry.happened_at, entry.key
    session.add(escalation)
    session.flush()
    _close_question(session, incident, escalation, actor.at)


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


def vendor_event_of(entry: TimelineEntry) -> VendorEvent | None:
    """Vendor event of an entry; None for any other entry."""
    event = entry.values.vendor
    return VendorEvent(event) if event in set(VendorEvent) else None


def newest_event_entry(act: VendorEvent, escalation_id: int, standing: Iterable[TimelineEntry]) -> TimelineEntry | None:
    """The newest entry with an event of an escalation; it replaces earlier ones."""
    entries = [each for each in standing if vendor_event_of(each) is act and each.values.escalation_id == escalation_id]
    return max(entries, key=lambda entry: (entry.recorded_at, entry.seq), default=None)


ASK_AGAIN_AFTER = timedelta(minutes=15)
"""Delay of the question after a case reference was removed from the record."""


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
        _close_question(session, incident, escalation, at)
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
