"""Heartbeats that reported at least once."""

from collections.abc import Collection
from datetime import datetime

from sqlmodel import Field, Session, col, select

from bot.store.database.tables import StoredRow, insert_into


class HeartbeatRow(StoredRow, table=True):
    """
    The last beat of a job, by its name in the configuration.

    `silent_since` is when the missing beat was due, while its alert fires. Dogwatch itself was last down from
    `down_since` to `down_until`.
    """

    __tablename__ = "heartbeat"

    team_id: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    last_beat_at: datetime
    silent_since: datetime | None = None
    down_since: datetime | None = None
    down_until: datetime | None = None


def lock(session: Session, team_id: str, name: str, at: datetime) -> HeartbeatRow:
    """The present row, inserted with a first beat at `at` if needed."""
    adding = insert_into(session, HeartbeatRow).values(team_id=team_id, name=name, last_beat_at=at)
    session.execute(adding.on_conflict_do_nothing())
    return lock_known(session, team_id, [name])[0]


def lock_known(session: Session, team_id: str, names: Collection[str]) -> list[HeartbeatRow]:
    """Those of `names` that ever reported, locked in one order."""
    statement = select(HeartbeatRow).where(HeartbeatRow.team_id == team_id, col(HeartbeatRow.name).in_(sorted(names)))
    ordered = statement.order_by(col(HeartbeatRow.name)).with_for_update().execution_options(populate_existing=True)
    return list(session.exec(ordered))
