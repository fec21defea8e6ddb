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
    The last resolve of an incident.

    `author` is None for Dogwatch itself. `is_over` is False once the incident was reopened. `draft_file`: Slack's id
    of the newest draft since the resolve. `firing`: sentence on the alerts that still fire.
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


def load_resolution_view(session: Session, settings: Settings, incident_id: int) -> ResolutionView:
    incident = incidents.get(session, incident_id)
    entries = timeline.find_entries(session, incident_id)
    entry = _last_resolution(entries)
    author, text = (entry.author, entry.text) if entry else (None, "")
    draft = postmortems.find_latest(session, incident_id)
    return ResolutionView(
        reference=incident.reference,
        author=author,
        text=text,
        names=people.find_names(session, incident.team_id, [*MENTION.findall(text), *([author] if author else [])]),
        is_over=not incident.is_open,
        draft_file=draft.file_id or None if draft and entry and draft.created_at >= entry.recorded_at else None,
        missing=load_missing_facts(session, incident_id, entries),
        findings=load_findings(session, settings, incident_id),
        firing=find_firing(session, incident_id).sentence,
        page_at=entry.recorded_at if entry and entry.values.from_page else None,
    )


def find_resolution_entry(session: Session, incident_id: int) -> TimelineEntry | None:
    """The entry of the last resolve; None if it was taken off the timeline."""
    return _last_resolution(timeline.find_entries(session, incident_id, with_withdrawn=False))


def _last_resolution(entries: Sequence[TimelineEntry]) -> TimelineEntry | None:
    resolved = [entry for entry in entries if entry.withdrawn_at is None and entry.has(Kind.RESOLVED)]
    return max(resolved, key=lambda entry: entry.recorded_at, default=None)


def on_resolution_posted(session: Session, incident_id: int, ts: str, at: datetime) -> None:
    """Store where the message is, and show in it what has changed since it was rendered."""
    incident = incidents.lock(session, incident_id)
    entry = find_resolution_entry(session, incident_id)
    if entry is not None:
        entry.posted_ts = ts
        session.add(entry)
    slack_messages.save(session, incident, SlackView.RESOLUTION, ts)
    outbox.refresh_resolution(session, incident, at)
