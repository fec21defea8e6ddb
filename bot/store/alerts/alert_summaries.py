"""Alerts that no timeline entry announces yet, and summaries that count them."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, and_, update
from sqlmodel import Session, col, func, select

from bot.domain.terms import AlertStatus
from bot.lazy_dataclass import dataclass
from bot.store.alerts.alerts import Alert

UNANNOUNCED = col(Alert.is_start_recorded).is_(False)
"""Starts that wait for the summary that counts them."""
UNANNOUNCED_END = and_(
    col(Alert.status) == AlertStatus.RESOLVED.value,
    col(Alert.ended_at).is_not(None),
    col(Alert.is_end_recorded).is_(False),
)
"""Ends that no entry reports."""


@dataclass(frozen=True, slots=True)
class Unannounced:
    """Numbers of starts and ends that no entry reports yet, and since when the first waits."""

    starts: int
    ends: int
    since: datetime | None


def find_unannounced_counts(session: Session, incident_id: int) -> Unannounced:
    starts, first = session.exec(
        select(func.count(), func.min(Alert.first_seen_at)).where(Alert.incident_id == incident_id, UNANNOUNCED)
    ).one()
    ends, told = session.exec(
        select(func.count(), func.min(Alert.last_seen_at)).where(Alert.incident_id == incident_id, UNANNOUNCED_END)
    ).one()
    return Unannounced(starts, ends, min([at for at in (first, told) if at is not None], default=None))


@dataclass(frozen=True, slots=True)
class AlertSummary:
    """Alerts that are counted, not named: by service; first start and last end."""

    services: Mapping[str | None, int]
    first_seen_at: datetime
    last_end: datetime | None

    @property
    def count(self) -> int:
        return sum(self.services.values())


def mark_starts_announced(session: Session, incident_id: int) -> AlertSummary | None:
    """Mark all waiting starts as announced, and count them. None if there are none."""
    return _mark_announced(session, incident_id, UNANNOUNCED, {"is_start_recorded": True})


def mark_ends_announced(session: Session, incident_id: int) -> AlertSummary | None:
    return _mark_announced(session, incident_id, UNANNOUNCED_END, {"is_end_recorded": True})


def _mark_announced(
    session: Session, incident_id: int, which: ColumnElement[bool], values: dict[str, bool]
) -> AlertSummary | None:
    """Counted as they are marked: later ones belong to the next summary."""
    statement = (
        update(Alert)
        .where(col(Alert.incident_id) == incident_id, which)
        .values(**values)
        .returning(col(Alert.service), col(Alert.first_seen_at), col(Alert.ended_at))
        .execution_options(synchronize_session=False)
    )
    rows = session.execute(statement).all()
    if not rows:
        return None
    ends = [ended_at for _, _, ended_at in rows if ended_at is not None]
    return AlertSummary(
        Counter(service for service, _, _ in rows), min(seen for _, seen, _ in rows), max(ends, default=None)
    )


def find_unannounced(session: Session, incident_id: int, *, ends: bool) -> list[Alert]:
    """Alerts whose start, or whose end, no entry reports yet, as they came."""
    order = (col(Alert.ended_at), col(Alert.id)) if ends else (col(Alert.first_seen_at), col(Alert.id))
    which = UNANNOUNCED_END if ends else UNANNOUNCED
    return list(session.exec(select(Alert).where(Alert.incident_id == incident_id, which).order_by(*order)))
