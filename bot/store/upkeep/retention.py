"""What is no part of the record and goes when its time is over, a few rows at a time."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Text, and_, cast, delete, exists, or_, text
from sqlalchemy.orm import aliased
from sqlmodel import Field, Session, SQLModel, col, func, select

from bot.store.alerts.alerts import IS_LOOSE, Alert
from bot.store.database.tables import insert_into, table_of
from bot.store.incidents import incidents
from bot.store.incidents.incidents import OPEN, Incident
from bot.store.incidents.timeline import TimelineEntry
from bot.store.incidents.transcript import Message, Reaction
from bot.store.outbox.models import IS_OVER, OutboxRow
from bot.store.shared.idempotency import KEPT, Delivery

UNSEEN: dict[str, Any] = {"synchronize_session": False}
"""Nothing that is deleted here was loaded in the same transaction."""


class Chore(SQLModel, table=True):
    """A piece of upkeep that one replica does for all, and when one last began with it."""

    __tablename__ = "chore"

    key: str = Field(primary_key=True)
    begun_at: datetime


@dataclass(frozen=True, slots=True)
class Found:
    """How many rows would go, from when to when (of messages: their ts); None where there are none."""

    count: int
    oldest: Any = None
    newest: Any = None
    incidents: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """What one transaction deleted, and whether it came to the end of the channel."""

    messages: int
    is_done: bool


def take_chore(session: Session, key: str, now: datetime, every: timedelta) -> bool:
    """True for the one who begins with it now: nobody has for as long as `every`."""
    insert = insert_into(session, Chore).values(key=key, begun_at=now)
    table = table_of(Chore)
    taking = insert.on_conflict_do_update(
        index_elements=["key"], set_={"begun_at": now}, where=table.c.begun_at <= now - every
    ).returning(table.c.key)
    return session.execute(taking).first() is not None


def _is_over(before: datetime) -> ColumnElement[bool]:
    """Of an incident: over, and since before then. One that was cancelled has no end but its last entry."""
    last_word = (
        select(func.max(TimelineEntry.recorded_at))
        .where(col(TimelineEntry.incident_id) == col(Incident.id))
        .scalar_subquery()
    )
    return and_(
        col(Incident.status).not_in(OPEN),
        col(Incident.channel_id).is_not(None),
        func.coalesce(col(Incident.resolved_at), last_word) < before,
        col(Incident.id) == _newest_of_channel(),
    )


def _newest_of_channel() -> Any:
    """The incident that has the channel now, if several had it one after the other."""
    other = aliased(Incident)
    return (
        select(func.max(other.id))
        .where(other.channel_id == col(Incident.channel_id), other.team_id == col(Incident.team_id))
        .scalar_subquery()
    )


def _goes() -> ColumnElement[bool]:
    """
    Of a message: whether it goes once its incident is over.

    What became an entry stays, and so do the bot's own posts, in which redaction has to find words; and what was
    redacted: it has no words, and its row keeps them from being taken in again.
    """
    has_words = or_(col(Message.text) != "", cast(col(Message.files), Text) != "[]")
    return and_(col(Message.is_own).is_(False), or_(col(Message.sealed_at).is_(None), has_words))


def _of_incident(ts: str) -> ColumnElement[bool]:
    """Of a message: in the incident's channel, up to `ts`, and behind what went before."""
    return and_(
        col(Message.team_id) == col(Incident.team_id),
        col(Message.channel_id) == col(Incident.channel_id),
        col(Message.ts) <= ts,
        col(Message.ts) > func.coalesce(col(Incident.forgotten_to), ""),
    )


def _is_no_entry() -> ColumnElement[bool]:
    return ~exists().where(
        col(TimelineEntry.channel_id) == col(Message.channel_id), col(TimelineEntry.message_ts) == col(Message.ts)
    )


def incidents_to_clear(session: Session, before: datetime, ts: str, *, after: int, limit: int) -> list[int]:
    """The next incidents (by id, behind `after`) that are over since before then, and have messages that go."""
    has_some = exists().where(_of_incident(ts), _goes(), _is_no_entry())
    statement = (
        select(Incident.id)
        .where(col(Incident.id) > after, _is_over(before), has_some)
        .order_by(col(Incident.id))
        .limit(limit)
    )
    return [found for found in session.exec(statement) if found is not None]


