"""Read model of an event message in a channel."""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime

from sqlmodel import Session

from bot.config import Settings
from bot.domain.record.facts import Fact, read_fact
from bot.domain.terms import Precision, Severity, Status
from bot.domain.timeline.details import EntryDetails
from bot.lazy_dataclass import dataclass
from bot.services.escalation.view import EscalationView
from bot.services.escalation.view_loader import load_escalation_view
from bot.services.outbox.payloads import EventPayload
from bot.services.views.alert_lines import AlertLine, build_alert_line
from bot.services.views.card import RelatedIncident, load_related_incident
from bot.services.workspace.people import MENTION
from bot.store.alerts import alerts
from bot.store.incidents import incidents
from bot.store.incidents.timeline import TimelineEntry
from bot.store.shared import people


@dataclass(frozen=True, slots=True)
class EventView:
    """The row's own values, and the entry or alerts of the event."""

    event: str
    values: Mapping[str, object]
    severity_labels: Mapping[str, str]
    title: str
    reference: str
    text: str
    author: str | None
    happened_at: datetime | None
    recorded_at: datetime | None
    is_approximate: bool
    kinds: tuple[str, ...]
    details: EntryDetails
    alerts: tuple[AlertLine, ...]
    """The alerts of `alert_ids`, or those of `firing_ids` that fired when the event was recorded."""
    escalation: EscalationView | None
    names: Mapping[str, str]
    fact: Fact | None = None
    """What Dogwatch recorded itself, if the text is the wording of it."""
    language: str | None = None
    incident_id: int = 0
    other: RelatedIncident | None = None
    """Another incident that the event refers to, as it is now."""
    status_labels: Mapping[str, str] = field(default_factory=dict)


def load_event_view(session: Session, settings: Settings, incident_id: int, payload: EventPayload) -> EventView:
    """
    Load an event's message.

    The payload's values may hold `alert_ids`, `firing_ids`, `escalation_id` or `other_id`.
    """
    incident = incidents.get(session, incident_id)
    own, entry_id = payload.values, payload.entry_id
    escalation_id, other_id = own.get("escalation_id"), own.get("other_id")
    entry = session.get(TimelineEntry, entry_id) if entry_id else None
    told_of = session.get(TimelineEntry, own["told_of"]) if own.get("told_of") else None
    about = told_of or entry
    text = about.text if about else str(own.get("text", ""))
    ids: list[int] = own.get("alert_ids") or own.get("firing_ids") or []
    rows = {row.key: row for row in alerts.find_some(session, ids)} if ids else {}
    return EventView(
        event=payload.event,
        values=own,
        severity_labels={each.value: settings.severity_label(each) for each in Severity},
        status_labels={each.value: settings.status_label(each) for each in Status},
        title=incident.title,
        incident_id=incident.key,
        reference=incident.reference,
        text=text,
        author=entry.author if entry else None,
        happened_at=entry.happened_at if entry else None,
        recorded_at=entry.recorded_at if entry else None,
        is_approximate=entry is not None and entry.precision == Precision.APPROXIMATE,
        kinds=tuple(entry.kinds) if entry else (),
        details=entry.values if entry else EntryDetails(),
        alerts=tuple(build_alert_line(rows[each], incident) for each in ids if each in rows),
        escalation=load_escalation_view(session, settings, escalation_id) if isinstance(escalation_id, int) else None,
        names=people.find_names(session, incident.team_id, _mentioned_people(text, own, entry)),
        fact=read_fact(entry.fact) if entry and entry.fact else None,
        language=entry.language if entry else None,
        other=load_related_incident(session, other_id if isinstance(other_id, int) else None),
    )


def _mentioned_people(text: str, values: Mapping[str, object], entry: TimelineEntry | None) -> list[str]:
    """Ids to show by name: a mention of the actor would notify them of their own action."""
    changed = " ".join(entry.values.changes.values()) if entry else ""
    ids = [
        *MENTION.findall(f"{text} {changed} {values.get('why', '')}"),
        *(str(values[key]) for key in ("by", "before", "author") if values.get(key)),
    ]
    roles = values.get("roles")
    ids += [str(user_id) for _, user_id in roles] if isinstance(roles, list) else []
    return [*ids, entry.author] if entry and entry.author else ids
