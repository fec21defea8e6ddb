"""
Reading of what a mark on a message needs, with one statement.

On PostgreSQL each statement is a way to the server and back before the answer.
"""

from sqlalchemy import and_, bindparam, exists, or_, select
from sqlmodel import Session, col

from bot.lazy_dataclass import dataclass
from bot.store.incidents.timeline import TimelineEntry
from bot.store.incidents.transcript import Message, Reaction
from bot.store.shared import people
from bot.store.shared.people import Person


@dataclass(frozen=True, slots=True)
class MarkedMessage:
    """
    A stored message.

    `entry` is its entry in the incident. `has_other_marks`: another mark is present.
    """

    message: Message
    entry: TimelineEntry | None
    has_other_marks: bool


MARKED = (
    select(
        Message,
        TimelineEntry,
        exists().where(
            col(Reaction.team_id) == col(Message.team_id),
            col(Reaction.channel_id) == col(Message.channel_id),
            col(Reaction.message_ts) == col(Message.ts),
            col(Reaction.is_present).is_(True),
            or_(col(Reaction.user_id) != bindparam("user_id"), col(Reaction.emoji) != bindparam("emoji")),
        ),
        exists().where(col(Person.team_id) == bindparam("team_id"), col(Person.user_id) == bindparam("user_id")),
    )
    .outerjoin(
        TimelineEntry,
        and_(
            col(TimelineEntry.incident_id) == bindparam("incident_id"),
            col(TimelineEntry.channel_id) == col(Message.channel_id),
            col(TimelineEntry.message_ts) == col(Message.ts),
        ),
    )
    .where(
        col(Message.team_id) == bindparam("team_id"),
        col(Message.channel_id) == bindparam("channel_id"),
        col(Message.ts) == bindparam("ts"),
    )
)


def find_marked(session: Session, incident_id: int, reaction: Reaction) -> MarkedMessage | None:
    """
    Find the message of a reaction; None if it is not stored.

    Notes for the transaction that the person is known.
    """
    place = {"team_id": reaction.team_id, "channel_id": reaction.channel_id, "ts": reaction.message_ts}
    by = {"user_id": reaction.user_id, "emoji": reaction.emoji}
    found = session.execute(MARKED, {"incident_id": incident_id, **place, **by}).first()
    if found is None:
        return None
    message, entry, has_other_marks, is_known = found
    if is_known:
        people.note_known(session, reaction.team_id, reaction.user_id)
    return MarkedMessage(message, entry, bool(has_other_marks))
