"""An escalation that is answered by a reaction to its message, or to a page of it."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session

from bot.config import Settings
from bot.domain.errors import UserError
from bot.domain.timeline.marks import normalise_emoji
from bot.services import escalation as escalating
from bot.services import outbox as tell
from bot.services.escalation import page_bundles as bundles
from bot.services.escalation import responses as answering
from bot.services.workspace import access, people
from bot.services.workspace.actor import Actor, Origin
from bot.store.database.savepoint import undone_if_it_fails
from bot.store.escalation import escalations, pages
from bot.store.escalation.escalations import Escalation, Page
from bot.store.incidents import incidents, transcript
from bot.store.incidents.transcript import Reaction

REACTION = "reaction"
"""The means of such an answer."""


def reacted(session: Session, settings: Settings, reaction: Reaction, at: datetime) -> bool:
    """
    Take in a reaction to one of the bot's own messages. False if it answers nothing: it may mean something else.

    It acknowledges; taken away by whoever answered with it, it hands the escalation back. On a message with several
    pages it is for all of them. What is refused is told to whoever reacted, in the incident's channel.
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
            together = pages.of_bundle_message(session, reaction.channel_id, reaction.message_ts)
            if len(together) > 1:
                _answer_all(session, settings, together, actor, is_present=reaction.is_present)
            else:
                _answer(session, settings, found, actor, is_present=reaction.is_present)
            session.flush()
    except UserError as problem:
        incident = incidents.get(session, found.incident_id)
        tell.whisper(session, incident, at, reaction.user_id, "answer refused", text=problem.message)
    return True


def _answer(session: Session, settings: Settings, found: Escalation, actor: Actor, *, is_present: bool) -> None:
    if is_present:
        if not answering.has_answered(found, actor):
            answering.acknowledge(session, settings, found.key, actor, means=REACTION)
        return
    if any((each.by, each.means) == (actor.user_id, REACTION) for each in escalating.standing(found)):
        answering.unacknowledge(session, settings, found.key, actor)


def _answer_all(
    session: Session, settings: Settings, together: Sequence[Page], actor: Actor, *, is_present: bool
) -> None:
    page_id = together[0].id or 0
    if not is_present:
        bundles.unacknowledge_all(session, settings, page_id, actor, means=REACTION)
    elif not bundles.acknowledge_all(session, settings, page_id, actor, means=REACTION):
        raise UserError("Nothing of these pages waits for you any more. Nothing was changed.")
