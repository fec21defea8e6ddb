"""Read model of the page Alerts: received alerts with route and incident; a preview."""

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo

from sqlmodel import Session

from bot.config import Settings
from bot.domain.alerts.events import Batch
from bot.domain.alerts.routing import Routing
from bot.domain.text.mentions import MENTION, resolve_mentions
from bot.lazy_dataclass import dataclass
from bot.services.alerts.event_routing import route_row
from bot.services.alerts.preview import BatchPreview, load_alert_state, preview_batch
from bot.services.oncall.on_call_view import load_policy_view
from bot.services.web_pages.oncall import PolicyLevels, policy_levels
from bot.store.alerts import alerts
from bot.store.alerts.alerts import Alert
from bot.store.incidents.incidents import Incident
from bot.store.incidents.visibility import Visibility
from bot.store.shared import people

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class AlertFilter:
    """The alerts to show; `before`: number of the last row of the newer page, None: newest."""

    before: int | None = None
    status: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class ReceivedAlert:
    """
    A firing of an alert.

    `routing` is that of the routes in force, which may have changed since. `incident`: reference and title, None if it
    opened nothing. `is_held`: a maintenance window holds it back.
    """

    name: str
    summary: str
    source: str
    status: str
    starts_at: datetime
    ended_at: datetime | None
    last_seen_at: datetime
    count: int
    link: str | None
    routing: Routing
    severity: str
    incident: tuple[str, str] | None
    is_held: bool


@dataclass(frozen=True, slots=True)
class AlertsPage:
    """`older`: where the next page begins, None on the last one."""

    at: datetime
    zone: tzinfo
    alerts: Sequence[ReceivedAlert]
    older: int | None


@dataclass(frozen=True, slots=True)
class PreviewPage:
    """A preview, with the policies of the incidents that would be opened by name."""

    batch: BatchPreview
    policies: Mapping[str, PolicyLevels]


def load_alerts_page(
    session: Session, settings: Settings, visibility: Visibility, zone: tzinfo, chosen: AlertFilter, at: datetime
) -> AlertsPage:
    rows = alerts.find_recent(
        session, visibility, before=chosen.before, limit=PAGE_SIZE + 1, status=chosen.status, source=chosen.source
    )
    shown = rows[:PAGE_SIZE]
    named = {user for _, incident in shown if incident for user in MENTION.findall(incident.title)}
    names = people.find_names(session, visibility.team_id, named)
    return AlertsPage(
        at,
        zone,
        [_received_alert(settings, alert, incident, names) for alert, incident in shown],
        shown[-1][0].key if len(rows) > PAGE_SIZE else None,
    )


def _received_alert(
    settings: Settings, row: Alert, incident: Incident | None, names: Mapping[str, str]
) -> ReceivedAlert:
    routing = route_row(settings, row)
    return ReceivedAlert(
        row.name,
        row.annotations.get("summary", ""),
        row.source,
        row.status,
        row.starts_at,
        row.ended_at,
        row.last_seen_at,
        row.count,
        row.link,
        routing,
        settings.severity_label(routing.severity),
        (incident.reference, resolve_mentions(incident.title, names)) if incident else None,
        row.maintenance_id is not None,
    )


def load_preview(
    session: Session, settings: Settings, visibility: Visibility, batch: Batch, at: datetime
) -> PreviewPage:
    """Preview the notification as if it came at `at`. Reads only."""
    found = preview_batch(settings, batch, load_alert_state(session, settings, visibility, batch, at), at)
    names = {user: known[0] for user, known in people.find_all_names(session, visibility.team_id).items()}
    policies = {each.policy for each in found.openings if each.policy}
    return PreviewPage(
        found,
        {
            name: policy_levels(load_policy_view(session, settings, visibility.team_id, name, at), names)
            for name in sorted(policies)
        },
    )
