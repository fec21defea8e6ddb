"""Improvements and tasks."""

from datetime import date

from sqlmodel import Session

from bot.domain.errors import UserError
from bot.domain.terms import ActionKind, Kind
from bot.services import outbox as tell
from bot.services.timeline import entries as timeline
from bot.services.workspace import people
from bot.services.workspace.actor import Actor
from bot.store.incidents import action_items as actions
from bot.store.incidents import incidents
from bot.store.incidents import timeline as store_timeline
from bot.store.incidents.action_items import ActionItem
from bot.store.incidents.timeline import TimelineEntry
from bot.store.shared import audit


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
    entry: TimelineEntry | None = None,
) -> ActionItem:
    """
    Note an improvement or a task. It may come long after the incident was resolved.

    `entry` is the one that it is made of, for example a message's. Raises UserError if something was made of it before.
    """
    incident = incidents.lock(session, incident_id)
    mark = Kind.TASK if kind == ActionKind.TASK else Kind.IMPROVEMENT
    if entry is not None and (known := session.get(ActionItem, entry.details.get("action_id", 0))) is not None:
        raise UserError(f"This is {known.kind} {known.number} of {incident.reference} already.")
    if entry is None:
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
    tell.show_card(session, incident, actor.at)
    return item


def is_there(session: Session, incident_id: int, number: int) -> bool:
    """Whether an improvement or a task has that number."""
    return actions.numbered(session, incident_id, number) is not None


def change(
    session: Session,
    incident_id: int,
    number: int,
    actor: Actor,
    *,
    owner: str | None = None,
    due: date | None = None,
    symptom: str | None = None,
    is_done: bool | None = None,
) -> ActionItem:
    """
    Give an improvement or a task an owner, a date, a symptom, or finish it or take it up again. None: as it was.

    Raises UserError if there is none of that number, or if nothing would be different.
    """
    incident = incidents.lock(session, incident_id)
    item = actions.numbered(session, incident.key, number)
    entry = store_timeline.get(session, item.entry_id) if item is not None and item.entry_id is not None else None
    if item is None or (entry is not None and entry.withdrawn_at is not None):
        raise UserError(f"{incident.reference} has no improvement or task {number}.")
    wanted = {"owner": owner, "due": due.isoformat() if due else None, "symptom": symptom, "is_done": is_done}
    changes = {name: value for name, value in wanted.items() if value is not None and value != getattr(item, name)}
    if not changes:
        state = "so" if is_done is None else "done" if is_done else "open"
        raise UserError(f"{item.kind.capitalize()} {number} is {state} already, and nothing was changed.")
    before = {name: getattr(item, name) for name in changes}
    for name, value in changes.items():
        setattr(item, name, value)
    session.add(item)
    people.meet(session, incident.team_id, [owner], actor.at)
    audit.note(
        session,
        at=actor.at,
        team_id=incident.team_id,
        incident_id=incident.key,
        who=actor.user_id,
        what=f"changed {item.kind} {number}",
        origin=actor.origin,
        before=before,
        after=changes,
    )
    tell.show_followups(session, incident, actor.at)
    return item
