"""Finish rows: write outcomes, take the lane's next row, save progress."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Executable, bindparam, delete, exists, or_, text, update
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, func, select

from bot.lazy_dataclass import dataclass
from bot.store.database.tables import dialect_of, is_any_of
from bot.store.database.transaction_state import Wakeup, cancel_wakeup, pending_wakeups, transaction_state
from bot.store.incidents import incidents
from bot.store.incidents.incidents import Incident
from bot.store.outbox.leases import lock_due_lanes, start_heads
from bot.store.outbox.models import (
    IS_UNFINISHED,
    LANES,
    ROWS,
    Claim,
    Done,
    Failure,
    Load,
    Loaded,
    LostLease,
    OutboxRow,
    Outcome,
    RatesOf,
    Rejected,
    Retry,
    State,
    load_nothing,
)
from bot.store.outbox.queue import batch, has_other_waiting
from bot.store.outbox.rate_limits import block_until


@dataclass(frozen=True, slots=True)
class FinishResult:
    """
    Work of a worker after a row has ended.

    `following`: the lane's next row; None: the lane is released. `others`: heads of lanes that the outcome made due.
    `due_at`: when the earliest of these lanes is due that was not taken; None if none of them waits.
    """

    following: Claim | None
    others: list[Claim]
    due_at: datetime | None


QUEUED = Wakeup.ROWS | Wakeup.ROWS_LATER
OTHER_ROWS = ROWS.alias("other_row")
HAS_MORE = exists().where(OTHER_ROWS.c.lane == ROWS.c.lane, OTHER_ROWS.c.id != ROWS.c.id, text(IS_UNFINISHED))
ENDING = (
    update(ROWS)
    .where(
        is_any_of(ROWS.c.id, "rows"),
        ROWS.c.lane.in_(
            select(LANES.c.key)
            .where(is_any_of(LANES.c.key, "lanes"), LANES.c.owner == bindparam("leased_by"))
            .with_for_update(skip_locked=True)
        ),
    )
    .values(state=State.DONE.value, done_at=bindparam("at"), error=None)
    .returning(ROWS.c.lane, HAS_MORE.correlate(ROWS).label("has_more"))
)
"""
Ends the rows whose lanes this owner has and nobody else has locked; locks these lanes.

