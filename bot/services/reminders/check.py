"""Post due reminders once, mark obsolete ones, and snooze them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from sqlmodel import Session

from bot.config import Settings
from bot.domain.errors import StateError
from bot.domain.reminders import DueReminder, ReminderKey, ReminderKind, ReminderPlan, ReminderState, plan_reminders
from bot.services import outbox
from bot.services.outbox.timer_payloads import IncidentTimer
from bot.services.reminders.facts import load_facts, rules_of
from bot.services.workspace.actor import Actor
from bot.services.workspace.audit_log import audit_action
from bot.services.workspace.workplace import workplace_of
from bot.store.escalation import reminders
from bot.store.escalation.reminders import Reminder
from bot.store.incidents import incidents
from bot.store.incidents.incidents import Incident
from bot.store.shared import timers
from bot.store.shared.timers import Timer


class SnoozePeriod(StrEnum):
    """Choices for snoozing a reminder."""

    HOUR = "hour"
    TOMORROW = "tomorrow"
    NEVER = "never"


def check_reminders(session: Session, settings: Settings, due_timers: Sequence[Timer], at: datetime) -> None:
    """
    Run the reminder timers of several incidents.

    Incidents are read without a lock: a change meanwhile sets the timer again. A new entry does so only where a
    reminder stands, so that one is sent under the lock.
    """
    keys = sorted({IncidentTimer.from_json(timer.details).incident_id for timer in due_timers})
    found = incidents.find_by_ids(session, keys)
    rows: dict[int, list[Reminder]] = defaultdict(list)
    for row in reminders.lock_all(session, keys):
        rows[row.incident_id].append(row)
    plans = _plan_all(session, settings, found, rows, at)
    if asking := {key for key, plan in plans.items() if plan.ask}:
        locked = incidents.lock_free(session, asking)
        held = [each for each in found if each.key in locked]
        plans |= dict.fromkeys(asking, ASK_LATER) | _plan_all(session, settings, held, rows, at)
    due = {}
    for incident in found:
        plan = plans[incident.key]
        _apply_plan(session, incident, plan, rows[incident.key], at)
        next_at = at + outbox.REMINDER_CHECK_DELAY if plan is ASK_LATER else plan.next_at
        if next_at is not None:
            due[outbox.reminder_timer_key(incident.key)] = next_at, IncidentTimer(incident.key)
    timers.set_timers_at(session, outbox.REMINDER_CHECK, due)


ASK_LATER = ReminderPlan((), (), None)
"""Somebody changes the incident at this moment, which may make the reminder obsolete."""


def _plan_all(
    session: Session,
    settings: Settings,
    found: Sequence[Incident],
    rows: Mapping[int, Sequence[Reminder]],
    at: datetime,
) -> dict[int, ReminderPlan]:
    """Plans by incident id."""
    facts = load_facts(session, settings, found)
    return {
        each.key: plan_reminders(facts[each.key], rules_of(settings, each), _states(rows[each.key]), at)
        for each in found
    }


def _states(rows: Iterable[Reminder]) -> dict[ReminderKey, ReminderState]:
    return {
        _key(row): ReminderState(
            row.asked_at,
            row.count,
            is_over=row.done_at is not None,
            snoozed_until=row.snoozed_until,
            is_off=row.disabled_at is not None,
        )
        for row in rows
        if row.asked_at is not None
    }


def _key(row: Reminder) -> ReminderKey:
    return ReminderKind(row.kind), row.subject


def _apply_plan(
    session: Session, incident: Incident, plan: ReminderPlan, rows: Sequence[Reminder], at: datetime
) -> None:
    by_key = {_key(row): row for row in rows}
    changed: list[Reminder] = []
    for key in plan.strike:
        by_key[key].done_at = at
        changed.append(by_key[key])
    for ask in plan.ask:
        row = by_key.get(ask.key) or Reminder(incident_id=incident.key, kind=ask.key[0].value, subject=ask.key[1])
        _post_reminder(session, incident, row, ask, at)
        changed.append(row)
    if not changed:
        return
    session.add_all(changed)
    session.flush()
    outbox.refresh_open_homes(session, incident.team_id, at)
    for row in changed:
        outbox.refresh_reminder(session, incident, row.key, at, user_id=row.user_id, is_new=row.message_ts is None)
    if any(row.kind == ReminderKind.UPDATE_DUE for row in changed):  # the card names it as the next step
        outbox.skip_reminder_check(session, incident)
        outbox.refresh_card(session, incident, at)


def _post_reminder(session: Session, incident: Incident, row: Reminder, ask: DueReminder, at: datetime) -> None:
    row.asked_at, row.count, row.done_at = at, ask.count, None
    row.snoozed_until = row.snoozed_by = None
    if ask.is_anew:
        row.replaced_ts, row.message_ts = row.message_ts or row.replaced_ts, None
        row.user_id = _recipient(session, incident, row)


def _recipient(session: Session, incident: Incident, row: Reminder) -> str | None:
    """
    Owner of the task, or lead if the channel is archived; None for the channel itself.

    A user group gets no direct message. Reminders of a private incident stay in its channel.
    """
    if incident.is_private:
        return None
    if row.kind == ReminderKind.TASK_OVERDUE:
        task = reminders.find_task(session, incident.key, row.subject)
        if task is not None and task.owner and not task.owner_group:
            return task.owner
    return incident.lead if incident.archived_at is not None else None


def snooze_reminder(session: Session, settings: Settings, reminder_id: int, actor: Actor, period: SnoozePeriod) -> None:
    """
    Snooze a reminder for an hour, until tomorrow in the actor's zone, or for good.

    Raises UserError for an obsolete reminder.
    """
    row = reminders.lock(session, reminder_id)
    if row is None or row.done_at is not None:
        raise StateError("Nothing to put off: this reminder is no longer due.")
    incident = incidents.get(session, row.incident_id)
    row.snoozed_by = actor.user_id
    row.snoozed_until = row.disabled_at = None
    match period:
        case SnoozePeriod.HOUR:
            row.snoozed_until = actor.at + timedelta(hours=1)
        case SnoozePeriod.TOMORROW:
            workplace = workplace_of(session, settings, incident, actor.user_id)
            tomorrow = workplace.next_day(actor.at)
            is_afterwards = ReminderKind(row.kind).is_afterwards
            row.snoozed_until = (
                workplace.at_work(tomorrow) if is_afterwards else tomorrow + timedelta(hours=MORNING_HOUR)
            )
        case SnoozePeriod.NEVER:
            row.disabled_at = actor.at
    session.add(row)
    audit_action(session, actor, f"put off a reminder: {row.kind}", incident=incident, until=period.value)
    session.flush()
    outbox.refresh_reminder(session, incident, row.key, actor.at, user_id=row.user_id, is_new=False)
    if row.kind == ReminderKind.UPDATE_DUE:
        outbox.refresh_card(session, incident, actor.at)
    outbox.schedule_reminder_check(session, incident, actor.at)


MORNING_HOUR = 9
"""Hour of the day at which a reminder of an open incident returns from a snooze until tomorrow."""


def incident_of_reminder(session: Session, reminder_id: int) -> int:
    """The id of the reminder's incident; 0 for a reminder that does not exist."""
    row = reminders.get(session, reminder_id)
    return row.incident_id if row is not None else 0


def record_reminder_message(session: Session, reminder_id: int, channel_id: str, ts: str | None) -> None:
    """Record the message of a reminder, which replaces the former one."""
    row = reminders.lock(session, reminder_id)
    if row is not None:
        row.channel_id, row.message_ts, row.replaced_ts = channel_id, ts, None
        session.add(row)
