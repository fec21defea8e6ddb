"""Outbox inspection: each pending row and what blocks it. Never includes message text."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import text
from sqlmodel import Session, col, func, select

from bot.lazy_dataclass import dataclass
from bot.store.incidents.incidents import Incident
from bot.store.outbox import UNFINISHED, Lane, OutboxRow, RateLimit, State
from bot.store.outbox.models import IS_UNFINISHED


@dataclass(frozen=True, slots=True)
class PendingRow:
    """
    A row that has not reached Slack. `reference` is None if it belongs to no incident.

    `is_first`: nothing in its lane goes before it. `is_lane_open`: False while its channel does not exist.
    `lane_due_at`: when its lane is looked at next. `owner`: the worker that has the lane, until `lease_until`.
    """

    kind: str
    reference: str | None
    since: datetime
    not_before: datetime
    state: str
    attempts: int
    error: str | None
    is_first: bool
    is_lane_open: bool
    key: int = 0
    lane: str = ""
    lane_due_at: datetime | None = None
    owner: str | None = None
    lease_until: datetime | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ClosedLane:
    """A lane whose rows wait for an incident's channel."""

    lane: str
    reference: str | None
    rows: int


@dataclass(frozen=True, slots=True)
class BlockedMethod:
    """
    A method that Slack rate limited until then.

    `reference`: the incident of its channel, if any.
    """

    key: str
    until: datetime
    reference: str | None = None


def find_pending(session: Session, limit: int, states: Collection[str] = UNFINISHED) -> list[PendingRow]:
    """The oldest rows in these states, at most `limit`."""
    statement = (
        select(OutboxRow, Lane, Incident)
        .join(Lane, col(Lane.key) == col(OutboxRow.lane))
        .join(Incident, col(Incident.id) == col(OutboxRow.incident_id), isouter=True)
        .where(col(OutboxRow.state).in_(states))
        .order_by(col(OutboxRow.id))
        .limit(limit)
    )
    seen: set[str] = set()
    found = []
    for row, lane, incident in session.exec(statement):
        found.append(_pending_row(row, lane, incident, is_first=row.lane not in seen))
        if row.state in UNFINISHED:
            seen.add(row.lane)
    return found


def _pending_row(row: OutboxRow, lane: Lane, incident: Incident | None, *, is_first: bool) -> PendingRow:
    return PendingRow(
        kind=row.kind,
        reference=incident.reference if incident else None,
        since=row.created_at,
        not_before=row.not_before,
        state=row.state,
        attempts=row.attempts,
        error=row.error,
        is_first=is_first,
        is_lane_open=lane.is_open,
        key=row.key,
        lane=row.lane,
        lane_due_at=lane.due_at,
        owner=lane.owner,
        lease_until=lane.lease_until,
        ended_at=None if row.state in UNFINISHED else row.done_at,
    )


def count_rows(session: Session, states: Collection[str] = UNFINISHED) -> int:
    statement = select(func.count()).select_from(OutboxRow).where(col(OutboxRow.state).in_(states))
    return int(session.exec(statement).one())


def find_closed_lanes(session: Session) -> Sequence[ClosedLane]:
    """Closed lanes with waiting rows."""
    statement = (
        select(OutboxRow.lane, func.min(OutboxRow.incident_id), func.count())
        .join(Lane, col(Lane.key) == col(OutboxRow.lane))
        .where(col(OutboxRow.state).in_(UNFINISHED), col(Lane.is_open).is_(False))
        .group_by(col(OutboxRow.lane))
        .order_by(col(OutboxRow.lane))
    )
    found = []
    for lane, incident_id, rows in session.exec(statement):
        incident = session.get(Incident, incident_id) if incident_id else None
        found.append(ClosedLane(lane, incident.reference if incident else None, int(rows)))
    return found


def find_blocked_methods(session: Session, now: datetime) -> Sequence[BlockedMethod]:
    """Methods that Slack itself limited, by a 429, and that are still blocked."""
    statement = select(RateLimit).where(col(RateLimit.blocked_until) > now).order_by(col(RateLimit.key))
    return [
        BlockedMethod(gate.key, gate.blocked_until, _reference_of(session, gate.key))
        for gate in session.exec(statement)
        if gate.blocked_until
    ]


def _reference_of(session: Session, gate: str) -> str | None:
    kind, _, number = gate.partition(":")[2].partition(":")
    incident = session.get(Incident, int(number)) if kind == "incident" and number.isdecimal() else None
    return incident.reference if incident else None


def find_failed_ids(session: Session, incident_id: int | None = None) -> list[int]:
    """Rows that failed or are dead, the oldest first; of one incident, or of all."""
    statement = select(OutboxRow.id).where(col(OutboxRow.state).in_([State.FAILED, State.DEAD]))
    if incident_id is not None:
        statement = statement.where(OutboxRow.incident_id == incident_id)
    return [key for key in session.exec(statement.order_by(col(OutboxRow.id))) if key is not None]


def find_oldest_queued(session: Session, lanes: Collection[str]) -> datetime | None:
    """When the oldest unfinished row of these lanes was queued; None if none waits."""
    statement = select(func.min(OutboxRow.created_at)).where(text(IS_UNFINISHED), col(OutboxRow.lane).in_(lanes))
    return session.exec(statement).one()
