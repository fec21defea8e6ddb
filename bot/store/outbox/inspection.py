"""What stands in the outbox, for people to look at: each row with what holds it up. No row's words are in it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, func, select

from bot.store.incidents.incidents import Incident
from bot.store.outbox import UNFINISHED, Gate, Lane, OutboxRow, State


@dataclass(frozen=True, slots=True)
class Waiting:
    """
    One effect that has not reached Slack. `reference` is None for what belongs to no incident.

    `is_first`: nothing of its lane goes before it. `is_lane_open`: False while the channel it is for does not exist.
    `lane_due_at`: when its lane is looked at next. `owner`: the worker that has the lane, until `lease_until`.
    """

    what: str
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
    """A lane whose rows wait for the channel of an incident."""

    lane: str
    reference: str | None
    rows: int


@dataclass(frozen=True, slots=True)
class ClosedGate:
    """A call that Slack asked to leave alone until then. `reference`: of the incident whose channel it is about."""

    key: str
    until: datetime
    reference: str | None = None


def waiting(session: Session, limit: int, states: Collection[str] = UNFINISHED) -> list[Waiting]:
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
        is_unfinished = row.state in UNFINISHED
        found.append(
            Waiting(
                what=row.what,
                reference=incident.reference if incident else None,
                since=row.created_at,
                not_before=row.not_before,
                state=row.state,
                attempts=row.attempts,
                error=row.error,
                is_first=row.lane not in seen,
                is_lane_open=lane.is_open,
                key=row.key,
                lane=row.lane,
                lane_due_at=lane.due_at,
                owner=lane.owner,
                lease_until=lane.lease_until,
                ended_at=None if is_unfinished else row.done_at,
            )
        )
        if is_unfinished:
            seen.add(row.lane)
    return found


def how_many(session: Session, states: Collection[str] = UNFINISHED) -> int:
    statement = select(func.count()).select_from(OutboxRow).where(col(OutboxRow.state).in_(states))
    return int(session.exec(statement).one())


def closed_lanes(session: Session) -> Sequence[ClosedLane]:
    """Lanes that are closed although something waits in them."""
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


def closed_gates(session: Session, now: datetime) -> Sequence[ClosedGate]:
    """Gates that Slack itself closed, by a 429, and that are closed still."""
    statement = select(Gate).where(col(Gate.blocked_until) > now).order_by(col(Gate.key))
    return [
        ClosedGate(gate.key, gate.blocked_until, _reference_of(session, gate.key))
        for gate in session.exec(statement)
        if gate.blocked_until
    ]


def _reference_of(session: Session, gate: str) -> str | None:
    kind, _, number = gate.partition(":")[2].partition(":")
    incident = session.get(Incident, int(number)) if kind == "incident" and number.isdecimal() else None
    return incident.reference if incident else None


def failed_of(session: Session, incident_id: int | None = None) -> list[int]:
    """The rows that were refused or given up, the oldest first; of one incident, or of all."""
    statement = select(OutboxRow.id).where(col(OutboxRow.state).in_([State.FAILED, State.DEAD]))
    if incident_id is not None:
        statement = statement.where(OutboxRow.incident_id == incident_id)
    return [key for key in session.exec(statement.order_by(col(OutboxRow.id))) if key is not None]
