"""A maintenance window ends: what still fires is looked at as if it came now."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session

from bot.config import Settings
from bot.domain.terms import AlertStatus
from bot.services.alerts import ingest as alerts
from bot.services.workspace.actor import Actor, Origin
from bot.store.alerts import alerts as store_alerts
from bot.store.alerts import maintenance_windows as maintenance
from bot.store.shared.timers import Timer


def hold(session: Session, due: Sequence[Timer]) -> None:
    """The windows, in one order: whoever ends one by hand holds it, too."""
    for window_id in sorted(int(timer.details["window_id"]) for timer in due):
        maintenance.lock(session, window_id)


def over(session: Session, settings: Settings, timer: Timer, at: datetime) -> None:
    """
    Take up what the window held: incidents are opened, and people paged, as for alerts that come now.

    Where another window of the service is open it goes on with that one. What ended meanwhile stays a record.
    """
    window_id = int(timer.details["window_id"])
    window = maintenance.lock(session, window_id)
    held = store_alerts.held_by(session, window_id)
    firing = [row for row in held if row.status == AlertStatus.FIRING.value]
    for row in held:
        row.maintenance_id = None
        session.add(row)
    if window is not None and firing:
        alerts.take_up(session, settings, firing, Actor(window.team_id, None, at, Origin.ALERT))
