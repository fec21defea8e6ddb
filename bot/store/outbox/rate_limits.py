"""Rate limits that all replicas share."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Executable, Row, bindparam, select, update
from sqlmodel import Session

from bot.store.database.tables import dialect_of, insert_for, insert_into, table_of
from bot.store.outbox.models import Gate, Rate

GATE = table_of(Gate)
GATES = (
    select(GATE.c.key, GATE.c.arrival_at, GATE.c.blocked_until, GATE.c.recent)
    .where(GATE.c.key.in_(bindparam("keys", expanding=True)))
    .order_by(GATE.c.key)
    .with_for_update()
)
MOVING = (
    update(GATE)
    .where(GATE.c.key == bindparam("gate"))
    .values(arrival_at=bindparam("at"), recent=bindparam("calls", type_=GATE.c.recent.type))
)
MINUTE = 61.0
"""Seconds: what Slack counts is when a call arrives, and one that was let through may be a little late."""
AHEAD = 5.0
"""Seconds by which the clocks of replicas may differ. What lies further ahead is from before a clock was set back."""


class _Place:
    """One gate as it is in this transaction."""

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


class Gates:
    """Gates, held until the end of the transaction. They are taken in one order, so that nobody waits in a ring."""

    def __init__(self, session: Session, keys: Collection[str], now: datetime) -> None:
        self._session = session
        self._gates = {row.key: _Place(row) for row in self._load(keys)} if keys else {}
        for key in sorted(set(keys) - set(self._gates)):
            made = session.execute(_making(dialect_of(session)), {"key": key, "arrival_at": now}).one()
            self._gates[key] = _Place(made)
        self._moved: set[str] = set()

    def _load(self, keys: Collection[str]) -> Sequence[Row[Any]]:
        return self._session.execute(GATES, {"keys": list(keys)}).all()

    def ready_at(self, rates: Sequence[Rate], now: datetime) -> datetime:
        """When all the gates let one call through. If that is now, the call is counted; else nothing is."""
        ready = max((self._gates[rate.key].ready_at(rate, now) for rate in rates), default=now)
        if ready <= now:
            for rate in rates:
                self._gates[rate.key].count(rate, now)
                self._moved.add(rate.key)
        return max(ready, now)

    def save(self) -> None:
        """Write down the calls that were counted."""
        if self._moved:
            moved = [(key, self._gates[key]) for key in sorted(self._moved)]
            rows = [{"gate": key, "at": gate.arrival_at, "calls": gate.recent or None} for key, gate in moved]
            self._session.execute(MOVING, rows)


@cache
def _making(dialect: str) -> Executable:
    """A gate that nobody needed before; or that of somebody who needed it for the first time just now, held."""
    return (
        insert_for(dialect, Gate)
        .on_conflict_do_update(index_elements=["key"], set_={"arrival_at": GATE.c.arrival_at})
        .returning(GATE.c.key, GATE.c.arrival_at, GATE.c.blocked_until, GATE.c.recent)
    )


def block(session: Session, key: str, until: datetime) -> None:
    """Slack said to wait: nobody passes this gate before `until`."""
    session.execute(
        insert_into(session, Gate)
        .values(key=key, arrival_at=until, blocked_until=until)
        .on_conflict_do_update(index_elements=["key"], set_={"blocked_until": until})
    )
