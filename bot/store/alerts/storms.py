"""Alert storms: which incidents alerts have opened lately, and the incident that takes the rest."""

from datetime import datetime

from sqlmodel import Field, Session, SQLModel, select

from bot.store.database.tables import JSON_COLUMN, insert_into, kept


class Storm(SQLModel, table=True):
    """
    What an incident knows that was opened for a storm.

    `worst` and `title` are what Dogwatch itself last set from the alerts: where people changed them, theirs hold.
    `services` are those whose people were called, `beside` the incidents that alerts had opened just before. `ended_at`
    is None while alerts still come.
    """

    __tablename__ = "storm"

    incident_id: int = Field(primary_key=True, foreign_key="incident.id", sa_column_kwargs={"autoincrement": False})
    team_id: str
    began_at: datetime
    last_at: datetime
    ended_at: datetime | None = None
    worst: str
    title: str
    services: list[str] = Field(default_factory=list, sa_type=JSON_COLUMN)
    beside: list[int] = Field(default_factory=list, sa_type=JSON_COLUMN)


class StormWatch(SQLModel, table=True):
    """
    One row a workspace, locked by whoever is about to open an incident for an alert: two replicas open one storm.

    `openings` are `[incident id, time]` of those that alerts opened lately, the oldest first.
    """

    __tablename__ = "storm_watch"

    team_id: str = Field(primary_key=True)
    openings: list[tuple[int, str]] = Field(default_factory=list, sa_type=JSON_COLUMN)
    storm_id: int | None = Field(default=None, foreign_key="incident.id")


def get(session: Session, incident_id: int) -> Storm | None:
    """What makes the incident one of a storm; None for any other."""
    return kept(session, session.get(Storm, incident_id))


def watch(session: Session, team_id: str) -> StormWatch | None:
    """As it stands, not held: enough to see that a storm goes on."""
    return kept(session, session.get(StormWatch, team_id))


def lock_watch(session: Session, team_id: str) -> StormWatch:
    """Held until the transaction ends."""
    session.execute(insert_into(session, StormWatch).values(team_id=team_id, openings=[]).on_conflict_do_nothing())
    statement = (
        select(StormWatch)
        .where(StormWatch.team_id == team_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return kept(session, session.exec(statement).one())
