"""The timeline's entries."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam
from sqlmodel import Field, Index, Session, SQLModel, UniqueConstraint, col, func, select

from bot.domain.terms import Kind
from bot.store.tables import JSON_COLUMN


class TimelineEntry(SQLModel, table=True):
    """
    One line of an incident's timeline.

    A message has one entry per incident (the unique key). `happened_at` is None exactly where `precision` is `unknown`.
    `details` holds what the kind carries beyond its text: `started`, `ended` (ISO 8601), `users_percent`, `status`,
    `severity`, `role`, `user`, `changes`, `public`, `public_languages`, `escalation_id`, `alert_id`, `action_id`.
    `merged_into_id` is the entry that took this one in. `posted_ts` is the bot's message that tells of it.
    Whoever makes many gives `details`, `files` and `earlier` too: a default that is made costs as much as a query.
    """

    __tablename__ = "timeline_entry"
    __table_args__ = (
        UniqueConstraint("incident_id", "channel_id", "message_ts"),
        Index("ix_timeline_entry_order", "incident_id", "sort_at", "seq"),
    )

    id: int | None = Field(default=None, primary_key=True)
    incident_id: int = Field(foreign_key="incident.id")
    seq: int
    kinds: list[str] = Field(sa_type=JSON_COLUMN)
    text: str
    happened_at: datetime | None = None
    precision: str
    sort_at: datetime
    recorded_at: datetime
    source: str
    author: str | None = None
    recorded_by: str | None = None
    language: str | None = None
    details: dict[str, Any] = Field(default_factory=dict, sa_type=JSON_COLUMN)
    channel_id: str | None = None
    message_ts: str | None = None
    thread_ts: str | None = None
    posted_ts: str | None = None
    files: list[str] = Field(default_factory=list, sa_type=JSON_COLUMN)
    earlier: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSON_COLUMN)
    amended_at: datetime | None = None
    deleted_at: datetime | None = None
    withdrawn_at: datetime | None = None
    withdrawn_by: str | None = None
    withdrawn_why: str | None = None
    merged_into_id: int | None = None

    @property
    def key(self) -> int:
        if self.id is None:
            raise ValueError("the entry was never stored")
        return self.id

    def has(self, kind: Kind) -> bool:
        return kind.value in self.kinds


OF_MESSAGE = select(TimelineEntry).where(
    TimelineEntry.incident_id == bindparam("incident_id"),
    TimelineEntry.channel_id == bindparam("channel_id"),
    TimelineEntry.message_ts == bindparam("message_ts"),
)


def of_message(session: Session, incident_id: int, channel_id: str, message_ts: str) -> TimelineEntry | None:
    named = {"incident_id": incident_id, "channel_id": channel_id, "message_ts": message_ts}
    return session.exec(OF_MESSAGE, params=named).first()


def of_any_incident(session: Session, channel_id: str, message_ts: str) -> list[TimelineEntry]:
    """The entries that quote this message, in whichever incidents."""
    statement = select(TimelineEntry).where(
        TimelineEntry.channel_id == channel_id, TimelineEntry.message_ts == message_ts
    )
    return list(session.exec(statement))


def in_order(session: Session, incident_id: int, *, with_withdrawn: bool = True) -> list[TimelineEntry]:
    statement = (
        select(TimelineEntry)
        .where(TimelineEntry.incident_id == incident_id)
        .order_by(col(TimelineEntry.sort_at), col(TimelineEntry.seq))
    )
    if not with_withdrawn:
        statement = statement.where(col(TimelineEntry.withdrawn_at).is_(None))
    return list(session.exec(statement))


def standing(session: Session, incident_id: int, *, besides: Collection[str] = ()) -> list[TimelineEntry]:
    """
    The entries from which the incident's times may follow: all that stand, but for kinds that say nothing of times.

    Message entries are the bulk of a long timeline; those without a mark in `besides` are left to the caller's eye.
    """
    statement = (
        select(TimelineEntry)
        .where(TimelineEntry.incident_id == incident_id, col(TimelineEntry.withdrawn_at).is_(None))
        .order_by(col(TimelineEntry.sort_at), col(TimelineEntry.seq))
    )
    wanted = set(besides)
    return [entry for entry in session.exec(statement) if not wanted or wanted.intersection(entry.kinds)]


def last_sort_at(session: Session, incident_id: int) -> datetime | None:
    """Where an entry of unknown time goes: right after the entry that is last in the order now."""
    statement = (
        select(TimelineEntry.sort_at)
        .where(TimelineEntry.incident_id == incident_id)
        .order_by(col(TimelineEntry.sort_at).desc(), col(TimelineEntry.seq).desc())
        .limit(1)
    )
    return session.exec(statement).first()


def count(session: Session, incident_id: int) -> int:
    statement = select(func.count()).where(
        TimelineEntry.incident_id == incident_id, col(TimelineEntry.withdrawn_at).is_(None)
    )
    return session.exec(statement).one()
