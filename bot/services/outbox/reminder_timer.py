"""The timer that checks which reminders of an incident are due."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial

from sqlmodel import Session

from bot.config import Settings
from bot.domain.terms import Severity
from bot.services.outbox.kinds import OutboxKind
from bot.services.outbox.timer_payloads import IncidentTimer
from bot.store import outbox
from bot.store.database.transaction_state import transaction_state
from bot.store.escalation import reminders
from bot.store.incidents.incidents import Incident
from bot.store.shared import timers

REMINDER_RELEVANT = frozenset({OutboxKind.CARD, OutboxKind.EVENT, OutboxKind.FOLLOWUPS, OutboxKind.CONFIRM_REACTION})
"""Kinds of row whose queueing means that a reminder may have become due or obsolete."""
REMINDER_CHECK = "look at nudges"
"""Kind of the timer."""
REMINDER_CHECK_DELAY = timedelta(seconds=3)
"""Delay, so that a burst of changes leads to one check."""


def reminder_timer_key(incident_id: int) -> str:
    """Key of the incident's reminder timer."""
    return f"nudge:{incident_id}"


def schedule_reminder_check(session: Session, incident: Incident, at: datetime) -> None:
    """
    Check soon which reminders of the incident are due or obsolete, once a transaction.

    The timer is locked before the lanes, in the order that the engine uses.
    """
    state = transaction_state(session)
    if incident.key in state.reminder_checks or incident.is_retro or incident.drill_of is not None:
        return
    key, due_at, payload = reminder_timer_key(incident.key), at + REMINDER_CHECK_DELAY, IncidentTimer(incident.key)
    if incident.key not in state.new_entries_only:
        state.reminder_checks.add(incident.key)
        advance = partial(timers.set_or_advance, session, key, due_at, REMINDER_CHECK, payload)
        outbox.before_lanes(session, key, advance)
    elif incident.key not in state.standing_checks:
        state.standing_checks.add(incident.key)
        standing = reminders.any_standing_exists
        advance = partial(timers.set_or_advance, session, key, due_at, REMINDER_CHECK, payload, standing, incident.key)
        outbox.before_lanes(session, f"{key} standing", advance)


@contextmanager
def only_new_entry(session: Session, incident: Incident) -> Iterator[None]:
    """
    Check reminders only if one stands, around the rows of an added entry.

    Such an entry makes no reminder due earlier, but may make a standing one obsolete.
    """
    limited = transaction_state(session).new_entries_only
    limited.add(incident.key)
    try:
        yield
    finally:
        limited.discard(incident.key)


def skip_reminder_check(session: Session, incident: Incident) -> None:
    """Leave out the check in this transaction: its changes concern no reminder."""
    transaction_state(session).reminder_checks.add(incident.key)


def schedule_first_reminder(session: Session, settings: Settings, incident: Incident) -> None:
    """Check a new incident no sooner than its earliest reminder can be due."""
    if incident.is_retro or incident.drill_of is not None:
        return
    skip_reminder_check(session, incident)
    rules = settings.nudges.rules(Severity(incident.severity))
    pauses = (rules.nobody_leads, rules.update_due, rules.nothing_recorded, rules.triage)
    if first := min((each for each in pauses if each is not None), default=None):
        key, due_at = reminder_timer_key(incident.key), incident.declared_at + first
        set_first = partial(timers.set_timer, session, key, due_at, REMINDER_CHECK, IncidentTimer(incident.key))
        outbox.before_lanes(session, key, set_first)
