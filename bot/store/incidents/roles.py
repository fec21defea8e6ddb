"""Present and past holders of roles."""

from datetime import datetime
from typing import ClassVar

from sqlalchemy import ColumnElement, text
from sqlmodel import Field, Session, col, select

from bot.store.database.tables import StoredRow, partial_index

HELD = text("until IS NULL")


class IncidentRole(StoredRow, table=True):
    """
    A person's time in a role; `until` is None for the present holder.

    `handed_to` is the next holder, None if it was given up without one. `note` is the note of the handover,
    `assigned_by` the person who assigned it. At most one row of an incident and role has no `until`.
    """

    shown_with: ClassVar[str] = "incident_id"
    __tablename__ = "incident_role"
    __table_args__ = (partial_index("ix_incident_role_held", "team_id", "user_id", where=HELD),)

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


def roles_exist(incident_id: ColumnElement[int]) -> ColumnElement[bool]:
    """Condition: the incident has present or past holders of roles."""
    return select(IncidentRole.id).where(IncidentRole.incident_id == incident_id).exists()


def find_by_incident(session: Session, incident_id: int) -> list[IncidentRole]:
    """Past and present ones, in the order of assignment."""
    statement = (
        select(IncidentRole)
        .where(IncidentRole.incident_id == incident_id)
        .order_by(col(IncidentRole.since), col(IncidentRole.id))
    )
    return list(session.exec(statement))


def find_holder(session: Session, incident_id: int, role: str) -> IncidentRole | None:
    """Present holder."""
    statement = select(IncidentRole).where(
        IncidentRole.incident_id == incident_id, IncidentRole.role == role, col(IncidentRole.until).is_(None)
    )
    return session.exec(statement).first()
