"""What waits and what failed, for people; what is done goes."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, text, update
from sqlmodel import Session, col, func, select

from bot.store.database.wakeups import Due, needs_waking
from bot.store.outbox.models import IS_OVER, IS_TROUBLED, IS_UNFINISHED, UNFINISHED, Gate, Lane, OutboxRow, State
from bot.store.outbox.queue import another_waits

LONGEST_LEASE = timedelta(minutes=1)
"""No worker takes a lane for longer at a time."""


@dataclass(frozen=True, slots=True)
class Backlog:
    """
    What waits, and what failed. `rows` counts by state and kind.

    `oldest_due_at`: since when the open lane that is due longest is due, whoever has it; None if nothing is.
    `oldest_created_at`: when the oldest unfinished row was asked for.
    """

    unfinished: int
    dead: int
    failed: int
    rows: Mapping[tuple[str, str], int]
    oldest_due_at: datetime | None
    oldest_created_at: datetime | None


def backlog(session: Session) -> Backlog:
    counting = select(OutboxRow.state, OutboxRow.what, func.count()).group_by(OutboxRow.state, OutboxRow.what)
    rows: dict[tuple[str, str], int] = {}
    by_state: Counter[str] = Counter()
    for some in (IS_UNFINISHED, IS_TROUBLED):
        for state, what, count in session.exec(counting.where(text(some))):
            rows[state, what] = int(count)
            by_state[state] += int(count)
    return Backlog(
        unfinished=sum(by_state[state] for state in UNFINISHED),
        dead=by_state[State.DEAD],
        failed=by_state[State.FAILED],
        rows=rows,
        oldest_due_at=session.exec(select(func.min(Lane.due_at)).where(col(Lane.is_open).is_(True))).one(),
        oldest_created_at=session.exec(select(func.min(OutboxRow.created_at)).where(text(IS_UNFINISHED))).one(),
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
        OutboxRow.incident_id == failed.incident_id,
        OutboxRow.what == failed.what,
        OutboxRow.error == failed.error,
        col(OutboxRow.state).in_([State.FAILED, State.DEAD]),
        OutboxRow.id != failed.id,
    )
    return session.exec(others).first() is None


def is_refused(session: Session, incident_id: int, target: str, since: datetime) -> bool:
    """Whether the view, when it was last to be shown since then, could not be."""
    ended = (
        select(OutboxRow.state)
        .where(
            OutboxRow.incident_id == incident_id,
            OutboxRow.target == target,
            col(OutboxRow.state).in_([State.DONE, State.FAILED, State.DEAD]),
            col(OutboxRow.done_at) >= since,
        )
        .order_by(col(OutboxRow.done_at).desc(), col(OutboxRow.id).desc())
        .limit(1)
    )
    return session.exec(ended).first() in {State.FAILED, State.DEAD}


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
    row.silences, row.defects, row.waits_for_slack = 0, 0, None
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


def forget_done(session: Session, before: datetime, limit: int) -> int:
    """
    Delete at most `limit` rows that were done, or dropped by a person, before: how many went.

    Failed and dead ones stay for people to see.
    """
    old = (
        select(OutboxRow.id)
        .where(text(IS_OVER), col(OutboxRow.done_at) < before)
        .order_by(col(OutboxRow.done_at))
        .limit(limit)
    )
    result = session.execute(
        delete(OutboxRow).where(col(OutboxRow.id).in_(old)), execution_options={"synchronize_session": False}
    )
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
