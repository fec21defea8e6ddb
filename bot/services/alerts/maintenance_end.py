"""Re-ingest alerts that are still firing at the end of a maintenance window."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session

from bot.config import Settings
from bot.domain.terms import AlertStatus
from bot.services.alerts.placement import place_held_alerts
from bot.services.outbox.timer_payloads import MaintenanceTimer
from bot.services.workspace.actor import Actor, Origin
from bot.store.alerts import alerts, maintenance_windows
from bot.store.shared.timers import Timer


def lock_windows(session: Session, due: Sequence[Timer]) -> None:
    """Lock in one order: ending a window by hand locks it, too."""
    for window_id in sorted(MaintenanceTimer.from_json(timer.details).window_id for timer in due):
        maintenance_windows.lock(session, window_id)


def run_window_end_timer(session: Session, settings: Settings, timer: Timer, at: datetime) -> None:
    """
    Timer: place the held alerts, which opens incidents and pages people.

    Alerts under another open window stay with that one. Ended alerts stay on record only.
    """
    window_id = MaintenanceTimer.from_json(timer.details).window_id
    window = maintenance_windows.lock(session, window_id)
    held = alerts.find_held(session, window_id)
    firing = [row for row in held if row.status == AlertStatus.FIRING.value]
    for row in held:
        row.maintenance_id = None
        session.add(row)
    if window is not None and firing:
        place_held_alerts(session, settings, firing, Actor(window.team_id, None, at, Origin.ALERT))
