"""Which escalation of an incident somebody means who types a command about one, and names none."""

from collections.abc import Callable

from sqlmodel import Session

from bot.domain.errors import UserError
from bot.services import escalation as escalating
from bot.services.escalation.responses import has_answered
from bot.services.workspace.actor import Actor
from bot.store.escalation import escalations
from bot.store.escalation.escalations import Escalation


def to_take_back(session: Session, incident_id: int, actor: Actor) -> Escalation:
    """The newest that this person acknowledged, or else the newest that anybody did. Raises UserError if none is."""
    found = [each for each in _running(session, incident_id) if escalating.standing(each)]
    return _newest(found, lambda each: has_answered(each, actor), "Nobody has acknowledged an escalation.")


def to_decline(session: Session, incident_id: int, actor: Actor) -> Escalation:
    """The newest that asks this person, or that they acknowledged. Raises UserError if none does."""
    found = [each for each in _running(session, incident_id) if _asks(each, actor) or has_answered(each, actor)]
    return _newest(found, lambda each: _asks(each, actor), "No escalation of this incident asks you for anything.")


def to_wait_with(session: Session, incident_id: int, actor: Actor) -> Escalation:
    """The newest that asks this person, or else any that goes on by itself. Raises UserError if none does."""
    found = [each for each in _running(session, incident_id) if each.next_step_at is not None]
    nothing = "Nobody else is paged by itself, so there is nothing to wait with."
    return _newest(found, lambda each: _asks(each, actor), nothing)


def to_hand_over(session: Session, incident_id: int, actor: Actor) -> Escalation:
    """The newest that this person acknowledged, or that asks them, or else any. Raises UserError if there is none."""
    found = _running(session, incident_id)
    nothing = "There is no escalation here to hand over. Page somebody with `/incident escalate`."
    return _newest(found, lambda each: has_answered(each, actor) or _asks(each, actor), nothing)


def _running(session: Session, incident_id: int) -> list[Escalation]:
    """Newest first, without those of vendors, those that were called off, and those that went on as another."""
    found = escalations.of_incident(session, incident_id)
    running = [each for each in found if not each.is_external and not escalations.is_called_off(session, each)]
    gone_on = {each.follows_id for each in running}
    return [each for each in reversed(running) if each.key not in gone_on]


def _newest(found: list[Escalation], theirs: Callable[[Escalation], bool], nothing: str) -> Escalation:
    if not found:
        raise UserError(nothing)
    return next((each for each in found if theirs(each)), found[0])


def _asks(each: Escalation, actor: Actor) -> bool:
    return each.acknowledged_at is None and actor.user_id in each.members and actor.user_id not in each.declined_by
