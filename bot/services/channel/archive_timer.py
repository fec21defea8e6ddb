"""Archiving of channels some days after the incident, if configured."""

from datetime import UTC, datetime, timedelta

from sqlmodel import Session

from bot.config import Settings
from bot.domain.incidents.archiving import Announce, Archive, Wait, next_step
from bot.services import outbox
from bot.services.outbox.timer_payloads import ArchiveTimer
from bot.store.incidents import incidents, transcript
from bot.store.incidents.incidents import Incident
from bot.store.shared import timers
from bot.store.shared.timers import Timer

ARCHIVE_TIMER = "archive channel"


def plan_archiving(session: Session, settings: Settings, incident: Incident, at: datetime) -> None:
    """Set the timer of an incident that is over since `at`."""
    days = settings.incidents.archive_after_days
    if days is not None and not incident.is_retro:
        _set_timer(session, at + timedelta(days=days - 1), ArchiveTimer(incident.key, at.isoformat()))


def cancel_archiving(session: Session, incident: Incident) -> None:
    timers.cancel(session, _timer_key(incident.key))


def run_archive_timer(session: Session, settings: Settings, timer: Timer, now: datetime) -> None:
    """Wait on, announce it, or archive the channel. Nothing once the incident was reopened."""
    payload = ArchiveTimer.from_json(timer.details)
    incident = incidents.lock(session, payload.incident_id)
    days = settings.incidents.archive_after_days
    if days is None or incident.is_open or incident.channel_id is None or incident.archived_at is not None:
        return
    announced_at = datetime.fromisoformat(payload.announced_at) if payload.announced_at else None
    match next_step(_quiet_since(session, incident, payload), timedelta(days=days), announced_at, now):
        case Wait(until):
            _set_timer(session, until, payload)
        case Announce(archive_at):
            outbox.post_event(session, incident, "archive soon", now, archive_at=archive_at.isoformat())
            announced = ArchiveTimer(incident.key, payload.ended_at, announced_at=now.isoformat())
            _set_timer(session, archive_at, announced)
        case Archive():
            outbox.archive_channel(session, incident, now)


def on_channel_archived_by_bot(session: Session, incident_id: int, at: datetime) -> None:
    """Note it at once: Slack tells an app nothing of a channel that it has left by archiving it."""
    incident = incidents.lock(session, incident_id)
    incident.archived_at = incident.archived_at or at
    session.add(incident)


def _quiet_since(session: Session, incident: Incident, payload: ArchiveTimer) -> datetime:
    ended_at = datetime.fromisoformat(payload.ended_at)
    newest = transcript.find_newest_of_people(session, incident.team_id, incident.channel_id or "")
    return max(ended_at, datetime.fromtimestamp(float(newest), UTC)) if newest else ended_at


def _set_timer(session: Session, due_at: datetime, payload: ArchiveTimer) -> None:
    timers.set_timer(session, _timer_key(payload.incident_id), due_at, ARCHIVE_TIMER, payload)


def _timer_key(incident_id: int) -> str:
    return f"archive:{incident_id}"
