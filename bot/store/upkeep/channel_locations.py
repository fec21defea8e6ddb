"""
All places that keep a channel's id.

Slack gives a channel a new id when an organisation moves it.
"""

import json
from typing import Any

from sqlalchemy import Column, ColumnElement, String, cast, true, update
from sqlalchemy import select as sql_select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from bot.store.database.migrate import all_tables
from bot.store.database.tables import table_of
from bot.store.incidents.incidents import Incident
from bot.store.incidents.timeline import TimelineEntry
from bot.store.incidents.transcript import Message, Reaction
from bot.store.outbox.models import UNFINISHED, OutboxRow

CHANNEL_ID = "channel_id"
"""End of the name of each column that holds a channel's id."""


def channel_columns() -> list[Column[Any]]:
    """All columns that hold a channel's id."""
    return [column for table in all_tables().sorted_tables for column in table.c if column.name.endswith(CHANNEL_ID)]


def find_incident_ids(session: Session, team_id: str, channel_id: str) -> list[int]:
    """Incidents that had the channel in turn, in the order to lock them."""
    statement = select(Incident.id).where(Incident.team_id == team_id, Incident.channel_id == channel_id)
    return [found for found in session.exec(statement.order_by(col(Incident.id))) if found is not None]


def find_doubled_entries(session: Session, old_id: str, new_id: str) -> list[tuple[TimelineEntry, TimelineEntry]]:
    """Pairs of entries of one incident and message, under the old id and the new one."""
    old, new = aliased(TimelineEntry), aliased(TimelineEntry)
    statement = select(old, new).where(
        col(old.channel_id) == old_id,
        col(new.channel_id) == new_id,
        col(new.incident_id) == old.incident_id,
        col(new.message_ts) == old.message_ts,
    )
    return list(session.exec(statement.order_by(col(old.id))))


def change_channel_id(session: Session, team_id: str, old_id: str, new_id: str) -> list[str]:
    """
    Replace a channel's id in all tables.

    No entry is doubled any more. Of a message or reaction that is stored under both ids, one row stays: a message that
    was deleted or frozen, or else the newer state. Returns the ts of messages that were deleted under the new id.
    """
    session.flush()
    deleted = _drop_doubled_messages(session, team_id, old_id, new_id)
    _drop_doubled_reactions(session, team_id, old_id, new_id)
    session.flush()
    for column in channel_columns():
        session.execute(update(column.table).where(column == old_id).values({column.name: new_id}))
    old, new = json.dumps(old_id), json.dumps(new_id)
    _replace_in_json(session, col(Incident.former_channels), old, new, true())
    _replace_in_json(session, col(TimelineEntry.details), old, new, true())
    _replace_in_json(session, col(OutboxRow.details), old, new, col(OutboxRow.state).in_(UNFINISHED))
    session.expire_all()
    return deleted


def _drop_doubled_messages(session: Session, team_id: str, old_id: str, new_id: str) -> list[str]:
    old, new = aliased(Message), aliased(Message)
    statement = select(old, new).where(
        col(old.team_id) == team_id,
        col(old.channel_id) == old_id,
        col(new.team_id) == team_id,
        col(new.channel_id) == new_id,
        col(new.ts) == old.ts,
    )
    deleted = []
    for before, after in session.exec(statement).all():
        if after.deleted_at is not None:
            deleted.append(after.ts)
        session.delete(before if _rank(after) >= _rank(before) else after)
    return deleted


def _rank(message: Message) -> tuple[bool, bool, str]:
    return message.deleted_at is not None, message.frozen_at is not None, message.edited_ts or ""


def _drop_doubled_reactions(session: Session, team_id: str, old_id: str, new_id: str) -> None:
    old, new = aliased(Reaction), aliased(Reaction)
    statement = select(old, new).where(
        col(old.team_id) == team_id,
        col(old.channel_id) == old_id,
        col(new.team_id) == team_id,
        col(new.channel_id) == new_id,
        col(new.message_ts) == old.message_ts,
        col(new.user_id) == old.user_id,
        col(new.emoji) == old.emoji,
    )
    for before, after in session.exec(statement).all():
        session.delete(before if after.event_ts >= before.event_ts else after)


def _replace_in_json(session: Session, column: Any, old: str, new: str, condition: ColumnElement[bool]) -> None:
    """Replace a string in the JSON values of a column."""
    table = table_of(column.class_)
    statement = sql_select(table.c.id, column).where(condition, cast(column, String).contains(old, autoescape=True))
    for row_id, value in session.execute(statement.order_by(table.c.id)).all():
        replaced = json.loads(json.dumps(value).replace(old, new))
        session.execute(update(table).where(table.c.id == row_id).values({column.key: replaced}))
