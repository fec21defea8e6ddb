"""
Heartbeats: record beats, and open an alert for those that are missing.

One timer a workspace looks at all of them, once a minute, whichever replica takes it. It stays in the database while no
replica runs, so its delay tells that Dogwatch was down.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlmodel import Session
from structlog import get_logger

from bot.config import Settings
from bot.domain.alerts.events import AlertEvent, Batch
from bot.domain.alerts.heartbeats import SOURCE, Pulse, find_deadline, return_alert, silence_alert
from bot.services.alerts.ingest import receive_notifications
from bot.services.outbox.timer_payloads import WorkspaceTimer
from bot.services.workspace.actor import Actor, Origin
from bot.store.alerts import heartbeats
from bot.store.alerts.heartbeats import HeartbeatRow
from bot.store.incidents import installations
from bot.store.shared import timers
from bot.store.shared.timers import Timer

log = get_logger(__name__)

HEARTBEAT_WATCH = "watch heartbeats"
INTERVAL = timedelta(minutes=1)
DOWN_AFTER = timedelta(minutes=1)
"""Delay of the timer from which on Dogwatch counts as having been down."""


def watch_heartbeats(session: Session, settings: Settings, at: datetime) -> None:
    """Set the timer at start and after a reload. One that is set stays: it may tell of downtime."""
    known = installations.find_installation(session)
    if known is None or not settings.heartbeats:
        return
    if timers.find_due_at(session, _timer_key(known.team_id)) is None:
        _set_timer(session, known.team_id, at + INTERVAL)


def record_beat(session: Session, settings: Settings, name: str, at: datetime) -> datetime | None:
    """
    Record a beat of a configured job, and end the alert of its silence.

    Returns the latest time of the next one; None while the workspace is unknown.
    """
    installation = installations.find_installation(session)
    if installation is None:
        return None
    job = settings.heartbeat(name)
    row = heartbeats.lock(session, installation.team_id, name, at)
    row.last_beat_at = at
    since, row.silent_since = row.silent_since, None
    row.down_since = row.down_until = None
    session.add(row)
    if since is not None:
        _receive(session, settings, installation.team_id, [return_alert(job, since, at=at)], at)
    return find_deadline(job, _pulse(row))


def run_heartbeat_timer(session: Session, settings: Settings, timer: Timer, at: datetime) -> None:
    """Timer: open alerts for missing beats. After downtime, each job first has its grace again."""
    team_id = WorkspaceTimer.from_json(timer.details).team_id
    if not settings.heartbeats:
        return
    rows = [each for each in heartbeats.lock_known(session, team_id, settings.heartbeats) if not each.silent_since]
    _forget_future(rows, at)
    if at - timer.due_at > DOWN_AFTER:
        log.warning("heartbeats not watched while dogwatch was down", since=timer.due_at, until=at)
        for row in rows:
            row.down_since, row.down_until = timer.due_at, at
            session.add(row)
    missing: list[AlertEvent] = []
    for row in rows:
        job, pulse = settings.heartbeat(row.name), _pulse(row)
        if find_deadline(job, pulse) <= at:
            row.silent_since = pulse.last_beat_at + job.every
            session.add(row)
            missing.append(silence_alert(job, pulse))
    if missing:
        _receive(session, settings, team_id, missing, at)
    _set_timer(session, team_id, at + INTERVAL)


def _receive(session: Session, settings: Settings, team_id: str, events: list[AlertEvent], at: datetime) -> None:
    receive_notifications(session, settings, [Batch(SOURCE, tuple(events))], Actor(team_id, None, at, Origin.ALERT))


def _pulse(row: HeartbeatRow) -> Pulse:
    return Pulse(row.last_beat_at, row.down_since, row.down_until)


def _forget_future(rows: Sequence[HeartbeatRow], at: datetime) -> None:
    """Count beats of the future, from while the clock was ahead, as beats of now."""
    for row in rows:
        row.last_beat_at = min(row.last_beat_at, at)
        if row.down_until is not None and row.down_until > at:
            row.down_since = row.down_until = None


def _set_timer(session: Session, team_id: str, due_at: datetime) -> None:
    timers.set_timer(session, _timer_key(team_id), due_at, HEARTBEAT_WATCH, WorkspaceTimer(team_id))


def _timer_key(team_id: str) -> str:
    return f"heartbeats:{team_id}"
