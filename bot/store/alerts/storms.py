"""Alert storms: recent openings by alerts, and the incident that takes the rest."""

from datetime import datetime

from sqlmodel import Field, Session, select

from bot.store.database.tables import JSON_COLUMN, StoredRow, insert_into
from bot.store.database.transaction_state import retain


class Storm(StoredRow, table=True):
    """
    Additional data of a storm's incident.

    `worst` and `title` are the last ones that Dogwatch set from the alerts: values that people changed stay. `services`
    are those whose people were paged, `beside` the incidents that alerts had opened just before. `ended_at` is None
    while alerts still come.
    """

    __tablename__ = "storm"

    incident_id: int = Field(primary_key=True, foreign_key="incident.id", sa_column_kwargs={"autoincrement": False})
    team_id: str
    began_at: datetime
    last_at: datetime
    ended_at: datetime | None = None
    worst: str
    services: list[str] = Field(default_factory=list, sa_type=JSON_COLUMN)
    beside: list[int] = Field(default_factory=list, sa_type=JSON_COLUMN)


class StormWatch(StoredRow, table=True):
    """
    One row for each workspace, locked before an alert opens an incident.

    So replicas open one storm. `openings` are `[incident id, time]` of recent openings by alerts, the oldest first.
    """

    __tablename__ = "storm_watch"

    team_id: str = Field(primary_key=True)
    openings: list[tuple[int, str]] = Field(default_factory=list, sa_type=JSON_COLUMN)
    storm_id: int | None = Field(default=None, foreign_key="incident.id")


def get(session: Session, incident_id: int) -> Storm | None:
    """None if the incident is not one of a storm."""
    return retain(session, session.get(Storm, incident_id))


def get_watch(session: Session, team_id: str) -> StormWatch | None:
    """Without a lock: enough to see that a storm continues."""
    return retain(session, session.get(StormWatch, team_id))


def lock_watch(session: Session, team_id: str) -> StormWatch:
    """Locked until the transaction ends."""
    statement = (
        select(StormWatch)
        .where(StormWatch.team_id == team_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    found = session.exec(statement).one_or_none()
    if found is None:
        session.execute(insert_into(session, StormWatch).values(team_id=team_id, openings=[]).on_conflict_do_nothing())
        found = session.exec(statement).one()
    return retain(session, found)
