"""Budget of an incident's alert announcements, and the counts on its card."""

from datetime import datetime

from sqlmodel import Field, Session, SQLModel

from bot.store.database.tables import JSON_COLUMN
from bot.store.database.transaction_state import retain


class AlertCounter(SQLModel, table=True):
    """
    One row for each incident that ever had an alert.

    `told` notifications were announced one by one since `announced_since`. `shown` are the numbers of alerts and of
    firing ones when the card was last refreshed. `repetition_at`: when it was last announced that an alert still fires
    after the incident's end.
    """

    __tablename__ = "alert_counter"

    incident_id: int = Field(primary_key=True, foreign_key="incident.id", sa_column_kwargs={"autoincrement": False})
    told: int = 0
    announced_since: datetime | None = None
    repetition_at: datetime | None = None
    shown: list[int] = Field(default_factory=list, sa_type=JSON_COLUMN)


def get(session: Session, incident_id: int) -> AlertCounter | None:
    return retain(session, session.get(AlertCounter, incident_id))


def lock(session: Session, incident_id: int) -> AlertCounter:
    """The present row, inserted if needed. The caller has locked the incident."""
    found = session.get(AlertCounter, incident_id, populate_existing=True)
    if found is None:
        found = AlertCounter(incident_id=incident_id)
        session.add(found)
    return retain(session, found)
