"""What has to happen at a time (escalation reminders, …). A timer is taken in the transaction that acts on it."""

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Executable, bindparam, case, delete, func, select, update
from sqlmodel import Field, Session, SQLModel

from bot.store.database.tables import JSON_COLUMN, dialect_of, insert_for, table_of
from bot.store.database.wakeups import Due, needs_waking


class Timer(SQLModel, table=True):
    """
    Something due at `due_at`. `key` names it, so that whoever makes it pointless can cancel it.

    `given_up_at`: what it does failed so often that it is left alone, until somebody sets it anew or the bot starts.
    """

    __tablename__ = "timer"

    key: str = Field(primary_key=True)
    due_at: datetime = Field(index=True)
    what: str
    details: dict[str, Any] = Field(default_factory=dict, sa_type=JSON_COLUMN)
    given_up_at: datetime | None = None


TIMER = table_of(Timer)
IS_DUE = (TIMER.c.due_at <= bindparam("now"), TIMER.c.given_up_at.is_(None))


def set_timer(session: Session, key: str, due_at: datetime, what: str, **details: Any) -> None:
    """Set or move a timer."""
    set_several(session, what, {key: details}, due_at)


def set_several(session: Session, what: str, details: Mapping[str, dict[str, Any]], due_at: datetime) -> None:
    """Set or move timers of one kind that fall due together: the details of each by its key. By one statement."""
    set_each(session, what, {key: (due_at, of_one) for key, of_one in details.items()})


def set_each(session: Session, what: str, due: Mapping[str, tuple[datetime, dict[str, Any]]]) -> None:
    """Set or move timers of one kind: when each is due and its details, by its key. By one statement."""
    if due:
        rows = [
            {"key": key, "due_at": due_at, "what": what, "details": of_one, "given_up_at": None}
            for key, (due_at, of_one) in due.items()
        ]
        session.execute(_setting(dialect_of(session)), rows)
        needs_waking(session, Due.TIMERS)


@cache
def _setting(dialect: str) -> Executable:
    row = insert_for(dialect, Timer)
    columns = ("due_at", "what", "details", "given_up_at")
    return row.on_conflict_do_update(
        index_elements=["key"], set_={name: getattr(row.excluded, name) for name in columns}
    )


def hurry(session: Session, key: str, due_at: datetime, what: str, **details: Any) -> None:
    """Set a timer, or move one that is there forward. It is held until the transaction ends: it runs after it."""
    row = {"key": key, "due_at": due_at, "what": what, "details": details}
    if session.execute(_hurrying(dialect_of(session)), row).scalar_one() == due_at:  # else it is due before
        needs_waking(session, Due.TIMERS)


@cache
def _hurrying(dialect: str) -> Executable:
    due_at, row = table_of(Timer).c.due_at, insert_for(dialect, Timer)
    sooner = case((due_at > row.excluded.due_at, row.excluded.due_at), else_=due_at)
    return row.on_conflict_do_update(index_elements=["key"], set_={"due_at": sooner, "given_up_at": None}).returning(
        due_at
    )


CANCELLING = delete(TIMER).where(TIMER.c.key == bindparam("of"))
CANCELLED = "cancelled timers"


def cancel(session: Session, key: str) -> None:
    session.execute(CANCELLING, {"of": key})
    session.info.setdefault(CANCELLED, set()).add(key)


def is_cancelled(session: Session, key: str) -> bool:
    """Whether this very transaction cancelled it, after it had been taken."""
    return key in session.info.get(CANCELLED, ())


def take_due(session: Session, now: datetime, most: int) -> list[Timer]:
    """
    Those that are due longest, all of one kind, held against all others. They are gone when the transaction commits.

    What somebody else holds is passed over: it is in their hands.
    """
    named = {"now": now, "most": 1}
    longest = session.execute(LONGEST_DUE, named).first()
    if longest is None:
        return []
    due = [longest]
    if most > 1:
        due += session.execute(MORE_DUE, {**named, "most": most - 1, "what": longest.what, "but": longest.key}).all()
    session.execute(TAKING, {"keys": [row.key for row in due]})
    return [Timer(**row._asdict()) for row in due]


LONGEST_DUE = (
    select(*TIMER.c)
    .where(*IS_DUE)
    .order_by(TIMER.c.due_at, TIMER.c.key)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
MORE_DUE = LONGEST_DUE.where(TIMER.c.what == bindparam("what"), TIMER.c.key != bindparam("but"))
TAKING = delete(TIMER).where(TIMER.c.key.in_(bindparam("keys", expanding=True)))


def put_back(session: Session, timer: Timer, *, due_at: datetime, given_up_at: datetime | None, **more: Any) -> None:
    """Put back a timer that this transaction took: it is due again then, or left alone. `more` joins its details."""
    row = {"key": timer.key, "what": timer.what, "details": {**timer.details, **more}}
    session.execute(_setting(dialect_of(session)), {**row, "due_at": due_at, "given_up_at": given_up_at})


def try_again(session: Session, now: datetime) -> int:
    """Let those that were given up be due once more. How many there are."""
    reviving = update(TIMER).where(TIMER.c.given_up_at.is_not(None)).values(given_up_at=None, due_at=now)
    return len(session.execute(reviving.returning(TIMER.c.key)).all())


def due_at(session: Session, key: str) -> datetime | None:
    """When one is due; None if it is not set."""
    return session.execute(select(TIMER.c.due_at).where(TIMER.c.key == key)).scalar_one_or_none()


NEXT_DUE = select(func.min(TIMER.c.due_at)).where(TIMER.c.given_up_at.is_(None))
DUE_NOW = select(func.count()).select_from(select(TIMER.c.key).where(*IS_DUE).limit(bindparam("most")).subquery())


def next_due(session: Session) -> datetime | None:
    found: datetime | None = session.execute(NEXT_DUE).scalar_one()
    return found


def look(session: Session, now: datetime, most: int) -> tuple[datetime | None, int]:
    """When the next is due, and how many are due already, counted up to `most`."""
    return next_due(session), int(session.execute(DUE_NOW, {"now": now, "most": most}).scalar_one())


def count_given_up(session: Session) -> int:
    return int(session.execute(select(func.count()).where(TIMER.c.given_up_at.is_not(None))).scalar_one())
