"""
What has to reach Slack, in the transaction that decided it.

A row is an *event* (keeps its own values, sent once) or a *view* (names what to show; at most one waits per `target`).
Rows stand in lanes; lanes are leased, not rows: a worker that holds a lane runs its head, marks it done and goes on.
Every write checks the owner, so that a worker which was paused and wakes finds itself fenced. Leases run on real time,
all else on the record's clock. The states of a row:

    waiting -> running -> done | waiting (again later) | unknown | failed (refused for good) | dead (given up)

A row may take several calls, so its worker renews the lease while it runs. `running` under a lease that ran out means
that a worker died in mid-call: like `unknown`, look before repeating.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Any
from uuid import uuid4

from sqlalchemy import Executable, bindparam, case, delete, or_, text, update
from sqlmodel import Field, Index, Session, SQLModel, col, func, select

from bot.store.incidents import Incident
from bot.store.session import needs_waking
from bot.store.tables import JSON_COLUMN, dialect_of, insert_for, insert_into, table_of


class State(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    UNKNOWN = "unknown"
    DONE = "done"
    FAILED = "failed"
    DEAD = "dead"


UNFINISHED = (State.WAITING, State.RUNNING, State.UNKNOWN)
IS_WAITING_VIEW = "target IS NOT NULL AND state = 'waiting'"
IS_UNFINISHED = "state IN ('waiting', 'running', 'unknown')"


class OutboxRow(SQLModel, table=True):
    """One effect. `uuid` travels in the message's metadata, so that a post whose answer was lost can be found."""

    __tablename__ = "outbox"
    __table_args__ = (
        Index(
            "uq_outbox_waiting_view",
            "target",
            unique=True,
            postgresql_where=text(IS_WAITING_VIEW),
            sqlite_where=text(IS_WAITING_VIEW),
        ),
        Index(
            "ix_outbox_unfinished",
            "lane",
            "id",
            postgresql_where=text(IS_UNFINISHED),
            sqlite_where=text(IS_UNFINISHED),
        ),
        Index("ix_outbox_incident", "incident_id", "state"),
    )

    id: int | None = Field(default=None, primary_key=True)
    uuid: str = Field(default_factory=lambda: str(uuid4()))
    team_id: str
    incident_id: int | None = Field(default=None, foreign_key="incident.id")
    lane: str
    what: str
    target: str | None = None
    details: dict[str, Any] = Field(default_factory=dict, sa_type=JSON_COLUMN)
    progress: dict[str, Any] = Field(default_factory=dict, sa_type=JSON_COLUMN)
    """What an effect of several calls has achieved so far (a file's id, a name that was taken)."""
    state: str = State.WAITING
    attempts: int = 0
    not_before: datetime
    created_at: datetime
    first_attempt_at: datetime | None = None
    done_at: datetime | None = None
    error: str | None = None

    @property
    def key(self) -> int:
        if self.id is None:
            raise ValueError("the row was never stored")
        return self.id


class Lane(SQLModel, table=True):
    """Rows that must go out one after the other. `due_at` None: nothing waits. Closed: what waits may not go yet."""

    __tablename__ = "lane"

    key: str = Field(primary_key=True)
    is_open: bool = True
    priority: int
    due_at: datetime | None = Field(default=None, index=True)
    lease_until: datetime | None = None
    owner: str | None = None


class Gate(SQLModel, table=True):
    """A rate limit, shared by all replicas: a generic cell rate (`arrival_at`) and a stop that Slack asked for."""

    __tablename__ = "gate"

    key: str = Field(primary_key=True)
    arrival_at: datetime
    blocked_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Rate:
    """`burst` calls at once, then one an `interval`."""

    key: str
    interval: timedelta
    burst: int = 1


@dataclass(frozen=True, slots=True)
class Claim:
    """A row that this owner may run now. `is_unknown`: an earlier attempt may have had its effect, so look first."""

    row: OutboxRow
    owner: str
    is_unknown: bool


@dataclass(frozen=True, slots=True)
class Done:
    """It reached Slack. `apply` writes back what came of it, in the transaction that marks the row done."""

    apply: Callable[[Session], None] | None = None


@dataclass(frozen=True, slots=True)
class Again:
    """Not now. `at` is when; `is_unknown` if the attempt may have had its effect; `progress` replaces the row's."""

    at: datetime
    error: str
    is_unknown: bool = False
    progress: dict[str, Any] | None = None
    blocks: tuple[str, ...] = ()
    """Gates that Slack has closed until `at`."""


