"""People who are not paged for a while."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import or_
from sqlmodel import Field, Index, Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from bot.store.database.tables import StoredRow


class Mute(StoredRow, table=True):
    """From `starts_at` until `ends_at`; None: until it is withdrawn. `by` asked for it."""

    __tablename__ = "mute"
    __table_args__ = (Index("ix_mute_person", "team_id", "user_id"),)

    id: int | None = Field(default=None, primary_key=True)
    team_id: str
    user_id: str
    starts_at: datetime
    ends_at: datetime | None = None
    reason: str = ""
    by: str | None = None
    withdrawn_at: datetime | None = None


def find_active(session: Session, team_id: str, user_ids: Collection[str], at: datetime) -> dict[str, Mute]:
    """Active mute of each of these people; of several the longest."""
    if not user_ids:
        return {}
    statement = _at(team_id, at).where(col(Mute.user_id).in_(sorted(set(user_ids))))
    return {mute.user_id: mute for mute in session.exec(statement)}


def find_unfinished(session: Session, team_id: str, user_id: str, at: datetime) -> list[Mute]:
    """Active and planned mutes of one person."""
    statement = select(Mute).where(
        Mute.team_id == team_id,
        Mute.user_id == user_id,
        col(Mute.withdrawn_at).is_(None),
        or_(col(Mute.ends_at).is_(None), col(Mute.ends_at) > at),
    )
    return list(session.exec(statement.order_by(col(Mute.id))))


def _at(team_id: str, at: datetime) -> SelectOfScalar[Mute]:
    return (
        select(Mute)
        .where(
            Mute.team_id == team_id,
            col(Mute.withdrawn_at).is_(None),
            Mute.starts_at <= at,
            or_(col(Mute.ends_at).is_(None), col(Mute.ends_at) > at),
        )
        .order_by(col(Mute.ends_at).is_(None), col(Mute.ends_at), col(Mute.id))
    )