Whether a lane has more rows is only a guess: one that was added meanwhile may be missing.
"""
RELEASING_EMPTY = (
    update(LANES)
    .where(is_any_of(LANES.c.key, "lanes"), ~exists().where(ROWS.c.lane == LANES.c.key, text(IS_UNFINISHED)))
    .values(owner=None, lease_until=None, due_at=None)
    .returning(LANES.c.key)
)


def finish_several(
    session: Session,
    ended: Sequence[tuple[Claim, Done]],
    *,
    now: datetime,
    real_now: datetime,
    lease: timedelta,
    rates_of: RatesOf,
    load: Load = load_nothing,
    others: int = 0,
    busy: Collection[str] = (),
    lapsed_before: datetime | None = None,
) -> list[FinishResult | None]:
    """
    Finish done rows of one owner together; the first result has the `others`.

    None for each row that has to be finished by itself: its incident or lane is locked, or the lane was lost. So this
    never waits for an incident or a lane while it holds others.
    """
    owner = ended[0][0].owner
    have_more = _end_rows(session, ended, owner, now)
    if not have_more:
        return [None] * len(ended)
    lanes, of_lanes = list(have_more), {claim.row.lane: outcome for claim, outcome in ended}
    applied = [apply for lane in lanes if (apply := of_lanes[lane].apply) is not None]
    _apply(session, *applied)
    now = _now_or_queued(session, now)
    is_last = not any(have_more.values()) and not pending_wakeups(session) & QUEUED
    more = _lock_more_lanes(session, lanes, now, lapsed_before or real_now, others, busy)
    released = _release_empty(session, lanes) if is_last else frozenset()
    started, due_at = start_heads(
        session,
        [lane for lane in (*lanes, *more) if lane not in released],
        owner=owner,
        now=now,
        until=real_now + lease,
        rates_of=rates_of,
        load=_load_locked(load) if applied else load,
    )
    taken = [claim for lane in more if (claim := started.get(lane)) is not None]
    found = {lane: FinishResult(started.get(lane), taken if lane == lanes[0] else [], due_at) for lane in lanes}
    return [found.get(claim.row.lane) for claim, _ in ended]


def _end_rows(session: Session, ended: Sequence[tuple[Claim, Done]], owner: str, now: datetime) -> dict[str, bool]:
    """
    End the rows that need wait for nobody.

    Returns their lanes, and whether these seem to have more rows. Incidents are locked before lanes, if a result
    changes them.
    """
    changing = {
        claim.row.key: claim.row.incident_id
        for claim, outcome in ended
        if outcome.apply is not None and claim.row.incident_id is not None
    }
    common = {"leased_by": owner, "at": now, "lanes": sorted(claim.row.lane for claim, _ in ended)}
    rows = [claim.row.key for claim, _ in ended]
    if changing and dialect_of(session) == "postgresql":
        free_rows = [key for key in rows if key not in changing]
        named = {**common, "rows": rows, "free_rows": free_rows, "ids": sorted(set(changing.values()))}
        found = session.execute(_locking_and_ending(), named).all()
        incidents.keep_locked(session, [incident for *_, incident in found if incident is not None])
        return {lane: has_more for lane, has_more, _ in found}
    free = incidents.lock_free(session, set(changing.values()))
    rows = [key for key in rows if key not in changing or changing[key] in free]
    return dict(session.execute(ENDING, {**common, "rows": rows}).all()) if rows else {}


@cache
def _locking_and_ending() -> Executable:
    """`incidents.ALL_FREE` and `ENDING` in one statement, which only PostgreSQL can."""
    free = incidents.ALL_FREE.cte("free")
    is_free = or_(is_any_of(ROWS.c.id, "free_rows"), ROWS.c.incident_id.in_(select(free.c.id)))
    ended = ENDING.where(is_free).returning(ROWS.c.incident_id).cte("ended")
    found = aliased(Incident, free)
    columns = select(ended.c.lane, ended.c.has_more, found).outerjoin_from(
        ended, found, col(found.id) == ended.c.incident_id
    )
    return columns.execution_options(populate_existing=True)


def _apply(session: Session, *results: Callable[[Session], None]) -> None:
    """Write results back, and queue what they cause with two statements."""
    with batch(session):
        for write in results:
            write(session)


def _load_locked(load: Load) -> Load:
    """
    Load rows of locked incidents only.

    What the results read of others may be outdated since.
    """

    def load_if_locked(session: Session, row: OutboxRow) -> Loaded | None:
        return load(session, row) if row.incident_id in transaction_state(session).locked_incidents else None

    return load_if_locked


OWNER = select(LANES.c.owner).where(LANES.c.key == bindparam("lane")).with_for_update()
RELEASING = update(LANES).where(LANES.c.key == bindparam("lane")).values(owner=None, lease_until=None)


def finish(
    session: Session,
    claimed: Claim,
    outcome: Outcome,
    *,
    now: datetime,
    real_now: datetime,
    lease: timedelta,
    rates_of: RatesOf,
    load: Load = load_nothing,
    go_on: bool = True,
    others: int = 0,
    busy: Collection[str] = (),
    lapsed_before: datetime | None = None,
) -> FinishResult:
    """
    Write the outcome of a claimed row and start the lane's next one, if it may go now.

    If that made other lanes due, up to `others` of them are claimed in the same transaction: rows that wait for a
    channel, or for the card, go out that much sooner. Raises LostLease if another worker has the lane.
    """
    row = claimed.row
    if row.incident_id is not None and not isinstance(outcome, Retry) and outcome.apply is not None:
        # The incident before the lane, as in a change of an incident: the other way round each waits for the other.
        incidents.lock_all(session, [row.incident_id])  # whole: what is applied reads it
    if session.execute(OWNER, {"lane": row.lane}).scalar_one() != claimed.owner:
        raise LostLease(row.lane)
    _write_outcome(session, row, outcome, now)
    if not go_on:
        session.execute(RELEASING, {"lane": row.lane})
        return FinishResult(None, [], None)
    now = _now_or_queued(session, now)
    more = _lock_more_lanes(session, [row.lane], now, lapsed_before or real_now, others, busy)
    started, due_at = start_heads(
        session,
        [row.lane, *more],
        owner=claimed.owner,
        now=now,
        until=real_now + lease,
        rates_of=rates_of,
        load=_load_locked(load),
    )
    following = started.pop(row.lane, None)
    return FinishResult(following, list(started.values()), due_at)


def _now_or_queued(session: Session, now: datetime) -> datetime:
    """`now`, or the later time of an effect that a result queued: it read the clock later."""
    return max(now, transaction_state(session).queued_until or now)


def _lock_more_lanes(
    session: Session, own: Collection[str], now: datetime, lapsed_before: datetime, limit: int, busy: Collection[str]
) -> list[str]:
    """Lock up to `limit` further due lanes; if that is all of them, cancel the wakeup."""
    if limit <= 0 or Wakeup.ROWS not in pending_wakeups(session):
        return []
    due = [lane for lane in lock_due_lanes(session, now, lapsed_before, limit + len(busy) + 1) if lane not in own]
    free = [lane for lane in due if lane not in busy]
    if len(free) == len(due) <= limit:  # a busy one may just be ending: its worker has to look again
        cancel_wakeup(session, Wakeup.ROWS)
    return free[:limit]


def _release_empty(session: Session, lanes: Collection[str]) -> frozenset[str]:
    """
    Release those of these locked lanes that have no more rows, and return them.

    Most rows are the last of their lane: so they end without a search for the next one.
    """
    return frozenset(session.execute(RELEASING_EMPTY, {"lanes": sorted(lanes)}).scalars())


def _write_outcome(session: Session, row: OutboxRow, outcome: Outcome, now: datetime) -> None:
    apply: Callable[[Session], None] | None = None
    match outcome:
        case Done(apply):
            written: dict[str, Any] = {"state": State.DONE, "done_at": now, "error": None}
        case Rejected(error, is_dead, apply):
            written = {"state": State.DEAD if is_dead else State.FAILED, "done_at": now, "error": error}
        case Retry(at, error, is_unknown, progress, blocks, failure):
            written = {"not_before": at, "error": error, **_counted(row, failure)}
            if progress is not None:
                written["progress"] = progress
            if not is_unknown and row.target is not None and has_other_waiting(session, row):
                written |= {"state": State.DONE, "done_at": now}  # the newer one shows the same thing
            else:
                written["state"] = State.UNKNOWN if is_unknown else State.WAITING
            for key in blocks:
                block_until(session, key, at)
    told = session.execute(update(ROWS).where(ROWS.c.id == row.key).values(**written))
    if not getattr(told, "rowcount", 0):
        raise LostLease(f"row {row.key} is gone")
    if isinstance(outcome, Rejected) and row.target is not None:
        _keep_one(session, row, written)
    if apply is not None:
        _apply(session, apply)


def _keep_one(session: Session, row: OutboxRow, written: dict[str, Any]) -> None:
    """Keep one row of a view that failed before: a retry of it shows everything."""
    same = (
        ROWS.c.incident_id == row.incident_id,
        ROWS.c.target == row.target,
        ROWS.c.state.in_([State.FAILED.value, State.DEAD.value]),
    )
    oldest = session.execute(select(func.min(ROWS.c.id)).where(*same)).scalar_one()
    session.execute(delete(ROWS).where(*same, ROWS.c.id > oldest))
    session.execute(update(ROWS).where(ROWS.c.id == oldest).values(**written))


def _counted(row: OutboxRow, failure: Failure | None) -> dict[str, Any]:
    """Number of attempts by kind of failure: an outage uses up none of those for defects."""
    is_silence = failure in {Failure.SLACK_UNREACHABLE, Failure.METHOD_UNREACHABLE, Failure.DATABASE_UNREACHABLE}
    return {
        "unanswered_attempts": row.unanswered_attempts + 1 if is_silence else 0,
        "defects": row.defects + (failure is Failure.DEFECT),
        "waits_for_slack": failure is Failure.SLACK_UNREACHABLE,
    }
