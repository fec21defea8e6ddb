"""Read model of the message of a resolve."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlmodel import Session

from bot.config import Settings
from bot.domain.terms import Kind
from bot.lazy_dataclass import dataclass
from bot.services import outbox
from bot.services.incidents.alerts import find_firing
from bot.services.postmortem.findings import FindingsView, load_findings
from bot.services.views.missing_facts import MissingFactsView, load_missing_facts
from bot.services.workspace.people import MENTION
from bot.store.incidents import incidents, postmortems, slack_messages, timeline
from bot.store.incidents.slack_messages import SlackView
from bot.store.incidents.timeline import TimelineEntry
from bot.store.shared import people


@dataclass(frozen=True, slots=True)
class ResolutionView:
    """
    A resolve of an incident.

    `author` is None for Dogwatch itself. `is_over` is False once the incident was reopened after it. `draft_file`:
    Slack's id of the newest draft since the resolve. `firing`: sentence on the alerts that still fire.
    """

    reference: str
    author: str | None
    text: str
    names: Mapping[str, str]
    is_over: bool
    draft_file: str | None
    missing: MissingFactsView
    findings: FindingsView
    firing: str = ""
    page_at: datetime | None = None
    """When somebody resolved it on the page; None if in Slack."""


def load_resolution_view(
    session: Session, settings: Settings, incident_id: int, entry_id: int | None = None
) -> ResolutionView:
    """The resolve with this entry. The last one without it, or if it was taken off the timeline."""
    incident = incidents.get(session, incident_id)
    entries = timeline.read_entries(session, incident_id)
    last = _last_resolution(entries)
    entry = _find_resolution(entries, entry_id) or last
    author, text = (entry.author, entry.text) if entry else (None, "")
    draft = postmortems.find_latest(session, incident_id)
    return ResolutionView(
        reference=incident.reference,
        author=author,
        text=text,
        names=people.find_names(session, incident.team_id, [*MENTION.findall(text), *([author] if author else [])]),
        is_over=not incident.is_open and entry is last,
        draft_file=draft.file_id or None if draft and entry and draft.created_at >= entry.recorded_at else None,
        missing=load_missing_facts(session, incident_id, entries),
        findings=load_findings(session, settings, incident_id),
        firing=find_firing(session, incident_id).sentence,
        page_at=entry.recorded_at if entry and entry.values.from_page else None,
    )


def _resolutions(entries: Sequence[TimelineEntry]) -> list[TimelineEntry]:
    return [entry for entry in entries if entry.withdrawn_at is None and entry.has(Kind.RESOLVED)]


def _last_resolution(entries: Sequence[TimelineEntry]) -> TimelineEntry | None:
    return max(_resolutions(entries), key=lambda entry: entry.recorded_at, default=None)


def _find_resolution(entries: Sequence[TimelineEntry], entry_id: int | None) -> TimelineEntry | None:
    return next((entry for entry in _resolutions(entries) if entry.id == entry_id), None)


def on_resolution_posted(session: Session, incident_id: int, entry_id: int | None, ts: str, at: datetime) -> None:
    """
    Store where the message is, and show in it what has changed since it was rendered.

    Only the message of the last resolve is edited. One that was posted after the next resolve is left as it is, but for
    words that were redacted meanwhile.
    """
    incident = incidents.lock(session, incident_id)
    entries = timeline.find_of_kind(session, incident_id, Kind.RESOLVED)
    last = _last_resolution(entries)
    entry = _find_resolution(entries, entry_id) or last
    if entry is not None:
        entry.posted_ts = ts
        session.add(entry)
    if entry is last:
        slack_messages.save(session, incident, SlackView.RESOLUTION, ts)
        outbox.refresh_resolution(session, incident, at)
    elif entry is not None and entry.redacted_at is not None and incident.channel_id is not None:
        outbox.blank_message(session, incident, at, incident.channel_id, ts)
