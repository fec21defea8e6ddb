"""Messages and reactions in incidents' channels."""

from collections.abc import Collection
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Executable, bindparam, or_, true, update
from sqlmodel import Field, Index, Session, col, func, select

from bot.lazy_dataclass import dataclass
from bot.store.database.tables import JSON_COLUMN, StoredRow, dialect_of, insert_for, table_of

AT_ONCE = 500
"""Values in one statement: databases have a limit."""


class Message(StoredRow, table=True):
    """
    One message of an incident's channel. `text` is plain, with people as `<@U…>`.

    A deletion leaves the row without text or files, so that a late, older event cannot bring them back. From
    `frozen_at` on only a deletion is taken in: the message was redacted, or somebody in it was erased.
    `other_reactions` counts the events of emoji that are no marks: those added, less those removed.
    """

    __tablename__ = "message"

    team_id: str = Field(primary_key=True)
    channel_id: str = Field(primary_key=True)
    ts: str = Field(primary_key=True)
    thread_ts: str | None = None
    author: str | None = None
    author_name: str | None = None
    is_own: bool = False
    text: str = ""
    files: list[str] = Field(default_factory=list, sa_type=JSON_COLUMN)
    edited_ts: str | None = None
    deleted_at: datetime | None = None
    frozen_at: datetime | None = None
    stored_at: datetime
    other_reactions: int = 0


class Reaction(StoredRow, table=True):
    """
    A person's emoji on a message, by the newest event about it.

    A removed reaction stays as a row with `is_present` false: events come in any order.
    """

    __tablename__ = "reaction"
    __table_args__ = (Index("ix_reaction_message", "team_id", "channel_id", "message_ts"),)

    team_id: str = Field(primary_key=True)
    channel_id: str = Field(primary_key=True)
    message_ts: str = Field(primary_key=True)
    user_id: str = Field(primary_key=True)
    emoji: str = Field(primary_key=True)
    is_present: bool
    event_ts: str
    user_team_id: str | None = None


def find_newest_of_people(session: Session, team_id: str, channel_id: str) -> str | None:
    """The ts of the newest message that the bot did not post; None if there is none."""
    statement = select(func.max(col(Message.ts))).where(
        Message.team_id == team_id, Message.channel_id == channel_id, col(Message.is_own).is_(False)
    )
    return session.exec(statement).one()


def get_message(session: Session, team_id: str, channel_id: str, ts: str) -> Message | None:
    return session.get(Message, (team_id, channel_id, ts))


REACTIONS_ON = (
    select(Reaction)
    .where(
        Reaction.team_id == bindparam("team_id"),
        Reaction.channel_id == bindparam("channel_id"),
        Reaction.message_ts == bindparam("ts"),
        col(Reaction.is_present).is_(True),
    )
    .order_by(col(Reaction.event_ts), col(Reaction.user_id))
)


def find_reactions(session: Session, team_id: str, channel_id: str, ts: str) -> list[Reaction]:
    """Present reactions to the message, the earliest first."""
    return list(session.exec(REACTIONS_ON, params={"team_id": team_id, "channel_id": channel_id, "ts": ts}))


def is_known(session: Session, reaction: Reaction) -> bool:
    """True if this person's emoji is or was on the message."""
    key = (reaction.team_id, reaction.channel_id, reaction.message_ts, reaction.user_id, reaction.emoji)
    return session.get(Reaction, key) is not None


def save_reaction(session: Session, reaction: Reaction) -> bool:
    """Save a reaction unless a newer event was saved. True if anything changed."""
    return bool(save_reactions(session, [reaction]))


def save_reactions(session: Session, reactions: Collection[Reaction]) -> list[Reaction]:
    """
    Save reactions, each to a message of its own, unless a newer event was saved.

    Returns those that changed anything.
    """
    rows = [each.model_dump() for each in sorted(reactions, key=lambda each: each.message_ts)]
    changed = set(session.execute(_putting(dialect_of(session)), rows).scalars()) if rows else set()
    return [each for each in reactions if each.message_ts in changed]


