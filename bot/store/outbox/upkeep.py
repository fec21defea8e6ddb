"""What waits and what failed, for people; what is done goes."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, update
from sqlmodel import Session, col, func, select

from bot.store.outbox.leases import next_due
from bot.store.outbox.queue import another_waits
from bot.store.outbox.rows import UNFINISHED, Gate, Lane, OutboxRow, State
from bot.store.waking import Due, needs_waking

LONGEST_LEASE = timedelta(minutes=1)
"""No worker takes a lane for longer at a time."""


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


def get(session: Session, row_id: int) -> OutboxRow:
    """Raises LookupError if there is none such."""
    row = session.get(OutboxRow, row_id)
    if row is None:
        raise LookupError(f"row {row_id} is gone")
    return row


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
    needs_waking(session, Due.ROWS)
    return True


def drop(session: Session, row_id: int, now: datetime) -> bool:
    """
    Give up a row for good, because a person said so; its lane goes on. False if there is none such.

    One that is being carried out is left alone: nobody can say whether it is too late.
    """
    row = session.get(OutboxRow, row_id)
    if row is None:
        return False
    lane = session.exec(
        select(Lane).where(Lane.key == row.lane).with_for_update().execution_options(populate_existing=True)
    ).one()
    session.refresh(row)
    if row.state in {State.DONE, State.DROPPED, State.RUNNING}:
        return False
    if row.state in UNFINISHED:
        lane.due_at = min(lane.due_at or now, now)
        session.add(lane)
        needs_waking(session, Due.ROWS)
    row.state, row.done_at = State.DROPPED, now
    session.add(row)
    return True


def forget_done(session: Session, before: datetime) -> int:
    """Delete rows that were done, or dropped by a person, before; failed and dead ones stay for people to see."""
    over = col(OutboxRow.state).in_([State.DONE, State.DROPPED])
    result = session.execute(delete(OutboxRow).where(over, col(OutboxRow.done_at) < before))
    return int(getattr(result, "rowcount", 0))


def let_go(session: Session, now: datetime) -> None:
    """
    Let all that waits go at once, and no lease last longer than one can: for a clock that was set back.

    What was to wait some seconds would wait for as long as the clock was set back. Slack says so if it is too soon.
    """
    longest = now + LONGEST_LEASE
    session.execute(update(Lane).where(col(Lane.due_at) > now).values(due_at=now))
    session.execute(update(Lane).where(col(Lane.lease_until) > longest).values(lease_until=longest))
    unfinished = col(OutboxRow.state).in_(UNFINISHED)
    session.execute(update(OutboxRow).where(unfinished, col(OutboxRow.not_before) > now).values(not_before=now))
    session.execute(update(Gate).where(col(Gate.arrival_at) > now).values(arrival_at=now))
    session.execute(update(Gate).where(col(Gate.blocked_until) > now).values(blocked_until=now))
