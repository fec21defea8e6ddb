"""Detection of a clock that was set back: timers would wait that much longer."""

from datetime import datetime, timedelta

from sqlalchemy import bindparam, update
from sqlmodel import Field, Session, col, select

from bot.runtime.clock import CLOCK_STEP
from bot.store import outbox
from bot.store.database.tables import StoredRow, insert_into, table_of
from bot.store.database.transaction_state import Wakeup, request_wakeup
from bot.store.escalation import escalations
from bot.store.shared.timers import Timer


class ClockMark(StoredRow, table=True):
    """The one row: the database's time at the last check of any replica."""

    __tablename__ = "clock_mark"

    id: int = Field(default=1, primary_key=True)
    seen_at: datetime


def check_clock(session: Session, now: datetime, step: timedelta) -> timedelta:
    """
    Record the time. If the clock was set back, move timers with it; return by how much.

    `step` is by how much this replica's clock was just moved. Each replica that notices releases the outbox, which is
    idempotent. The first one moves the timers, even if nobody ran when the clock was set: the mark tells.
    """
    marked = _mark(session, now)
    moved = max(marked, -step) if marked >= CLOCK_STEP else timedelta()  # the mark is some seconds old
    if moved:
        _move_timers(session, moved)
    if moved or step <= -CLOCK_STEP:
        outbox.release_waiting(session, now)
        request_wakeup(session, Wakeup.ROWS | Wakeup.ROWS_LATER | Wakeup.TIMERS)
    return moved


def rewrite_mark(session: Session, now: datetime) -> None:
    """Write the mark as it is, or `now`: a small write, to see whether the database takes any."""
    table = table_of(ClockMark)
    made = insert_into(session, ClockMark).values(id=1, seen_at=now)
    session.execute(made.on_conflict_do_update(index_elements=[table.c.id], set_={"seen_at": table.c.seen_at}))


def _mark(session: Session, now: datetime) -> timedelta:
    """Set the mark; return how far it was in the future."""
    session.execute(insert_into(session, ClockMark).values(id=1, seen_at=now).on_conflict_do_nothing())
    mark = session.exec(select(ClockMark).with_for_update().execution_options(populate_existing=True)).one()
    back = mark.seen_at - now
    mark.seen_at = now
    session.add(mark)
    return back


def _move_timers(session: Session, back: timedelta) -> None:
    """Keep the remaining time of each timer."""
    timers = session.exec(select(Timer.key, Timer.due_at).order_by(col(Timer.key)).with_for_update()).all()
    if timers:
        table = table_of(Timer)
        session.execute(
            update(table).where(table.c.key == bindparam("of")).values(due_at=bindparam("to")),
            [{"of": key, "to": due_at - back} for key, due_at in timers],
        )
    escalations.shift_steps(session, back)
