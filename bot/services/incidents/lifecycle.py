"""Incident lifecycle: change status and severity, resolve, reopen."""

from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.config import Settings
from bot.domain.errors import InvalidField, StateError, UserError
from bot.domain.incidents.lifecycle import EVENT_FOR_STATUS, Event, transition
from bot.domain.incidents.requirements import unmet_values
from bot.domain.record.facts import Fact
from bot.domain.terms import DIRECT_STATUSES, Kind, Severity, Status
from bot.domain.times import ParsedTime, format_time, refuse_future
from bot.services import outbox
from bot.services.channel.archive_timer import cancel_archiving, plan_archiving
from bot.services.channel.backfill import reconcile_now_and_later
from bot.services.escalation import ack_timeout
from bot.services.escalation.advance import stop_escalation
from bot.services.escalation.start import start_configured_policy
from bot.services.incidents.drills import drill_timer_key
from bot.services.incidents.requirements import severity_requirements, status_requirements
from bot.services.outbox.payloads import DraftPayload
from bot.services.timeline.entries import record_entry
from bot.services.timeline.milestones import approximate_times, is_end_stated, refresh_milestones
from bot.services.vendors.case_questions import close_case_questions
from bot.services.workspace.actor import Actor, Origin
from bot.store.escalation import escalations
from bot.store.incidents import incidents
from bot.store.incidents.incidents import Incident
from bot.store.incidents.slack_messages import SlackView, is_posted
from bot.store.incidents.timeline import TimelineEntry
from bot.store.shared import timers


def change_severity(
    session: Session, settings: Settings, incident_id: int, actor: Actor, to: Severity, why: str
) -> Incident:
    """Set another severity. Raises UserError if the incident has it already."""
    incident = incidents.lock(session, incident_id)
    before = Severity(incident.severity)
    if before == to:
        raise StateError(f"Nothing to change: the severity is already {settings.severity_label(to)}.")
    incident.severity, incident.unmapped_severity = to.value, None
    entry = record_entry(
        session, incident, [Kind.SEVERITY], why, actor, severity=to.value, severity_before=before.value
    )
    outbox.post_event(
        session,
        incident,
        "severity",
        actor.at,
        entry_id=entry.key,
        by=actor.user_id,
        before=before.value,
        to=to.value,
        text=why,
        **unmet_values(severity_requirements(session, settings, incident)),
    )
    outbox.refresh_topic(session, incident, actor.at)
    outbox.refresh_card(session, incident, actor.at)
    on_severity_changed(session, settings, incident, actor, before)
    return incident


def on_severity_changed(
    session: Session, settings: Settings, incident: Incident, actor: Actor, before: Severity
) -> None:
    """
    Start a worse severity's policy and re-check acknowledgements.

    The caller holds the lock.
    """
    if list(Severity).index(Severity(incident.severity)) < list(Severity).index(before):
        start_configured_policy(session, settings, incident, actor)
    ack_timeout.on_severity_changed(session, settings, incident, actor.at)


def change_status(
    session: Session, settings: Settings, incident_id: int, actor: Actor, to: Status, text: str
) -> Incident:
    """Set another status. Raises NotAllowed where the state machine has no such transition."""
    if to == Status.RESOLVED:
        return resolve_incident(session, settings, incident_id, actor, text=text)
    incident = incidents.lock(session, incident_id)
    event = EVENT_FOR_STATUS.get(to)
    if event is Event.CANCEL:
        raise UserError("Cancelling needs a reason: type `/incident cancel WHY`.")
    if event is None or event is Event.CLOSE:
        words = ", ".join(f"`{each}`" for each in DIRECT_STATUSES)
        raise UserError(f"{settings.status_name(to)} is not set by `/incident status`. Use one of {words}.")
    before = Status(incident.status)
    if before in {Status.RESOLVED, Status.CLOSED, Status.CANCELLED} and to.is_open:
        return reopen_incident(session, settings, incident, actor, why=text, to=to)
    incident.status = transition(before, event, settings.status_label).value
    entry = record_entry(session, incident, [Kind.STATUS], text, actor, status=to.value, status_before=before.value)
    refresh_milestones(session, incident)
    if before is Status.TRIAGE:
        outbox.refresh_topic(session, incident, actor.at)
    outbox.post_event(
        session,
        incident,
        "status",
        actor.at,
        entry_id=entry.key,
        by=actor.user_id,
        before=before.value,
        to=to.value,
        text=text,
        **unmet_values(status_requirements(session, settings, incident)),
    )
    outbox.refresh_card(session, incident, actor.at)
    return incident


