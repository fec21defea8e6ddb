"""Acknowledge an escalation."""

from datetime import datetime

from sqlmodel import Session

from bot.config import Settings
from bot.domain.errors import StateError, UserError
from bot.domain.escalation import Acknowledgement
from bot.domain.escalation.vendors import VendorEvent
from bot.domain.record.facts import EscalationAcknowledged
from bot.domain.terms import Kind, TargetKind
from bot.services import outbox
from bot.services.escalation.ack_timeout import watch_acknowledgement
from bot.services.escalation.advance import stop_escalation
from bot.services.escalation.responses.common import (
    check_waiting,
    current_acknowledgements,
    has_acknowledged,
    has_enough_acknowledgements,
    lock_same_policy,
    lock_waiting,
    mention_people,
    missing_people,
    refresh_messages,
)
from bot.services.escalation.state import acknowledgements_of, last_position
from bot.services.escalation.view import WEB_METHOD
from bot.services.oncall.targets import target_text
from bot.services.paging.page_outcomes import cancel_pending_pages
from bot.services.timeline.entries import record_entry
from bot.services.timeline.milestones import refresh_milestones
from bot.services.vendors.updates import VendorUpdate, update_vendor_escalation
from bot.services.workspace.actor import Actor, Origin
from bot.store.escalation import escalations, progress
from bot.store.escalation.escalations import Escalation
from bot.store.incidents import incidents
from bot.store.incidents.incidents import Incident


def acknowledge(
    session: Session,
    settings: Settings,
    escalation_id: int,
    actor: Actor,
    *,
    method: str = "slack",
    name: str = "",
    tells_caller: bool = True,
) -> Escalation:
    """
    Acknowledge an escalation; the first one counts, or all people of a level that needs all.

    `name`: name given by a person unknown in Slack, or for them by a paging service. `tells_caller`: off for somebody
    who hands over at once.
    Raises UserError if somebody acknowledged before, with their name.
    """
    same = lock_same_policy(session, escalation_id)
    incident, escalation = lock_waiting(session, settings, escalation_id)
    if escalation.is_external:
        return update_vendor_escalation(session, settings, escalation_id, actor, VendorUpdate(act=VendorEvent.ANSWERED))
    if has_acknowledged(session, escalation, actor):
        needed = mention_people(missing_people(session, escalation))
        raise StateError(f"You acknowledged it already. Still needed: {needed}.")
    for each in (escalation, *same):
        if each.acknowledged_at is None and not has_acknowledged(session, each, actor):
            _record_acknowledgement(
                session, settings, incident, each, actor, method=method, name=name, is_beside=each is not escalation
            )
    refresh_milestones(session, incident)
    outbox.invite_users(session, incident, actor.at, [actor.user_id] if actor.user_id else [], [])
    if tells_caller:
        _tell_caller(session, incident, escalation, actor, name)
    return escalation


def acknowledge_as_well(
    session: Session, settings: Settings, escalation_id: int, actor: Actor, *, method: str = "slack", name: str = ""
) -> Escalation:
    """
    Record that one more person takes an escalation; the first acknowledgement still counts.

    Raises UserError if the escalation is over, and for a person who acknowledged before.
    """
    escalation = escalations.lock(session, escalation_id)
    if escalation is None or escalation.is_external:
        raise UserError("That escalation does not exist.")
    if escalation.acknowledged_at is None:
        return acknowledge(session, settings, escalation_id, actor, method=method, name=name)
    incident = incidents.lock(session, escalation.incident_id)
    check_waiting(session, settings, incident, escalation)
    if has_acknowledged(session, escalation, actor):
        raise StateError("You acknowledged it already. Nothing was changed.")
    _add_acknowledgement(session, incident, escalation, actor, method=method, name=name)
    session.add(escalation)
    refresh_messages(session, incident, escalation, actor)
    outbox.invite_users(session, incident, actor.at, [actor.user_id] if actor.user_id else [], [])
    return escalation


def _tell_caller(session: Session, incident: Incident, escalation: Escalation, actor: Actor, name: str) -> None:
    """Tell the person who asked for help that it comes: the edited message notifies nobody."""
    if escalation.acknowledged_at is None or escalation.asked_by in {None, actor.user_id}:
        return
    paged_at = None if escalation.was_only_recorded else escalation.paged_at
    outbox.post_event(
        session,
        incident,
        "answered",
        actor.at,
        escalation_id=escalation.key,
        to=escalation.asked_by,
        by=actor.user_id,
        name=name,
        waited_seconds=round((actor.at - paged_at).total_seconds()) if paged_at else None,
        page_at=actor.page_at,
    )


