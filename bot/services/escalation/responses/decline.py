"""Decline, hand back or delay an escalation; continue without unreachable people."""

from dataclasses import replace
from datetime import timedelta

from sqlmodel import Session

from bot.config import Settings
from bot.domain.errors import StateError, UserError
from bot.services import outbox
from bot.services.escalation.ack_timeout import watch_acknowledgement
from bot.services.escalation.advance import advance_escalation, stop_escalation
from bot.services.escalation.responses.common import (
    current_acknowledgements,
    has_acknowledged,
    has_enough_acknowledgements,
    lock_same_policy,
    lock_waiting,
    refresh_messages,
)
from bot.services.escalation.responses.withdraw import unacknowledge, withdraw_acknowledgements
from bot.services.escalation.state import (
    ESCALATION_STEP,
    active_acknowledgements,
    escalation_timer_key,
    paged_levels,
    record_audit,
)
from bot.services.outbox.timer_payloads import EscalationTimer
from bot.services.timeline.milestones import refresh_milestones
from bot.services.workspace.actor import Actor
from bot.services.workspace.people import ensure_known
from bot.store.escalation import escalations, progress
from bot.store.escalation.escalations import Escalation
from bot.store.escalation.pages import Page
from bot.store.incidents import incidents
from bot.store.incidents.incidents import Incident
from bot.store.shared import timers

MAX_EXTENSION = 24 * 60


def hand_back(session: Session, settings: Settings, escalation_id: int, actor: Actor, *, why: str = "") -> Escalation:
    """Withdraw an acknowledgement, one's own or another's, and page the next level at once."""
    found = escalations.lock(session, escalation_id)
    if found is not None and actor.user_id in {each.by for each in active_acknowledgements(session, found)}:
        return decline(session, settings, escalation_id, actor, why=why)
    return unacknowledge(session, settings, escalation_id, actor, at_once=True, why=why)


def decline(session: Session, settings: Settings, escalation_id: int, actor: Actor, *, why: str = "") -> Escalation:
    """
    Decline an escalation; once nobody of the level is left, the next one is paged at once.

    It also withdraws an acknowledgement of the actor.
    """
    same = lock_same_policy(session, escalation_id)
    found = escalations.lock(session, escalation_id)
    if found is None or actor.user_id is None:
        raise UserError("That escalation does not exist.")
    if found.acknowledged_at is not None and has_acknowledged(session, found, actor):
        theirs = [each for each in same if actor.user_id in {one.by for one in current_acknowledgements(session, each)}]
        for each in (found, *theirs):
            each.declined_by = [*(one for one in each.declined_by if one != actor.user_id), actor.user_id]
        unacknowledge(session, settings, escalation_id, actor, at_once=True, why=why)
    else:
        incident, escalation = lock_waiting(session, settings, escalation_id)
        if actor.user_id in escalation.declined_by:
            return escalation
        _decline(session, settings, incident, escalation, actor, why)
        ensure_known(session, incident.team_id, [actor.user_id], actor.at)
        record_audit(session, incident, escalation, actor, "declined an escalation", why=why)
    for each in same:
        if each.next_step_at is not None and actor.user_id not in each.declined_by:
            _decline(session, settings, incidents.get(session, each.incident_id), each, actor, why)
    return found


def _decline(
    session: Session, settings: Settings, incident: Incident, escalation: Escalation, actor: Actor, why: str
) -> None:
    """Decline one waiting escalation."""
    escalation.declined_by = [*escalation.declined_by, *([actor.user_id] if actor.user_id else [])]
    own = [each for each in active_acknowledgements(session, escalation) if each.by == actor.user_id]
    if own:  # of a level that needs all
        withdraw_acknowledgements(session, incident, escalation, own, actor, why)
        refresh_milestones(session, incident)
    session.add(escalation)
    _after_lost_person(session, settings, incident, escalation, actor)
    outbox.refresh_escalation(session, incident, escalation.key, actor.at)
    outbox.refresh_pages(session, incident, escalation.key, actor.at)


def _after_lost_person(
    session: Session, settings: Settings, incident: Incident, escalation: Escalation, actor: Actor
) -> None:
    """Continue without a person of the level; the others may have acknowledged already."""
    if active_acknowledgements(session, escalation) and has_enough_acknowledgements(session, escalation):
        last = active_acknowledgements(session, escalation)[-1]
        escalation.acknowledged_at, escalation.acknowledged_by = actor.at, last.by
        stop_escalation(session, escalation)
        watch_acknowledgement(session, settings, incident, escalation, actor.at)
        refresh_messages(session, incident, escalation, actor)
        return
    levels = paged_levels(session, escalation)
    if (
        escalation.exhausted_at is None
        and escalation.pages_people
        and levels
        and not levels[-1].has_reachable_target(escalation.declined_by)
    ):
        advance_escalation(session, settings, incident, escalation, actor.at, because="nobody left")


def record_unreachable(session: Session, settings: Settings, page: Page, actor: Actor) -> None:
    """
    Record an unreachable person or paging service with the level, and continue.

    No effect if the page is of an earlier level, or the escalation is acknowledged.
    """
    escalation = escalations.lock(session, page.escalation_id)
    if escalation is None or escalation.acknowledged_at is not None:
        return
    incident = incidents.lock(session, escalation.incident_id)
    levels = paged_levels(session, escalation)
    if escalations.is_over(session, escalation, incident) or not levels:
        return
    last, who = levels[-1], page.user_id or page.method
    if (page.level, page.round) != (last.position.level, last.position.round) or who in last.gone:
        return
    levels[-1] = replace(last, gone=(*last.gone, who))
    progress.save_steps(session, escalation.key, levels)
    session.add(escalation)
    record_audit(session, incident, escalation, actor, "could not reach somebody by any contact method", person=who)
    _after_lost_person(session, settings, incident, escalation, actor)
    outbox.refresh_escalation(session, incident, escalation.key, actor.at)


def extend_wait(session: Session, settings: Settings, escalation_id: int, actor: Actor, *, minutes: int) -> Escalation:
    """
    Delay the next level to at least so many minutes from now.

    Raises UserError if no step is due, or for a number of minutes out of range.
    """
    if not 1 <= minutes <= MAX_EXTENSION:
        raise UserError(f"Ask for 1 to {MAX_EXTENSION} minutes.")
    incident, escalation = lock_waiting(session, settings, escalation_id)
    if escalation.next_step_at is None:
        raise StateError("Nobody else will be paged automatically, so more time has no effect.")
    until = actor.at + timedelta(minutes=minutes)
    escalation.more_time_until = max(until, escalation.more_time_until or until)
    escalation.next_step_at = max(escalation.next_step_at, escalation.more_time_until)
    session.add(escalation)
    timers.set_timer(
        session,
        escalation_timer_key(escalation),
        escalation.next_step_at,
        ESCALATION_STEP,
        EscalationTimer(escalation.key),
    )
    record_audit(session, incident, escalation, actor, f"asked for {minutes} min more")
    outbox.refresh_escalation(session, incident, escalation.key, actor.at)
    return escalation