def reopen_incident(
    session: Session,
    settings: Settings,
    incident: Incident,
    actor: Actor,
    *,
    why: str,
    to: Status = Status.INVESTIGATING,
) -> Incident:
    """Reopen: clear end, resolution and cancellation. The caller holds the lock."""
    before = Status(incident.status)
    transition(before, Event.REOPEN, settings.status_label)
    incident.status, incident.closure_reason = to.value, None
    entry = record_entry(session, incident, [Kind.REOPENED], why, actor, status=to.value, status_before=before.value)
    incident.reopening_entry_id = entry.key
    refresh_milestones(session, incident)
    outbox.post_event(session, incident, "reopened", actor.at, entry_id=entry.key, by=actor.user_id, text=why)
    if before is Status.CANCELLED:
        outbox.refresh_topic(session, incident, actor.at)
    outbox.refresh_card(session, incident, actor.at)
    reconcile_now_and_later(session, incident, actor.at)
    cancel_archiving(session, incident)
    if actor.origin is Origin.ALERT:  # a person who reopens it is there
        start_configured_policy(session, settings, incident, actor, again=True)
    return incident


def resolve_incident(
    session: Session,
    settings: Settings,
    incident_id: int,
    actor: Actor,
    *,
    text: str | Fact = "",
    ended: ParsedTime | None = None,
) -> Incident:
    """
    Resolve an incident. `ended` is when the impact ended, if not now.

    Missing facts do not block: the draft names them. Raises NotAllowed if it is over already, UserError for an end in
    the future or before the impact began, and InvalidField for a retrospective incident without an end.
    """
    lock_unanswered_escalations(session, incident_id)
    incident = incidents.lock(session, incident_id)
    status = transition(Status(incident.status), Event.RESOLVE, settings.status_label)
    if ended is not None:
        _check_end(incident, ended, actor)
    elif incident.is_retro and not is_end_stated(session, incident):
        raise InvalidField(
            "at",
            f"{incident.reference} is recorded after the fact. Add when it ended: `/incident resolve "
            f"{incident.reference} at:15:30 …`.",
        )
    incident.status = status.value
    entry = _record_resolution(session, incident, actor, text, ended)
    refresh_milestones(session, incident)
    stop_outstanding_work(session, incident, actor)
    plan_archiving(session, settings, incident, actor.at)
    outbox.post_resolution(session, incident, actor.at, entry_id=entry.key)
    outbox.refresh_card(session, incident, actor.at)
    asked_by = actor.user_id if incident.is_retro else None
    outbox.post_draft(session, incident, actor.at, DraftPayload(asked_by=asked_by))
    return incident


def _record_resolution(
    session: Session, incident: Incident, actor: Actor, text: str | Fact, ended: ParsedTime | None
) -> TimelineEntry:
    return record_entry(
        session,
        incident,
        [Kind.RESOLVED],
        text,
        actor,
        status=incident.status,
        ended=ended.at.isoformat() if ended and ended.at else None,
        stated_about=approximate_times(ended=ended),
    )


def lock_unanswered_escalations(session: Session, incident_id: int) -> None:
    """Lock them before the incident, as the steps of an escalation do."""
    escalations.lock_all(session, [each.key for each in escalations.find_unanswered(session, incident_id)])


def stop_outstanding_work(session: Session, incident: Incident, actor: Actor) -> None:
    """Stop escalations, reminders, vendor questions and the drill of an incident that is over."""
    timers.cancel(session, drill_timer_key(incident))
    for escalation in escalations.find_unanswered(session, incident.key):
        stop_escalation(session, escalation)
        escalation.stopped_at = None if escalation.is_external else actor.at
        outbox.refresh_escalation(session, incident, escalation.key, actor.at)
        outbox.refresh_pages(session, incident, escalation.key, actor.at)
    outbox.refresh_external_pages(session, incident, actor.at)
    close_case_questions(session, incident, actor.at)
    if is_posted(session, incident, SlackView.ALERTS):
        outbox.refresh_alerts(session, incident, actor.at)  # without the button to resolve


def _check_end(incident: Incident, ended: ParsedTime, actor: Actor) -> None:
    zone = ZoneInfo(incident.zone)
    if ended.at is None:
        raise UserError("`at:?` cannot end an incident. Leave `at:` out to end it now, or name a time.")
    refuse_future(ended, now=actor.at, zone=zone)
    if ended.at < incident.started_at:
        raise UserError(
            f"{format_time(ended.at, zone)} is before the impact began ({format_time(incident.started_at, zone)}). "
            "If the start is wrong, correct it first with `/incident impact started:TIME`."
        )
