"""Deletion of idle lanes and rate limits: each incident leaves a dozen of them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, delete, exists, select, text
from sqlmodel import Session, col

from bot.store.outbox.models import IS_FAILED, IS_UNFINISHED, Lane, OutboxRow, RateLimit

UNSEEN: dict[str, Any] = {"synchronize_session": False}
NOBODYS = (col(Lane.is_open).is_(True), col(Lane.due_at).is_(None), col(Lane.owner).is_(None))


def find_idle_lanes(session: Session, limit: int) -> list[str]:
    """Open lanes without waiting or failed rows. A lane that is needed again is made again."""
    return list(session.execute(_idle().limit(limit)).scalars())


def _idle() -> Select[str]:
    waits = exists().where(col(OutboxRow.lane) == col(Lane.key), text(IS_UNFINISHED))
    failed = select(col(OutboxRow.lane)).where(text(IS_FAILED))
    return select(col(Lane.key)).where(*NOBODYS, ~waits, col(Lane.key).not_in(failed)).order_by(col(Lane.key))


def delete_idle_lanes(session: Session, keys: Sequence[str]) -> int:
    """
    Delete the lanes that are still idle and not locked; return their number.

    A transaction that queues a row meanwhile either comes first, and the lane stays, or waits and makes it again.
    """
    idle = _idle().where(col(Lane.key).in_(keys)).with_for_update(skip_locked=True)
    held = list(session.execute(idle).scalars())
    if held:
        session.execute(delete(Lane).where(col(Lane.key).in_(held), *NOBODYS), execution_options=UNSEEN)
    return len(held)


def delete_idle_rate_limits(session: Session, before: datetime, limit: int) -> int:
    """
    Delete at most `limit` rate limits unused since `before`; return their number.

    The longest rate counts a minute, so a new row allows no more than the old one would have.
    """
    is_shut = col(RateLimit.blocked_until) >= before
    old = (
        select(col(RateLimit.key))
        .where(col(RateLimit.arrival_at) < before, col(RateLimit.blocked_until).is_(None) | ~is_shut)
        .order_by(col(RateLimit.key))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    keys = list(session.execute(old).scalars())
    if keys:
        session.execute(delete(RateLimit).where(col(RateLimit.key).in_(keys)), execution_options=UNSEEN)
    return len(keys)
