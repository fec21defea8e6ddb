"""Read models of an incident's lists: action items and alerts."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlmodel import Session

from bot.config import Settings
from bot.domain.terms import ActionKind, AlertStatus
from bot.lazy_dataclass import dataclass
from bot.services.alerts.resolution import foresee_resolution
from bot.services.views.alert_lines import AlertLine, build_alert_line
from bot.services.views.card import RelatedIncident, load_related_incident
from bot.services.workspace.people import MENTION
from bot.store.alerts import alerts
from bot.store.incidents import action_items, incidents
from bot.store.incidents.timeline import TimelineEntry
from bot.store.shared import people

MAX_LISTED = 10
"""Lines of one kind that a message shows; it counts the rest."""


@dataclass(frozen=True, slots=True)
class FollowUp:
    number: int
    text: str
    owner: str | None
    due: str | None
    is_done: bool
    owner_group: str | None = None


@dataclass(frozen=True, slots=True)
class FollowUpsView:
    """Improvements and tasks, each in their order."""

    improvements: tuple[FollowUp, ...]
    tasks: tuple[FollowUp, ...]
    names: Mapping[str, str]


def load_followups_view(session: Session, incident_id: int) -> FollowUpsView:
    incident = incidents.get(session, incident_id)
    items = [
        item
        for item in action_items.find_by_incident(session, incident_id)
        if (entry := session.get(TimelineEntry, item.entry_id)) is None or entry.withdrawn_at is None
    ]

    def select_kind(kind: ActionKind) -> tuple[FollowUp, ...]:
        chosen = [item for item in items if item.kind == kind]
        return tuple(
            FollowUp(item.number, item.text, item.owner, item.due, item.is_done, item.owner_group) for item in chosen
        )

    mentioned: Sequence[str] = [each for item in items for each in MENTION.findall(item.text)]
    return FollowUpsView(
        improvements=select_kind(ActionKind.IMPROVEMENT),
        tasks=select_kind(ActionKind.TASK),
        names=people.find_names(session, incident.team_id, mentioned),
    )


@dataclass(frozen=True, slots=True)
class AlertsView:
    """
    State of an incident's alerts: counts, and the first firing and ended ones.

    `last_end` is None while none has ended.
    """

    incident_id: int
    is_open: bool
    alerts: int
    firing: int
    named: tuple[AlertLine, ...]
    ended: tuple[AlertLine, ...]
    last_end: datetime | None
    moved_to: RelatedIncident | None = None
    """The incident that has them now."""
    resolves_at: datetime | None = None
    """When Dogwatch resolves the incident by itself; None if a person has to."""


def load_alerts_view(session: Session, settings: Settings, incident_id: int) -> AlertsView:
    incident = incidents.get(session, incident_id)
    counts = alerts.count(session, incident_id)

    def load_lines(status: AlertStatus) -> tuple[AlertLine, ...]:
        return tuple(
            build_alert_line(row, incident) for row in alerts.find_first(session, incident_id, status, MAX_LISTED)
        )

    return AlertsView(
        incident_id,
        incident.is_open,
        counts.alerts,
        counts.firing,
        load_lines(AlertStatus.FIRING),
        load_lines(AlertStatus.RESOLVED),
        alerts.find_last_end(session, incident_id),
        load_related_incident(session, incident.merged_into_id),
        foresee_resolution(session, settings, incident) if not counts.firing else None,
    )
