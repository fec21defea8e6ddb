"""Improvements and tasks."""

from datetime import date

from sqlmodel import Session

from bot.domain.terms import ActionKind, Kind
from bot.services import people, tell, timeline
from bot.services.actor import Actor
from bot.store import actions, incidents
from bot.store.actions import ActionItem


def add(
    session: Session,
    incident_id: int,
    actor: Actor,
    kind: ActionKind,
    text: str,
    *,
    owner: str | None = None,
    due: date | None = None,
    symptom: str | None = None,
    language: str | None = None,
) -> ActionItem:
    """Note an improvement or a task. It may come long after the incident was resolved."""
    incident = incidents.lock(session, incident_id)
    mark = Kind.TASK if kind == ActionKind.TASK else Kind.IMPROVEMENT
    entry = timeline.record(session, incident, [mark], text, actor, language=language)
    item = ActionItem(
        incident_id=incident.key,
        number=actions.next_number(session, incident.key),
        kind=kind.value,
        text=text,
        language=language,
        owner=owner,
        due=due.isoformat() if due else None,
        symptom=symptom,
        entry_id=entry.key,
        made_by=actor.user_id,
        made_at=actor.at,
    )
    session.add(item)
    session.flush()
    entry.details = {**entry.details, "action_id": item.key}
    session.add(entry)
    people.meet(session, incident.team_id, [owner], actor.at)
    tell.show_followups(session, incident, actor.at)
    return item
