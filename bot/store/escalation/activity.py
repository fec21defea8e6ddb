"""Activity of people in an incident: when they last wrote or did something."""

from collections.abc import Collection
from datetime import UTC, datetime

from sqlalchemy import update
from sqlmodel import Session, col, func, select

from bot.store.escalation.escalations import Escalation
from bot.store.incidents.incidents import Incident
from bot.store.incidents.timeline import TimelineEntry
from bot.store.incidents.transcript import Message, Reaction
from bot.store.shared import audit


def find_last_activity(session: Session, incident: Incident, users: Collection[str]) -> datetime | None:
    """Last message, reaction, timeline entry or command of these people; None if there is none."""
    found = [
        session.exec(
            select(func.max(Escalation.active_at)).where(
                Escalation.incident_id == incident.key, col(Escalation.acknowledged_by).in_(users)
            )
        ).one(),
        *_in_channel(session, incident, users),
        session.exec(
            select(func.max(TimelineEntry.recorded_at)).where(
                TimelineEntry.incident_id == incident.key, col(TimelineEntry.recorded_by).in_(users)
            )
        ).one(),
        audit.find_last_action_at(session, incident.key, users),
    ]
    return max((each for each in found if each is not None), default=None)


def record_activity(session: Session, team_id: str, channel_id: str, user_id: str, at: datetime) -> None:
    """Record activity that is stored nowhere else, for escalations that the person acknowledged."""
    there = select(Incident.id).where(Incident.team_id == team_id, Incident.channel_id == channel_id)
    giving = update(Escalation).where(
        col(Escalation.acknowledged_by) == user_id, col(Escalation.incident_id).in_(there)
    )
    session.execute(giving.values(active_at=at).execution_options(synchronize_session=False))


def _in_channel(session: Session, incident: Incident, users: Collection[str]) -> list[datetime | None]:
    if incident.channel_id is None:
        return []
    written = session.exec(
        select(func.max(Message.ts)).where(
            Message.team_id == incident.team_id,
            Message.channel_id == incident.channel_id,
            col(Message.author).in_(users),
        )
    ).one()
    reacted = session.exec(
        select(func.max(Reaction.event_ts)).where(
            Reaction.team_id == incident.team_id,
            Reaction.channel_id == incident.channel_id,
            col(Reaction.user_id).in_(users),
        )
    ).one()
    return [_moment(written), _moment(reacted)]


def _moment(ts: str | None) -> datetime | None:
    """Parse Slack's ts, seconds since 1970. None if it is invalid."""
    try:
        return datetime.fromtimestamp(float(ts), UTC) if ts else None
    except (ValueError, OverflowError, OSError):
        return None
