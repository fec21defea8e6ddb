"""Routing of received alerts by the routes of the configuration."""

from datetime import datetime

from bot.config import Settings
from bot.domain.alerts.events import AlertEvent
from bot.domain.alerts.routing import Routing, route_alert
from bot.domain.terms import AlertStatus
from bot.store.alerts.alerts import Alert


def route_event(settings: Settings, event: AlertEvent, at: datetime) -> Routing:
    """Route an alert that came at `at`."""
    is_end = event.status is AlertStatus.RESOLVED
    return route_alert(event.labels, settings.alert_routes, settings.alert_defaults, at=at, is_end=is_end)


def route_row(settings: Settings, row: Alert) -> Routing:
    """Route a stored alert, by the time of its last notification."""
    is_end = row.status == AlertStatus.RESOLVED
    return route_alert(row.labels, settings.alert_routes, settings.alert_defaults, at=row.last_seen_at, is_end=is_end)
