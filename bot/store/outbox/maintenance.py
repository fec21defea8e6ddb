"""Backlog and failures, retry and drop by operators, purge of finished rows."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, text, update
from sqlmodel import Session, col, func, select

from bot.lazy_dataclass import dataclass
from bot.store.database.transaction_state import Wakeup, request_wakeup
from bot.store.outbox.models import IS_FAILED, IS_FINISHED, IS_UNFINISHED, UNFINISHED, Lane, OutboxRow, RateLimit, State
from bot.store.outbox.queue import has_other_waiting

LONGEST_LEASE = timedelta(minutes=1)
"""No worker leases a lane for longer."""


@dataclass(frozen=True, slots=True)
class Backlog:
    """
    Numbers of pending and failed rows. `rows` has them by state and kind.

    `oldest_due_at`: since when the open lane that is due longest is due, leased or not; None if none is.
    `oldest_created_at`: creation of the oldest unfinished row.
    """

    unfinished: int
    dead: int
    failed: int
    rows: Mapping[tuple[str, str], int]
    oldest_due_at: datetime | None
    oldest_created_at: datetime | None


def count_backlog(session: Session) -> Backlog:
    counting = select(OutboxRow.state, OutboxRow.kind, func.count()).group_by(OutboxRow.state, OutboxRow.kind)
    rows: dict[tuple[str, str], int] = {}
    by_state: Counter[str] = Counter()
    for some in (IS_UNFINISHED, IS_FAILED):
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


def failures_exist(incident_id: ColumnElement[int]) -> ColumnElement[bool]:
    return select(OutboxRow.id).where(*_failed_of(incident_id)).exists()


def find_failures(session: Session, incident_id: int) -> list[OutboxRow]:
    """Failed rows of an incident, for its card."""
    return list(session.exec(select(OutboxRow).where(*_failed_of(incident_id)).order_by(col(OutboxRow.id))))


def _failed_of(incident_id: int | ColumnElement[int]) -> tuple[ColumnElement[bool], ...]:
    return col(OutboxRow.incident_id) == incident_id, col(OutboxRow.state).in_([State.FAILED, State.DEAD])


def is_first_failure(session: Session, row: OutboxRow) -> bool:
    """True if no other row of this kind failed with this error for the incident."""
    failed = session.get(OutboxRow, row.key)
    if failed is None:
        return False
    others = select(OutboxRow.id).where(
        OutboxRow.incident_id == failed.incident_id,
        OutboxRow.kind == failed.kind,
        OutboxRow.error == failed.error,
        col(OutboxRow.state).in_([State.FAILED, State.DEAD]),
        OutboxRow.id != failed.id,
    )
    return session.exec(others).first() is None


def find_unfinished(session: Session, incident_id: int, kind: str) -> list[OutboxRow]:
    """Rows of that kind that wait or are under way, the newest first."""
    statement = select(OutboxRow).where(
        OutboxRow.incident_id == incident_id, col(OutboxRow.state).in_(UNFINISHED), OutboxRow.kind == kind
    )
    return list(session.exec(statement.order_by(col(OutboxRow.id).desc())))


def find_done_at(session: Session, incident_id: int, kind: str) -> datetime | None:
    """When the last row of that kind was done; None if that is long ago, or never happened."""
    statement = select(func.max(OutboxRow.done_at)).where(
        OutboxRow.incident_id == incident_id, OutboxRow.state == State.DONE, OutboxRow.kind == kind
    )
    return session.exec(statement).one()


def is_view_rejected(session: Session, incident_id: int, target: str, since: datetime) -> bool:
    """True if the last attempt to show the view since then failed."""
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
    """Raises LookupError if it does not exist."""
    row = session.get(OutboxRow, row_id)
    if row is None:
        raise LookupError(f"row {row_id} is gone")
    return row


def retry_row(session: Session, row_id: int, now: datetime) -> bool:
    """
    Queue a failed or dead row again. False if there is none such.

    A dead row may have had its effect: that is checked first.
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
    if row.target is not None and has_other_waiting(session, row):
        row.state, row.done_at = State.DONE, now  # the newer one shows the same thing
    else:
        row.state, row.done_at = (State.UNKNOWN if row.state == State.DEAD else State.WAITING), None
    row.not_before, row.attempts, row.error = now, 0, None
    row.unanswered_attempts, row.defects, row.waits_for_slack = 0, 0, False
    session.add(row)
    request_wakeup(session, Wakeup.ROWS)
    return True


def drop_row(session: Session, row_id: int, now: datetime) -> bool:
    """
    Give up a row for good; its lane continues. False if there is none such.

    A running row is left alone: its effect may be under way.
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
        request_wakeup(session, Wakeup.ROWS)
    row.state, row.done_at = State.DROPPED, now
    session.add(row)
    return True


def delete_finished(session: Session, before: datetime, limit: int) -> int:
    """
    Delete at most `limit` rows done or dropped before then; return their number.

    Failed and dead ones stay for people to see.
    """
    old = (
        select(OutboxRow.id)
        .where(text(IS_FINISHED), col(OutboxRow.done_at) < before)
        .order_by(col(OutboxRow.done_at))
        .limit(limit)
    )
    result = session.execute(
        delete(OutboxRow).where(col(OutboxRow.id).in_(old)), execution_options={"synchronize_session": False}
    )
    return int(getattr(result, "rowcount", 0))


def delete_unfinished(session: Session, lane: str) -> int:
    """Delete the rows of a lane that were not sent yet; return their number."""
    statement = delete(OutboxRow).where(col(OutboxRow.lane) == lane, text(IS_UNFINISHED))
    return int(getattr(session.execute(statement, execution_options={"synchronize_session": False}), "rowcount", 0))


def clear_payload(session: Session, row_id: int) -> None:
    """Remove what a row holds, once it is sent."""
    session.execute(
        update(OutboxRow).where(col(OutboxRow.id) == row_id).values(details={}),
        execution_options={"synchronize_session": False},
    )


def release_waiting(session: Session, now: datetime) -> None:
    """
    Release all waiting rows and shorten leases, after the clock was set back.

    A pause of seconds would last as long as the clock was set back. Slack says so if it is too soon.
    """
    longest = now + LONGEST_LEASE
    session.execute(update(Lane).where(col(Lane.due_at) > now).values(due_at=now))
    session.execute(update(Lane).where(col(Lane.lease_until) > longest).values(lease_until=longest))
    unfinished = col(OutboxRow.state).in_(UNFINISHED)
    session.execute(update(OutboxRow).where(unfinished, col(OutboxRow.not_before) > now).values(not_before=now))
    session.execute(update(RateLimit).where(col(RateLimit.arrival_at) > now).values(arrival_at=now))
    session.execute(update(RateLimit).where(col(RateLimit.blocked_until) > now).values(blocked_until=now))