def forget_messages(session: Session, incident_id: int, before: datetime, ts: str, limit: int) -> Step:
    """
    Look at the next `limit` messages of an incident's channel up to `ts`, and delete those that go.

    The incident is held, so that nobody makes an entry of one of them meanwhile.
    """
    incident = incidents.lock(session, incident_id)
    still = select(Incident.id).where(Incident.id == incident_id, _is_over(before))
    if session.exec(still).first() is None:
        return Step(0, is_done=True)
    last = session.exec(
        select(Message.ts)
        .where(_between(Message, Message.ts, incident, ts))
        .order_by(col(Message.ts))
        .offset(limit - 1)
        .limit(1)
    ).first()
    until = ts if last is None else last
    going = delete(Message).where(_between(Message, Message.ts, incident, until), _goes(), _is_no_entry())
    count = int(getattr(session.execute(going, execution_options=UNSEEN), "rowcount", 0))
    session.execute(
        delete(Reaction).where(_between(Reaction, Reaction.message_ts, incident, until), _is_on_nothing()),
        execution_options=UNSEEN,
    )
    incident.forgotten_to = until
    session.add(incident)
    return Step(count, is_done=last is None)


def _between(model: Any, place: Any, incident: Incident, until: str) -> ColumnElement[bool]:
    """
    In the incident's channel, behind what went before and up to `until`.

    By bounds and not by a list: one statement for all batches, which the databases and SQLAlchemy read once.
    """
    return and_(
        model.team_id == incident.team_id,
        model.channel_id == incident.channel_id,
        place > (incident.forgotten_to or ""),
        place <= until,
    )


def _is_on_nothing() -> ColumnElement[bool]:
    """Of a reaction: its message is neither in the transcript nor on a timeline."""
    said = exists().where(
        col(Message.team_id) == col(Reaction.team_id),
        col(Message.channel_id) == col(Reaction.channel_id),
        col(Message.ts) == col(Reaction.message_ts),
    )
    noted = exists().where(
        col(TimelineEntry.channel_id) == col(Reaction.channel_id),
        col(TimelineEntry.message_ts) == col(Reaction.message_ts),
    )
    return and_(~said, ~noted)


def count_messages(session: Session, before: datetime, ts: str) -> Found:
    statement = (
        select(func.count(), func.min(Message.ts), func.max(Message.ts), func.count(func.distinct(Incident.id)))
        .select_from(Incident)
        .join(Message, _of_incident(ts))
        .where(_is_over(before), _goes(), _is_no_entry())
    )
    count, oldest, newest, channels = session.execute(statement).one()
    return Found(count, oldest, newest, channels)


def forget_alerts(session: Session, before: datetime, limit: int) -> int:
    """Delete at most `limit` alerts that belong to no incident and were last heard of before: how many went."""
    old = (
        select(Alert.id)
        .where(text(IS_LOOSE), col(Alert.last_seen_at) < before)
        .order_by(col(Alert.last_seen_at))
        .limit(limit)
    )
    forgetting = delete(Alert).where(col(Alert.id).in_(old), text(IS_LOOSE))
    return int(getattr(session.execute(forgetting, execution_options=UNSEEN), "rowcount", 0))


def count_alerts(session: Session, before: datetime) -> Found:
    at = col(Alert.last_seen_at)
    return _counted(session, select(func.count(), func.min(at), func.max(at)).where(text(IS_LOOSE), at < before))


def count_sent(session: Session, before: datetime) -> Found:
    """Rows of the outbox that were done before: `outbox.forget_done` deletes them."""
    at = col(OutboxRow.done_at)
    return _counted(session, select(func.count(), func.min(at), func.max(at)).where(text(IS_OVER), at < before))


def count_deliveries(session: Session, now: datetime) -> Found:
    at = col(Delivery.received_at)
    return _counted(session, select(func.count(), func.min(at), func.max(at)).where(at < now - KEPT))


def _counted(session: Session, statement: Any) -> Found:
    return Found(*session.execute(statement).one())
