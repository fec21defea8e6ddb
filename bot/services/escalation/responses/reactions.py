"""Answer an escalation by a reaction to its message or to a page."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session

from bot.config import Settings
from bot.domain.errors import StateError, UserError
from bot.domain.timeline.emoji import LOOKING_EMOJI, normalise_emoji
from bot.services import outbox
from bot.services.escalation.page_bundles import acknowledge_bundle, unacknowledge_bundle
from bot.services.escalation.responses.acknowledge import acknowledge
from bot.services.escalation.responses.common import find_level_paged_instead, has_acknowledged
from bot.services.escalation.responses.withdraw import unacknowledge
from bot.services.escalation.state import active_acknowledgements
from bot.services.workspace.access import check_access
from bot.services.workspace.actor import Actor, Origin
from bot.services.workspace.people import ensure_known
from bot.store.database.savepoint import savepoint
from bot.store.escalation import activity, escalations, pages
from bot.store.escalation.escalations import Escalation
from bot.store.escalation.pages import Page, find_by_message
from bot.store.incidents import incidents, transcript
from bot.store.incidents.incidents import Incident
from bot.store.incidents.transcript import Reaction

REACTION = "reaction"
"""Method of such an acknowledgement."""


def handle_reaction(session: Session, settings: Settings, reaction: Reaction, at: datetime) -> bool:
    """
    Process a reaction to one of the bot's messages. False if it concerns no escalation.

    A reaction acknowledges; removing it withdraws that. LOOKING_EMOJI is activity only. On a message with several pages
    it is for all of them. A refusal is posted to the person in the incident's channel.
    """
    emoji = normalise_emoji(reaction.emoji)
    if emoji == LOOKING_EMOJI and emoji not in {*settings.escalation.acknowledge_emoji, *settings.reactions}:
        return _handle_look(session, reaction, at)
    if emoji not in settings.escalation.acknowledge_emoji:
        return False
    found = find_by_message(session, reaction.team_id, reaction.channel_id, reaction.message_ts)
    if found is None:
        return False
    if not transcript.save_reaction(session, reaction):
        return True
    actor = Actor(reaction.team_id, reaction.user_id, at, Origin.REACTION)
    ensure_known(session, reaction.team_id, [reaction.user_id], at)
    try:
        with savepoint(session):
            check_access(session, actor, home_team_id=reaction.user_team_id)
            together = pages.find_by_bundle_message(session, reaction.channel_id, reaction.message_ts)
            if len(together) > 1:
                _apply_to_bundle(session, settings, together, actor, is_present=reaction.is_present)
            else:
                _apply_to_escalation(session, settings, found, actor, is_present=reaction.is_present)
            session.flush()
    except UserError as problem:
        incident = incidents.get(session, found.incident_id)
        outbox.post_ephemeral(session, incident, at, reaction.user_id, "answer refused", text=problem.message)
    return True


def _handle_look(session: Session, reaction: Reaction, at: datetime) -> bool:
    """
    Take "I am looking" as activity. False if the message concerns no escalation.

    It acknowledges nothing: a person whose answer is still needed gets a message, once for each message.
    """
    found = find_by_message(session, reaction.team_id, reaction.channel_id, reaction.message_ts)
    if found is None:
        return False
    if not reaction.is_present:
        return True
    together = pages.find_by_bundle_message(session, reaction.channel_id, reaction.message_ts)
    for escalation_id in dict.fromkeys([found.key, *(page.escalation_id for page in together)]):
        row = escalations.get(session, escalation_id)
        incident = incidents.get(session, (row or found).incident_id)
        activity.record_activity(session, incident.team_id, incident.channel_id or "", reaction.user_id, at)
    is_new = not transcript.is_known(session, reaction) and transcript.save_reaction(session, reaction)
    incident = incidents.get(session, found.incident_id)
    if is_new and _is_awaited(session, found, incident, reaction.user_id):
        outbox.post_event_to_user(session, incident, at, reaction.user_id, "only looking")
    return True


def _is_awaited(session: Session, escalation: Escalation, incident: Incident, user_id: str) -> bool:
    return (
        escalation.pages_people
        and escalation.acknowledged_at is None
        and user_id in escalation.members
        and user_id not in escalation.declined_by
        and user_id not in {each.by for each in active_acknowledgements(session, escalation)}
        and not escalations.is_over(session, escalation, incident)
    )


def _apply_to_escalation(
    session: Session, settings: Settings, found: Escalation, actor: Actor, *, is_present: bool
) -> None:
    if is_present:
        if find_level_paged_instead(session, found.key, actor) is not None:
            raise UserError("You were not paged. To acknowledge for yourself, type /incident ack.")
        if not has_acknowledged(session, found, actor):
            acknowledge(session, settings, found.key, actor, method=REACTION)
        return
    if any((each.by, each.method) == (actor.user_id, REACTION) for each in active_acknowledgements(session, found)):
        unacknowledge(session, settings, found.key, actor)


def _apply_to_bundle(
    session: Session, settings: Settings, together: Sequence[Page], actor: Actor, *, is_present: bool
) -> None:
    page_id = together[0].id or 0
    if not is_present:
        unacknowledge_bundle(session, settings, page_id, actor, method=REACTION)
    elif not acknowledge_bundle(session, settings, page_id, actor, method=REACTION):
        raise StateError("None of these pages needs your answer. Nothing was changed.")
