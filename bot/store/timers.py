"""What has to happen at a time (escalation reminders, …). A timer is taken in the transaction that acts on it."""

from datetime import datetime
from typing import Any

from sqlalchemy import delete
from sqlmodel import Field, Session, SQLModel, col, func, select

from bot.store.tables import JSON_COLUMN
from bot.store.waking import Due, needs_waking


class Timer(SQLModel, table=True):
    """Something due at `due_at`. `key` names it, so that whoever makes it pointless can cancel it."""

    __tablename__ = "timer"

    key: str = Field(primary_key=True)
    due_at: datetime = Field(index=True)
    what: str
    details: dict[str, Any] = Field(default_factory=dict, sa_type=JSON_COLUMN)


def set_timer(session: Session, key: str, due_at: datetime, what: str, **details: Any) -> None:
    """Set or move a timer."""
    session.merge(Timer(key=key, due_at=due_at, what=what, details=details))
    needs_waking(session, Due.TIMERS)


def cancel(session: Session, key: str) -> None:
    session.execute(delete(Timer).where(col(Timer.key) == key))


def take_due(session: Session, now: datetime) -> Timer | None:
    """The timer that is due longest, held against all others. It is gone when the transaction commits."""
    statement = (
        select(Timer)
        .where(Timer.due_at <= now)
        .order_by(col(Timer.due_at), col(Timer.key))
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    timer = session.exec(statement).first()
    if timer is not None:
        session.delete(timer)
        session.flush()
    return timer


def next_due(session: Session) -> datetime | None:
    return session.exec(select(func.min(Timer.due_at))).one()


def overdue(session: Session, now: datetime) -> int:
    return session.exec(select(func.count()).where(col(Timer.due_at) <= now)).one()
