"""Select the escalation of an incident for a command that names none."""

from collections.abc import Callable

from sqlmodel import Session

from bot.domain.errors import UserError
from bot.services.escalation.responses.common import has_acknowledged
from bot.services.escalation.state import active_acknowledgements
from bot.services.workspace.actor import Actor
from bot.store.escalation import escalations, progress
from bot.store.escalation.escalations import Escalation


def select_to_unacknowledge(session: Session, incident_id: int, actor: Actor) -> Escalation:
    """The newest that the actor acknowledged, or else anybody. Raises UserError if none."""
    found = [each for each in _running(session, incident_id) if active_acknowledgements(session, each)]
    return _pick(found, lambda each: has_acknowledged(session, each, actor), "Nobody has acknowledged an escalation.")


def select_to_decline(session: Session, incident_id: int, actor: Actor) -> Escalation:
    """The newest that pages the actor, or that they acknowledged. Raises UserError if none."""
    found = [
        each
        for each in _running(session, incident_id)
        if _is_asked(each, actor) or has_acknowledged(session, each, actor)
    ]
    return _pick(found, lambda each: _is_asked(each, actor), "No escalation of this incident needs your answer.")


def select_to_delay(session: Session, incident_id: int, actor: Actor) -> Escalation:
    """The newest that pages the actor, or else has a next step. Raises UserError if none."""
    found = [each for each in _running(session, incident_id) if each.next_step_at is not None]
    nothing = "Nobody else will be paged automatically, so more time has no effect."
    return _pick(found, lambda each: _is_asked(each, actor), nothing)


def select_to_hand_over(session: Session, incident_id: int, actor: Actor) -> Escalation:
    """The newest that concerns the actor, or else any. Raises UserError if there is none."""
    found = _running(session, incident_id)
    nothing = "There is no escalation here to hand over. Page somebody with `/incident escalate`."
    return _pick(found, lambda each: has_acknowledged(session, each, actor) or _is_asked(each, actor), nothing)


def _running(session: Session, incident_id: int) -> list[Escalation]:
    """Newest first, without vendors, called-off ones and those that were handed over."""
    found = escalations.find_by_incident(session, incident_id)
    running = [each for each in found if not each.is_external and not escalations.is_called_off(session, each)]
    progress.preload_responses(session, [each.key for each in running])
    handed_over = {each.follows_id for each in running}
    return [each for each in reversed(running) if each.key not in handed_over]


def _pick(found: list[Escalation], theirs: Callable[[Escalation], bool], nothing: str) -> Escalation:
    if not found:
        raise UserError(nothing)
    return next((each for each in found if theirs(each)), found[0])


def _is_asked(each: Escalation, actor: Actor) -> bool:
    return each.acknowledged_at is None and actor.user_id in each.members and actor.user_id not in each.declined_by
