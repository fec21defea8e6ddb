"""Reminders that were sent, one row for each kind and subject."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, String, cast, or_
from sqlalchemy import select as sql_select
from sqlmodel import Field, Session, UniqueConstraint, col, func, select

from bot.domain.terms import Kind
from bot.store.database.tables import StoredRow, is_any_of
from bot.store.incidents.action_items import ActionItem
from bot.store.incidents.incidents import Incident
from bot.store.incidents.timeline import TimelineEntry
from bot.store.incidents.visibility import Visibility

TURNING_KINDS = (Kind.STATUS, Kind.REOPENED, Kind.ROLE, Kind.COMMUNICATION)
"""Kinds of entries that restart the wait."""


class Reminder(StoredRow, table=True):
    """
    One reminder of one incident. `count` is how often it was sent since it became due.

    `subject` tells several of a kind apart: a task's number and, after a blank, its owner; empty: there is only one.
    The message that is edited is `message_ts` in `channel_id`; `replaced_ts` is an older one that is to be deleted.
    `user_id` is the recipient of a direct message; None: it is in the incident's channel. `disabled_at`: it was
    switched off for this incident. `snoozed_by` switched it off or snoozed it.
    """

    __tablename__ = "reminder"
    __table_args__ = (UniqueConstraint("incident_id", "kind", "subject"),)

    id: int | None = Field(default=None, primary_key=True)
    incident_id: int = Field(foreign_key="incident.id")
    kind: str
    subject: str = ""
    asked_at: datetime | None = None
    message_ts: str | None = None
    snoozed_until: datetime | None = None
    done_at: datetime | None = None
    count: int = 0
    channel_id: str | None = None
    replaced_ts: str | None = None
    user_id: str | None = None
    snoozed_by: str | None = None
    disabled_at: datetime | None = None

    @property
    def key(self) -> int:
        if self.id is None:
            raise ValueError("the reminder was never stored")
        return self.id


def get(session: Session, reminder_id: int) -> Reminder | None:
    return session.get(Reminder, reminder_id)


def lock(session: Session, reminder_id: int) -> Reminder | None:
    statement = select(Reminder).where(Reminder.id == reminder_id).with_for_update()
    return session.exec(statement.execution_options(populate_existing=True)).one_or_none()


def lock_all(session: Session, incident_ids: Collection[int]) -> list[Reminder]:
    """Lock the reminders of these incidents in one order."""
    statement = (
        select(Reminder).where(col(Reminder.incident_id).in_(incident_ids)).order_by(col(Reminder.id)).with_for_update()
    )
    return list(session.exec(statement.execution_options(populate_existing=True)))


def find_by_incident(session: Session, incident_id: int) -> list[Reminder]:
    return list(session.exec(select(Reminder).where(Reminder.incident_id == incident_id).order_by(col(Reminder.id))))


def standing_exists(incident_id: ColumnElement[int], kind: str) -> ColumnElement[bool]:
    """Condition: the reminder was sent, and is neither obsolete nor switched off."""
    return _standing(incident_id).where(col(Reminder.kind) == kind).exists()


def any_standing_exists(incident_id: int) -> ColumnElement[bool]:
    """Condition: `standing_exists` for a reminder of any kind."""
    return _standing(incident_id).exists()


def _standing(incident_id: int | ColumnElement[int]) -> Select[int | None]:
    return sql_select(col(Reminder.id)).where(
        col(Reminder.incident_id) == incident_id,
        col(Reminder.asked_at).is_not(None),
        col(Reminder.done_at).is_(None),
        col(Reminder.disabled_at).is_(None),
    )


def find_active_for(session: Session, visibility: Visibility, user_id: str) -> list[tuple[Reminder, Incident]]:
    """Active reminders to the person, or in incidents that they lead, the newest first."""
    statement = (
        select(Reminder, Incident)
        .join(Incident, col(Incident.id) == Reminder.incident_id)
        .where(
            visibility.condition,
            col(Reminder.done_at).is_(None),
            col(Reminder.disabled_at).is_(None),
            or_(col(Incident.lead) == user_id, col(Reminder.user_id) == user_id),
        )
        .order_by(col(Reminder.asked_at).desc(), col(Reminder.id).desc())
    )
    return list(session.exec(statement))


TurningPoint = tuple[int, list[str], dict[str, Any], datetime]
"""Incident, kinds, details and time of an entry."""


_AT = func.coalesce(TimelineEntry.happened_at, TimelineEntry.recorded_at)
_KINDS = cast(col(TimelineEntry.kinds), String)
TURNING_POINTS = (
    select(TimelineEntry.incident_id, TimelineEntry.kinds, TimelineEntry.details, _AT)
    .where(
        is_any_of(col(TimelineEntry.incident_id), "ids"),
        col(TimelineEntry.withdrawn_at).is_(None),
        or_(*(_KINDS.like(f'%"{kind.value}"%') for kind in TURNING_KINDS)),
    )
    .order_by(_AT, col(TimelineEntry.seq))
)


def find_turning_points(session: Session, incident_ids: Collection[int]) -> list[TurningPoint]:
    """Active entries that restart the wait, in order of time."""
    found = session.exec(TURNING_POINTS, params={"ids": list(incident_ids)})
    return [(row[0], list(row[1]), dict(row[2]), row[3]) for row in found]


LAST_RECORDED = (
    select(TimelineEntry.incident_id, func.max(TimelineEntry.recorded_at))
    .where(
        is_any_of(col(TimelineEntry.incident_id), "ids"),
        col(TimelineEntry.withdrawn_at).is_(None),
        col(TimelineEntry.recorded_by).is_not(None),
    )
    .group_by(col(TimelineEntry.incident_id))
)


def find_last_recorded_at(session: Session, incident_ids: Collection[int]) -> dict[int, datetime]:
    """Last entry by a person, by incident."""
    return dict(session.exec(LAST_RECORDED, params={"ids": list(incident_ids)}).all())


def find_open_tasks(session: Session, incident_ids: Collection[int]) -> list[ActionItem]:
    """Tasks with a date that are not done."""
    statement = (
        select(ActionItem)
        .outerjoin(TimelineEntry, col(TimelineEntry.id) == ActionItem.entry_id)
        .where(
            col(ActionItem.incident_id).in_(incident_ids),
            col(ActionItem.is_done).is_(False),
            col(ActionItem.due).is_not(None),
            col(TimelineEntry.withdrawn_at).is_(None),
        )
        .order_by(col(ActionItem.id))
    )
    return list(session.exec(statement))


def find_task(session: Session, incident_id: int, subject: str) -> ActionItem | None:
    """The task that a reminder of this subject is about."""
    number = int(subject.partition(" ")[0])
    statement = select(ActionItem).where(ActionItem.incident_id == incident_id, ActionItem.number == number)
    return session.exec(statement).first()
