"""Lanes and gates that nobody needs any more: each incident leaves a dozen of them, and they would stay for ever."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, delete, exists, select, text
from sqlmodel import Session, col

from bot.store.outbox.models import IS_TROUBLED, IS_UNFINISHED, Gate, Lane, OutboxRow

UNSEEN: dict[str, Any] = {"synchronize_session": False}
NOBODYS = (col(Lane.is_open).is_(True), col(Lane.due_at).is_(None), col(Lane.owner).is_(None))


def idle_lanes(session: Session, limit: int) -> list[str]:
    """Open lanes in which nothing waits and nothing failed. One that is needed again is made again."""
    return list(session.execute(_idle().limit(limit)).scalars())


def _idle() -> Select[str]:
    waits = exists().where(col(OutboxRow.lane) == col(Lane.key), text(IS_UNFINISHED))
    failed = select(col(OutboxRow.lane)).where(text(IS_TROUBLED))
    return select(col(Lane.key)).where(*NOBODYS, ~waits, col(Lane.key).not_in(failed)).order_by(col(Lane.key))


def forget_lanes(session: Session, keys: Sequence[str]) -> int:
    """
    Delete those of the lanes that are idle still: how many went. One that somebody holds stays.

    Whoever puts a row into a lane meanwhile comes first, and it stays, or waits for this and makes it anew.
    """
    idle = _idle().where(col(Lane.key).in_(keys)).with_for_update(skip_locked=True)
    held = list(session.execute(idle).scalars())
    if held:
        session.execute(delete(Lane).where(col(Lane.key).in_(held), *NOBODYS), execution_options=UNSEEN)
    return len(held)


def forget_gates(session: Session, before: datetime, limit: int) -> int:
    """
    Delete at most `limit` gates that let everything through since before then: how many went.

    The longest rate counts a minute, so one that is made anew lets through no more than the old one would have.
    """
    is_shut = col(Gate.blocked_until) >= before
    old = (
        select(col(Gate.key))
        .where(col(Gate.arrival_at) < before, col(Gate.blocked_until).is_(None) | ~is_shut)
        .order_by(col(Gate.key))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    keys = list(session.execute(old).scalars())
    if keys:
        session.execute(delete(Gate).where(col(Gate.key).in_(keys)), execution_options=UNSEEN)
    return len(keys)