def _record_acknowledgement(
    session: Session,
    settings: Settings,
    incident: Incident,
    escalation: Escalation,
    actor: Actor,
    *,
    method: str,
    name: str,
    is_beside: bool,
) -> None:
    """`is_beside`: another escalation of the same policy was acknowledged, and has the timeout."""
    _add_acknowledgement(session, incident, escalation, actor, method=method, name=name)
    if has_enough_acknowledgements(session, escalation):
        escalation.acknowledged_at, escalation.acknowledged_by = actor.at, actor.user_id
        stop_escalation(session, escalation)
        if not is_beside:
            watch_acknowledgement(session, settings, incident, escalation, actor.at)
    cancel_pending_pages(session, escalation.key, actor.at, None if escalation.acknowledged_at else actor.user_id)
    session.add(escalation)
    refresh_messages(session, incident, escalation, actor)


def _add_acknowledgement(
    session: Session, incident: Incident, escalation: Escalation, actor: Actor, *, method: str, name: str
) -> None:
    """Add the acknowledgement and its timeline entry."""
    entry = record_entry(
        session,
        incident,
        [Kind.ACKNOWLEDGED],
        EscalationAcknowledged(target_text(escalation), name),
        actor,
        escalation_id=escalation.key,
    )
    position = last_position(session, escalation)
    method = WEB_METHOD if actor.origin is Origin.WEB else method
    given = Acknowledgement(actor.user_id, actor.at, method, position, entry_id=entry.key, name=name)
    progress.save_responses(session, escalation.key, [*acknowledgements_of(session, escalation), given])
    escalation.declined_by = [each for each in escalation.declined_by if each != actor.user_id]
    if escalation.acknowledgement_entry_id is None:
        escalation.acknowledgement_entry_id = entry.key


def share_acknowledgements(session: Session, settings: Settings, incident: Incident, at: datetime) -> None:
    """After a merge, let acknowledgements count for all escalations of the same policy."""
    for waiting in escalations.find_unanswered(session, incident.key):
        for other in lock_same_policy(session, waiting.key):
            for given in current_acknowledgements(session, other):
                actor = Actor(incident.team_id, given.by, at, Origin.TIMER)
                if waiting.acknowledged_at is None and not has_acknowledged(session, waiting, actor):
                    _record_acknowledgement(
                        session,
                        settings,
                        incident,
                        waiting,
                        actor,
                        method=given.method,
                        name=given.name,
                        is_beside=True,
                    )


def acknowledge_newest(
    session: Session, settings: Settings, incident_id: int, actor: Actor, *, method: str = "slack"
) -> Escalation:
    """
    Acknowledge the newest waiting escalation to the actor, or else the newest of all.

    Escalations that page go before recorded ones; vendors come last. Raises UserError if none waits.
    """
    waiting = escalations.find_unanswered(session, incident_id)
    progress.preload_responses(session, [each.key for each in waiting])

    def rank(each: Escalation) -> tuple[bool, bool, bool, bool]:
        answered = has_acknowledged(session, each, actor)
        return each.is_external, answered, actor.user_id not in each.members, each.was_only_recorded

    chosen = min(waiting, key=rank, default=None)
    if chosen is None:
        incident = incidents.get(session, incident_id)
        if not incident.is_open:
            label = settings.status_label(incident.status)
            raise StateError(f"{incident.reference} is {label}: no action is needed.")
        raise StateError("No escalation of this incident is unacknowledged.")
    return acknowledge(session, settings, chosen.key, actor, method=method)


def waiting_escalations(session: Session, incident_id: int, actor: Actor) -> list[Escalation]:
    """Escalations of an incident that this person has neither acknowledged nor declined."""
    waiting = escalations.find_unanswered(session, incident_id)
    progress.preload_responses(session, [each.key for each in waiting])
    return [
        each
        for each in waiting
        if actor.user_id in each.members
        and actor.user_id not in each.declined_by
        and not each.is_external
        and not has_acknowledged(session, each, actor)
    ]


def escalation_label(escalation: Escalation) -> str:
    """`the policy NAME`, or `the escalation to NAME`."""
    if escalation.target_kind == TargetKind.POLICY:
        return f"the policy {escalation.target_name}"
    return f"the escalation to {target_text(escalation)}"


def other_people_needed(session: Session, escalation: Escalation) -> str:
    """Mentions of people whose acknowledgement is still needed; empty if acknowledged."""
    return "" if escalation.acknowledged_at is not None else mention_people(missing_people(session, escalation))
