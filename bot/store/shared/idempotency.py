"""Deliveries that were answered already: a repeated delivery gets the same answer."""

from collections.abc import Collection
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Executable, bindparam, delete, update
from sqlmodel import Field, Session, col, select

from bot.runtime.metrics import DELIVERIES_REPEATED
from bot.store.database.tables import JSON_COLUMN, StoredRow, dialect_of, insert_for, table_of

DELIVERY_RETENTION = timedelta(hours=48)
"""Time in which a delivery may be repeated."""


class Delivery(StoredRow, table=True):
    """
    One event, command or interaction, or one signed request of Mailgun.

    `key` is Slack's `event_id` or `trigger_id`, or Mailgun's token, with the team before it. One row for each channel
    that was archived or unarchived has the newest event about that: those may be repeated late, in any order.
    """

    __tablename__ = "delivery"

    key: str = Field(primary_key=True)
    received_at: datetime = Field(index=True)
    answer: dict[str, Any] | None = Field(default=None, sa_type=JSON_COLUMN)


def register_delivery(session: Session, key: str, at: datetime) -> bool:
    """
    True for the first delivery of `key`.

    On PostgreSQL a second one waits here until the first has committed.
    """
    return bool(register_deliveries(session, [key], at))


def register_deliveries(session: Session, keys: Collection[str], at: datetime) -> set[str]:
    """Return those keys that were not delivered before; as `register_delivery`."""
    # Sorted, so that two transactions with the same keys do not wait for one another.
    rows = [{"key": key, "received_at": at} for key in sorted(set(keys))]
    new = set(session.execute(_adding(dialect_of(session)), rows).scalars()) if rows else set()
    for key in set(keys) - new:
        DELIVERIES_REPEATED.labels(key.split(":")[1]).inc()
    return new


@cache
def _adding(dialect: str) -> Executable:
    return insert_for(dialect, Delivery).on_conflict_do_nothing().returning(table_of(Delivery).c.key)


def find_answer(session: Session, key: str) -> dict[str, Any] | None:
    found = session.get(Delivery, key)
    return found.answer if found else None


def save_answer(session: Session, key: str, answer: dict[str, Any]) -> None:
    session.execute(_answering(), {"received_key": key, "told": answer})


@cache
def _answering() -> Executable:
    table = table_of(Delivery)
    return update(table).where(table.c.key == bindparam("received_key")).values(answer=bindparam("told"))


def register_newest(session: Session, key: str, ts: str, at: datetime) -> bool:
    """
    Note the newest event about something. False for one that a newer event has overtaken.

    `ts`: Slack's time of the event. The caller has locked what the event is about.
    """
    if ts < (find_answer(session, key) or {}).get("ts", ""):
        return False
    session.execute(_adding(dialect_of(session)), {"key": key, "received_at": at})
    save_answer(session, key, {"ts": ts})
    return True


def delete_old(session: Session, now: datetime, limit: int) -> int:
    """Delete at most `limit` deliveries that are no longer repeated; return their number."""
    old = (
        select(Delivery.key)
        .where(col(Delivery.received_at) < now - DELIVERY_RETENTION)
        .order_by(col(Delivery.received_at))
        .limit(limit)
    )
    forgetting = delete(Delivery).where(col(Delivery.key).in_(old))
    result = session.execute(forgetting, execution_options={"synchronize_session": False})
    return int(getattr(result, "rowcount", 0))
