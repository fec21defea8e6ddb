"""Rate limits that all replicas share."""

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Executable, Row, bindparam, select, update
from sqlmodel import Session

from bot.store.outbox.rows import Gate, Rate
from bot.store.tables import dialect_of, insert_for, insert_into, table_of

GATE = table_of(Gate)
GATES = (
    select(GATE.c.key, GATE.c.arrival_at, GATE.c.blocked_until)
    .where(GATE.c.key.in_(bindparam("keys", expanding=True)))
    .order_by(GATE.c.key)
    .with_for_update()
)
MOVING = update(GATE).where(GATE.c.key == bindparam("gate")).values(arrival_at=bindparam("at"))


class Gates:
    """Gates, held until the end of the transaction. They are taken in one order, so that nobody waits in a ring."""

    def __init__(self, session: Session, keys: Collection[str], now: datetime) -> None:
        self._session = session
        self._gates = {row.key: (row.arrival_at, row.blocked_until) for row in self._load(keys)} if keys else {}
        for key in sorted(set(keys) - set(self._gates)):
            made = session.execute(_making(dialect_of(session)), {"key": key, "arrival_at": now}).one()
            self._gates[key] = made.arrival_at, made.blocked_until
        self._moved: dict[str, datetime] = {}

    def _load(self, keys: Collection[str]) -> Sequence[Row[Any]]:
        return self._session.execute(GATES, {"keys": list(keys)}).all()

    def ready_at(self, rates: Sequence[Rate], now: datetime) -> datetime:
        """When all the gates let one call through. If that is now, the call is counted; else nothing is."""
        ready = now
        for rate in rates:
            arrival_at, blocked_until = self._gates[rate.key]
            allowed = max(arrival_at, now) + rate.interval - rate.burst * rate.interval
            ready = max(ready, allowed, blocked_until or now)
        if ready <= now:
            for rate in rates:
                arrival_at, blocked_until = self._gates[rate.key]
                self._moved[rate.key] = max(arrival_at, now) + rate.interval
                self._gates[rate.key] = self._moved[rate.key], blocked_until
        return ready

    def save(self) -> None:
        """Write down the calls that were counted."""
        if self._moved:
            self._session.execute(MOVING, [{"gate": key, "at": at} for key, at in self._moved.items()])


@cache
def _making(dialect: str) -> Executable:
    """A gate that nobody needed before; or that of somebody who needed it for the first time just now, held."""
    return (
        insert_for(dialect, Gate)
        .on_conflict_do_update(index_elements=["key"], set_={"arrival_at": GATE.c.arrival_at})
        .returning(GATE.c.key, GATE.c.arrival_at, GATE.c.blocked_until)
    )


def block(session: Session, key: str, until: datetime) -> None:
    """Slack said to wait: nobody passes this gate before `until`."""
    session.execute(
        insert_into(session, Gate)
        .values(key=key, arrival_at=until, blocked_until=until)
        .on_conflict_do_update(index_elements=["key"], set_={"blocked_until": until})
    )