@dataclass(frozen=True, slots=True)
class Refused:
    """It will never work (`failed`), or was given up (`is_dead`). The lane goes on."""

    error: str
    is_dead: bool = False
    apply: Callable[[Session], None] | None = None


Outcome = Done | Again | Refused
RatesOf = Callable[[OutboxRow], Sequence[Rate]]


class LostLease(Exception):
    """The lane belongs to another worker by now. Whatever this one did is looked up by that one."""


def put(
    session: Session,
    *,
    lane: str,
    what: str,
    team_id: str,
    at: datetime,
    priority: int,
    incident_id: int | None = None,
    target: str | None = None,
    not_before: datetime | None = None,
    is_open: bool = True,
    **details: Any,
) -> None:
    """
    Queue one effect. With a `target` it is a view, and nothing is added while one for that target waits.

    `is_open` is how a lane begins that does not exist yet; an existing lane stays as it is.
    """
    due, dialect = not_before or at, dialect_of(session)
    # The lane first: while it is held nobody takes a waiting view from it, so one that waits will show this change too.
    session.execute(_due(dialect), {"key": lane, "is_open": is_open, "priority": priority, "due_at": due})
    row = {
        "uuid": str(uuid4()), "team_id": team_id, "incident_id": incident_id, "lane": lane, "what": what,
        "target": target, "details": details, "progress": {}, "state": State.WAITING.value, "attempts": 0,
        "not_before": due, "created_at": at,
    }  # fmt: skip
    session.execute(_adding(dialect), row)
    needs_waking(session)


@cache
def _due(dialect: str) -> Executable:
    """A lane has something to do: it is due then, or sooner if it was already."""
    due_at, lane = table_of(Lane).c.due_at, insert_for(dialect, Lane)
    sooner = case((or_(due_at.is_(None), due_at > lane.excluded.due_at), lane.excluded.due_at), else_=due_at)
    return lane.on_conflict_do_update(
        index_elements=["key"], set_={"due_at": sooner, "priority": lane.excluded.priority}
    )


@cache
def _adding(dialect: str) -> Executable:
    """Events have no target, and the index of waiting views does not hold them: they are added, always."""
    return insert_for(dialect, OutboxRow).on_conflict_do_nothing(
        index_elements=["target"], index_where=text(IS_WAITING_VIEW)
    )


DUE_LANES = (
    select(Lane)
    .where(
        col(Lane.is_open).is_(True),
        col(Lane.due_at) <= bindparam("now"),
        or_(col(Lane.lease_until).is_(None), col(Lane.lease_until) < bindparam("real_now")),
    )
    .order_by(col(Lane.priority), col(Lane.due_at), col(Lane.key))
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
    .execution_options(populate_existing=True)
)


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
) -> list[Claim]:
    """
    Take up to `limit` due lanes, the most urgent first, and mark their heads as running.

    A lane whose head may not go yet (its own time, a rate gate) is put off to when it may. `busy` lanes are under way
    at this very worker: it does not take them a second time, even if it could not renew its lease.
    """
    claims: list[Claim] = []
    for lane in session.exec(DUE_LANES, params={"now": now, "real_now": real_now, "most": limit * 4}).all():
        if len(claims) == limit:
            break
        if lane.key in busy:
            continue
        claimed = _start_head(session, lane, owner=owner, now=now, rates_of=rates_of)
        if claimed is None:
            lane.owner = lane.lease_until = None
            continue
        lane.owner, lane.lease_until = owner, real_now + lease
        claims.append(claimed)
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
) -> tuple[list[Claim], datetime | None]:
    """`claim`, and when the next free lane is due after it."""
    claims = claim(
        session, owner=owner, now=now, real_now=real_now, lease=lease, limit=limit, rates_of=rates_of, busy=busy
    )  # fmt: skip
    session.flush()
    return claims, next_due(session)