@cache
def _putting(dialect: str) -> Executable:
    table, insert = table_of(Reaction), insert_for(dialect, Reaction)
    return insert.on_conflict_do_update(
        index_elements=["team_id", "channel_id", "message_ts", "user_id", "emoji"],
        set_={"is_present": insert.excluded.is_present, "event_ts": insert.excluded.event_ts},
        where=table.c.event_ts < insert.excluded.event_ts,
    ).returning(table.c.message_ts)


def count_other_reaction(session: Session, reaction: Reaction) -> None:
    """Count a reaction that is no mark on its message, if that is kept."""
    counting = update(Message).where(
        col(Message.team_id) == reaction.team_id,
        col(Message.channel_id) == reaction.channel_id,
        col(Message.ts) == reaction.message_ts,
    )
    step = 1 if reaction.is_present else -1
    counted = counting.values(other_reactions=col(Message.other_reactions) + step)
    session.execute(counted.execution_options(synchronize_session=False))


def find_messages(session: Session, team_id: str, channel_id: str) -> list[Message]:
    statement = (
        select(Message).where(Message.team_id == team_id, Message.channel_id == channel_id).order_by(col(Message.ts))
    )
    return list(session.exec(statement))


def find_messages_between(
    session: Session, team_id: str, channel_id: str, oldest: str, before: str | None
) -> list[Message]:
    """Messages and replies from `oldest` on, and before `before` if given; both are `ts`."""
    statement = select(Message).where(
        Message.team_id == team_id,
        Message.channel_id == channel_id,
        Message.ts >= oldest,
        _is_before(Message.ts, before),
    )
    return list(session.exec(statement))


def is_written_after(session: Session, team_id: str, channel_id: str, ts: str) -> bool:
    """True if anybody but the bot wrote into the channel after that message."""
    statement = select(Message.ts).where(
        Message.team_id == team_id,
        Message.channel_id == channel_id,
        Message.ts > ts,
        col(Message.is_own).is_(False),
        or_(col(Message.thread_ts).is_(None), col(Message.thread_ts) == col(Message.ts)),
    )
    return session.exec(statement.limit(1)).first() is not None


def find_replies(session: Session, team_id: str, channel_id: str, parents: Collection[str]) -> list[Message]:
    statement = select(Message).where(
        Message.team_id == team_id, Message.channel_id == channel_id, col(Message.thread_ts).in_(parents)
    )
    return [each for each in session.exec(statement) if each.ts != each.thread_ts] if parents else []


def find_reactions_by_message(
    session: Session, team_id: str, channel_id: str, messages: Collection[str]
) -> dict[str, list[Reaction]]:
    """Present reactions by the message's ts."""
    found: dict[str, list[Reaction]] = {}
    wanted = sorted(messages)
    for first in range(0, len(wanted), AT_ONCE):
        statement = select(Reaction).where(
            Reaction.team_id == team_id,
            Reaction.channel_id == channel_id,
            col(Reaction.message_ts).in_(wanted[first : first + AT_ONCE]),
            col(Reaction.is_present).is_(True),
        )
        for each in session.exec(statement):
            found.setdefault(each.message_ts, []).append(each)
    return found


@dataclass(frozen=True, slots=True)
class Thread:
    """Kept replies of a thread, without deleted ones."""

    count: int
    newest: str


def find_threads(session: Session, team_id: str, channel_id: str, oldest: str, before: str | None) -> dict[str, Thread]:
    """Threads with kept replies by their parents' `ts`, for parents in a span."""
    statement = (
        select(Message.thread_ts, func.count(), func.max(Message.ts))
        .where(
            Message.team_id == team_id,
            Message.channel_id == channel_id,
            col(Message.deleted_at).is_(None),
            Message.thread_ts != Message.ts,
            col(Message.thread_ts) >= oldest,
            _is_before(Message.thread_ts, before),
        )
        .group_by(col(Message.thread_ts))
    )
    return {str(parent): Thread(count, newest) for parent, count, newest in session.exec(statement)}


def _is_before(column: Any, before: str | None) -> Any:
    return true() if before is None else column < before
