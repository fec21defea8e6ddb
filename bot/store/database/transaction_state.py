"""State of one transaction beside its rows, and the background work that its commit wakes."""

from collections.abc import Callable, Iterator, Sequence
from copy import copy
from dataclasses import field, fields
from datetime import datetime
from enum import Flag, auto
from typing import Any, TypeVar

from sqlalchemy import Insert
from sqlmodel import Session

from bot.lazy_dataclass import dataclass

T = TypeVar("T")
KEY = "transaction state"


class Wakeup(Flag):
    """Work to wake after the commit: the sender for rows, the engine for timers, pages."""

    NOTHING = 0
    ROWS = auto()
    ROWS_LATER = auto()
    """Rows that may go out only at their own time."""
    TIMERS = auto()
    PAGES = auto()
    PUBLIC = auto()
    """The public status page."""
    SESSIONS = auto()
    """Pages whose session may have ended."""


@dataclass(frozen=True, slots=True)
class DueWork:
    """
    Work that a commit left.

    `timers_at`: when the earliest timer that it set is due; None if that is unknown.
    """

    wakeup: Wakeup = Wakeup.NOTHING
    timers_at: datetime | None = None


@dataclass(slots=True)
class TransactionState:
    """
    Locks, caches and pending work of a transaction. `Any`: types of packages above this one.

    Rows in it stay in the session's identity map, which drops rows that nothing else refers to.
    """

    wakeups: Wakeup = Wakeup.NOTHING
    timers_at: datetime | None = None
    """When the earliest timer that was set is due."""
    retained_rows: dict[int, Any] = field(default_factory=dict)
    """Rows that `retain` keeps alive, by `id()`."""
    locked_incidents: dict[int, Any] = field(default_factory=dict)
    changed_incidents: set[int] = field(default_factory=set)
    """Incidents whose revision was raised."""
    locked_escalations: dict[int, Any] = field(default_factory=dict)
    preloaded_escalations: dict[int, list[Any]] = field(default_factory=dict)
    """All escalations of an incident, by the incident's id."""
    preloaded_entries: list[Any] = field(default_factory=list)
    """Timeline entries of the preloaded escalations."""
    known_people: dict[tuple[str, str], Any] = field(default_factory=dict)
    """People who have a row, by team and user id; the row where it was read, else None."""
    cancelled_timers: set[str] = field(default_factory=set)
    deferred_rows: list[tuple[Insert, dict[str, Any]]] = field(default_factory=list)
    """Rows to insert before the commit, with the statement for each."""
    new_incidents: set[int] = field(default_factory=set)
    """Incidents that this transaction inserted: nobody else has rows of them."""
    reserved_seqs: dict[int, range] = field(default_factory=dict)
    """Places of the first entries of a new incident, by incident."""
    new_entries: dict[int, tuple[Any, ...]] = field(default_factory=dict)
    """Timeline entries of new incidents, by incident, as they were recorded."""
    new_counters: dict[int, Any] = field(default_factory=dict)
    """Alert counters that this transaction inserted, by incident."""
    outbox_batch: list[Any] | None = None
    """Effects to queue at the end of `outbox.batch`; None outside of one."""
    edited_views: set[str] = field(default_factory=set)
    """Targets to `mark_as_edit` at the end of `outbox.batch`."""
    queued_until: datetime | None = None
    """Latest time of the effects that were queued to go out at once."""
    actions_before_lanes: dict[str, Callable[[], None]] = field(default_factory=dict)
    """Locks to take at the end of `outbox.batch`, before any lane, by key."""
    alert_summaries: set[int] = field(default_factory=set)
    """Incidents whose alert summary is scheduled."""
    reminder_checks: set[int] = field(default_factory=set)
    """Incidents that need no further reminder check."""
    standing_checks: set[int] = field(default_factory=set)
    """Incidents whose standing reminders are checked, if there are any."""
    new_entries_only: set[int] = field(default_factory=set)
    """Incidents of which rows tell only that an entry was added."""
    shown_incidents: dict[int, Any] = field(default_factory=dict)
    """Incidents whose rows are loaded at the end: what they show is queried for all of them together."""
    slack_messages: dict[int, dict[str, Any]] = field(default_factory=dict)
    """Rows of `slack_message` that were read, by incident and view."""
    card_views: dict[int, Any] = field(default_factory=dict)
    """Views of the card that were loaded at the end, by incident."""
    card_contents: dict[int, Any] = field(default_factory=dict)
    """Kinds of records that the cards of the `shown_incidents` have, by incident."""
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


