"""Improvements and tasks."""

from datetime import datetime

from sqlmodel import Field, Session, SQLModel, UniqueConstraint, col, func, select

from bot.store.incidents.incidents import Incident
from bot.store.incidents.timeline import TimelineEntry
from bot.store.incidents.visibility import Visibility


class ActionItem(SQLModel, table=True):
    """
    An improvement or a task. `due` is an ISO 8601 date.

    `owner` is the id of a person or a user group; `owner_group` is the group's name without `@`, None for a person.
    """

    __tablename__ = "action_item"
    __table_args__ = (UniqueConstraint("incident_id", "number"),)

    id: int | None = Field(default=None, primary_key=True)
    incident_id: int = Field(foreign_key="incident.id", index=True)
    number: int
    kind: str
    text: str
    language: str | None = None
    owner: str | None = None
    owner_group: str | None = None
    due: str | None = None
    symptom: str | None = None
    is_done: bool = False
    entry_id: int | None = Field(default=None, foreign_key="timeline_entry.id")
    created_by: str | None = None
    created_at: datetime

    @property
    def key(self) -> int:
        if self.id is None:
            raise ValueError("the action item was never stored")
        return self.id


def find_by_incident(session: Session, incident_id: int) -> list[ActionItem]:
    statement = select(ActionItem).where(ActionItem.incident_id == incident_id).order_by(col(ActionItem.number))
    return list(session.exec(statement))


def find_by_number(session: Session, incident_id: int, number: int) -> ActionItem | None:
    statement = select(ActionItem).where(ActionItem.incident_id == incident_id, ActionItem.number == number)
    return session.exec(statement).first()


def find_open_by_owner(session: Session, visibility: Visibility, user_id: str) -> list[tuple[ActionItem, Incident]]:
    """Open items of one person in visible incidents: by due date, then the newest."""
    statement = (
        select(ActionItem, Incident)
        .join(Incident, col(Incident.id) == ActionItem.incident_id)
        .outerjoin(TimelineEntry, col(TimelineEntry.id) == ActionItem.entry_id)
        .where(
            ActionItem.owner == user_id,
            col(ActionItem.is_done).is_(False),
            col(TimelineEntry.withdrawn_at).is_(None),
            visibility.condition,
        )
        .order_by(col(ActionItem.due).is_(None), col(ActionItem.due), col(ActionItem.id).desc())
    )
    return list(session.exec(statement))


def get(session: Session, item_id: int) -> ActionItem | None:
    return session.get(ActionItem, item_id)


def next_number(session: Session, incident_id: int) -> int:
    """The incident's next number for an action item. The incident has to be locked."""
    return session.exec(select(func.count()).where(ActionItem.incident_id == incident_id)).one() + 1
