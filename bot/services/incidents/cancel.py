"""Cancel an incident: false alarm or duplicate."""

from sqlmodel import Session

from bot.config import Settings
from bot.domain.errors import UserError
from bot.domain.incidents.lifecycle import Event, transition
from bot.domain.terms import Kind, Status
from bot.services import outbox
from bot.services.channel.archive_timer import plan_archiving
from bot.services.incidents.alerts import find_firing
from bot.services.incidents.lifecycle import lock_unanswered_escalations, stop_outstanding_work
from bot.services.status_page.corrections import close_published
from bot.services.timeline.entries import record_entry
from bot.services.timeline.milestones import refresh_milestones
from bot.services.workspace.actor import Actor
from bot.store.incidents import incidents
from bot.store.incidents.incidents import Incident


def cancel_incident(session: Session, settings: Settings, incident_id: int, actor: Actor, why: str) -> Incident:
    """
    Set the status to cancelled; the record stays and the incident can be reopened.

    Raises UserError without a reason, and NotAllowed if the incident is over already.
    """
    lock_unanswered_escalations(session, incident_id)
    incident = incidents.lock(session, incident_id)
    before = Status(incident.status)
    status = transition(before, Event.CANCEL, settings.status_label)
    if not why.strip():
        raise UserError("Add a reason, for example `/incident cancel false alarm: the monitor was set too low`.")
    incident.status, incident.closure_reason = status.value, why
    entry = record_entry(
        session, incident, [Kind.CANCELLED], why, actor, status=status.value, status_before=before.value
    )
    refresh_milestones(session, incident)
    stop_outstanding_work(session, incident, actor)
    close_published(session, settings, incident, actor)
    plan_archiving(session, settings, incident, actor.at)
    firing = find_firing(session, incident.key).event_values()
    outbox.post_event(session, incident, "cancelled", actor.at, entry_id=entry.key, by=actor.user_id, **firing)
    outbox.refresh_topic(session, incident, actor.at)
    outbox.refresh_card(session, incident, actor.at)
    return incident
