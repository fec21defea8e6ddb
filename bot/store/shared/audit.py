"""Audit log. Rows are added and never changed."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Insert, insert, or_, text
from sqlmodel import Field, Session, col, func, select

from bot.lazy_dataclass import dataclass
from bot.store.database.tables import JSON_COLUMN, StoredRow, partial_index, table_of
from bot.store.database.transaction_state import insert_before_commit, write_deferred
from bot.store.incidents.incidents import Incident
from bot.store.incidents.visibility import Visibility

PERSON_ERASED = "erased a person"
"""The action of an erasure."""
IS_ERASURE = text(f"action = '{PERSON_ERASED}'")
"""Condition in the words of the partial index: a database uses it for these only."""


class AuditRow(StoredRow, table=True):
    """
    One action.

    `origin` is `command`, `button`, `reaction`, `message`, `alert`, `timer`, `cli`, `page` or `web`.
    """

    __tablename__ = "audit"
    __table_args__ = (partial_index("ix_audit_erasure", "team_id", where=IS_ERASURE),)

    id: int | None = Field(default=None, primary_key=True)
    at: datetime
    team_id: str
    incident_id: int | None = Field(default=None, index=True)
    user_id: str | None = None
    action: str
    origin: str
    details: dict[str, Any] = Field(default_factory=dict, sa_type=JSON_COLUMN)


@dataclass(frozen=True, slots=True)
class RecordedAction:
    """A row for people. `reference`: of its incident, None without one."""

    key: int
    at: datetime
    user_id: str | None
    action: str
    origin: str
    details: Mapping[str, Any]
    reference: str | None


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
    insert_before_commit(session, _adding(), row)
    if action == PERSON_ERASED:  # drafts look for it
        write_deferred(session)


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
def _adding() -> Insert:
    return insert(table_of(AuditRow))


def find_by_incident(session: Session, incident_id: int) -> list[AuditRow]:
    write_deferred(session)
    return list(session.exec(select(AuditRow).where(AuditRow.incident_id == incident_id).order_by(col(AuditRow.id))))


def find_recent(
    session: Session,
    visibility: Visibility,
    *,
    limit: int,
    before: int | None = None,
    user_id: str | None = None,
    action: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[RecordedAction]:
    """
    The latest actions, the newest first; `before`: those recorded before that row.

    `action` is a part of its words. Actions on incidents outside `visibility` are left out.
    """
    statement = (
        select(AuditRow, Incident)
        .outerjoin(Incident, col(Incident.id) == col(AuditRow.incident_id))
        .where(or_(col(AuditRow.incident_id).is_(None), visibility.condition))
    )
    if before is not None:
        statement = statement.where(col(AuditRow.id) < before)
    if user_id is not None:
        statement = statement.where(AuditRow.user_id == user_id)
    if action:
        statement = statement.where(func.lower(AuditRow.action).contains(action.lower(), autoescape=True))
    if since is not None:
        statement = statement.where(col(AuditRow.at) >= since)
    if until is not None:
        statement = statement.where(col(AuditRow.at) < until)
    found = session.exec(statement.order_by(col(AuditRow.id).desc()).limit(limit))
    return [
        RecordedAction(
            row.id or 0,
            row.at,
            row.user_id,
            row.action,
            row.origin,
            row.details,
            incident.reference if incident else None,
        )
        for row, incident in found
    ]


def find_last_action_at(session: Session, incident_id: int, users: Collection[str]) -> datetime | None:
    """Time of the last action of these people in the incident; None if there is none."""
    write_deferred(session)
    statement = select(func.max(AuditRow.at)).where(
        AuditRow.incident_id == incident_id, col(AuditRow.user_id).in_(users)
    )
    return session.exec(statement).one()
