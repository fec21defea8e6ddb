"""Channel lines that several entries share: changed details, translations of a statement."""

from collections.abc import Mapping
from dataclasses import replace

from sqlmodel import Session

from bot.config import Settings
from bot.domain.terms import Kind
from bot.services.outbox.payloads import EventPayload
from bot.services.views.event import EventView, load_event_view
from bot.store.incidents import incidents, timeline, transcript
from bot.store.incidents.timeline import TimelineEntry

DETAILS = "details"
SHARED: Mapping[str, Kind] = {
    DETAILS: Kind.DETAILS,
    "impact": Kind.IMPACT,
    "cause": Kind.CAUSE,
    "update": Kind.COMMUNICATION,
}
"""Kind of the entries whose lines are shared, by event."""


def load_line(
    session: Session, settings: Settings, incident_id: int, payload: EventPayload
) -> tuple[list[EventView], str | None]:
    """
    The parts of the line of an event, and the ts of the message that shows all but the last.

    The ts is None for a separate line. A change of details is one part with the earlier changes.
    """
    view = load_event_view(session, settings, incident_id, payload)
    ts = _find_line_to_extend(session, incident_id, payload)
    if ts is None:
        return [view], None
    earlier = timeline.find_all_by_posted_message(session, incident_id, ts)
    if payload.event == DETAILS:
        changes: dict[str, str] = {}
        for entry in earlier:
            changes |= entry.values.changes
        return [replace(view, details=replace(view.details, changes={**changes, **view.details.changes}))], ts
    shown = [EventPayload(payload.event, payload.values, entry.key) for entry in earlier]
    return [*(load_event_view(session, settings, incident_id, each) for each in shown), view], ts


def _find_line_to_extend(session: Session, incident_id: int, payload: EventPayload) -> str | None:
    """The ts of the newest line, if the event belongs to it and nobody wrote since."""
    entry = session.get(TimelineEntry, payload.entry_id) if payload.event in SHARED and payload.entry_id else None
    last = timeline.find_newest_posted(session, incident_id) if entry else None
    if entry is None or last is None or last.posted_ts is None:
        return None
    shown = timeline.find_all_by_posted_message(session, incident_id, last.posted_ts)
    if not all(_belongs_to(payload.event, entry, each) for each in shown):
        return None
    incident = incidents.get(session, incident_id)
    is_written = transcript.is_written_after(session, incident.team_id, incident.channel_id or "", last.posted_ts)
    return None if is_written else last.posted_ts


def _belongs_to(event: str, entry: TimelineEntry, shown: TimelineEntry) -> bool:
    """True if the same person changed details again, or said the same in another language."""
    is_same = shown.has(SHARED[event]) and shown.author == entry.author and shown.redacted_at is None
    is_translation = bool(shown.language and entry.language) and shown.language != entry.language
    return is_same and (event == DETAILS or (is_translation and shown.values.public == entry.values.public))
