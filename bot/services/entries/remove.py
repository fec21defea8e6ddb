"""Entries that somebody takes off the timeline by hand, or puts back, and what goes with them."""

from collections.abc import Collection

from sqlmodel import Session

from bot.config import Settings
from bot.domain.errors import UserError
from bot.domain.terms import Kind
from bot.services import escalation as escalating
from bot.services import outbox as tell
from bot.services.entries import merge as merging
from bot.services.entries.amend import held
from bot.services.escalation import silence_check as quiet
from bot.services.timeline import entries as timeline
from bot.services.timeline import milestones
from bot.services.timeline.entries import BY_HAND as MARKED_BY_HAND
from bot.services.vendors import calls as vendors
from bot.services.workspace.actor import Actor
from bot.store.escalation import escalations
from bot.store.escalation.escalations import Escalation
from bot.store.incidents import incidents
from bot.store.incidents.incidents import Incident
from bot.store.incidents.timeline import TimelineEntry

BY_HAND = "removed by hand"


def why_it_stays(kinds: Collection[str], *, is_over: bool, of_vendor: bool = False) -> str | None:
    """
    Why an entry of these kinds cannot be removed: the incident's state would have no ground. None if it can.

    `of_vendor`: somebody noted that a vendor answered, and may have been wrong.
    """
    if Kind.DECLARED in kinds:
        return "An incident was declared once and for all."
    if Kind.ACKNOWLEDGED in kinds and not of_vendor:
        return "Somebody acknowledged, and that stays on record."
    if Kind.RESOLVED in kinds and is_over:
        return "It is what ended the incident. If it is not over, type `/incident status investigating`."
    if Kind.CANCELLED in kinds and is_over:
        return "It is why the incident was cancelled. If it goes on, type `/incident reopen WHY`."
    return None


def remove(
    session: Session, settings: Settings, entry_id: int, actor: Actor, why: str = "", *, seen: str | None = None
) -> Incident:
    """
    Take an entry off the timeline; it stays in the record as withdrawn, with who did it and why. A call for help is
    called off with its entry, and what was handed over by it is again with whoever had it; an improvement or a task
    leaves its list.

    Raises UserError for one that was removed already, or that has to stay.
    """
    incident, entry = held(session, entry_id, None)
    if entry.withdrawn_at is not None:
        raise UserError("That entry was removed already. Nothing was changed.")
    of_vendor = vendors.act_of(entry) is not None
    if reason := why_it_stays(entry.kinds, is_over=not incident.is_open, of_vendor=of_vendor):
        raise UserError(reason)
    held(session, entry_id, seen)
    timeline.withdraw(session, incident, entry, actor, " ".join(why.split()) or BY_HAND)
    if Kind.ESCALATION in entry.kinds and (escalation_id := entry.details.get("escalation_id")):
        escalation = escalations.lock(session, escalation_id)
        if escalation is not None:
            escalating.stop(session, escalation)
            _is_theirs_again(session, settings, incident, escalation, actor)
        vendors.stop_asking(session, incident, actor.at, of=escalation_id)
    _followed(session, incident, entry, actor)
    _show(session, incident, entry, actor)
    return incident


def _is_theirs_again(
    session: Session, settings: Settings, incident: Incident, taken_off: Escalation, actor: Actor
) -> None:
    """A hand-over is called off: whoever had it is listened for again; where others have to answer too, it goes on."""
    before = escalations.lock(session, taken_off.follows_id) if taken_off.follows_id else None
    if before is None or taken_off.is_external or not incident.is_open or escalations.is_called_off(session, before):
        return
    if before.acknowledged_at is not None:
        quiet.watch(session, settings, incident, before, actor.at)
        session.add(before)
    elif before.gave_up_at is None:
        escalating.resume(session, settings, incident, before, actor.at, because="due")


def put_back(session: Session, settings: Settings, entry_id: int, actor: Actor, *, seen: str | None = None) -> Incident:
    """
    Put an entry on the timeline again. Nobody is paged anew for a call that had been called off.

    One that was merged into another becomes its own again. Raises UserError for one that stands already.
    """
    incident, entry = held(session, entry_id, seen)
    if entry.withdrawn_at is None:
        raise UserError("That entry stands on the timeline. Nothing was changed.")
    if entry.merged_into_id is not None:
        merging.undo(session, settings, entry_id, actor)
        return incident
    entry.details = {**entry.details, MARKED_BY_HAND: list(entry.kinds)}  # its reactions may be gone
    timeline.restore(session, incident, entry, actor)
    _followed(session, incident, entry, actor)
    _show(session, incident, entry, actor)
    return incidents.get(session, incident.key)


def _followed(session: Session, incident: Incident, entry: TimelineEntry, actor: Actor) -> None:
    vendors.follow(session, incident, entry, actor.at)
    if milestones.touches(entry.kinds):
        milestones.refresh(session, incident)


def _show(session: Session, incident: Incident, entry: TimelineEntry, actor: Actor) -> None:
    if escalation_id := entry.details.get("escalation_id"):
        for each in _with_what_it_follows(session, escalation_id):
            tell.show_escalation(session, incident, each, actor.at)
            tell.show_pages(session, incident, each, actor.at)
    if "action_id" in entry.details:
        tell.show_followups(session, incident, actor.at)
    if entry.channel_id and entry.message_ts:
        tell.confirm(session, incident, actor.at, entry.channel_id, entry.message_ts)
    tell.show_card(session, incident, actor.at)


def _with_what_it_follows(session: Session, escalation_id: int) -> list[int]:
    """What was handed over says so for as long as that stands."""
    found = escalations.get(session, escalation_id)
    return [each for each in (escalation_id, found and found.follows_id) if each]
