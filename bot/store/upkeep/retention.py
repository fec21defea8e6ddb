"""Deletion of data whose retention period has ended, in small batches."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Text, and_, cast, delete, exists, or_, text
from sqlalchemy.orm import aliased
from sqlmodel import Field, Session, col, func, select

from bot.lazy_dataclass import dataclass
from bot.store.alerts.alerts import IS_LOOSE, Alert
from bot.store.database.tables import StoredRow, insert_into
from bot.store.incidents import incidents
from bot.store.incidents.incidents import Incident
from bot.store.incidents.kept_files import KeptFileRow
from bot.store.incidents.timeline import TimelineEntry, ended_before
from bot.store.incidents.transcript import Message, Reaction
from bot.store.outbox.models import IS_FINISHED, OutboxRow
from bot.store.shared.idempotency import DELIVERY_RETENTION, Delivery

UNSEEN: dict[str, Any] = {"synchronize_session": False}
"""No deleted row was loaded in the same transaction."""


class PeriodicTask(StoredRow, table=True):
    """A maintenance task that one replica runs for all, and its last start."""

    __tablename__ = "periodic_task"

    key: str = Field(primary_key=True)
    started_at: datetime


@dataclass(frozen=True, slots=True)
class RetentionCount:
    """Number of rows to delete, with the oldest and newest (of messages: their ts)."""

    count: int
    oldest: Any = None
    newest: Any = None
    incidents: int = 0


NEVER = datetime(1970, 1, 1, tzinfo=UTC)
TRUSTED_INTERVALS = 3
"""A task that is due later than after so many intervals waits one more."""


@dataclass(frozen=True, slots=True)
class PurgeStep:
    """Number of deleted messages, and whether the end of the channel was reached."""

    messages: int
    is_done: bool


def claim_periodic_task(session: Session, key: str, now: datetime, every: timedelta) -> bool:
    """
    True if nobody started the task for `every`, and the clock can be trusted since.

    A task that was never started, or is due much earlier or later than it should be, is put off for `every`: the clock
    may have been set wrong, and what is deleted then does not come back when it is set right.
    """
    session.execute(insert_into(session, PeriodicTask).values(key=key, started_at=NEVER).on_conflict_do_nothing())
    task = session.exec(select(PeriodicTask).where(PeriodicTask.key == key).with_for_update()).one()
    passed = now - task.started_at
    if timedelta() <= passed < every:
        return False
    task.started_at = now
    session.add(task)
    return timedelta() < passed <= every * TRUSTED_INTERVALS


def _is_over(before: datetime) -> ColumnElement[bool]:
    """Condition: the incident ended before then, and its channel has no later one."""
    return and_(ended_before(before), col(Incident.channel_id).is_not(None), col(Incident.id) == _newest_of_channel())


def _newest_of_channel() -> Any:
    """The incident that has the channel now, of several in turn."""
    other = aliased(Incident)
    return (
        select(func.max(other.id))
        .where(other.channel_id == col(Incident.channel_id), other.team_id == col(Incident.team_id))
        .scalar_subquery()
    )


def _goes() -> ColumnElement[bool]:
    """
    Condition: the message is deleted once its incident is over.

    Messages with an entry stay, and so do the bot's own, in which redaction has to find words; and redacted ones: they
    are empty, and their rows prevent another import.
    """
    has_words = or_(col(Message.text) != "", cast(col(Message.files), Text) != "[]")
    return and_(col(Message.is_own).is_(False), or_(col(Message.frozen_at).is_(None), has_words))


def _of_incident(ts: str) -> ColumnElement[bool]:
    """Condition: in the incident's channel, up to `ts`, after the purged part."""
    return and_(
        col(Message.team_id) == col(Incident.team_id),
        col(Message.channel_id) == col(Incident.channel_id),
        col(Message.ts) <= ts,
        col(Message.ts) > func.coalesce(col(Incident.purged_to), ""),
    )


def _is_no_entry() -> ColumnElement[bool]:
    return ~exists().where(
        col(TimelineEntry.channel_id) == col(Message.channel_id), col(TimelineEntry.message_ts) == col(Message.ts)
    )


