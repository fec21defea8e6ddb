"""What waits in the outbox, for people to look at: each row with what holds it up."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, func, select

from bot.store.incidents import Incident
from bot.store.outbox import UNFINISHED, Lane, OutboxRow


@dataclass(frozen=True, slots=True)
class Waiting:
    """
    One effect that has not reached Slack yet. `reference` is None for what belongs to no incident.

    `is_first`: nothing of its lane goes before it. `is_lane_open`: False while the channel it is for does not exist.
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


def waiting(session: Session, limit: int) -> list[Waiting]:
    """The oldest unfinished rows, at most `limit`."""
    statement = (
        select(OutboxRow, Lane, Incident)
        .join(Lane, col(Lane.key) == col(OutboxRow.lane))
        .join(Incident, col(Incident.id) == col(OutboxRow.incident_id), isouter=True)
        .where(col(OutboxRow.state).in_(UNFINISHED))
        .order_by(col(OutboxRow.id))
        .limit(limit)
    )
    seen: set[str] = set()
    found = []
    for row, lane, incident in session.exec(statement):
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
            )
        )
        seen.add(row.lane)
    return found


def how_many(session: Session) -> int:
    statement = select(func.count()).select_from(OutboxRow).where(col(OutboxRow.state).in_(UNFINISHED))
    return int(session.exec(statement).one())
