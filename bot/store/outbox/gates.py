"""Rate limits that all replicas share."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from bot.store.outbox.rows import Gate, Rate
from bot.store.tables import insert_into

GATES = (
    select(Gate)
    .where(col(Gate.key).in_(bindparam("keys", expanding=True)))
    .order_by(col(Gate.key))
    .with_for_update()
    .execution_options(populate_existing=True)
)


class Gates:
    """Gates, held until the end of the transaction. They are taken in one order, so that nobody waits in a ring."""

    def __init__(self, session: Session, keys: Collection[str], now: datetime) -> None:
        self._session = session
        self._gates = self._load(keys) if keys else {}
        missing = sorted(set(keys) - set(self._gates))
        if missing:
            rows = [{"key": key, "arrival_at": now} for key in missing]
            session.execute(insert_into(session, Gate).values(rows).on_conflict_do_nothing())
            self._gates |= self._load(missing)

    def _load(self, keys: Collection[str]) -> dict[str, Gate]:
        return {gate.key: gate for gate in self._session.exec(GATES, params={"keys": list(keys)})}

    def ready_at(self, rates: Sequence[Rate], now: datetime) -> datetime:
        """When all the gates let one call through. If that is now, the call is counted; else nothing is."""
        ready = now
        for rate in rates:
            gate = self._gates[rate.key]
            allowed = max(gate.arrival_at, now) + rate.interval - rate.burst * rate.interval
            ready = max(ready, allowed, gate.blocked_until or now)
        if ready <= now:
            for rate in rates:
                gate = self._gates[rate.key]
                gate.arrival_at = max(gate.arrival_at, now) + rate.interval
                self._session.add(gate)
        return ready


def block(session: Session, key: str, until: datetime) -> None:
    """Slack said to wait: nobody passes this gate before `until`."""
    session.execute(
        insert_into(session, Gate)
        .values(key=key, arrival_at=until, blocked_until=until)
        .on_conflict_do_update(index_elements=["key"], set_={"blocked_until": until})
    )
