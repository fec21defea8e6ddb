"""
Timers for escalations, reminders and other work.

A timer is taken in the transaction that acts on it.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Executable, bindparam, case, delete, func, select, update
from sqlmodel import Field, Session

from bot.domain.text.payload import Payload
from bot.store.database.tables import JSON_COLUMN, Insert, StoredRow, dialect_of, insert_for, is_any_of, table_of
from bot.store.database.transaction_state import transaction_state, wake_for_timers


class Timer(StoredRow, table=True):
    """
    Work that is due at `due_at`. `key` names it, so that it can be cancelled.

    `abandoned_at`: it failed too often, and rests until it is set again or the bot starts.
    """

    __tablename__ = "timer"

    key: str = Field(primary_key=True)
    due_at: datetime = Field(index=True)
    kind: str
    details: dict[str, Any] = Field(default_factory=dict, sa_type=JSON_COLUMN)
    tries: int = 0
    abandoned_at: datetime | None = None


TIMER = table_of(Timer)
IS_DUE = (TIMER.c.due_at <= bindparam("now"), TIMER.c.abandoned_at.is_(None))


def set_timer(session: Session, key: str, due_at: datetime, kind: str, payload: Payload) -> None:
    """Set or move a timer."""
    set_timers(session, kind, {key: payload}, due_at)


def set_timers(session: Session, kind: str, payloads: Mapping[str, Payload], due_at: datetime) -> None:
    """Set or move timers of one kind that fall due together, by their keys, with one statement."""
    set_timers_at(session, kind, {key: (due_at, payload) for key, payload in payloads.items()})


def set_timers_at(session: Session, kind: str, due: Mapping[str, tuple[datetime, Payload]]) -> None:
    """Set or move timers of one kind, by their keys, with one statement."""
    if due:
        rows = [
            {"key": key, "due_at": due_at, "kind": kind, "details": payload.as_json(), "tries": 0, "abandoned_at": None}
            for key, (due_at, payload) in due.items()
        ]
        session.execute(_setting(dialect_of(session)), rows)
        wake_for_timers(session, min(due_at for due_at, _ in due.values()))


@cache
def _setting(dialect: str) -> Executable:
    row = insert_for(dialect, Timer)
    columns = ("due_at", "kind", "details", "tries", "abandoned_at")
    return row.on_conflict_do_update(
        index_elements=["key"], set_={name: getattr(row.excluded, name) for name in columns}
    )


Condition = Callable[[Any], ColumnElement[bool]]
"""A condition on the placeholder of an id. The statement with it is built once for each function."""


def set_or_advance(
    session: Session,
    key: str,
    due_at: datetime,
    kind: str,
    payload: Payload,
    condition: Condition | None = None,
    subject: int | None = None,
) -> None:
    """
    Set a timer, or move an existing one forward.

    With a `condition` only if it holds of the `subject`. A timer that was set stays locked until the transaction ends.
    """
    row = {"key": key, "due_at": due_at, "kind": kind, "details": payload.as_json()}
    if condition is None:
        found = session.execute(_advancing(dialect_of(session)), row).scalar_one()
    else:
        advancing = _advancing_if(dialect_of(session), condition)
        found = session.execute(advancing, {**row, "subject": subject}).scalar_one_or_none()
    if found == due_at:  # else it is due before
        wake_for_timers(session, due_at)


@cache
def _advancing(dialect: str) -> Executable:
    return _or_advance(insert_for(dialect, Timer))


@cache
def _advancing_if(dialect: str, condition: Condition) -> Executable:
    columns = ("key", "due_at", "kind", "details")
    given = select(*(bindparam(name, type_=TIMER.c[name].type) for name in columns))
    return _or_advance(insert_for(dialect, Timer).from_select(columns, given.where(condition(bindparam("subject")))))


def _or_advance(row: Insert) -> Executable:
    due_at = TIMER.c.due_at
    sooner = case((due_at > row.excluded.due_at, row.excluded.due_at), else_=due_at)
    return row.on_conflict_do_update(index_elements=["key"], set_={"due_at": sooner, "abandoned_at": None}).returning(
        due_at
    )


CANCELLING = delete(TIMER).where(TIMER.c.key == bindparam("of"))


def cancel(session: Session, key: str) -> None:
    session.execute(CANCELLING, {"of": key})
    transaction_state(session).cancelled_timers.add(key)


def is_cancelled(session: Session, key: str) -> bool:
    """True if this transaction cancelled it, after it had been taken."""
    return key in transaction_state(session).cancelled_timers


def take_due(session: Session, now: datetime, most: int) -> list[Timer]:
    """
    Take the timers that are due longest, all of one kind. They are deleted by the commit.

    Timers that another transaction holds are skipped.
    """
    longest = session.execute(TAKING_LONGEST_DUE, {"now": now}).first()
    if longest is None:
        return []
    due = [longest]
    if most > 1:
        more = session.execute(MORE_DUE, {"now": now, "most": most - 1, "kind": longest.kind}).all()
        session.execute(TAKING, {"keys": [row.key for row in more]})
        due += more
    return [Timer(**row._asdict()) for row in due]


DUE_FIRST = select(TIMER.c.key).where(*IS_DUE).order_by(TIMER.c.due_at, TIMER.c.key).with_for_update(skip_locked=True)
TAKING_LONGEST_DUE = (
    delete(TIMER).where(TIMER.c.key == DUE_FIRST.limit(1).correlate(None).scalar_subquery()).returning(*TIMER.c)
)
MORE_DUE = DUE_FIRST.with_only_columns(*TIMER.c).where(TIMER.c.kind == bindparam("kind")).limit(bindparam("most"))
TAKING = delete(TIMER).where(is_any_of(TIMER.c.key, "keys"))


def restore(session: Session, timer: Timer, *, due_at: datetime, abandoned_at: datetime | None, tries: int) -> None:
    """Put back a timer that this transaction took, to be due again or abandoned."""
    row = {"key": timer.key, "kind": timer.kind, "details": timer.details, "tries": tries}
    session.execute(_setting(dialect_of(session)), {**row, "due_at": due_at, "abandoned_at": abandoned_at})


def revive_abandoned(session: Session, now: datetime) -> int:
    """Make abandoned timers due again; return their number."""
    reviving = update(TIMER).where(TIMER.c.abandoned_at.is_not(None)).values(abandoned_at=None, due_at=now)
    return len(session.execute(reviving.returning(TIMER.c.key)).all())


def find(session: Session, key: str) -> Timer | None:
    """None if it is not set."""
    found = session.execute(select(*TIMER.c).where(TIMER.c.key == key)).first()
    return Timer(**found._asdict()) if found else None


def find_due_at(session: Session, key: str) -> datetime | None:
    """None if it is not set."""
    return session.execute(select(TIMER.c.due_at).where(TIMER.c.key == key)).scalar_one_or_none()


NEXT_DUE = select(func.min(TIMER.c.due_at)).where(TIMER.c.abandoned_at.is_(None))
DUE_NOW = select(func.count()).select_from(select(TIMER.c.key).where(*IS_DUE).limit(bindparam("most")).subquery())


def find_next_due(session: Session) -> datetime | None:
    found: datetime | None = session.execute(NEXT_DUE).scalar_one()
    return found


SUMMARY = select(NEXT_DUE.scalar_subquery(), DUE_NOW.scalar_subquery())


def summarize_due(session: Session, now: datetime, most: int) -> tuple[datetime | None, int]:
    """Time of the next timer, and number of those already due, counted up to `most`."""
    next_due, waiting = session.execute(SUMMARY, {"now": now, "most": most}).one()
    return next_due, int(waiting)


def count_abandoned(session: Session) -> int:
    return int(session.execute(select(func.count()).where(TIMER.c.abandoned_at.is_not(None))).scalar_one())
