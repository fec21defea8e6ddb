"""What people were asked for because it was due, once each, with how often and what came of it."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import String, cast, or_
from sqlmodel import Field, Session, SQLModel, UniqueConstraint, col, func, select

from bot.domain.terms import Kind
from bot.store.incidents.action_items import ActionItem
from bot.store.incidents.incidents import Incident
from bot.store.incidents.timeline import TimelineEntry
from bot.store.incidents.visibility import Sight

TURNS = (Kind.STATUS, Kind.REOPENED, Kind.ROLE, Kind.COMMUNICATION)
"""Entries that begin the waiting anew."""


class Nudge(SQLModel, table=True):
    """
    One thing that is asked for in one incident. `subject` tells several of a kind apart: a task's number and, behind a
    blank, whose it is; empty: there is only one. `count` is how often it was asked since it came up.

    The message that is edited is `message_ts` in `channel_id`; `former_ts` is one that it takes the place of, until
    that is deleted. `user_id` is whom it is written to directly; None: it stands in the incident's channel. `off_at`:
    nobody wants to hear of it in this incident. `put_off_by` is who said so, or put it off.
    """

    __tablename__ = "nudge"
    __table_args__ = (UniqueConstraint("incident_id", "what", "subject"),)

    id: int | None = Field(default=None, primary_key=True)
    incident_id: int = Field(foreign_key="incident.id")
    what: str
    subject: str = ""
    asked_at: datetime | None = None
    message_ts: str | None = None
    snoozed_until: datetime | None = None
    done_at: datetime | None = None
    count: int = 0
    channel_id: str | None = None
    former_ts: str | None = None
    user_id: str | None = None
    put_off_by: str | None = None
    off_at: datetime | None = None

    @property
    def key(self) -> int:
        if self.id is None:
            raise ValueError("the nudge was never stored")
        return self.id


def get(session: Session, nudge_id: int) -> Nudge | None:
    return session.get(Nudge, nudge_id)


def lock(session: Session, nudge_id: int) -> Nudge | None:
    statement = select(Nudge).where(Nudge.id == nudge_id).with_for_update()
    return session.exec(statement.execution_options(populate_existing=True)).one_or_none()


def lock_all(session: Session, incident_ids: Collection[int]) -> list[Nudge]:
    """Those of these incidents, in one order."""
    statement = select(Nudge).where(col(Nudge.incident_id).in_(incident_ids)).order_by(col(Nudge.id)).with_for_update()
    return list(session.exec(statement.execution_options(populate_existing=True)))


def of_incident(session: Session, incident_id: int) -> list[Nudge]:
    return list(session.exec(select(Nudge).where(Nudge.incident_id == incident_id).order_by(col(Nudge.id))))


def standing_for(session: Session, sight: Sight, user_id: str) -> list[tuple[Nudge, Incident]]:
    """What waits in the incidents that somebody leads, or was written to them, the newest first."""
    statement = (
        select(Nudge, Incident)
        .join(Incident, col(Incident.id) == Nudge.incident_id)
        .where(
            sight.condition,
            col(Nudge.done_at).is_(None),
            col(Nudge.off_at).is_(None),
            or_(col(Incident.lead) == user_id, col(Nudge.user_id) == user_id),
        )
        .order_by(col(Nudge.asked_at).desc(), col(Nudge.id).desc())
    )
    return list(session.exec(statement))


Turn = tuple[int, list[str], dict[str, Any], datetime]
"""Of an entry: its incident, kinds, details, and when that was."""


def turns(session: Session, incident_ids: Collection[int]) -> list[Turn]:
    """The standing entries of these incidents that are of TURNS, in the order of time."""
    at = func.coalesce(TimelineEntry.happened_at, TimelineEntry.recorded_at)
    kinds = cast(col(TimelineEntry.kinds), String)
    statement = (
        select(TimelineEntry.incident_id, TimelineEntry.kinds, TimelineEntry.details, at)
        .where(
            col(TimelineEntry.incident_id).in_(incident_ids),
            col(TimelineEntry.withdrawn_at).is_(None),
            or_(*(kinds.like(f'%"{kind.value}"%') for kind in TURNS)),
        )
        .order_by(at, col(TimelineEntry.seq))
    )
    return [(row[0], list(row[1]), dict(row[2]), row[3]) for row in session.exec(statement)]


def last_recorded(session: Session, incident_ids: Collection[int]) -> dict[int, datetime]:
    """When a person last put something on the timeline of each of these incidents."""
    statement = (
        select(TimelineEntry.incident_id, func.max(TimelineEntry.recorded_at))
        .where(
            col(TimelineEntry.incident_id).in_(incident_ids),
            col(TimelineEntry.withdrawn_at).is_(None),
            col(TimelineEntry.recorded_by).is_not(None),
        )
        .group_by(col(TimelineEntry.incident_id))
    )
    return dict(session.exec(statement).all())


def open_tasks(session: Session, incident_ids: Collection[int]) -> list[ActionItem]:
    """What has a date and is not done, in these incidents."""
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


def task(session: Session, incident_id: int, subject: str) -> ActionItem | None:
    """The task that a reminder of this subject is about."""
    number = int(subject.partition(" ")[0])
    statement = select(ActionItem).where(ActionItem.incident_id == incident_id, ActionItem.number == number)
    return session.exec(statement).first()
