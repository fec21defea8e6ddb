"""Read model of one alert in a message."""

from datetime import datetime, timedelta

from bot.domain.alerts.links import VALUE, AlertLink, find_description, find_links
from bot.lazy_dataclass import dataclass
from bot.store.alerts.alerts import Alert
from bot.store.incidents.incidents import Incident

OLD_ALERT_AGE = timedelta(hours=12)
"""Age of an alert that is marked as old, when it was first seen."""


@dataclass(frozen=True, slots=True)
class AlertHelp:
    """
    Help for the responder, from the alert's rule.

    `value` is the measured value, `labels` are those that tell it from others.
    """

    description: str = ""
    value: str = ""
    labels: tuple[tuple[str, str], ...] = ()
    links: tuple[AlertLink, ...] = ()


@dataclass(frozen=True, slots=True)
class AlertLine:
    name: str
    summary: str
    link: str | None
    starts_at: datetime
    ended_at: datetime | None
    count: int
    service: str | None = None
    """Set where one incident has the alerts of many services."""
    is_old: bool = False
    """It began so long before it was first seen that a time without a day would mislead."""
    help: AlertHelp = AlertHelp()
    is_flapping: bool = False


def build_alert_line(row: Alert, incident: Incident) -> AlertLine:
    return AlertLine(
        row.name,
        row.annotations.get("summary", ""),
        row.link,
        row.starts_at,
        row.ended_at,
        row.count,
        row.service if incident.storm_id == incident.key else None,
        row.first_seen_at - row.starts_at > OLD_ALERT_AGE,
        AlertHelp(
            find_description(row.annotations),
            row.annotations.get(VALUE, ""),
            tuple((name, text) for name, text in sorted(row.labels.items()) if name != "alertname"),
            find_links(row.annotations, row.link),
        ),
        row.is_flapping,
    )
