"""Versions of an entry: locking, snapshots, and reverting a change."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session

from bot.domain.errors import UserError
from bot.domain.timeline.amendments import EntryPosition, move_entry
from bot.services import outbox
from bot.services.timeline.milestones import affects_milestones, refresh_milestones
from bot.services.workspace.actor import Actor
from bot.services.workspace.audit_log import audit_action
from bot.store.incidents import incidents, timeline
from bot.store.incidents.incidents import Incident
from bot.store.incidents.timeline import TimelineEntry

VERSIONED_FIELDS = (
    "text",
    "happened_at",
    "precision",
    "sort_at",
    "kinds",
    "language",
    "translations",
    "files",
    "details",
    "amended_at",
)
"""
Fields of an entry that a person can change.

An item of `TimelineEntry.earlier` holds their previous values, with `act` (`amended`, `moved`, `merged`), `until`,
`by`, and `behind`: the ids of the entries before it at the same `sort_at`. An item of an edited message has only
`text`, `until` and the act `edited`.
"""
UNDOABLE_ACTS = frozenset({"amended", "moved", "merged"})


class StaleEntry(UserError):
    """The entry changed since the form was opened."""


def entry_version(entry: TimelineEntry) -> str:
    """Digest of all that people see of an entry: a form with another one is stale."""
    seen = [
        entry.text,
        str(entry.happened_at),
        entry.precision,
        entry.kinds,
        entry.language,
        entry.translations,
        str(entry.withdrawn_at),
        str(entry.deleted_at),
        str(entry.redacted_at),
        len(entry.earlier),
    ]
    return hashlib.sha256(json.dumps(seen).encode()).hexdigest()[:16]


def lock_entry(session: Session, entry_id: int, seen: str | None) -> tuple[Incident, TimelineEntry]:
    """
    Lock an entry with its incident.

    Raises UserError for an unknown entry, StaleEntry if its version is not `seen`.
    """
    entry = timeline.get(session, entry_id)
    if entry is None:
        raise UserError("That entry does not exist.")
    incident = incidents.lock(session, entry.incident_id)
    session.refresh(entry)
    if seen is not None and seen != entry_version(entry):
        raise StaleEntry(
            "Another person changed this entry meanwhile. Copy your text, close this window and open it again."
        )
    return incident, entry


def lock_active_entry(session: Session, entry_id: int, seen: str | None) -> tuple[Incident, TimelineEntry]:
    """`lock_entry`, and refuse a withdrawn entry."""
    incident, entry = lock_entry(session, entry_id, seen)
    if entry.withdrawn_at is not None:
        raise UserError("That entry was taken off the timeline. Put it back first.")
    return incident, entry


def place_beside(
    session: Session, incident: Incident, entry: TimelineEntry, beside: TimelineEntry, *, before: bool
) -> None:
    group = timeline.find_same_position(session, incident.key, beside.sort_at)
    rows = {each.key: each for each in [*group, entry]}
    for place in move_entry(
        [_entry_place(each) for each in group], _entry_place(entry), _entry_place(beside), before=before
    ):
        row = rows[place.id]
        row.sort_at, row.seq = place.sort_at, incidents.take_seq(session, incident)
        session.add(row)
    session.flush()


def _entry_place(entry: TimelineEntry) -> EntryPosition:
    return EntryPosition(entry.key, entry.sort_at)


def entry_snapshot(session: Session, entry: TimelineEntry) -> dict[str, Any]:
    """The VERSIONED_FIELDS as JSON values, and `behind`."""
    session.flush()
    values = {name: getattr(entry, name) for name in VERSIONED_FIELDS}
    group = [each.key for each in timeline.find_same_position(session, entry.incident_id, entry.sort_at)]
    state = {name: value.isoformat() if isinstance(value, datetime) else value for name, value in values.items()}
    return {**state, "behind": group[: group.index(entry.key)]}


def save_earlier_version(entry: TimelineEntry, before: Mapping[str, Any], act: str, actor: Actor) -> None:
    """Mark the entry as amended and keep its previous values."""
    entry.earlier = [*entry.earlier, {"act": act, "until": actor.at.isoformat(), "by": actor.user_id, **before}]
    entry.amended_at = actor.at


def _restore_version(session: Session, entry: TimelineEntry, before: Mapping[str, Any]) -> None:
    for name in VERSIONED_FIELDS:
        value = before[name]
        is_time = name.endswith("_at") and value is not None
        setattr(entry, name, datetime.fromisoformat(value) if is_time else value)
    session.add(entry)
    session.flush()
    incident = incidents.get(session, entry.incident_id)
    others = [
        each for each in timeline.find_same_position(session, incident.key, entry.sort_at) if each.key != entry.key
    ]
    behind = [each for each in others if each.key in before["behind"]]
    if behind:
        place_beside(session, incident, entry, behind[-1], before=False)
    elif others:
        place_beside(session, incident, entry, others[0], before=True)


def finish_change(
    session: Session, incident: Incident, entry: TimelineEntry, actor: Actor, what: str, before: Mapping[str, Any]
) -> None:
    """Audit a change, refresh the incident's times, and queue the views that show it."""
    session.add(entry)
    session.flush()
    after = entry_snapshot(session, entry)
    changed = [
        name for name in VERSIONED_FIELDS if before[name] != after[name] and name not in {"amended_at", "details"}
    ]
    audit_action(
        session,
        actor,
        what,
        incident=incident,
        entry=entry.key,
        before={name: before[name] for name in changed},
        after={name: after[name] for name in changed},
    )
    if affects_milestones([*before["kinds"], *entry.kinds]):
        refresh_milestones(session, incident)
    if entry.values.escalation_id is not None:
        outbox.refresh_escalation(session, incident, entry.values.escalation_id, actor.at)
        outbox.refresh_pages(session, incident, entry.values.escalation_id, actor.at)
    if entry.values.action_id is not None:
        outbox.refresh_followups(session, incident, actor.at)
    outbox.refresh_card(session, incident, actor.at)


def last_undoable_change(entry: TimelineEntry) -> dict[str, Any] | None:
    """The last manual change that can be undone."""
    return next((each for each in reversed(entry.earlier) if each.get("act") in UNDOABLE_ACTS), None)


def revert_change(session: Session, entry: TimelineEntry, last: Mapping[str, Any]) -> None:
    """Restore the values in `last` and remove that version."""
    entry.earlier = [each for each in entry.earlier if each != last]
    _restore_version(session, entry, last)
