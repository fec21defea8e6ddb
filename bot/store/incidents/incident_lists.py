"""Lists of incidents for overviews, App Home and maintenance."""

from datetime import datetime

from sqlalchemy import and_, or_
from sqlmodel import Session, col, func, select

from bot.domain.terms import Status
from bot.store.incidents.incidents import OPEN, Incident


def find_without_channel(session: Session, team_id: str, number: int) -> list[Incident]:
    """Open incidents with this number in any series whose channel is unknown; no private ones."""
    statement = select(Incident).where(
        Incident.team_id == team_id,
        Incident.number == number,
        col(Incident.status).in_(OPEN),
        col(Incident.channel_id).is_(None),
        col(Incident.is_private).is_(False),
        col(Incident.is_retro).is_(False),
    )
    return list(session.exec(statement))


def find_private(session: Session, team_id: str, limit: int) -> list[Incident]:
    """Private incidents with a channel: open ones first, then the newest."""
    statement = (
        select(Incident)
        .where(Incident.team_id == team_id, col(Incident.is_private).is_(True), col(Incident.channel_id).is_not(None))
        .order_by(col(Incident.status).in_(OPEN).desc(), col(Incident.id).desc())
        .limit(limit)
    )
    return list(session.exec(statement))


def find_led_by(session: Session, team_id: str, user_id: str, since: datetime, limit: int) -> list[Incident]:
    """
    Incidents that this person led and that were resolved since then, the newest first.

    Without drills.
    """
    statement = (
        select(Incident)
        .where(
            Incident.team_id == team_id,
            Incident.lead == user_id,
            Incident.status == Status.RESOLVED.value,
            col(Incident.resolved_at) >= since,
            col(Incident.is_drill).is_(False),
        )
        .order_by(col(Incident.resolved_at).desc())
        .limit(limit)
    )
    return list(session.exec(statement))


def find_resolved_since(session: Session, team_id: str, since: datetime) -> list[Incident]:
    """Incidents with a channel that ended since then, the newest first."""
    statement = (
        select(Incident)
        .where(
            Incident.team_id == team_id,
            col(Incident.status).not_in(OPEN),
            col(Incident.channel_id).is_not(None),
            # Not by `coalesce`: each half finds its rows by an index, however many incidents are over.
            or_(
                col(Incident.resolved_at) >= since,
                and_(col(Incident.resolved_at).is_(None), col(Incident.declared_at) >= since),
            ),
        )
        .order_by(col(Incident.id).desc())
    )
    return list(session.exec(statement))


def find_newest(session: Session, team_id: str, limit: int) -> list[Incident]:
    statement = select(Incident).where(Incident.team_id == team_id).order_by(col(Incident.id).desc()).limit(limit)
    return list(session.exec(statement))


def find_channels_in_use(session: Session) -> set[str]:
    """Present and former channels of all incidents."""
    rows = session.exec(select(Incident.channel_id, Incident.former_channels)).all()
    return {current for current, _ in rows if current} | {str(each["id"]) for _, former in rows for each in former}


def count_open(session: Session) -> int:
    """Number of open incidents, without private ones, drills and those recorded after the fact."""
    statement = select(func.count()).where(
        col(Incident.status).in_(OPEN),
        col(Incident.is_private).is_(False),
        col(Incident.is_drill).is_(False),
        col(Incident.is_retro).is_(False),
    )
    return session.exec(statement).one()


def find_open(session: Session, team_id: str) -> list[Incident]:
    """Open incidents, the most severe first, then the newest."""
    statement = (
        select(Incident)
        .where(Incident.team_id == team_id, col(Incident.status).in_(OPEN))
        .order_by(Incident.severity, col(Incident.id).desc())
    )
    return list(session.exec(statement))
