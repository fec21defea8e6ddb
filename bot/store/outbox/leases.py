"""Lanes are taken, their rows carried out one after the other, and given back."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, delete, or_, text, update
from sqlmodel import Session, col, func, select

from bot.store.database.tables import table_of
from bot.store.database.wakeups import Due, is_in_hand, left_due
from bot.store.incidents.incidents import Incident
from bot.store.outbox.models import (
    IS_UNFINISHED,
    Again,
    Claim,
    Done,
    Failure,
    Lane,
    LostLease,
    OutboxRow,
    Outcome,
    RatesOf,
    Refused,
    State,
)
from bot.store.outbox.queue import another_waits
from bot.store.outbox.rate_limits import Gates, block

LANES, ROWS = table_of(Lane), table_of(OutboxRow)

DUE_LANES = (
    select(LANES.c.key)
    .where(
        LANES.c.is_open.is_(True),
        LANES.c.due_at <= bindparam("now"),
        or_(LANES.c.lease_until.is_(None), LANES.c.lease_until < bindparam("lapsed_before")),
    )
    .order_by(LANES.c.priority, LANES.c.due_at, LANES.c.key)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
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

STARTING = (
    update(ROWS)
    .where(ROWS.c.id == bindparam("row_id"))
    .values(state=State.RUNNING.value, attempts=bindparam("tries"), first_attempt_at=bindparam("first_at"))
)
LEASING = (
    update(LANES)
    .where(LANES.c.key == bindparam("lane"))
    .values(owner=bindparam("new_owner"), lease_until=bindparam("until"), due_at=bindparam("due"))
)
NEXT_DUE = select(func.min(LANES.c.due_at)).where(LANES.c.is_open.is_(True), LANES.c.owner.is_(None))


@dataclass(frozen=True, slots=True)
class Look:
    """
    What a worker found when it looked for work.

    `next_due` is when the next free lane is due. `is_all`: nothing else is due now; if not, `next_due` is None.
    `passed_over` are lanes that are due and under way at this very worker: they are due again when they have ended.
    """

    claims: list[Claim]
    next_due: datetime | None
    is_all: bool
    passed_over: frozenset[str]


@dataclass(frozen=True, slots=True)
class Finished:
    """
    What is in a worker's hand when a row has ended.

    `following`: the lane's next row; None: the lane is released. `others`: heads of lanes that the outcome made due.
    `due_at`: when the earliest of these lanes is due that was not taken; None if none of them waits.
    """

    following: Claim | None
    others: list[Claim]
    due_at: datetime | None


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
) -> Look:
    """
    Take up to `limit` due lanes, the most urgent first, and mark their heads as running.

    A lane whose head may not go yet (its own time, a rate gate) is put off to when it may. `busy` lanes are under way
    at this very worker: it does not take them a second time, even if it could not renew its lease. `lapsed_before`:
    leases that ended before have run out; None is `real_now`.
    """
    claims: list[Claim] = []
    most = limit * 4 + len(busy)
    due = _due_lanes(session, now, lapsed_before or real_now, most)
    lanes = [lane for lane in due if lane not in busy]
    while lanes and len(claims) < limit:
        some, lanes = lanes[: limit - len(claims)], lanes[limit - len(claims) :]
        started, _ = _start_heads(session, some, owner=owner, now=now, until=real_now + lease, rates_of=rates_of)
        claims += started.values()
    is_all = not lanes and len(due) < most
    return Look(claims, next_due(session) if is_all else None, is_all, frozenset(due) & frozenset(busy))


def _due_lanes(session: Session, now: datetime, lapsed_before: datetime, most: int) -> list[str]:
    """Lanes that are due and free, the most urgent first, held from now on. Those that somebody holds are left out."""
    named = {"now": now, "lapsed_before": lapsed_before, "most": most}
    return list(session.execute(DUE_LANES, named).scalars())


def _start_heads(
    session: Session, lanes: Sequence[str], *, owner: str, now: datetime, until: datetime, rates_of: RatesOf
) -> tuple[dict[str, Claim], datetime | None]:
    """
    Mark the lanes' heads as running and lease these lanes, or release them and set when they are due.

    Returns the claims by lane, in the order of the lanes, and when the earliest of the others is due. The lanes are
    held by the caller. Heads and gates are read for all of them at once, and all is written at once: in a storm there
    are many, and every command waits meanwhile.
    """
    heads = {row.lane: row for row in session.exec(HEADS, params={"lanes": list(lanes)})}
    rates = {row.lane: rates_of(row) for row in heads.values() if row.not_before <= now}
    gates = Gates(session, {rate.key for each in rates.values() for rate in each}, now)
    due: dict[str, datetime | None] = dict.fromkeys(lanes)
    claims = {}
    for lane in lanes:
        row = heads.get(lane)
        if row is None:
            continue
        ready = gates.ready_at(rates[lane], now) if lane in rates else row.not_before  # only what may go is counted
        due[lane] = max(ready, now)
        if ready <= now:
            claims[lane] = _started(session, row, owner, now)
    gates.save()
    if claims:
        session.execute(STARTING, [_start_of(each.row) for each in claims.values()])
    session.execute(
        LEASING,
        [
            {"lane": lane, "due": due[lane], **({"new_owner": owner, "until": until} if lane in claims else RELEASED)}
            for lane in lanes
        ],
    )
    return claims, min((at for lane, at in due.items() if at is not None and lane not in claims), default=None)


RELEASED = {"new_owner": None, "until": None}


def _started(session: Session, row: OutboxRow, owner: str, now: datetime) -> Claim:
    """The row as its worker has it: taken out of the session, because `STARTING` writes it for all at once."""
    is_unknown = row.state in {State.RUNNING, State.UNKNOWN}
    session.expunge(row)
    row.state = State.RUNNING
    row.attempts += 1
    row.first_attempt_at = row.first_attempt_at or now
    return Claim(row, owner, is_unknown)


def _start_of(row: OutboxRow) -> dict[str, Any]:
    return {"row_id": row.id, "tries": row.attempts, "first_at": row.first_attempt_at}


FREE_OWNERS = (
    select(LANES.c.key, LANES.c.owner)
    .where(LANES.c.key.in_(bindparam("lanes", expanding=True)))
    .with_for_update(skip_locked=True)
)
ENDING = (
    update(ROWS)
    .where(ROWS.c.id.in_(bindparam("rows", expanding=True)))
    .values(state=State.DONE.value, done_at=bindparam("at"), error=None)
    .returning(ROWS.c.lane)
)


def finish_several(
    session: Session, claims: Sequence[Claim], *, now: datetime, real_now: datetime, lease: timedelta, rates_of: RatesOf
) -> list[Finished | None]:
    """
    `finish` rows of one owner that are done and write nothing back, by as many statements as one of them takes.

    None for each that has to be finished by itself: somebody holds its lane at this moment, or it was lost. So nobody
    waits here for a lane while others are held.
    """
    owner = claims[0].owner
    of_lanes = {each.row.lane: each for each in claims}
    held = session.execute(FREE_OWNERS, {"lanes": sorted(of_lanes)}).all()
    rows = [of_lanes[lane].row.key for lane, owned_by in held if owned_by == owner]
    if not rows:
        return [None] * len(claims)
    lanes = session.execute(ENDING, {"rows": rows, "at": now}).scalars().all()
    started, due = _start_heads(session, lanes, owner=owner, now=now, until=real_now + lease, rates_of=rates_of)
    ended = {lane: Finished(started.get(lane), [], due) for lane in lanes}
    return [ended.get(each.row.lane) for each in claims]


INCIDENT = select(Incident.id).where(col(Incident.id) == bindparam("incident_id")).with_for_update()
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
    go_on: bool = True,
    others: int = 0,
    busy: Collection[str] = (),
    lapsed_before: datetime | None = None,
) -> Finished:
    """
    Write down what came of a claimed row and take the lane's next one, if it may go now.

    If that made other lanes due, up to `others` of them are taken in the same transaction: what waits for a channel, or
    for the card, goes out that much sooner. Raises LostLease if another worker has the lane.
    """
    row = claimed.row
    if row.incident_id is not None and not isinstance(outcome, Again) and outcome.apply is not None:
        # The incident before the lane, as whoever changes an incident: the other way round each waits for the other.
        session.exec(INCIDENT, params={"incident_id": row.incident_id})
    if session.execute(OWNER, {"lane": row.lane}).scalar_one() != claimed.owner:
        raise LostLease(row.lane)
    _write_outcome(session, row, outcome, now)
    if not go_on:
        session.execute(RELEASING, {"lane": row.lane})
        return Finished(None, [], None)
    lanes = [row.lane]
    if others > 0 and Due.ROWS in left_due(session):
        due = _due_lanes(session, now, lapsed_before or real_now, others + len(busy) + 1)
        due = [lane for lane in due if lane != row.lane]
        free = [lane for lane in due if lane not in busy]
        lanes += free[:others]
        if len(free) == len(due) <= others:  # a busy one may just be ending: its worker has to look again
            is_in_hand(session, Due.ROWS)
    started, due_at = _start_heads(
        session, lanes, owner=claimed.owner, now=now, until=real_now + lease, rates_of=rates_of
    )
    following = started.pop(row.lane, None)
    return Finished(following, list(started.values()), due_at)


def _write_outcome(session: Session, row: OutboxRow, outcome: Outcome, now: datetime) -> None:
    apply: Callable[[Session], None] | None = None
    match outcome:
        case Done(apply):
            written: dict[str, Any] = {"state": State.DONE, "done_at": now, "error": None}
        case Refused(error, is_dead, apply):
            written = {"state": State.DEAD if is_dead else State.FAILED, "done_at": now, "error": error}
        case Again(at, error, is_unknown, progress, blocks, failure):
            written = {"not_before": at, "error": error, **_counted(row, failure)}
            if progress is not None:
                written["progress"] = progress
            if not is_unknown and row.target is not None and another_waits(session, row):
                written |= {"state": State.DONE, "done_at": now}  # the newer one shows the same thing
            else:
                written["state"] = State.UNKNOWN if is_unknown else State.WAITING
            for key in blocks:
                block(session, key, at)
    told = session.execute(update(ROWS).where(ROWS.c.id == row.key).values(**written))
    if not getattr(told, "rowcount", 0):
        raise LostLease(f"row {row.key} is gone")
    if isinstance(outcome, Refused) and row.target is not None:
        _keep_one(session, row, written)
    if apply is not None:
        apply(session)


def _keep_one(session: Session, row: OutboxRow, written: dict[str, Any]) -> None:
    """A view that was refused before is refused once more: one row stands for it, and trying that again shows all."""
    same = (
        ROWS.c.incident_id == row.incident_id,
        ROWS.c.target == row.target,
        ROWS.c.state.in_([State.FAILED.value, State.DEAD.value]),
    )
    oldest = session.execute(select(func.min(ROWS.c.id)).where(*same)).scalar_one()
    session.execute(delete(ROWS).where(*same, ROWS.c.id > oldest))
    session.execute(update(ROWS).where(ROWS.c.id == oldest).values(**written))


def _counted(row: OutboxRow, failure: Failure | None) -> dict[str, Any]:
    """Each kind is counted for itself: whoever sat out an outage still has all the patience for defects of ours."""
    is_silence = failure in {Failure.SLACK_AWAY, Failure.MEANS_AWAY, Failure.DATABASE_AWAY}
    return {
        "silences": (row.silences or 0) + 1 if is_silence else 0,
        "defects": (row.defects or 0) + (failure is Failure.DEFECT),
        "waits_for_slack": failure is Failure.SLACK_AWAY,
    }


def renew(session: Session, lane: str, owner: str, until: datetime) -> bool:
    """Draw out the lease of a lane whose row takes long. False if the lane is this owner's no more."""
    statement = update(Lane).where(col(Lane.key) == lane, col(Lane.owner) == owner).values(lease_until=until)
    return bool(getattr(session.execute(statement), "rowcount", 0))


def release_all(session: Session) -> None:
    """Give back every lease: for a database that has one process, when that process starts."""
    session.execute(update(Lane).where(col(Lane.owner).is_not(None)).values(owner=None, lease_until=None))


def next_due(session: Session) -> datetime | None:
    """When the next free, open lane is due."""
    found: datetime | None = session.execute(NEXT_DUE).scalar_one()
    return found


def save_progress(session: Session, claimed: Claim, achieved: dict[str, Any]) -> None:
    """
    Keep, in mid-row, what has been achieved. Raises LostLease if another worker has the lane.

    Whoever gets on is not made to wait longer each time: the pauses begin anew.
    """
    lane = session.exec(select(Lane).where(Lane.key == claimed.row.lane).with_for_update()).one()
    row = session.get(OutboxRow, claimed.row.key)
    if lane.owner != claimed.owner or row is None:
        raise LostLease(claimed.row.lane)
    row.progress = {**row.progress, **achieved}
    claimed.row.progress = row.progress
    row.silences = claimed.row.silences = 0
    session.add(row)
