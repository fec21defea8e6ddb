"""
Reading of what marks on messages need.

One statement for a mark, three for several: on PostgreSQL each is a way to the server and back before the answer.
"""

from collections.abc import Sequence

from sqlalchemy import and_, bindparam, exists, or_, select
from sqlmodel import Session, col

from bot.lazy_dataclass import dataclass
from bot.store.database.tables import is_any_of
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


OF_MESSAGE = and_(
    col(TimelineEntry.incident_id) == bindparam("incident_id"),
    col(TimelineEntry.channel_id) == col(Message.channel_id),
    col(TimelineEntry.message_ts) == col(Message.ts),
)
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
    .outerjoin(TimelineEntry, OF_MESSAGE)
    .where(
        col(Message.team_id) == bindparam("team_id"),
        col(Message.channel_id) == bindparam("channel_id"),
        col(Message.ts) == bindparam("ts"),
    )
)


ALL_MARKED = (
    select(Message, TimelineEntry)
    .outerjoin(TimelineEntry, OF_MESSAGE)
    .where(
        col(Message.team_id) == bindparam("team_id"),
        col(Message.channel_id) == bindparam("channel_id"),
        is_any_of(col(Message.ts), "several_ts"),
    )
)
PRESENT = select(col(Reaction.message_ts), col(Reaction.user_id), col(Reaction.emoji)).where(
    col(Reaction.team_id) == bindparam("team_id"),
    col(Reaction.channel_id) == bindparam("channel_id"),
    is_any_of(col(Reaction.message_ts), "several_ts"),
    col(Reaction.is_present).is_(True),
)


def find_marked(session: Session, incident_id: int, reactions: Sequence[Reaction]) -> dict[str, MarkedMessage]:
    """
    Find the messages of reactions in one channel, by ts, where they are stored.

    Each reaction is to a message of its own. Notes for the transaction which of the people are known.
    """
    if len(reactions) == 1:
        return _find_one(session, incident_id, reactions[0])
    team_id, own = reactions[0].team_id, {each.message_ts: (each.user_id, each.emoji) for each in reactions}
    place = {"team_id": team_id, "channel_id": reactions[0].channel_id, "several_ts": sorted(own)}
    others = {ts for ts, *mark in session.execute(PRESENT, place) if tuple(mark) != own[ts]}
    people.note_all_known(session, team_id, {each.user_id for each in reactions})
    found = session.execute(ALL_MARKED, {"incident_id": incident_id, **place})
    return {message.ts: MarkedMessage(message, entry, message.ts in others) for message, entry in found}


def _find_one(session: Session, incident_id: int, reaction: Reaction) -> dict[str, MarkedMessage]:
    place = {"team_id": reaction.team_id, "channel_id": reaction.channel_id, "ts": reaction.message_ts}
    by = {"user_id": reaction.user_id, "emoji": reaction.emoji}
    found = session.execute(MARKED, {"incident_id": incident_id, **place, **by}).first()
    if found is None:
        return {}
    message, entry, has_other_marks, is_known = found
    if is_known:
        people.note_known(session, reaction.team_id, reaction.user_id)
    return {reaction.message_ts: MarkedMessage(message, entry, bool(has_other_marks))}
