"""An incident that was none: a false alarm, a duplicate."""

from sqlmodel import Session

from bot.config import Settings
from bot.domain.errors import UserError
from bot.domain.incidents.lifecycle import Event, transition
from bot.domain.terms import Kind, Status
from bot.services import outbox as tell
from bot.services.incidents import lifecycle as incidents
from bot.services.timeline import entries as timeline
from bot.services.timeline import milestones
from bot.services.workspace.actor import Actor
from bot.store.incidents import incidents as store_incidents
from bot.store.incidents.incidents import Incident


def cancel(session: Session, settings: Settings, incident_id: int, actor: Actor, why: str) -> Incident:
    """
    Call the incident off. It keeps its record, has no end and no resolution, and can be reopened.

    Raises UserError without a reason, and NotAllowed if it is over already.
    """
    incidents.hold_unanswered(session, incident_id)
    incident = store_incidents.lock(session, incident_id)
    before = Status(incident.status)
    status = transition(before, Event.CANCEL, settings.status_label)
    if not why.strip():
        raise UserError("Say why, for example `/incident cancel false alarm: the monitor was set too low`.")
    incident.status, incident.closure_reason = status.value, why
    entry = timeline.record(
        session, incident, [Kind.CANCELLED], why, actor, status=status.value, status_before=before.value
    )
    milestones.refresh(session, incident)
    incidents.call_off(session, incident, actor)
    tell.say(session, incident, "cancelled", actor.at, entry_id=entry.key, by=actor.user_id)
    tell.show_topic(session, incident, actor.at)
    tell.show_card(session, incident, actor.at)
    return incident
