"""Carry out the due steps of an escalation and schedule the next one."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session

from bot.config import Settings
from bot.domain.escalation import (
    Exhausted,
    Level,
    Need,
    PageLevel,
    Policy,
    Position,
    Progress,
    Stop,
    Wait,
    next_due_at,
    next_step,
)
from bot.services import outbox
from bot.services.escalation.page_level import (
    StepBatch,
    has_targets,
    note_audit,
    page_level,
    page_targets,
    post_empty_level,
    post_level,
    record_level,
    resolve_level,
)
from bot.services.escalation.state import escalation_timer_key, last_position, paged_levels, policy_of
from bot.services.outbox.timer_payloads import EscalationTimer
from bot.services.workspace.people import ensure_known
from bot.store.escalation import escalations, progress
from bot.store.escalation.escalations import Escalation
from bot.store.incidents import incidents
from bot.store.incidents.incidents import Incident
from bot.store.shared import timers
from bot.store.shared.timers import Timer

SPARED = "Everybody in it has answered or declined."


def start_escalation(
    session: Session, settings: Settings, incident: Incident, escalation: Escalation, policy: Policy
) -> None:
    """Store the policy with a new escalation, and page the first level."""
    escalation.policy, escalation.policy_name = policy.as_json(), policy.name or None
    escalation.next_step_at = escalation.asked_at
    named = {person for level in policy.levels for target in level.targets for person in target.people}
    ensure_known(session, incident.team_id, sorted(named), escalation.asked_at)  # the message names the next people
    batch = StepBatch(session, settings, escalation.asked_at)
    _run_next_step(batch, incident, escalation)
    batch.write()


def advance_escalation(
    session: Session, settings: Settings, incident: Incident, escalation: Escalation, at: datetime, *, because: str
) -> None:
    """
    Page the next level at once. `because`: one of PAGE_REASONS.

    The caller has locked both rows, and the escalation is not acknowledged.
    """
    timers.cancel(session, escalation_timer_key(escalation))
    batch = StepBatch(session, settings, at)
    _run_next_step(batch, incident, escalation, because=because, is_nobody_left=True)
    batch.write()


def resume_escalation(
    session: Session, settings: Settings, incident: Incident, escalation: Escalation, at: datetime, *, because: str
) -> None:
    """Continue after a withdrawal: the next level is due at its original time, or now."""
    policy, levels = policy_of(settings, escalation), paged_levels(session, escalation)
    last = levels[-1] if levels else None
    due = next_due_at(policy, last.position, due_at=last.due_at, paged_at=last.paged_at) if last else at
    latest = (
        next_due_at(policy, last.position, due_at=at, paged_at=at) if last else at
    )  # after a clock that was set back
    escalation.next_step_at, escalation.exhausted_at = min(max(due, at), latest), None
    batch = StepBatch(session, settings, at)
    _run_next_step(batch, incident, escalation, because=because)
    batch.write()


def stop_escalation(session: Session, escalation: Escalation) -> None:
    """Cancel the next step."""
    escalation.next_step_at = None
    session.add(escalation)
    timers.cancel(session, escalation_timer_key(escalation))


def lock_escalations(session: Session, due: Sequence[Timer]) -> None:
    """Lock the escalations of timers, then their incidents."""
    found = escalations.lock_all(session, [EscalationTimer.from_json(timer.details).escalation_id for timer in due])
    incidents.lock_all(session, [escalation.incident_id for escalation in found])


def run_due_steps(session: Session, settings: Settings, due: Sequence[Timer], at: datetime) -> None:
    """Run due steps in the transaction that takes their timers, so that each happens once."""
    batch = StepBatch(session, settings, at)
    with progress.batch(session):
        for timer in due:
            if timers.is_cancelled(session, timer.key):  # by one before it
                continue
            found = _lock_unacknowledged(session, timer)
            if found is not None:
                incident, escalation = found
                outbox.skip_reminder_check(session, incident)
                escalation.next_step_at = timer.due_at  # moved if the clock was set
                _run_next_step(batch, incident, escalation)
    batch.write()


def _lock_unacknowledged(session: Session, timer: Timer) -> tuple[Incident, Escalation] | None:
    """Lock the rows of a step; None if the escalation is over."""
    escalation = escalations.lock(session, EscalationTimer.from_json(timer.details).escalation_id)
    if escalation is None or escalation.acknowledged_at is not None:
        return None
    incident = incidents.lock(session, escalation.incident_id)
    return (incident, escalation) if incident.is_open else None


def _run_next_step(
    batch: StepBatch, incident: Incident, escalation: Escalation, *, because: str = "due", is_nobody_left: bool = False
) -> None:
    """Carry out what is due now. A level that resolves to nobody is skipped at once."""
    policy = policy_of(batch.settings, escalation)
    escalation.stopped_at = None
    while True:
        match next_step(policy, _progress(batch, escalation, is_nobody_left=is_nobody_left), batch.at):
            case Stop():
                stop_escalation(batch.session, escalation)
                return
            case Wait(until):
                batch.wait(escalation, until)
                break
            case Exhausted():
                _exhaust(batch, incident, escalation, policy)
                break
            case PageLevel() as found:
                is_nobody_left = not page_level(batch, incident, escalation, policy, found, because)
                if not is_nobody_left:
                    due = next_due_at(policy, found.position, due_at=found.due_at, paged_at=batch.at)
                    batch.wait(escalation, due)
                    break
                because = "nobody left"
    batch.session.add(escalation)
    outbox.refresh_escalation(batch.session, incident, escalation.key, batch.at)
    outbox.refresh_card(batch.session, incident, batch.at)


def _progress(batch: StepBatch, escalation: Escalation, *, is_nobody_left: bool) -> Progress:
    return Progress(
        due_at=escalation.next_step_at or batch.at,
        position=last_position(batch.session, escalation),
        is_acknowledged=escalation.acknowledged_at is not None,
        is_over=escalation.exhausted_at is not None,
        is_nobody_left=is_nobody_left,
        more_time_until=escalation.more_time_until,
    )


def _exhaust(batch: StepBatch, incident: Incident, escalation: Escalation, policy: Policy) -> None:
    """Post that nobody responded, and page the fallback."""
    escalation.exhausted_at, escalation.next_step_at = batch.at, None
    timers.cancel(batch.session, escalation_timer_key(escalation))
    levels = paged_levels(batch.session, escalation)
    has_anybody = any(each.has_reachable_target(escalation.declined_by) for each in levels) or not levels
    event = "unanswered" if has_anybody else "all declined"
    outbox.post_event(batch.session, incident, event, batch.at, escalation_id=escalation.key)
    if policy.at_end.announce and not incident.is_private:
        outbox.announce_event(batch.session, incident, "unanswered elsewhere", batch.at, escalation_id=escalation.key)
    note_audit(batch, incident, escalation, "stopped paging: nobody answered")
    if policy.at_end.page:
        fallback = Level(policy.at_end.page, batch.at - batch.at, Need.ANY)
        position = Position(len(policy.levels) + 1, escalation.round)
        last, why = resolve_level(batch, incident, escalation, fallback, position, "end")
        record_level(batch.session, escalation, last)
        if why or not has_targets(last):
            post_empty_level(batch, incident, escalation, last, why or [SPARED], is_last=True)
        if has_targets(last):
            page_targets(batch, incident, escalation, last)
            post_level(batch, incident, escalation, policy, last)
