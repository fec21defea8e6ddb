"""Action items: improvements and tasks."""

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.domain.errors import ErrorCollector, InvalidField, StateError, UserError, errors_at
from bot.domain.terms import ActionKind, Kind, Owner
from bot.services import outbox
from bot.services.timeline.entries import record_entry
from bot.services.workspace.actor import Actor
from bot.services.workspace.audit_log import audit_action
from bot.services.workspace.people import ensure_known, refuse_bot
from bot.store.incidents import action_items, incidents, timeline
from bot.store.incidents.action_items import ActionItem
from bot.store.incidents.incidents import Incident
from bot.store.incidents.timeline import TimelineEntry


def add_action_item(
    session: Session,
    incident_id: int,
    actor: Actor,
    kind: ActionKind,
    text: str,
    *,
    owner: Owner | None = None,
    due: date | None = None,
    symptom: str | None = None,
    language: str | None = None,
    entry: TimelineEntry | None = None,
) -> ActionItem:
    """
    Note an improvement or a task, also after the incident was resolved.

    `entry` is the one that it is made of, for example a message's. Raises UserError if that entry has an action item
    already, for a bot as owner, and for a due date in the past.
    """
    incident = incidents.lock(session, incident_id)
    _check_owner_and_due(session, incident, actor, owner, due)
    mark = Kind.TASK if kind == ActionKind.TASK else Kind.IMPROVEMENT
    if entry is not None and (known := session.get(ActionItem, (entry.values.action_id or 0))) is not None:
        raise StateError(f"This is {known.kind} {known.number} of {incident.reference} already.")
    if entry is None:
        entry = record_entry(session, incident, [mark], text, actor, language=language)
    item = ActionItem(
        incident_id=incident.key,
        number=action_items.next_number(session, incident.key),
        kind=kind.value,
        text=text,
        language=language,
        owner=owner.id if owner else None,
        owner_group=owner.group or None if owner else None,
        due=due.isoformat() if due else None,
        symptom=symptom,
        entry_id=entry.key,
        created_by=actor.user_id,
        created_at=actor.at,
    )
    session.add(item)
    session.flush()
    entry.details = {**entry.details, "action_id": item.key}
    session.add(entry)
    _ensure_owner_known(session, incident, owner, actor)
    outbox.refresh_followups(session, incident, actor.at)
    outbox.refresh_card(session, incident, actor.at)
    return item


def _check_owner_and_due(
    session: Session, incident: Incident, actor: Actor, owner: Owner | None, due: date | None
) -> None:
    """Raise InvalidField or InvalidFields (`owner`, `due`) for a bot and for a day in the past."""
    errors = ErrorCollector()
    with errors.collect(), errors_at("owner"):
        if owner is not None and not owner.group:
            refuse_bot(session, incident.team_id, owner.id)
    with errors.collect():
        _check_due(incident, actor, due)
    errors.check()


def _ensure_owner_known(session: Session, incident: Incident, owner: Owner | None, actor: Actor) -> None:
    if owner is not None and not owner.group:
        ensure_known(session, incident.team_id, [owner.id], actor.at)


def _check_due(incident: Incident, actor: Actor, due: date | None) -> None:
    """Raise InvalidField for a day in the past, unless the incident is recorded after the fact."""
    if due is None or incident.is_retro or due >= actor.at.astimezone(ZoneInfo(incident.zone)).date():
        return
    raise InvalidField(
        "due", f"{due.isoformat()} is in the past. Give a future day, like `due:friday` or `due:in 2 weeks`."
    )


def action_item_exists(session: Session, incident_id: int, number: int) -> bool:
    return action_items.find_by_number(session, incident_id, number) is not None


def change_action_item(
    session: Session,
    incident_id: int,
    number: int,
    actor: Actor,
    *,
    owner: Owner | None = None,
    due: date | None = None,
    symptom: str | None = None,
    is_done: bool | None = None,
) -> ActionItem:
    """
    Set owner, due date, symptom or state of an action item. None: unchanged.

    Raises UserError for an unknown number, a bot as owner, a due date in the past, or if nothing would change.
    """
    incident = incidents.lock(session, incident_id)
    _check_owner_and_due(session, incident, actor, owner, due)
    item = action_items.find_by_number(session, incident.key, number)
    entry = timeline.get(session, item.entry_id) if item is not None and item.entry_id is not None else None
    if item is None or (entry is not None and entry.withdrawn_at is not None):
        raise UserError(f"{incident.reference} has no improvement or task {number}.")
    wanted = {
        "owner": owner.id if owner else None,
        "due": due.isoformat() if due else None,
        "symptom": symptom,
        "is_done": is_done,
    }
    changes: dict[str, Any] = {
        name: value for name, value in wanted.items() if value is not None and value != getattr(item, name)
    }
    if not changes:
        state = "so" if is_done is None else "done" if is_done else "open"
        raise StateError(f"{item.kind.capitalize()} {number} is {state} already. Nothing was changed.")
    if owner is not None and "owner" in changes:
        changes["owner_group"] = owner.group or None
    before = {name: getattr(item, name) for name in changes}
    for name, value in changes.items():
        setattr(item, name, value)
    session.add(item)
    _ensure_owner_known(session, incident, owner, actor)
    audit_action(session, actor, f"changed {item.kind} {number}", incident=incident, before=before, after=changes)
    outbox.refresh_followups(session, incident, actor.at)
    return item
