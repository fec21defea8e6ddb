"""What time it was last, so that a clock that was set back is noticed: what waits would wait that much longer."""

from datetime import datetime, timedelta

from sqlalchemy import bindparam, update
from sqlmodel import Field, Session, SQLModel, col, select

from bot.runtime.clock import STEP
from bot.store import outbox
from bot.store.database.tables import insert_into, table_of
from bot.store.database.wakeups import Due, needs_waking
from bot.store.escalation import escalations
from bot.store.shared.timers import Timer


class ClockMark(SQLModel, table=True):
    """The one row: the database's time when a replica last looked at it."""

    __tablename__ = "clock_mark"

    id: int = Field(default=1, primary_key=True)
    seen_at: datetime


def keep_up(session: Session, now: datetime, step: timedelta) -> timedelta:
    """
    Note the time. Where the clock was set back, what waits is moved with it.

    `step` is by how much the clock of this very replica was just moved. Each replica that notices lets go what waits in
    the outbox, which may be done any number of times. Timers are moved by the one who notices first, also where nobody
    ran when the clock was set: the mark tells. Returns by how much they were moved.
    """
    marked = _mark(session, now)
    moved = max(marked, -step) if marked >= STEP else timedelta()  # the mark is some seconds old
    if moved:
        _move_timers(session, moved)
    if moved or step <= -STEP:
        outbox.let_go(session, now)
        needs_waking(session, Due.ROWS | Due.TIMERS)
    return moved


def _mark(session: Session, now: datetime) -> timedelta:
    """Set the mark; returns how far it stood in the future."""
    session.execute(insert_into(session, ClockMark).values(id=1, seen_at=now).on_conflict_do_nothing())
    mark = session.exec(select(ClockMark).with_for_update().execution_options(populate_existing=True)).one()
    back = mark.seen_at - now
    mark.seen_at = now
    session.add(mark)
    return back


def _move_timers(session: Session, back: timedelta) -> None:
    """Each as far off as it was: a timer counts from when it was set."""
    timers = session.exec(select(Timer.key, Timer.due_at).order_by(col(Timer.key)).with_for_update()).all()
    if timers:
        table = table_of(Timer)
        session.execute(
            update(table).where(table.c.key == bindparam("of")).values(due_at=bindparam("to")),
            [{"of": key, "to": due_at - back} for key, due_at in timers],
        )
    escalations.move(session, back)
