"""The timer that checks which reminders of an incident are due."""

from datetime import datetime, timedelta

from sqlmodel import Session

from bot.services.outbox.kinds import OutboxKind
from bot.services.outbox.timer_payloads import IncidentTimer
from bot.store import outbox
from bot.store.database.transaction_state import transaction_state
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
    scheduled = transaction_state(session).reminder_checks
    if incident.key in scheduled or incident.is_retro or incident.drill_of is not None:
        return
    scheduled.add(incident.key)
    key, due_at, incident_id = reminder_timer_key(incident.key), at + REMINDER_CHECK_DELAY, incident.key
    outbox.before_lanes(
        session, key, lambda: timers.set_or_advance(session, key, due_at, REMINDER_CHECK, IncidentTimer(incident_id))
    )


def skip_reminder_check(session: Session, incident: Incident) -> None:
    """Leave out the check in this transaction: its changes concern no reminder."""
    transaction_state(session).reminder_checks.add(incident.key)
