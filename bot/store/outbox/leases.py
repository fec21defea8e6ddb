"""Leases of lanes: claim due lanes, start their first rows, renew, release."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, case, or_, text, update
from sqlmodel import Session, col, func, select

from bot.lazy_dataclass import dataclass
from bot.store.database.tables import is_any_of
from bot.store.database.transaction_state import transaction_state
from bot.store.incidents.incidents import Incident
from bot.store.incidents.installations import Installation
from bot.store.outbox.models import (
    IS_UNFINISHED,
    LANES,
    ROWS,
    Claim,
    Lane,
    Load,
    LostLease,
    OutboxRow,
    RatesOf,
    State,
    load_nothing,
)
from bot.store.outbox.rate_limits import RateLimiter
from bot.store.outbox.recovery import has_rows_waiting_for_slack
from bot.store.outbox.statements import write_start

URGENT_BELOW = 20
"""Priorities that go before all others, however long those wait: pages, new channels, what has to leave Slack."""
ROWS_PASSED = 20
"""Newer rows that may go before a row, for each step of priority between them."""
HEAD_ID = (
    select(func.min(ROWS.c.id))
    .where(ROWS.c.lane == LANES.c.key, text(IS_UNFINISHED))
    .correlate(LANES)
    .scalar_subquery()
)
DUE_LANES = (
    select(LANES.c.key)
    .where(
        LANES.c.is_open.is_(True),
        LANES.c.due_at <= bindparam("now"),
        or_(LANES.c.lease_until.is_(None), LANES.c.lease_until < bindparam("lapsed_before")),
    )
    .order_by(
        case((LANES.c.priority < URGENT_BELOW, LANES.c.priority), else_=URGENT_BELOW),
        HEAD_ID + LANES.c.priority * ROWS_PASSED,
    )
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)

HEADS = (
    select(OutboxRow, Incident, Installation)
    .outerjoin(Incident, col(Incident.id) == col(OutboxRow.incident_id))
    .outerjoin(Installation, col(Installation.team_id) == col(OutboxRow.team_id))
    .where(
        col(OutboxRow.id).in_(
            select(func.min(OutboxRow.id))
            .where(is_any_of(col(OutboxRow.lane), "lanes"), text(IS_UNFINISHED))
            .group_by(col(OutboxRow.lane))
        )
    )
    .execution_options(populate_existing=True)
)
"""The first unfinished row of each lane, with its incident and workspace, which most views show."""

OTHERS = LANES.alias()
NEXT_DUE = select(func.min(OTHERS.c.due_at)).where(OTHERS.c.is_open.is_(True), OTHERS.c.owner.is_(None))
DUE_LANES_AND_NEXT = DUE_LANES.add_columns(NEXT_DUE.where(OTHERS.c.due_at > bindparam("now")).scalar_subquery())
"""With when the next lane is due that is not due yet."""


@dataclass(frozen=True, slots=True)
class ClaimResult:
    """
    Result of a search for work.

    `next_due` is when the next free lane is due; where that was not asked, or others are due now, the next one of those
    that were put off. `is_all`: nothing else is due now.
    `passed_over` are due lanes that this very worker runs already: they are due again when they end.
    `waits_for_slack`: rows wait only because Slack was unreachable; None where that was not asked.
    """

    claims: list[Claim]
    next_due: datetime | None
    is_all: bool
    passed_over: frozenset[str]
    waits_for_slack: bool | None = None


def claim_lanes(
    session: Session,
    *,
    owner: str,
    now: datetime,
    real_now: datetime,
    lease: timedelta,
    limit: int,
    rates_of: RatesOf,
    load: Load = load_nothing,
    busy: Collection[str] = (),
    lapsed_before: datetime | None = None,
    asks_next_due: bool = True,
    asks_waiting: bool = False,
) -> ClaimResult:
    """
    Claim up to `limit` due lanes, the most urgent first, and mark their heads as running.

    A lane whose head may not go yet (its own time, a rate limit) is put off to when it may. `busy` lanes run in this
    very worker: it does not take them again, even if it could not renew its lease. `lapsed_before`: leases that ended
    before have run out; None is `real_now`.
    """
    claims: list[Claim] = []
    put_off: list[datetime | None] = []
    most = limit * 4 + len(busy)
    named = {"now": now, "lapsed_before": lapsed_before or real_now, "most": most}
    found = session.execute(DUE_LANES_AND_NEXT if asks_next_due else DUE_LANES, named).all()
    due = [lane for lane, *_ in found]
    lanes = [lane for lane in due if lane not in busy]
    while lanes and len(claims) < limit:
        some, lanes = lanes[: limit - len(claims)], lanes[limit - len(claims) :]
        started, later = start_heads(
            session, some, owner=owner, now=now, until=real_now + lease, rates_of=rates_of, load=load
        )
        claims += started.values()
        put_off.append(later)
    is_all = not lanes and len(due) < most
    if asks_next_due and is_all:
        put_off.append(found[0][1] if found else find_next_due(session))
    next_due = min((at for at in put_off if at is not None), default=None)
    waits = has_rows_waiting_for_slack(session, now) if asks_waiting else None
    return ClaimResult(claims, next_due, is_all, frozenset(due) & frozenset(busy), waits)


def lock_due_lanes(session: Session, now: datetime, lapsed_before: datetime, most: int) -> list[str]:
    """
    Lock due and free lanes, the most urgent first, skipping locked ones.

    Of those that are not urgent, one that waits for long goes first: cards alone can use up Slack's edits of a minute,
    and announcements would never be edited.
    """
    named = {"now": now, "lapsed_before": lapsed_before, "most": most}
    return list(session.execute(DUE_LANES, named).scalars())


def start_heads(
    session: Session,
    lanes: Sequence[str],
    *,
    owner: str,
    now: datetime,
    until: datetime,
    rates_of: RatesOf,
    load: Load = load_nothing,
) -> tuple[dict[str, Claim], datetime | None]:
    """
    Start the lanes' heads and lease these lanes; release the other lanes.

    Returns the claims by lane, in the order of the lanes, and when the earliest of the others is due. The caller holds
    the lanes. Heads and limits are read, and everything is written, with one statement each: in a storm there are many,
    and every command waits meanwhile.
    """
    if not lanes:
        return {}, None
    heads = {found[0].lane: found for found in session.exec(HEADS, params={"lanes": list(lanes)})}
    rates = {lane: rates_of(row) for lane, (row, *_) in heads.items() if row.not_before <= now}
    gates = RateLimiter(session, {rate.key for each in rates.values() for rate in each}, now)
    due: dict[str, datetime | None] = dict.fromkeys(lanes)
    claims = {}
    for lane in lanes:
        if lane not in heads:
            continue
        row, incident, _ = heads[lane]
        ready = gates.ready_at(rates[lane], now) if lane in rates else row.not_before  # only what may go is counted
        due[lane] = max(ready, now)
        if ready <= now:
            claims[lane] = _started(session, row, owner, now, incident.reference if incident else None)
    leases = [
        {"lane": lane, "due": due[lane], **({"new_owner": owner, "until": until} if lane in claims else RELEASED)}
        for lane in lanes
    ]
    write_start(session, gates.counted(), [_start_of(each.row) for each in claims.values()], leases)
    later = min((at for lane, at in due.items() if at is not None and lane not in claims), default=None)
    shown = [heads[lane][1] for lane in claims]
    transaction_state(session).shown_incidents.update((each.key, each) for each in shown if each is not None)
    # The lanes are held: a change of a view is either seen here, or queued again after the commit.
    return {lane: replace(claim, loaded=load(session, claim.row)) for lane, claim in claims.items()}, later


RELEASED = {"new_owner": None, "until": None}


def _started(session: Session, row: OutboxRow, owner: str, now: datetime, reference: str | None) -> Claim:
    """The row for its worker, out of the session, because `write_start` writes all rows at once."""
    is_unknown = row.state in {State.RUNNING, State.UNKNOWN}
    session.expunge(row)
    row.state = State.RUNNING
    row.attempts += 1
    row.first_attempt_at = row.first_attempt_at or now
    return Claim(row, owner, is_unknown, reference)


def _start_of(row: OutboxRow) -> dict[str, Any]:
    return {"row_id": row.id, "tries": row.attempts, "first_at": row.first_attempt_at}


def renew_lease(session: Session, lane: str, owner: str, until: datetime) -> bool:
    """Extend the lease of a lane. False if this owner has lost it."""
    statement = update(Lane).where(col(Lane.key) == lane, col(Lane.owner) == owner).values(lease_until=until)
    return bool(getattr(session.execute(statement), "rowcount", 0))


def release_leases(session: Session) -> None:
    """Release every lease, when the only process of a database starts."""
    session.execute(update(Lane).where(col(Lane.owner).is_not(None)).values(owner=None, lease_until=None))


def find_next_due(session: Session) -> datetime | None:
    """Time of the next free, open lane."""
    found: datetime | None = session.execute(NEXT_DUE).scalar_one()
    return found


def save_progress(session: Session, claimed: Claim, achieved: dict[str, Any]) -> None:
    """
    Save results of a running row. Raises LostLease if another worker has the lane.

    Progress resets the pauses between attempts.
    """
    lane = session.exec(select(Lane).where(Lane.key == claimed.row.lane).with_for_update()).one()
    row = session.get(OutboxRow, claimed.row.key)
    if lane.owner != claimed.owner or row is None:
        raise LostLease(claimed.row.lane)
    row.progress = {**row.progress, **achieved}
    claimed.row.progress = row.progress
    row.unanswered_attempts = claimed.row.unanswered_attempts = 0
    session.add(row)
