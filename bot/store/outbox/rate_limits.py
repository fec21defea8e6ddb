"""Rate limits that all replicas share."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Executable, Row, bindparam, select
from sqlmodel import Session

from bot.store.database.tables import dialect_of, insert_for, insert_into, is_any_of, lock_or_insert
from bot.store.outbox.models import RATE_LIMITS, Rate, RateLimit
from bot.store.outbox.statements import COUNTING

LOCKED_LIMITS = (
    select(RATE_LIMITS.c.key, RATE_LIMITS.c.arrival_at, RATE_LIMITS.c.blocked_until, RATE_LIMITS.c.recent)
    .where(is_any_of(RATE_LIMITS.c.key, "keys"))
    .order_by(RATE_LIMITS.c.key)
    .with_for_update()
)
MINUTE = 61.0
"""Length of the window, in seconds: Slack counts on arrival, and a call may be a little late."""
AHEAD = 5.0
"""Tolerated clock difference of replicas, in seconds. Later times are from before a clock was set back."""


class _Place:
    """One rate limit within this transaction."""

    def __init__(self, row: Row[Any]) -> None:
        self.arrival_at: datetime = row.arrival_at
        self.blocked_until: datetime | None = row.blocked_until
        self.recent: list[float] = row.recent or []

    def ready_at(self, rate: Rate, now: datetime) -> datetime:
        if rate.a_minute is None:
            ready = max(self.arrival_at, now) + rate.interval - rate.burst * rate.interval
        else:
            at = now.timestamp()
            self.recent = [each for each in self.recent if at - MINUTE < each <= at + AHEAD]
            is_full = len(self.recent) >= rate.a_minute
            ready = now + timedelta(seconds=self.recent[-rate.a_minute] + MINUTE - at) if is_full else now
        return max(ready, self.blocked_until or ready)

    def count(self, rate: Rate, now: datetime) -> None:
        self.arrival_at = max(self.arrival_at, now) + rate.interval
        if rate.a_minute is not None:
            self.recent = [*self.recent, round(now.timestamp(), 3)]


class RateLimiter:
    """Rate limits, locked until the end of the transaction, sorted by key to avoid deadlocks."""

    def __init__(self, session: Session, keys: Collection[str], now: datetime) -> None:
        self._session = session
        self._gates = {row.key: _Place(row) for row in self._load(keys, now)} if keys else {}
        for key in sorted(set(keys) - set(self._gates)):
            made = session.execute(_making(dialect_of(session)), {"key": key, "arrival_at": now}).one()
            self._gates[key] = _Place(made)
        self._moved: set[str] = set()

    def _load(self, keys: Collection[str], now: datetime) -> Sequence[Row[Any]]:
        """The limits that there are; on PostgreSQL most new ones, too."""
        statement = _locking() if dialect_of(self._session) == "postgresql" else LOCKED_LIMITS
        return self._session.execute(statement, {"keys": list(keys), "now": now}).all()

    def ready_at(self, rates: Sequence[Rate], now: datetime) -> datetime:
        """Time at which all limits allow the call. If that is now, the call is counted."""
        ready = max((self._gates[rate.key].ready_at(rate, now) for rate in rates), default=now)
        if ready <= now:
            for rate in rates:
                self._gates[rate.key].count(rate, now)
                self._moved.add(rate.key)
        return max(ready, now)

    def counted(self) -> list[dict[str, Any]]:
        """Values of the limits that counted a call, for `COUNTING`."""
        moved = [(key, self._gates[key]) for key in sorted(self._moved)]
        return [{"gate": key, "at": gate.arrival_at, "calls": gate.recent or None} for key, gate in moved]

    def save(self) -> None:
        """Write the counted calls."""
        if self._moved:
            self._session.execute(COUNTING, self.counted())


@cache
def _locking() -> Executable:
    new = {"arrival_at": bindparam("now", type_=RATE_LIMITS.c.arrival_at.type)}
    return lock_or_insert(RateLimit, LOCKED_LIMITS, RATE_LIMITS.c.key, new)


@cache
def _making(dialect: str) -> Executable:
    """Insert a new limit, or lock the one that another transaction just inserted."""
    return (
        insert_for(dialect, RateLimit)
        .on_conflict_do_update(index_elements=["key"], set_={"arrival_at": RATE_LIMITS.c.arrival_at})
        .returning(RATE_LIMITS.c.key, RATE_LIMITS.c.arrival_at, RATE_LIMITS.c.blocked_until, RATE_LIMITS.c.recent)
    )


def block_until(session: Session, key: str, until: datetime) -> None:
    """Block the method until then, as Slack asked."""
    session.execute(
        insert_into(session, RateLimit)
        .values(key=key, arrival_at=until, blocked_until=until)
        .on_conflict_do_update(index_elements=["key"], set_={"blocked_until": until})
    )
