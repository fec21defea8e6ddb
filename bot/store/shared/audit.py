"""Who did what, from where. Rows are added and never changed."""

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Executable, insert
from sqlmodel import Field, Session, SQLModel, col, func, select

from bot.store.database.tables import JSON_COLUMN, table_of


class AuditRow(SQLModel, table=True):
    """One act. `origin` is `command`, `button`, `reaction`, `message`, `alert`, `timer` or `cli`."""

    __tablename__ = "audit"

    id: int | None = Field(default=None, primary_key=True)
    at: datetime
    team_id: str
    incident_id: int | None = Field(default=None, index=True)
    who: str | None = None
    what: str
    origin: str
    details: dict[str, Any] = Field(default_factory=dict, sa_type=JSON_COLUMN)


def note(
    session: Session,
    *,
    at: datetime,
    team_id: str,
    what: str,
    origin: str,
    who: str | None = None,
    incident_id: int | None = None,
    **details: Any,
) -> None:
    row = {"at": at, "team_id": team_id, "incident_id": incident_id, "who": who, "what": what, "origin": origin}
    session.execute(_adding(), {**row, "details": details})


def note_all(
    session: Session, *, at: datetime, origin: str, acts: Sequence[tuple[str, int, str, dict[str, Any]]]
) -> None:
    """Acts of one moment, each as workspace, incident, what and details. By one statement."""
    if acts:
        rows = [
            {
                "at": at,
                "team_id": team,
                "incident_id": incident,
                "who": None,
                "what": what,
                "origin": origin,
                "details": more,
            }
            for team, incident, what, more in acts
        ]
        session.execute(_adding(), rows)


@cache
def _adding() -> Executable:
    return insert(table_of(AuditRow))


def of_incident(session: Session, incident_id: int) -> list[AuditRow]:
    return list(session.exec(select(AuditRow).where(AuditRow.incident_id == incident_id).order_by(col(AuditRow.id))))


def last_by(session: Session, incident_id: int, users: Collection[str]) -> datetime | None:
    """When one of these people last did something about an incident; None if never."""
    statement = select(func.max(AuditRow.at)).where(AuditRow.incident_id == incident_id, col(AuditRow.who).in_(users))
    return session.exec(statement).one()
