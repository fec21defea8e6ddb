"""Audit log. Rows are added and never changed."""

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Executable, Index, insert, text
from sqlmodel import Field, Session, SQLModel, col, func, select

from bot.store.database.tables import JSON_COLUMN, table_of

PERSON_ERASED = "erased a person"
"""The action of an erasure."""
IS_ERASURE = text(f"action = '{PERSON_ERASED}'")
"""Condition in the words of the partial index: a database uses it for these only."""


class AuditRow(SQLModel, table=True):
    """
    One action.

    `origin` is `command`, `button`, `reaction`, `message`, `alert`, `timer` or `cli`.
    """

    __tablename__ = "audit"
    __table_args__ = (Index("ix_audit_erasure", "team_id", postgresql_where=IS_ERASURE, sqlite_where=IS_ERASURE),)

    id: int | None = Field(default=None, primary_key=True)
    at: datetime
    team_id: str
    incident_id: int | None = Field(default=None, index=True)
    user_id: str | None = None
    action: str
    origin: str
    details: dict[str, Any] = Field(default_factory=dict, sa_type=JSON_COLUMN)


def record(
    session: Session,
    *,
    at: datetime,
    team_id: str,
    action: str,
    origin: str,
    user_id: str | None = None,
    incident_id: int | None = None,
    **details: Any,
) -> None:
    row = {
        "at": at,
        "team_id": team_id,
        "incident_id": incident_id,
        "user_id": user_id,
        "action": action,
        "origin": origin,
        "details": details,
    }
    session.execute(_adding(), row)


def record_all(
    session: Session, *, at: datetime, origin: str, acts: Sequence[tuple[str, int, str, dict[str, Any]]]
) -> None:
    """Record (workspace, incident, action, details) of one moment, with one statement."""
    if acts:
        rows = [
            {
                "at": at,
                "team_id": team,
                "incident_id": incident,
                "user_id": None,
                "action": action,
                "origin": origin,
                "details": details,
            }
            for team, incident, action, details in acts
        ]
        session.execute(_adding(), rows)


@cache
def _adding() -> Executable:
    return insert(table_of(AuditRow))


def find_by_incident(session: Session, incident_id: int) -> list[AuditRow]:
    return list(session.exec(select(AuditRow).where(AuditRow.incident_id == incident_id).order_by(col(AuditRow.id))))


def find_last_action_at(session: Session, incident_id: int, users: Collection[str]) -> datetime | None:
    """Time of the last action of these people in the incident; None if there is none."""
    statement = select(func.max(AuditRow.at)).where(
        AuditRow.incident_id == incident_id, col(AuditRow.user_id).in_(users)
    )
    return session.exec(statement).one()
