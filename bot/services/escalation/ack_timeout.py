"""
Acknowledgement timeout: ask the acknowledger, page them again, then escalate.

Their own activity in the incident (`bot.store.escalation.activity`) restarts the timeout; that of others does not,
because the acknowledger may have fallen asleep while others talk.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlmodel import Session

from bot.config import Settings
from bot.domain.errors import StateError, UserError
from bot.domain.escalation import ACK_TIMED_OUT, PagedLevel, Position
from bot.domain.escalation.ack_timeout import TIMEOUT_STEPS, AckProgress, TakeStep, TimeoutStep, next_timeout_step
from bot.domain.escalation.steps import Stop, Wait
from bot.domain.terms import Severity
from bot.lazy_dataclass import dataclass
from bot.services import outbox
from bot.services.escalation.state import (
    ESCALATION_STEP,
    acknowledgements_of,
    active_acknowledgements,
    escalation_timer_key,
    last_position,
    paged_levels,
    record_audit,
)
from bot.services.outbox.timer_payloads import EscalationTimer
from bot.services.paging.pages import page_people
from bot.services.workspace.actor import Actor, Origin
from bot.services.workspace.audit_log import audit_action
from bot.services.workspace.people import MENTION
from bot.store.escalation import activity, escalations, progress
from bot.store.escalation.escalations import Escalation
from bot.store.incidents import incidents
from bot.store.incidents.incidents import Incident
from bot.store.shared import people, timers
from bot.store.shared.timers import Timer

ACK_TIMEOUT_CHECK = "check the acknowledger's activity"
"""Kind of the timer."""


def ack_timeout_key(escalation_id: int) -> str:
    return f"quiet:{escalation_id}"


def watch_acknowledgement(
    session: Session, settings: Settings, incident: Incident, escalation: Escalation, at: datetime
) -> None:
    """Start the timeout after an acknowledgement. The caller has locked both rows."""
    escalation.ack_timeout_steps, escalation.activity_asked_at = 0, None
    timeout = settings.nudges.ack_timeout(Severity(incident.severity))
    if timeout is not None and _is_watched(session, incident, escalation):
        timers.set_timer(
            session, ack_timeout_key(escalation.key), at + timeout, ACK_TIMEOUT_CHECK, EscalationTimer(escalation.key)
        )


def _is_watched(session: Session, incident: Incident, escalation: Escalation) -> bool:
    """Not for vendors, replays, recorded escalations, or acknowledgers unknown in Slack."""
    is_real = incident.is_open and incident.drill_of is None and not incident.is_retro
    is_acknowledged = escalation.pages_people and escalation.acknowledged_at is not None
    return is_real and is_acknowledged and bool(_acknowledgers(session, escalation))


def _acknowledgers(session: Session, escalation: Escalation) -> list[str]:
    """User ids of active acknowledgements, without those that are unknown in Slack."""
    active = (each.by for each in active_acknowledgements(session, escalation))
    return list(dict.fromkeys(each for each in (*active, escalation.acknowledged_by) if each))


def on_severity_changed(session: Session, settings: Settings, incident: Incident, at: datetime) -> None:
    """Apply the timeout of the new severity. The caller has locked the incident."""
    if settings.nudges.ack_timeout(Severity(incident.severity)) is None:
        return
    found = escalations.find_by_incident(session, incident.key)
    progress.preload_responses(session, [each.key for each in found])
    for escalation in found:
        if _is_watched(session, incident, escalation):
            timers.set_or_advance(
                session, ack_timeout_key(escalation.key), at, ACK_TIMEOUT_CHECK, EscalationTimer(escalation.key)
            )


def check_ack_timeout(session: Session, settings: Settings, timer: Timer, at: datetime) -> None:
    """Run the timer, in the transaction that takes it."""
    escalation = escalations.lock(session, EscalationTimer.from_json(timer.details).escalation_id)
    if escalation is None:
        return
    incident = incidents.lock(session, escalation.incident_id)
    if not _is_watched(session, incident, escalation) or escalations.is_called_off(session, escalation):
        return
    if escalations.find_handover(session, escalation) is not None:  # that one has its own timeout
        return
    ack_progress = _progress(session, settings, incident, escalation)
    if ack_progress.steps_done and _was_active(ack_progress):
        escalation.ack_timeout_steps, escalation.activity_asked_at = 0, None
        outbox.refresh_escalation(session, incident, escalation.key, at)
    match next_timeout_step(ack_progress, at):
        case Stop():
            pass
        case Wait(until):
            timers.set_timer(session, timer.key, until, ACK_TIMEOUT_CHECK, EscalationTimer(escalation.key))
        case TakeStep(step, since):
            _take_step(session, settings, incident, escalation, step, since, at)
    session.add(escalation)


def _progress(session: Session, settings: Settings, incident: Incident, escalation: Escalation) -> AckProgress:
    return AckProgress(
        acknowledged_at=escalation.acknowledged_at or escalation.asked_at,
        active_at=activity.find_last_activity(session, incident, _acknowledgers(session, escalation)),
        steps_done=escalation.ack_timeout_steps,
        step_at=escalation.activity_asked_at,
        timeout=settings.nudges.ack_timeout(Severity(incident.severity)),
        wait=timedelta(minutes=settings.nudges.quiet_wait),
    )


def _was_active(progress: AckProgress) -> bool:
    return progress.step_at is not None and progress.active_at is not None and progress.active_at >= progress.step_at


def _take_step(
    session: Session,
    settings: Settings,
    incident: Incident,
    escalation: Escalation,
    step: TimeoutStep,
    since: datetime,
    at: datetime,
) -> None:
    acknowledgers = _acknowledgers(session, escalation)
    escalation.ack_timeout_steps, escalation.activity_asked_at = TIMEOUT_STEPS.index(step) + 1, at
    audit_action(
        session,
        Actor(incident.team_id, None, at, Origin.TIMER),
        AUDIT_TEXTS[step],
        incident=incident,
        escalation=escalation.key,
        people=acknowledgers,
        since=since.isoformat(),
    )
    until = at + timedelta(minutes=settings.nudges.quiet_wait)
    if step is TimeoutStep.ASK:
        for user_id in acknowledgers:
            outbox.ask_to_confirm_active(session, incident, at, user_id, escalation.key)
        timers.set_timer(
            session, ack_timeout_key(escalation.key), until, ACK_TIMEOUT_CHECK, EscalationTimer(escalation.key)
        )
    else:
        _page_again(session, settings, incident, escalation, acknowledgers, until, at)
    outbox.refresh_escalation(session, incident, escalation.key, at)
    outbox.refresh_card(session, incident, at)


AUDIT_TEXTS = {
    TimeoutStep.ASK: "asked the acknowledger for a response",
    TimeoutStep.PAGE_AGAIN: "paged the acknowledger again: no response",
}


def _page_again(
    session: Session,
    settings: Settings,
    incident: Incident,
    escalation: Escalation,
    acknowledgers: Sequence[str],
    until: datetime,
    at: datetime,
) -> None:
    """
    Withdraw the acknowledgements, and page the same people at the present level.

    The next level is due at `until`. The timeline entries of the acknowledgements stay.
    """
    answers = acknowledgements_of(session, escalation)
    timed_out = [each if each.withdrawn_at else replace(each, withdrawn_at=at, is_timed_out=True) for each in answers]
    progress.save_responses(session, escalation.key, timed_out)
    escalation.acknowledged_at = escalation.acknowledged_by = escalation.exhausted_at = None
    position = last_position(session, escalation) or Position(1, 0)
    levels = paged_levels(session, escalation)
    level = PagedLevel(position, at, at, people=tuple(acknowledgers), because=ACK_TIMED_OUT)
    progress.save_steps(session, escalation.key, [*levels, level])
    escalation.level, escalation.round, escalation.level_paged_at = position.level, position.round, at
    escalation.next_step_at, escalation.more_time_until = until, None  # an extension from before the acknowledgement
    timers.set_timer(session, escalation_timer_key(escalation), until, ESCALATION_STEP, EscalationTimer(escalation.key))
    session.add(escalation)
    session.flush()
    page_people(session, settings, incident, escalation, acknowledgers, at, level=position.level, round=position.round)
    outbox.refresh_pages(session, incident, escalation.key, at)
    outbox.post_event(
        session, incident, "unacknowledged", at, escalation_id=escalation.key, by=None, before=acknowledgers[-1]
    )


def confirm_active(session: Session, settings: Settings, escalation_id: int, actor: Actor) -> Incident:
    """Confirm that the acknowledger is active. Raises UserError if they are no longer asked."""
    escalation = escalations.lock(session, escalation_id)
    if escalation is None:
        raise UserError("That escalation does not exist.")
    incident = incidents.lock(session, escalation.incident_id)
    if not incident.is_open:
        label = settings.status_label(incident.status)
        raise StateError(f"{incident.reference} is {label}: no action is needed.")
    if actor.user_id not in _acknowledgers(session, escalation):
        raise StateError("It was handed over meanwhile. If you have it, press *Acknowledge* on the newest page.")
    record_audit(session, incident, escalation, actor, "said that they are on it")
    escalation.ack_timeout_steps, escalation.activity_asked_at = 0, None
    session.add(escalation)
    watch_acknowledgement(session, settings, incident, escalation, actor.at)
    outbox.refresh_escalation(session, incident, escalation.key, actor.at)
    return incident


@dataclass(frozen=True, slots=True)
class AckTimeoutView:
    """Question to an acknowledger. `until`: time of the next page."""

    escalation_id: int
    reference: str
    title: str
    channel_id: str | None
    acknowledged_at: datetime
    until: datetime
    names: dict[str, str]
    is_private: bool = False


def load_ack_timeout_view(session: Session, settings: Settings, escalation_id: int) -> AckTimeoutView | None:
    """None if the question is obsolete."""
    row = escalations.get(session, escalation_id)
    if row is None or row.acknowledged_at is None or row.activity_asked_at is None:
        return None
    incident = incidents.get(session, row.incident_id)
    if not incident.is_open:
        return None
    return AckTimeoutView(
        escalation_id,
        incident.reference,
        incident.title,
        incident.channel_id,
        row.acknowledged_at,
        row.activity_asked_at + timedelta(minutes=settings.nudges.quiet_wait),
        people.find_names(session, incident.team_id, MENTION.findall(incident.title)),
        incident.is_private,
    )
