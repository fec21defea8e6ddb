"""What waits and what failed, for people; what is done goes."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete
from sqlmodel import Session, col, func, select

from bot.store.outbox.leases import next_due
from bot.store.outbox.queue import another_waits
from bot.store.outbox.rows import UNFINISHED, Lane, OutboxRow, State
from bot.store.session import needs_waking


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits. `oldest_due_at` is of the open lanes; None if nothing is due."""

    unfinished: int
    dead: int
    failed: int
    oldest_due_at: datetime | None


def backlog(session: Session) -> Backlog:
    counting = select(OutboxRow.state, func.count()).where(col(OutboxRow.state) != State.DONE)
    counts = {state: int(count) for state, count in session.exec(counting.group_by(OutboxRow.state))}
    return Backlog(
        unfinished=sum(counts.get(state, 0) for state in UNFINISHED),
        dead=counts.get(State.DEAD, 0),
        failed=counts.get(State.FAILED, 0),
        oldest_due_at=next_due(session),
    )


def problems_of(session: Session, incident_id: int) -> list[OutboxRow]:
    """What could not be done for an incident, as people should see it on the card."""
    statement = (
        select(OutboxRow)
        .where(OutboxRow.incident_id == incident_id, col(OutboxRow.state).in_([State.FAILED, State.DEAD]))
        .order_by(col(OutboxRow.id))
    )
    return list(session.exec(statement))


def is_news(session: Session, row: OutboxRow) -> bool:
    """Whether a row is the first of its kind that failed in this way, as far as its incident goes."""
    failed = session.get(OutboxRow, row.key)
    if failed is None:
        return False
    others = select(OutboxRow.id).where(
        OutboxRow.incident_id == failed.incident_id, OutboxRow.what == failed.what, OutboxRow.error == failed.error,
        col(OutboxRow.state).in_([State.FAILED, State.DEAD]), OutboxRow.id != failed.id,
    )  # fmt: skip
    return session.exec(others).first() is None


def retry(session: Session, row_id: int, now: datetime) -> bool:
    """
    Put a failed or dead row back to wait. False if there is none such.

    What was given up may have had its effect: it is looked for first.
    """
    row = session.get(OutboxRow, row_id)
    if row is None:
        return False
    lane = session.exec(
        select(Lane).where(Lane.key == row.lane).with_for_update().execution_options(populate_existing=True)
    ).one()
    session.refresh(row)
    if row.state not in {State.FAILED, State.DEAD}:
        return False
    lane.due_at = min(lane.due_at or now, now)
    session.add(lane)
    if row.target is not None and another_waits(session, row):
        row.state, row.done_at = State.DONE, now  # the newer one shows the same thing
    else:
        row.state, row.done_at = (State.UNKNOWN if row.state == State.DEAD else State.WAITING), None
    row.not_before, row.attempts, row.error = now, 0, None
    session.add(row)
    needs_waking(session)
    return True


def forget_done(session: Session, before: datetime) -> int:
    """Drop rows that were done before; failed and dead ones stay for people to see."""
    result = session.execute(
        delete(OutboxRow).where(col(OutboxRow.state) == State.DONE, col(OutboxRow.done_at) < before)
    )
    return int(getattr(result, "rowcount", 0))
