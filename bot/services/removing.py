"""Entries that somebody takes off the timeline by hand, and what goes with them."""

from collections.abc import Collection

from sqlmodel import Session

from bot.domain.errors import UserError
from bot.domain.terms import Kind
from bot.services import tell, timeline
from bot.services.actor import Actor
from bot.store import incidents, timers
from bot.store.incidents import Incident
from bot.store.timeline import TimelineEntry

BY_HAND = "removed by hand"


def why_it_stays(kinds: Collection[str], *, is_over: bool) -> str | None:
    """Why an entry of these kinds cannot be removed: the incident's state would have no ground. None if it can."""
    if Kind.DECLARED in kinds:
        return "An incident was declared once and for all."
    if Kind.ACKNOWLEDGED in kinds:
        return "Somebody acknowledged, and that stays on record."
    if Kind.RESOLVED in kinds and is_over:
        return "It is what ended the incident. If it is not over, type `/incident status investigating`."
    return None


def remove(session: Session, entry_id: int, actor: Actor) -> Incident:
    """
    Take an entry off the timeline; it stays in the record as withdrawn. A call for help is called off with its entry,
    an improvement or a task leaves its list.

    Raises UserError for one that was removed already, or that has to stay.
    """
    entry = session.get(TimelineEntry, entry_id)
    if entry is None:
        raise UserError("That entry does not exist.")
    incident = incidents.lock(session, entry.incident_id)
    session.refresh(entry)  # somebody may have removed it while this one waited for the lock
    if entry.withdrawn_at is not None:
        raise UserError("That entry was removed already. Nothing was changed.")
    if reason := why_it_stays(entry.kinds, is_over=not incident.is_open):
        raise UserError(reason)
    timeline.withdraw(session, incident, entry, actor, BY_HAND)
    if escalation_id := entry.details.get("escalation_id"):
        timers.cancel(session, f"escalation:{escalation_id}")
        tell.show_escalation(session, incident, escalation_id, actor.at)
    if "action_id" in entry.details:
        tell.show_followups(session, incident, actor.at)
    if entry.channel_id and entry.message_ts:
        tell.confirm(session, incident, actor.at, entry.channel_id, entry.message_ts)
    tell.show_card(session, incident, actor.at)
    return incident
