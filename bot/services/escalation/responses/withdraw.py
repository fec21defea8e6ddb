"""Withdraw acknowledgements; the policy continues."""

from collections.abc import Sequence
from dataclasses import replace

from sqlmodel import Session

from bot.config import Settings
from bot.domain.errors import StateError, UserError
from bot.domain.escalation import Acknowledgement
from bot.services import outbox
from bot.services.escalation.advance import advance_escalation, resume_escalation
from bot.services.escalation.responses.common import (
    check_not_handed_over,
    check_waiting,
    current_acknowledgements,
    has_enough_acknowledgements,
    lock_same_policy,
    refresh_messages,
    reopened_after,
)
from bot.services.escalation.state import acknowledgements_of, active_acknowledgements, record_audit
from bot.services.timeline.entries import withdraw_entry
from bot.services.timeline.milestones import refresh_milestones
from bot.services.workspace.actor import Actor
from bot.store.escalation import escalations, progress
from bot.store.escalation.escalations import Escalation
from bot.store.incidents import incidents, timeline
from bot.store.incidents.incidents import Incident

WITHDRAWN = "the acknowledgement was withdrawn"


def unacknowledge(
    session: Session, settings: Settings, escalation_id: int, actor: Actor, *, at_once: bool = False, why: str = ""
) -> Escalation:
    """
    Withdraw the actor's acknowledgement, or else all, with their timeline entries.

    The policy continues where it was: the next level is due at its original time, or now if that has passed or with
    `at_once`. Raises UserError if nobody acknowledged, or the escalation is over.
    """
    same = lock_same_policy(session, escalation_id)
    escalation = escalations.lock(session, escalation_id)
    if escalation is None:
        raise UserError("That escalation does not exist.")
    incident = incidents.lock(session, escalation.incident_id)
    check_waiting(session, settings, incident, escalation)
    if escalation.is_external:
        raise UserError("A vendor's answer cannot be withdrawn. It stays on record.")
    answers = active_acknowledgements(session, escalation)
    if not answers:
        raise StateError("Nobody has acknowledged it. Nothing was changed.")
    check_not_handed_over(session, escalation)
    own = [each for each in answers if each.by == actor.user_id]
    gone = {each.by for each in own or answers}
    for each in (escalation, *same):
        is_of_before = each is not escalation and reopened_after(session, each) is not None
        given = current_acknowledgements(session, each) if is_of_before else active_acknowledgements(session, each)
        if theirs := [one for one in given if one.by in gone]:
            _withdraw(
                session, settings, incident, each, theirs, actor, at_once=at_once, goes_on=not is_of_before, why=why
            )
    refresh_milestones(session, incident)
    return escalation


def _withdraw(
    session: Session,
    settings: Settings,
    incident: Incident,
    escalation: Escalation,
    gone: Sequence[Acknowledgement],
    actor: Actor,
    *,
    at_once: bool,
    goes_on: bool,
    why: str,
) -> None:
    """`goes_on`: off if another escalation continues the policy after a reopening."""
    withdraw_acknowledgements(session, incident, escalation, gone, actor, why)
    session.add(escalation)
    if has_enough_acknowledgements(session, escalation):
        escalation.acknowledged_by = active_acknowledgements(session, escalation)[-1].by
        refresh_messages(session, incident, escalation, actor)
        return
    was_over = escalation.acknowledged_at is not None
    escalation.acknowledged_at = escalation.acknowledged_by = escalation.activity_asked_at = None
    outbox.post_event(
        session,
        incident,
        "unacknowledged",
        actor.at,
        escalation_id=escalation.key,
        by=actor.user_id,
        why=why,
        before=gone[-1].by,
        page_at=actor.page_at,
    )
    if was_over and goes_on and escalation.pages_people:
        if at_once:
            escalation.exhausted_at = None
            advance_escalation(session, settings, incident, escalation, actor.at, because="cannot go on")
        else:
            resume_escalation(session, settings, incident, escalation, actor.at, because="cannot go on")
    refresh_messages(session, incident, escalation, actor)


def withdraw_acknowledgements(
    session: Session,
    incident: Incident,
    escalation: Escalation,
    gone: Sequence[Acknowledgement],
    actor: Actor,
    why: str,
) -> None:
    answers = [
        replace(each, withdrawn_at=actor.at, why=why) if each in gone else each
        for each in acknowledgements_of(session, escalation)
    ]
    progress.save_responses(session, escalation.key, answers)
    standing = active_acknowledgements(session, escalation)
    escalation.acknowledgement_entry_id = standing[0].entry_id if standing else None
    for answer in gone:
        entry = timeline.get(session, answer.entry_id) if answer.entry_id else None
        if entry is not None and entry.withdrawn_at is None:
            withdraw_entry(session, incident, entry, actor, f"{WITHDRAWN}: {why}" if why else WITHDRAWN)
    record_audit(session, incident, escalation, actor, "withdrew an acknowledgement", of=[each.by for each in gone])
