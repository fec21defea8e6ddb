"""Locks for operator changes in the global order: incidents, then lanes, each sorted."""

from collections.abc import Collection, Iterable, Iterator
from itertools import islice
from typing import Any

from sqlalchemy import Select, select, text
from sqlmodel import Session, col

from bot.store.incidents.incidents import Incident
from bot.store.outbox.models import IS_UNFINISHED, Lane, OutboxRow, State

AT_ONCE = 5_000
"""Values in one statement. PostgreSQL takes 32,767."""


def lock_rows(session: Session, keys: Collection[int], opening: str) -> list[int]:
    """
    Lock the incidents and lanes of these rows until the end of the transaction.

    Returns the rows that depend on one of them: those that wait for a channel, if one of these rows opens it and is not
    done. `opening` is the kind of row that opens a channel. Their lanes are locked, too.
    """
    of_incidents: set[int | None] = set()
    lanes: set[str] = set()
    for some in _parts(keys):
        for lane, incident_id in session.execute(_place_of(some)):
            lanes.add(lane)
            of_incidents.add(incident_id)
    for some in _parts(of_incidents - {None}):
        session.execute(_lock_values(col(Incident.id), some))
    along = _behind(session, keys, opening)
    for some in _parts(lanes | {lane for _, lane in along}):
        session.execute(_lock_values(col(Lane.key), some))
    return [key for key, _ in along]


def _place_of(keys: Collection[int]) -> Select[str, int | None]:
    return select(col(OutboxRow.lane), col(OutboxRow.incident_id)).where(col(OutboxRow.id).in_(keys))


def _lock_values(key: Any, some: Collection[Any]) -> Select[Any]:
    return select(key).where(key.in_(some)).order_by(key).with_for_update()


def _behind(session: Session, keys: Collection[int], opening: str) -> list[tuple[int, str]]:
    """Row and lane of rows that wait for a channel which these rows open."""
    found = []
    for some in _parts(keys):
        opened = (
            select(col(OutboxRow.incident_id))
            .join(Incident, col(Incident.id) == col(OutboxRow.incident_id))
            .where(
                col(OutboxRow.id).in_(some),
                col(OutboxRow.kind) == opening,
                col(OutboxRow.state).not_in([State.DONE, State.DROPPED, State.RUNNING]),
                col(Incident.channel_id).is_(None),
            )
        )
        waiting = (
            select(col(OutboxRow.id), col(OutboxRow.lane))
            .join(Lane, col(Lane.key) == col(OutboxRow.lane))
            .where(col(OutboxRow.incident_id).in_(opened), text(IS_UNFINISHED), col(Lane.is_open).is_(False))
            .order_by(col(OutboxRow.id))
        )
        found += [(int(key), lane) for key, lane in session.execute(waiting)]
    return found


def _parts(values: Iterable[Any]) -> Iterator[list[Any]]:
    """Sorted chunks."""
    left = iter(sorted(values))
    while some := list(islice(left, AT_ONCE)):
        yield some