def find_incidents_to_purge(session: Session, before: datetime, ts: str, *, after: int, limit: int) -> list[int]:
    """The next incidents by id that ended before then and have messages to delete."""
    has_some = exists().where(_of_incident(ts), _goes(), _is_no_entry())
    statement = (
        select(Incident.id)
        .where(col(Incident.id) > after, _is_over(before), has_some)
        .order_by(col(Incident.id))
        .limit(limit)
    )
    return [found for found in session.exec(statement) if found is not None]


def purge_messages(session: Session, incident_id: int, before: datetime, ts: str, limit: int) -> PurgeStep:
    """
    Check the next `limit` messages of the channel up to `ts`, and delete those to delete.

    The incident is locked, so that no entry is made of one of them meanwhile.
    """
    incident = incidents.lock(session, incident_id)
    still = select(Incident.id).where(Incident.id == incident_id, _is_over(before))
    if session.exec(still).first() is None:
        return PurgeStep(0, is_done=True)
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
    incident.purged_to = until
    session.add(incident)
    return PurgeStep(count, is_done=last is None)


def _between(model: Any, place: Any, incident: Incident, until: str) -> ColumnElement[bool]:
    """
    Condition: in the incident's channel, after the purged part and up to `until`.

    By bounds and not by a list: one cached statement serves all batches.
    """
    return and_(
        model.team_id == incident.team_id,
        model.channel_id == incident.channel_id,
        place > (incident.purged_to or ""),
        place <= until,
    )


def _is_on_nothing() -> ColumnElement[bool]:
    """Condition: the reaction's message is neither in the transcript nor on a timeline."""
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


def count_messages(session: Session, before: datetime, ts: str) -> RetentionCount:
    statement = (
        select(func.count(), func.min(Message.ts), func.max(Message.ts), func.count(func.distinct(Incident.id)))
        .select_from(Incident)
        .join(Message, _of_incident(ts))
        .where(_is_over(before), _goes(), _is_no_entry())
    )
    count, oldest, newest, channels = session.execute(statement).one()
    return RetentionCount(count, oldest, newest, channels)


def delete_alerts(session: Session, before: datetime, limit: int) -> int:
    """Delete at most `limit` old alerts without an incident; return their number."""
    old = (
        select(Alert.id)
        .where(text(IS_LOOSE), col(Alert.last_seen_at) < before)
        .order_by(col(Alert.last_seen_at))
        .limit(limit)
    )
    forgetting = delete(Alert).where(col(Alert.id).in_(old), text(IS_LOOSE))
    return int(getattr(session.execute(forgetting, execution_options=UNSEEN), "rowcount", 0))


def count_files(session: Session, before: datetime) -> RetentionCount:
    """Kept files of incidents that ended before then."""
    at = col(KeptFileRow.kept_at)
    statement = (
        select(func.count(), func.min(at), func.max(at), func.count(func.distinct(KeptFileRow.incident_id)))
        .select_from(KeptFileRow)
        .join(Incident, col(Incident.id) == col(KeptFileRow.incident_id))
        .where(ended_before(before))
    )
    return RetentionCount(*session.execute(statement).one())


def count_alerts(session: Session, before: datetime) -> RetentionCount:
    at = col(Alert.last_seen_at)
    return _counted(session, select(func.count(), func.min(at), func.max(at)).where(text(IS_LOOSE), at < before))


def count_sent(session: Session, before: datetime) -> RetentionCount:
    """Finished rows of the outbox that `outbox.delete_finished` deletes."""
    at = col(OutboxRow.done_at)
    return _counted(session, select(func.count(), func.min(at), func.max(at)).where(text(IS_FINISHED), at < before))


def count_deliveries(session: Session, now: datetime) -> RetentionCount:
    at = col(Delivery.received_at)
    return _counted(session, select(func.count(), func.min(at), func.max(at)).where(at < now - DELIVERY_RETENTION))


def _counted(session: Session, statement: Any) -> RetentionCount:
    return RetentionCount(*session.execute(statement).one())
