"""Entries come onto the timeline, change with their message, and go."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session

from bot.domain.terms import Kind, Precision, SourceKind
from bot.domain.times import When
from bot.services.timeline import milestones
from bot.services.workspace import people
from bot.services.workspace.actor import Actor, Origin
from bot.store.incidents import incidents, timeline
from bot.store.incidents.incidents import Incident
from bot.store.incidents.timeline import TimelineEntry
from bot.store.shared import audit

SOURCE_OF = {
    Origin.COMMAND: SourceKind.COMMAND,
    Origin.BUTTON: SourceKind.COMMAND,
    Origin.MODAL: SourceKind.COMMAND,
    Origin.REACTION: SourceKind.MESSAGE,
    Origin.MESSAGE: SourceKind.MESSAGE,
    Origin.ALERT: SourceKind.ALERT,
    Origin.TIMER: SourceKind.SYSTEM,
    Origin.PAGE: SourceKind.COMMAND,
    Origin.WEBHOOK: SourceKind.SYSTEM,
}


BY_HAND = "marked_by_hand"
"""In an entry's details: the marks that a person chose. No reaction takes them away."""
DROPPED = "marks_dropped"
"""In an entry's details: the marks that a person took from it by hand. No reaction brings them back."""
CAME_FROM = "came_from"
"""
In an entry's details, of one that was carried over from an incident that was merged: its `reference`, the `entry`
there, and where the bot's own message of it was `posted` (`channel`, `ts`).
"""
PARTS = "parts"
"""In an entry's details: `[entry id, text]` of each source of a merged text, as long as nobody amended it since."""


def record(
    session: Session,
    incident: Incident,
    kinds: Sequence[Kind],
    text: str,
    actor: Actor,
    *,
    when: When | None = None,
    author: str | None = None,
    language: str | None = None,
    **details: Any,
) -> TimelineEntry:
    """
    Put one entry on the timeline, at its place in the order.

    Without `when` it happened as it was recorded. An entry of unknown time goes right after the one that is last now.
    The caller holds the incident's lock where the entry can move the incident's times, and refreshes them.
    """
    happened_at = actor.at if when is None else when.at
    precision = Precision.EXACT if when is None else when.precision
    entry = TimelineEntry(
        incident_id=incident.key,
        seq=incidents.take_seq(session, incident),
        kinds=[kind.value for kind in kinds],
        text=text,
        happened_at=happened_at,
        precision=precision.value,
        sort_at=happened_at or timeline.last_sort_at(session, incident.key) or actor.at,
        recorded_at=actor.at,
        source=SOURCE_OF[actor.origin].value,
        author=author or actor.user_id,
        recorded_by=actor.user_id,
        language=language,
        details={key: value for key, value in details.items() if value is not None},
        files=[],
        earlier=[],
    )
    session.add(entry)
    session.flush()
    people.meet(session, incident.team_id, [entry.author, entry.recorded_by], actor.at, text=text)
    audit.note(
        session,
        at=actor.at,
        team_id=incident.team_id,
        incident_id=incident.key,
        who=actor.user_id,
        what=f"recorded {', '.join(entry.kinds)}",
        origin=actor.origin,
        entry=entry.key,
    )
    return entry


def withdraw(session: Session, incident: Incident, entry: TimelineEntry, actor: Actor, why: str) -> None:
    """Take an entry off the timeline. It stays in the record, with who did it and why."""
    entry.withdrawn_at, entry.withdrawn_by, entry.withdrawn_why = actor.at, actor.user_id, why
    session.add(entry)
    _noted(session, incident, entry, actor, f"withdrew: {why}")


def restore(session: Session, incident: Incident, entry: TimelineEntry, actor: Actor) -> None:
    entry.withdrawn_at = entry.withdrawn_by = entry.withdrawn_why = None
    session.add(entry)
    _noted(session, incident, entry, actor, "restored")


def _noted(session: Session, incident: Incident, entry: TimelineEntry, actor: Actor, what: str) -> None:
    audit.note(
        session,
        at=actor.at,
        team_id=incident.team_id,
        incident_id=incident.key,
        who=actor.user_id,
        what=what,
        origin=actor.origin,
        entry=entry.key,
    )
    if milestones.touches(entry.kinds):
        milestones.refresh(session, incident)


def reword(session: Session, entry: TimelineEntry, text: str, files: list[str], at: datetime) -> None:
    """A message was edited: its entry follows and keeps the text it had. What a person amended stays as they put it."""
    is_gone = entry.deleted_at is not None or entry.redacted_at is not None
    if entry.amended_at is not None or is_gone or (entry.text == text and entry.files == files):
        return
    entry.earlier = [*entry.earlier, {"act": "edited", "text": entry.text, "until": at.isoformat()}]
    entry.text, entry.files = text, files
    session.add(entry)


def forget_text(session: Session, entry: TimelineEntry) -> None:
    """Text, files and earlier texts go; who wrote something and when stays."""
    entry.text, entry.files, entry.earlier = "", [], []
    session.add(entry)
