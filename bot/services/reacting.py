"""An escalation that is answered by a reaction to its message, or to a page of it."""

from datetime import datetime

from sqlmodel import Session

from bot.config import Settings
from bot.domain.errors import UserError
from bot.domain.timeline_marks import normalise_emoji
from bot.services import access, answering, escalating, people, tell
from bot.services.actor import Actor, Origin
from bot.store import escalations, incidents, transcript
from bot.store.escalations import Escalation
from bot.store.transcript import Reaction
from bot.store.undoing import undone_if_it_fails

REACTION = "reaction"
"""The means of such an answer."""


def reacted(session: Session, settings: Settings, reaction: Reaction, at: datetime) -> bool:
    """
    Take in a reaction to one of the bot's own messages. False if it answers nothing: it may mean something else.

    It acknowledges; taken away by whoever answered with it, it hands the escalation back. What is refused is told to
    whoever reacted, in the incident's channel.
    """
    if normalise_emoji(reaction.emoji) not in settings.escalation.acknowledge_emoji:
        return False
    found = escalations.of_message(session, reaction.team_id, reaction.channel_id, reaction.message_ts)
    if found is None:
        return False
    if not transcript.put_reaction(session, reaction):
        return True
    actor = Actor(reaction.team_id, reaction.user_id, at, Origin.REACTION)
    people.meet(session, reaction.team_id, [reaction.user_id], at)
    try:
        with undone_if_it_fails(session):
            access.check(session, actor, home_team_id=reaction.user_team_id)
            _answer(session, settings, found, actor, is_present=reaction.is_present)
            session.flush()
    except UserError as problem:
        incident = incidents.get(session, found.incident_id)
        tell.whisper(session, incident, at, reaction.user_id, "answer refused", text=problem.message)
    return True


def _answer(session: Session, settings: Settings, found: Escalation, actor: Actor, *, is_present: bool) -> None:
    if is_present:
        if found.acknowledged_by != actor.user_id:
            answering.acknowledge(session, settings, found.key, actor, means=REACTION)
        return
    if any((each.by, each.means) == (actor.user_id, REACTION) for each in escalating.standing(found)):
        answering.unacknowledge(session, settings, found.key, actor)
