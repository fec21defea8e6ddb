"""Who has which role in an incident, and who had it before."""

from datetime import datetime

from sqlalchemy import text
from sqlmodel import Field, Index, Session, SQLModel, col, select

HELD = text("until IS NULL")


class IncidentRole(SQLModel, table=True):
    """
    One person in one role, from `since` to `until`; None while they have it.

    `handed_to` is who had it next, None where it was given up without anybody. `note` is what was said at the handing
    over, `assigned_by` who gave it them. One row of an incident and role at most has no `until`.
    """

    __tablename__ = "incident_role"
    __table_args__ = (Index("ix_incident_role_held", "team_id", "user_id", postgresql_where=HELD, sqlite_where=HELD),)

    id: int | None = Field(default=None, primary_key=True)
    team_id: str
    incident_id: int = Field(foreign_key="incident.id", index=True)
    role: str
    user_id: str
    since: datetime
    until: datetime | None = None
    assigned_by: str | None = None
    handed_to: str | None = None
    note: str | None = None


def of_incident(session: Session, incident_id: int) -> list[IncidentRole]:
    """All of them, past and present, in the order in which they began."""
    statement = (
        select(IncidentRole)
        .where(IncidentRole.incident_id == incident_id)
        .order_by(col(IncidentRole.since), col(IncidentRole.id))
    )
    return list(session.exec(statement))


def holder(session: Session, incident_id: int, role: str) -> IncidentRole | None:
    """Whoever has the role now."""
    statement = select(IncidentRole).where(
        IncidentRole.incident_id == incident_id, IncidentRole.role == role, col(IncidentRole.until).is_(None)
    )
    return session.exec(statement).first()


def held_by(session: Session, team_id: str, user_id: str) -> list[IncidentRole]:
    """What one person is at present, in whichever incidents, over or not."""
    statement = (
        select(IncidentRole)
        .where(IncidentRole.team_id == team_id, IncidentRole.user_id == user_id, col(IncidentRole.until).is_(None))
        .order_by(col(IncidentRole.incident_id).desc(), col(IncidentRole.id))
    )
    return list(session.exec(statement))
