"""What people are told once: that a scope is missing, that the workspace's plan lacks a feature."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete
from sqlmodel import Field, Session, SQLModel, col, select

from bot.store.database.tables import insert_into, table_of


class Notice(SQLModel, table=True):
    """
    One thing to be told once a workspace. `key` says which (`missing_scope:bookmarks:write`).

    `told_at` is None until it was told; `detail` what Slack answered, or whatever else helps whoever mends it.
    """

    __tablename__ = "notice"

    team_id: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    first_seen_at: datetime
    told_at: datetime | None = None
    detail: str | None = None


def put(session: Session, notice: Notice) -> bool:
    """Keep a notice. False if the workspace has it already, be it from another replica."""
    values = {**notice.model_dump(), "first_seen_at": notice.first_seen_at}
    adding = insert_into(session, Notice).values(values).on_conflict_do_nothing()
    return bool(getattr(session.execute(adding), "rowcount", 0))


def standing(session: Session, team_id: str) -> list[Notice]:
    """All of a workspace, the oldest first."""
    statement = select(Notice).where(Notice.team_id == team_id).order_by(col(Notice.first_seen_at), Notice.key)
    return list(session.exec(statement))


def were_told(session: Session, team_id: str, keys: Collection[str], at: datetime) -> None:
    for notice in standing(session, team_id):
        if notice.key in keys and notice.told_at is None:
            notice.told_at = at
            session.add(notice)


def forget(session: Session, team_id: str, keys: Collection[str]) -> None:
    """What holds no longer: should it come back, it is told again."""
    table = table_of(Notice)
    session.execute(delete(table).where(table.c.team_id == team_id, table.c.key.in_(keys)))