class TrackedSession(Session):
    """
    A session that raises the revision of each incident that it changes, once.

    It wakes the pages that are open. An incident that is not locked keeps its revision. Tables that pages show name
    the column of their incident in `shown_with`.
    """

    def flush(self, objects: Sequence[Any] | None = None) -> None:
        for row in self._changed_rows():
            incident_id = getattr(row, row.shown_with)
            request_wakeup(self, Wakeup.PAGES)
            self._raise_revision(incident_id)
        super().flush(objects)

    def commit(self) -> None:
        write_deferred(self)
        super().commit()

    def _changed_rows(self) -> Iterator[Any]:
        for row in (*self.new, *self.deleted, *(each for each in self.dirty if self.is_modified(each))):
            if getattr(row, "shown_with", None):
                yield row

    def _raise_revision(self, incident_id: int | None) -> None:
        state = transaction_state(self)
        locked = state.locked_incidents.get(incident_id) if incident_id is not None else None
        if incident_id is None or locked is None or incident_id in state.changed_incidents:
            return
        state.changed_incidents.add(incident_id)
        locked.revision += 1


def transaction_state(session: Session) -> TransactionState:
    """The state of the session's transaction. A session has one transaction."""
    state: TransactionState | None = session.info.get(KEY)
    if state is None:
        state = session.info[KEY] = TransactionState()
    return state


def insert_before_commit(session: Session, statement: Insert, row: dict[str, Any]) -> None:
    """Insert a row with others of its table; what reads that table calls `write_deferred` first."""
    transaction_state(session).deferred_rows.append((statement, row))
    if not isinstance(session, TrackedSession):
        write_deferred(session)


def take_deferred(session: Session, table: str) -> list[dict[str, Any]]:
    """
    Take the rows of this table that wait for the commit.

    The caller inserts them with rows of other tables.
    """
    state = transaction_state(session)
    taken = [row for statement, row in state.deferred_rows if statement.table.name == table]
    state.deferred_rows = [each for each in state.deferred_rows if each[0].table.name != table]
    return taken


def write_deferred(session: Session) -> None:
    """Insert the rows that wait for the commit, with one statement a table."""
    state = transaction_state(session)
    rows, state.deferred_rows = state.deferred_rows, []
    by_statement: dict[Insert, list[dict[str, Any]]] = {}
    for statement, row in rows:
        by_statement.setdefault(statement, []).append(row)
    for statement, same in by_statement.items():
        session.execute(statement, same)


def retain(session: Session, row: T) -> T:
    """Keep the row in memory until the transaction ends, so that it is not queried again."""
    if row is not None:
        transaction_state(session).retained_rows[id(row)] = row
    return row


def request_wakeup(session: Session, wakeup: Wakeup) -> None:
    """Wake the workers of this kind after the commit."""
    transaction_state(session).wakeups |= wakeup


def wake_for_timers(session: Session, due_at: datetime) -> None:
    """Wake the engine after the commit, if it would sleep until after `due_at`."""
    request_wakeup(session, Wakeup.TIMERS)
    state = transaction_state(session)
    state.timers_at = min(state.timers_at or due_at, due_at)


def cancel_wakeup(session: Session, wakeup: Wakeup) -> None:
    """Take `request_wakeup` back: the caller took all that work within this transaction."""
    transaction_state(session).wakeups &= ~wakeup


def pending_wakeups(session: Session) -> Wakeup:
    return transaction_state(session).wakeups


def due_work(session: Session) -> DueWork:
    state = transaction_state(session)
    return DueWork(state.wakeups, state.timers_at)