def _start_head(session: Session, lane: Lane, *, owner: str, now: datetime, rates_of: RatesOf) -> Claim | None:
    """Mark the lane's head as running, or set when it is due. The lane's row is locked by the caller."""
    row = _head(session, lane.key)
    if row is None:
        lane.due_at = None
        return None
    due = row.not_before
    if due <= now:  # only what may go counts against the rates
        due = _ready_at(session, rates_of(row), now)
    if due > now:
        lane.due_at = due
        return None
    is_unknown = row.state in {State.RUNNING, State.UNKNOWN}
    row.state = State.RUNNING
    row.attempts += 1
    row.first_attempt_at = row.first_attempt_at or now
    lane.due_at = now
    session.add(row)
    return Claim(row, owner, is_unknown)


HEAD = (
    select(OutboxRow)
    .where(OutboxRow.lane == bindparam("lane"), text(IS_UNFINISHED))
    .order_by(col(OutboxRow.id))
    .limit(1)
    .execution_options(populate_existing=True)
)


def _head(session: Session, lane: str) -> OutboxRow | None:
    return session.exec(HEAD, params={"lane": lane}).first()


GATES = (
    select(Gate)
    .where(col(Gate.key).in_(bindparam("keys", expanding=True)))
    .order_by(col(Gate.key))
    .with_for_update()
    .execution_options(populate_existing=True)
)


def _ready_at(session: Session, rates: Sequence[Rate], now: datetime) -> datetime:
    """When all the gates let one call through. If that is now, the call is counted; else nothing is."""
    if not rates:
        return now
    gates = {gate.key: gate for gate in session.exec(GATES, params={"keys": [rate.key for rate in rates]})}
    ready = now
    for rate in rates:
        gate = gates.get(rate.key)
        if gate is None:
            session.execute(insert_into(session, Gate).values(key=rate.key, arrival_at=now).on_conflict_do_nothing())
            gate = session.exec(select(Gate).where(Gate.key == rate.key).with_for_update()).one()
            gates[rate.key] = gate
        allowed = max(gate.arrival_at, now) + rate.interval - rate.burst * rate.interval
        ready = max(ready, allowed, gate.blocked_until or now)
    if ready <= now:
        for rate in rates:
            gate = gates[rate.key]
            gate.arrival_at = max(gate.arrival_at, now) + rate.interval
            session.add(gate)
    return ready


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
    following = _start_head(session, lane, owner=claimed.owner, now=now, rates_of=rates_of) if go_on else None
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
            is_outdone = not is_unknown and row.target is not None and _another_waits(session, row)
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


def _another_waits(session: Session, row: OutboxRow) -> bool:
    statement = select(OutboxRow.id).where(
        OutboxRow.target == row.target, OutboxRow.state == State.WAITING, OutboxRow.id != row.id
    )
    return session.exec(statement).first() is not None


def will_edit(session: Session, target: str) -> None:
    """The view stands in Slack now: the row that waits for it edits, and is not held to the rate of posts any more."""
    row = session.exec(select(OutboxRow).where(OutboxRow.target == target, OutboxRow.state == State.WAITING)).first()
    if row is not None:
        row.details = {**row.details, "posts": False}
        session.add(row)


def block(session: Session, key: str, until: datetime) -> None:
    """Slack said to wait: nobody passes this gate before `until`."""
    session.execute(
        insert_into(session, Gate)
        .values(key=key, arrival_at=until, blocked_until=until)
        .on_conflict_do_update(index_elements=["key"], set_={"blocked_until": until})
    )


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
    if row.target is not None and _another_waits(session, row):
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


def save_progress(session: Session, claimed: Claim, achieved: dict[str, Any]) -> None:
    """Keep, in mid-row, what has been achieved. Raises LostLease if another worker has the lane."""
    lane = session.exec(select(Lane).where(Lane.key == claimed.row.lane).with_for_update()).one()
    row = session.get(OutboxRow, claimed.row.key)
    if lane.owner != claimed.owner or row is None:
        raise LostLease(claimed.row.lane)
    row.progress = {**row.progress, **achieved}
    claimed.row.progress = row.progress
    session.add(row)


def open_lanes_of(session: Session, incident_id: int, now: datetime) -> None:
    """The incident's channel exists: whatever waits for it may go."""
    waiting = select(OutboxRow.lane).where(OutboxRow.incident_id == incident_id, text(IS_UNFINISHED)).distinct()
    session.execute(
        update(Lane)
        .where(col(Lane.key).in_(waiting), col(Lane.is_open).is_(False))
        .values(is_open=True, due_at=now)
        .execution_options(synchronize_session=False)
    )
    needs_waking(session)
