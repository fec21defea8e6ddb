"""Typed timeline entries: notes, and the fix of a resolved incident."""

from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.domain.terms import Kind
from bot.domain.times import ParsedTime, refuse_future
from bot.lazy_dataclass import dataclass
from bot.services import outbox
from bot.services.timeline.entries import record_entry, update_entry_text
from bot.services.timeline.milestones import affects_milestones, refresh_milestones
from bot.services.workspace.actor import Actor
from bot.store.incidents import incidents, timeline
from bot.store.incidents.timeline import TimelineEntry


@dataclass(frozen=True, slots=True)
class NoteTime:
    """A note whose text begins with a time, `found`, that is not the note's own."""

    reference: str
    entry: TimelineEntry
    found: ParsedTime


def record_note(
    session: Session, incident_id: int, actor: Actor, text: str, *, when: ParsedTime | None, kind: Kind | None
) -> TimelineEntry:
    """Record a typed note. Raises UserError for a time in the future."""
    incident = incidents.lock(session, incident_id)
    if when is not None:
        refuse_future(when, now=actor.at, zone=ZoneInfo(incident.zone))
    entry = record_entry(session, incident, [kind or Kind.NOTE], text, actor, when=when)
    with outbox.only_new_entry(session, incident):
        if affects_milestones(entry.kinds):
            refresh_milestones(session, incident)
            outbox.refresh_card(session, incident, actor.at)
        outbox.post_event(session, incident, "note", actor.at, entry_id=entry.key)
    return entry


def record_fix(session: Session, incident_id: int, actor: Actor, text: str) -> TimelineEntry:
    """
    Record what ended a resolved incident.

    It becomes the resolution's text if that had none; the resolution's time and author stay.
    """
    incident = incidents.lock(session, incident_id)
    resolution = next(reversed(timeline.find_of_kind(session, incident_id, Kind.RESOLVED)), None)
    if resolution is None or resolution.text:
        return record_note(session, incident_id, actor, text, when=None, kind=Kind.FIXED)
    update_entry_text(session, resolution, text, [], actor.at)
    outbox.refresh_card(session, incident, actor.at)
    return resolution
