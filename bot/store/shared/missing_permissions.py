"""Missing scopes and plan features, each reported once."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete
from sqlmodel import Field, Session, col, select

from bot.store.database.tables import StoredRow, insert_into, table_of


class MissingPermissionRow(StoredRow, table=True):
    """
    A missing permission. `key` is `MissingPermission.key`.

    `reported_at` is None until it was reported; `detail` is Slack's error code.
    """

    __tablename__ = "missing_permission"

    team_id: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    first_seen_at: datetime
    reported_at: datetime | None = None
    detail: str | None = None


def insert_once(session: Session, row: MissingPermissionRow) -> bool:
    """False if the workspace has it already, maybe from another replica."""
    values = {**row.model_dump(), "first_seen_at": row.first_seen_at}
    adding = insert_into(session, MissingPermissionRow).values(values).on_conflict_do_nothing()
    return bool(getattr(session.execute(adding), "rowcount", 0))


def find_all(session: Session, team_id: str) -> list[MissingPermissionRow]:
    """All of a workspace, the oldest first."""
    statement = (
        select(MissingPermissionRow)
        .where(MissingPermissionRow.team_id == team_id)
        .order_by(col(MissingPermissionRow.first_seen_at), MissingPermissionRow.key)
    )
    return list(session.exec(statement))


def mark_reported(session: Session, team_id: str, keys: Collection[str], at: datetime) -> None:
    for row in find_all(session, team_id):
        if row.key in keys and row.reported_at is None:
            row.reported_at = at
            session.add(row)


def delete_reported(session: Session, team_id: str, keys: Collection[str]) -> None:
    """Delete what is granted again: a later loss is reported once more."""
    table = table_of(MissingPermissionRow)
    session.execute(delete(table).where(table.c.team_id == team_id, table.c.key.in_(keys)))
