"""Timeline entries: record, withdraw, restore, and change with their message."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session

from bot.domain.errors import StateError
from bot.domain.record.facts import Fact, store_fact
from bot.domain.terms import Kind, Precision, SourceKind
from bot.domain.times import ParsedTime
from bot.services.timeline.kept_files import drop_files, sync_files
from bot.services.timeline.milestones import affects_milestones, refresh_milestones
from bot.services.workspace.actor import Actor, Origin
from bot.services.workspace.audit_log import audit_action
from bot.services.workspace.people import ensure_known
from bot.store.incidents import incidents, timeline
from bot.store.incidents.incidents import Incident
from bot.store.incidents.timeline import TimelineEntry

SOURCE_BY_ORIGIN = {
    Origin.COMMAND: SourceKind.COMMAND,
    Origin.BUTTON: SourceKind.COMMAND,
    Origin.MODAL: SourceKind.COMMAND,
    Origin.REACTION: SourceKind.MESSAGE,
    Origin.MESSAGE: SourceKind.MESSAGE,
    Origin.ALERT: SourceKind.ALERT,
    Origin.TIMER: SourceKind.SYSTEM,
    Origin.PAGE: SourceKind.COMMAND,
    Origin.WEBHOOK: SourceKind.SYSTEM,
    Origin.WEB: SourceKind.COMMAND,
}

BY_PERSONS = frozenset({Origin.COMMAND, Origin.BUTTON, Origin.MODAL, Origin.WEB})
"""Origins whose words get an answer, so that they can be refused."""

MARKED_BY_HAND = "marked_by_hand"
"""Key in an entry's details: marks that a person chose. Reactions do not remove them."""
MARKS_DROPPED = "marks_dropped"
"""Key in an entry's details: marks that a person removed. Reactions do not bring them back."""
CAME_FROM = "came_from"
"""
Key in an entry's details: origin of an entry copied from a merged incident.

Holds the `reference`, the `entry` there, and where the bot's own message of it was `posted` (`channel`, `ts`).
"""
FROM_PAGE = "from_page"
"""Key in an entry's details: a person recorded it on a page, not in Slack."""
MERGED_PARTS = "parts"
"""
Key in an entry's details: `[entry id, text]` of each source of a merged text.

Amending the text drops it.
"""


def refuse_merged(session: Session, incident: Incident) -> None:
    """Raise StateError for an incident that was merged: the record goes on in the other one."""
    if incident.merged_into_id is None:
        return
    into = incidents.get(session, incidents.find_survivor(session, incident.merged_into_id))
    raise StateError(
        f"{incident.reference} was merged into {into.reference}, so nothing was recorded. Do it in that incident's "
        f"channel, or name it: `/incident note {into.reference} …`."
    )


def record_entry(
    session: Session,
    incident: Incident,
    kinds: Sequence[Kind],
    text: str | Fact,
    actor: Actor,
    *,
    when: ParsedTime | None = None,
    author: str | None = None,
    language: str | None = None,
    **details: Any,
) -> TimelineEntry:
    """
    Put one entry on the timeline, at its place in the order.

    Without `when` it happened as it was recorded, without `language` its words are in the actor's. An entry of unknown
    time goes right after the last one. The caller holds the incident's lock where the entry can move the incident's
    times, and refreshes them. Raises StateError for a person's entry in an incident that was merged.
    """
    if actor.origin in BY_PERSONS and "public" not in details:  # its report on the status page may need a correction
        refuse_merged(session, incident)
    happened_at = actor.at if when is None else when.at
    details[FROM_PAGE] = True if actor.origin is Origin.WEB else None
    precision = Precision.EXACT if when is None else when.precision
    entry = TimelineEntry(
        incident_id=incident.key,
        seq=incidents.take_seq(session, incident),
        kinds=[kind.value for kind in kinds],
        own_text=text if isinstance(text, str) else "",
        fact=store_fact(text) if isinstance(text, Fact) else None,
        happened_at=happened_at,
        precision=precision.value,
        sort_at=happened_at or timeline.find_last_sort_at(session, incident.key) or actor.at,
        recorded_at=actor.at,
        source=SOURCE_BY_ORIGIN[actor.origin].value,
        author=author or actor.user_id,
        recorded_by=actor.user_id,
        language=language or (actor.language if _has_words(text) else None),
        details={key: value for key, value in details.items() if value is not None},
        files=[],
        earlier=[],
    )
    session.add(entry)
    session.flush()
    incidents.keep_new_entry(session, entry)
    ensure_known(session, incident.team_id, [entry.author, entry.recorded_by], actor.at, text=entry.text)
    audit_action(session, actor, f"recorded {', '.join(entry.kinds)}", incident=incident, entry=entry.key)
    return entry


def _has_words(text: str | Fact) -> bool:
    """True if a person's words are in it; a fact may bear a note."""
    return bool(text if isinstance(text, str) else getattr(text, "note", None))


def withdraw_entry(session: Session, incident: Incident, entry: TimelineEntry, actor: Actor, why: str) -> None:
    """Take an entry off the timeline. The record keeps it, with actor and reason."""
    entry.withdrawn_at, entry.withdrawn_by, entry.withdrawal_reason = actor.at, actor.user_id, why
    session.add(entry)
    if entry.merged_into_id is None:  # else its files stay, with the entry that took it in
        drop_files(session, incident, entry, actor.at)
    _audit_and_refresh(session, incident, entry, actor, f"withdrew: {why}")


def restore_entry(session: Session, incident: Incident, entry: TimelineEntry, actor: Actor) -> None:
    entry.withdrawn_at = entry.withdrawn_by = entry.withdrawal_reason = None
    session.add(entry)
    sync_files(session, incident, entry, actor.at)
    _audit_and_refresh(session, incident, entry, actor, "restored")


def _audit_and_refresh(session: Session, incident: Incident, entry: TimelineEntry, actor: Actor, what: str) -> None:
    audit_action(session, actor, what, incident=incident, entry=entry.key)
    if affects_milestones(entry.kinds):
        refresh_milestones(session, incident)


def update_entry_text(session: Session, entry: TimelineEntry, text: str, files: list[str], at: datetime) -> None:
    """Follow an edited message and keep the earlier text. Amended entries stay unchanged."""
    is_gone = entry.deleted_at is not None or entry.redacted_at is not None
    if entry.amended_at is not None or is_gone or (entry.text == text and entry.files == files):
        return
    entry.earlier = [*entry.earlier, {"act": "edited", "text": entry.text, "until": at.isoformat()}]
    entry.text, entry.files = text, files
    session.add(entry)


def clear_entry_text(session: Session, entry: TimelineEntry) -> None:
    """Clear text, translations, files and earlier texts; keep author and time."""
    entry.translations = None
    entry.text, entry.files, entry.earlier = "", [], []
    session.add(entry)
