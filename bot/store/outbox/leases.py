"""Lanes are taken, their rows carried out one after the other, and given back."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, or_, text, update
from sqlmodel import Session, col, func, select

from bot.store.incidents import Incident
from bot.store.outbox.gates import Gates, block
from bot.store.outbox.queue import another_waits
from bot.store.outbox.rows import (
    IS_UNFINISHED,
    Again,
    Claim,
    Done,
    Lane,
    LostLease,
    OutboxRow,
    Outcome,
    RatesOf,
    Refused,
    State,
)

DUE_LANES = (
    select(Lane)
    .where(
        col(Lane.is_open).is_(True),
        col(Lane.due_at) <= bindparam("now"),
        or_(col(Lane.lease_until).is_(None), col(Lane.lease_until) < bindparam("lapsed_before")),
    )
    .order_by(col(Lane.priority), col(Lane.due_at), col(Lane.key))
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
    .execution_options(populate_existing=True)
)

HEADS = (
    select(OutboxRow)
    .where(
        col(OutboxRow.id).in_(
            select(func.min(OutboxRow.id))
            .where(col(OutboxRow.lane).in_(bindparam("lanes", expanding=True)), text(IS_UNFINISHED))
            .group_by(col(OutboxRow.lane))
        )
    )
    .execution_options(populate_existing=True)
)
"""The first unfinished row of each lane."""


def claim(
    session: Session,
    *,
    owner: str,
    now: datetime,
    real_now: datetime,
    lease: timedelta,
    limit: int,
    rates_of: RatesOf,
    busy: Collection[str] = (),
    lapsed_before: datetime | None = None,
) -> list[Claim]:
    """
    Take up to `limit` due lanes, the most urgent first, and mark their heads as running.

    A lane whose head may not go yet (its own time, a rate gate) is put off to when it may. `busy` lanes are under way
    at this very worker: it does not take them a second time, even if it could not renew its lease. `lapsed_before`:
    leases that ended before have run out; None is `real_now`.
    """
    claims: list[Claim] = []
    due = session.exec(
        DUE_LANES, params={"now": now, "lapsed_before": lapsed_before or real_now, "most": limit * 4}
    ).all()
    lanes = [lane for lane in due if lane.key not in busy]
    while lanes and len(claims) < limit:
        some, lanes = lanes[: limit - len(claims)], lanes[limit - len(claims) :]
        started = _start_heads(session, some, owner=owner, now=now, rates_of=rates_of)
        for lane in some:
            claimed = started.get(lane.key)
            lane.owner, lane.lease_until = (owner, real_now + lease) if claimed else (None, None)
        claims += started.values()
    return claims


def claim_due(
    session: Session,
    *,
    owner: str,
    now: datetime,
    real_now: datetime,
    lease: timedelta,
    limit: int,
    rates_of: RatesOf,
    busy: Collection[str] = (),
    lapsed_before: datetime | None = None,
) -> tuple[list[Claim], datetime | None]:
    """`claim`, and when the next free lane is due after it."""
    claims = claim(
        session, owner=owner, now=now, real_now=real_now, lease=lease, limit=limit, rates_of=rates_of, busy=busy,
        lapsed_before=lapsed_before,
    )  # fmt: skip
    session.flush()
    return claims, next_due(session)


def _start_heads(
    session: Session, lanes: Collection[Lane], *, owner: str, now: datetime, rates_of: RatesOf
) -> dict[str, Claim]:
    """
    Mark the lanes' heads as running, or set when they are due. Claims by lane, in the order of the lanes.

    The lanes' rows are locked by the caller. Heads and gates are read for all lanes at once: in a storm there are many,
    and every command waits meanwhile.
    """
    heads = {row.lane: row for row in session.exec(HEADS, params={"lanes": [lane.key for lane in lanes]})}
    rates = {row.lane: rates_of(row) for row in heads.values() if row.not_before <= now}
    gates = Gates(session, {rate.key for each in rates.values() for rate in each}, now)
    claims = {}
    for lane in lanes:
        row = heads.get(lane.key)
        if row is None:
            lane.due_at = None
            continue
        due = row.not_before
        if due <= now:  # only what may go counts against the rates
            due = gates.ready_at(rates[lane.key], now)
        lane.due_at = max(due, now)
        if due <= now:
            claims[lane.key] = _started(session, row, owner, now)
    return claims


def _started(session: Session, row: OutboxRow, owner: str, now: datetime) -> Claim:
    is_unknown = row.state in {State.RUNNING, State.UNKNOWN}
    row.state = State.RUNNING
    row.attempts += 1
    row.first_attempt_at = row.first_attempt_at or now
    session.add(row)
    return Claim(row, owner, is_unknown)


INCIDENT = select(Incident.id).where(col(Incident.id) == bindparam("incident_id")).with_for_update()
LANE = select(Lane).where(Lane.key == bindparam("lane")).with_for_update().execution_options(populate_existing=True)


def finish(
    session: Session,
    claimed: Claim,
    outcome: Outcome,
    *,
    now: datetime,
    real_now: datetime,
    lease: timedelta,
    rates_of: RatesOf,
    go_on: bool = True,
) -> Claim | None:
    """
    Write down what came of a claimed row and take the lane's next one, if it may go now.

    None: the lane is released, due when its next row is. Raises LostLease if another worker has the lane.
    """
    if claimed.row.incident_id is not None:
        # The incident before the lane, as whoever changes an incident: the other way round each waits for the other.
        session.exec(INCIDENT, params={"incident_id": claimed.row.incident_id})
    lane = session.exec(LANE, params={"lane": claimed.row.lane}).one()
    if lane.owner != claimed.owner:
        raise LostLease(claimed.row.lane)
    row = session.get(OutboxRow, claimed.row.key, populate_existing=True)
    if row is None:
        raise LostLease(f"row {claimed.row.key} is gone")
    _write_outcome(session, row, outcome, now)
    started = _start_heads(session, [lane], owner=claimed.owner, now=now, rates_of=rates_of) if go_on else {}
    following = started.get(lane.key)
    if following is None:
        lane.owner = lane.lease_until = None
    else:
        lane.lease_until = real_now + lease
    session.add(lane)
    return following


def _write_outcome(session: Session, row: OutboxRow, outcome: Outcome, now: datetime) -> None:
    match outcome:
        case Done(apply):
            row.state, row.done_at, row.error = State.DONE, now, None
        case Refused(error, is_dead, apply):
            row.state, row.done_at, row.error = (State.DEAD if is_dead else State.FAILED), now, error
        case Again(at, error, is_unknown, progress, blocks):
            apply = None
            is_outdone = not is_unknown and row.target is not None and another_waits(session, row)
            row.not_before, row.error = at, error
            if progress is not None:
                row.progress = progress
            if is_outdone:
                row.state, row.done_at = State.DONE, now  # the newer one shows the same thing
            else:
                row.state = State.UNKNOWN if is_unknown else State.WAITING
            for key in blocks:
                block(session, key, at)
    session.add(row)
    session.flush()
    if apply is not None:
        apply(session)


def renew(session: Session, lane: str, owner: str, until: datetime) -> bool:
    """Draw out the lease of a lane whose row takes long. False if the lane is this owner's no more."""
    statement = update(Lane).where(col(Lane.key) == lane, col(Lane.owner) == owner).values(lease_until=until)
    return bool(getattr(session.execute(statement), "rowcount", 0))


def release_all(session: Session) -> None:
    """Give back every lease: for a database that has one process, when that process starts."""
    session.execute(update(Lane).where(col(Lane.owner).is_not(None)).values(owner=None, lease_until=None))


def next_due(session: Session) -> datetime | None:
    """When the next free, open lane is due."""
    statement = select(func.min(Lane.due_at)).where(col(Lane.is_open).is_(True), col(Lane.owner).is_(None))
    return session.exec(statement).one()


def save_progress(session: Session, claimed: Claim, achieved: dict[str, Any]) -> None:
    """Keep, in mid-row, what has been achieved. Raises LostLease if another worker has the lane."""
    lane = session.exec(select(Lane).where(Lane.key == claimed.row.lane).with_for_update()).one()
    row = session.get(OutboxRow, claimed.row.key)
    if lane.owner != claimed.owner or row is None:
        raise LostLease(claimed.row.lane)
    row.progress = {**row.progress, **achieved}
    claimed.row.progress = row.progress
    session.add(row)
