"""Ask before a published maintenance begins whether it still takes place."""

from datetime import datetime, timedelta

from sqlmodel import Session

from bot.config import Settings
from bot.services import outbox
from bot.services.outbox.timer_payloads import MaintenanceTimer
from bot.store import status_page
from bot.store.alerts import maintenance_windows
from bot.store.alerts.maintenance_windows import MaintenanceWindow
from bot.store.shared import timers
from bot.store.shared.timers import Timer

MAINTENANCE_REMINDER = "reminder of published maintenance"


def schedule_reminder(session: Session, settings: Settings, window: MaintenanceWindow, at: datetime) -> None:
    """
    Set or move the reminder of a published window.

    There is none where it is too late, or the window is over.
    """
    key, before = f"maintenance reminder:{window.key}", timedelta(minutes=settings.nudges.maintenance_due)
    due_at = window.starts_at - before
    if not before or window.ended_at is not None or due_at <= at:
        timers.cancel(session, key)
    else:
        timers.set_timer(session, key, due_at, MAINTENANCE_REMINDER, MaintenanceTimer(window.key))


def run_reminder_timer(session: Session, _settings: Settings, timer: Timer, at: datetime) -> None:
    """
    Timer: ask in a direct message.

    Nobody is asked about a window that has begun, or that no person planned.
    """
    window = maintenance_windows.lock(session, MaintenanceTimer.from_json(timer.details).window_id)
    if window is None or window.by is None or window.ended_at is not None or window.starts_at <= at:
        return
    row = status_page.find_announced(session, [window.key]).get(window.key)
    if row is None:
        return
    outbox.post_direct_message(
        session,
        window.team_id,
        window.by,
        at,
        "maintenance begins",
        service=window.service,
        starts_at=window.starts_at.isoformat(),
        ends_at=window.ends_at.isoformat(),
        title=next(iter(row.titles.values()), ""),
    )
