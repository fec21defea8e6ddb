"""State of one transaction beside its rows, and the background work that its commit wakes."""

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, field, fields
from enum import Flag, auto
from typing import Any, TypeVar

from sqlmodel import Session

T = TypeVar("T")
KEY = "transaction state"


class Wakeup(Flag):
    """Background work to wake after the commit: the sender for rows, the engine for timers."""

    NOTHING = 0
    ROWS = auto()
    ROWS_LATER = auto()
    """Rows that may go out only at their own time."""
    TIMERS = auto()


@dataclass(slots=True)
class TransactionState:
    """
    Locks, caches and pending work of a transaction. `Any`: types of packages above this one.

    Rows in it stay in the session's identity map, which drops rows that nothing else refers to.
    """

    wakeups: Wakeup = Wakeup.NOTHING
    retained_rows: dict[int, Any] = field(default_factory=dict)
    """Rows that `retain` keeps alive, by `id()`."""
    locked_incidents: dict[int, Any] = field(default_factory=dict)
    locked_escalations: dict[int, Any] = field(default_factory=dict)
    preloaded_escalations: dict[int, list[Any]] = field(default_factory=dict)
    """All escalations of an incident, by the incident's id."""
    preloaded_entries: list[Any] = field(default_factory=list)
    """Timeline entries of the preloaded escalations."""
    known_people: dict[tuple[str, str], Any] = field(default_factory=dict)
    """People who have a row, by team and user id; the row where it was read, else None."""
    cancelled_timers: set[str] = field(default_factory=set)
    outbox_batch: list[Any] | None = None
    """Effects to queue at the end of `outbox.batch`; None outside of one."""
    actions_before_lanes: dict[str, Callable[[], None]] = field(default_factory=dict)
    """Locks to take at the end of `outbox.batch`, before any lane, by key."""
    alert_summaries: set[int] = field(default_factory=set)
    """Incidents whose alert summary is scheduled."""
    reminder_checks: set[int] = field(default_factory=set)
    """Incidents that need no further reminder check."""
    slack_messages: dict[int, dict[str, Any]] = field(default_factory=dict)
    """Rows of `slack_message` that were read, by incident and view."""
    escalation_steps: dict[int, tuple[Any, ...]] = field(default_factory=dict)
    """Rows of `escalation_step` that were read, by escalation."""
    escalation_responses: dict[int, tuple[Any, ...]] = field(default_factory=dict)
    """Rows of `escalation_response` that were read, by escalation."""
    escalation_batch: list[Any] | None = None
    """New rows of both to add at the end of `progress.batch`; None outside of one."""
    open_homes: dict[str, list[str]] = field(default_factory=dict)
    """Users who have App Home open, by team."""

    def snapshot(self) -> dict[str, Any]:
        """Copies of all values, for `restore`."""
        return {each.name: copy(getattr(self, each.name)) for each in fields(self)}

    def restore(self, values: dict[str, Any]) -> None:
        for name, value in values.items():
            setattr(self, name, value)


def transaction_state(session: Session) -> TransactionState:
    """The state of the session's transaction. A session has one transaction."""
    state: TransactionState | None = session.info.get(KEY)
    if state is None:
        state = session.info[KEY] = TransactionState()
    return state


def retain(session: Session, row: T) -> T:
    """Keep the row in memory until the transaction ends, so that it is not queried again."""
    if row is not None:
        transaction_state(session).retained_rows[id(row)] = row
    return row


def request_wakeup(session: Session, wakeup: Wakeup) -> None:
    """Wake the workers of this kind after the commit."""
    transaction_state(session).wakeups |= wakeup


def cancel_wakeup(session: Session, wakeup: Wakeup) -> None:
    """Take `request_wakeup` back: the caller took all that work within this transaction."""
    transaction_state(session).wakeups &= ~wakeup


def pending_wakeups(session: Session) -> Wakeup:
    return transaction_state(session).wakeups
