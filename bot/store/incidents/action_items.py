"""Improvements and tasks."""

from collections.abc import Collection
from datetime import datetime
from typing import ClassVar

from sqlalchemy import ColumnElement, and_
from sqlmodel import Field, Session, UniqueConstraint, col, func, select

from bot.store.database.tables import StoredRow
from bot.store.incidents.incidents import Incident
from bot.store.incidents.timeline import TimelineEntry
from bot.store.incidents.visibility import Visibility


class ActionItem(StoredRow, table=True):
    """
    An improvement or a task. `due` is an ISO 8601 date.

    `owner` is the id of a person or a user group; `owner_group` is the group's name without `@`, None for a person.
    """

    shown_with: ClassVar[str] = "incident_id"
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
    is_done: bool = Field(default=False, index=True)
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
        .where(ActionItem.owner == user_id, _is_open(), visibility.condition)
        .order_by(col(ActionItem.due).is_(None), col(ActionItem.due), col(ActionItem.id).desc())
    )
    return list(session.exec(statement))


def _is_open() -> ColumnElement[bool]:
    return and_(col(ActionItem.is_done).is_(False), col(TimelineEntry.withdrawn_at).is_(None))


def find_open(session: Session, condition: ColumnElement[bool]) -> list[ActionItem]:
    """Open items, the oldest first; `condition` is about their incident."""
    statement = (
        select(ActionItem)
        .join(Incident, col(Incident.id) == ActionItem.incident_id)
        .outerjoin(TimelineEntry, col(TimelineEntry.id) == ActionItem.entry_id)
        .where(condition, _is_open())
        .order_by(col(ActionItem.created_at), col(ActionItem.id))
    )
    return list(session.exec(statement))


def count_open(session: Session, incident_ids: Collection[int]) -> dict[int, int]:
    """Open items of each of these incidents that has some."""
    statement = (
        select(ActionItem.incident_id, func.count())
        .outerjoin(TimelineEntry, col(TimelineEntry.id) == ActionItem.entry_id)
        .where(col(ActionItem.incident_id).in_(incident_ids), _is_open())
        .group_by(col(ActionItem.incident_id))
    )
    return dict(session.exec(statement).all())


def get(session: Session, item_id: int) -> ActionItem | None:
    return session.get(ActionItem, item_id)


def next_number(session: Session, incident_id: int) -> int:
    """The incident's next number for an action item. The incident has to be locked."""
    return session.exec(select(func.count()).where(ActionItem.incident_id == incident_id)).one() + 1
