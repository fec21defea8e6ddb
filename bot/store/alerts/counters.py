"""How an incident's alerts have been told of, and what its card has shown of them."""

from datetime import datetime

from sqlmodel import Field, Session, SQLModel

from bot.store.database.tables import JSON_COLUMN, kept


class AlertTally(SQLModel, table=True):
    """
    One row an incident that ever had an alert.

    `told` notifications were told of one by one since `told_since`. `shown` are the alerts and how many of them fire,
    as they were when the card was last asked for.
    """

    __tablename__ = "alert_tally"

    incident_id: int = Field(primary_key=True, foreign_key="incident.id", sa_column_kwargs={"autoincrement": False})
    told: int = 0
    told_since: datetime | None = None
    shown: list[int] = Field(default_factory=list, sa_type=JSON_COLUMN)


def get(session: Session, incident_id: int) -> AlertTally | None:
    return kept(session, session.get(AlertTally, incident_id))


def lock(session: Session, incident_id: int) -> AlertTally:
    """As it stands now, made if need be. The caller holds the incident, and so this too."""
    found = session.get(AlertTally, incident_id, populate_existing=True)
    if found is None:
        found = AlertTally(incident_id=incident_id)
        session.add(found)
    return kept(session, found)
