"""Groups of alerts: each has one incident at a time."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import TypeVar

from sqlalchemy import bindparam
from sqlmodel import Field, Session, col, select

from bot.store.database.tables import StoredRow, insert_into, is_any_of, table_of

T = TypeVar("T")
K = TypeVar("K", bound=tuple[str, ...])
CHUNK_SIZE = 500
"""
Alerts or groups in one statement.

A list of pairs is no use: PostgreSQL reads it as nested conditions, slowly, and at some 8,000 its stack overflows.
"""


class AlertGroup(StoredRow, table=True):
    """
    A group of alerts and its present incident. The row is locked while that is decided.

    `last_alert_at`: of a group by labels (`LABEL_GROUPS` as source), when its last firing alert came.
    """

    __tablename__ = "alert_group"

    team_id: str = Field(primary_key=True)
    source: str = Field(primary_key=True)
    group_key: str = Field(primary_key=True)
    incident_id: int | None = Field(default=None, foreign_key="incident.id")
    last_alert_at: datetime | None = None


GROUP = table_of(AlertGroup)


def lock_groups(
    session: Session, team_id: str, keys: Collection[tuple[str, str]]
) -> Mapping[tuple[str, str], AlertGroup]:
    """
    Lock the groups' rows by (source, group key) until the transaction ends.

    Missing ones are inserted, so two replicas open one incident, not two. Rows are locked in sorted order to avoid
    deadlocks.
    """
    found: dict[tuple[str, str], AlertGroup] = {}
    for source, some in chunks_by_source(sorted(set(keys))):
        found |= _lock_existing(session, team_id, source, some)
        if missing := [key for key in some if key not in found]:
            values = [{"team_id": team_id, "source": source, "group_key": key} for _, key in missing]
            inserting = insert_into(session, AlertGroup).values(values).on_conflict_do_nothing()
            inserted = session.scalars(select(AlertGroup).from_statement(inserting.returning(*GROUP.c)))
            found |= {(group.source, group.group_key): group for group in inserted}
        if missing := [key for key in some if key not in found]:  # another transaction was first
            found |= _lock_existing(session, team_id, source, missing)
    return found


def find_groups(
    session: Session, team_id: str, keys: Collection[tuple[str, str]]
) -> Mapping[tuple[str, str], AlertGroup]:
    """The known groups by (source, group key). Locks nothing."""
    found: dict[tuple[str, str], AlertGroup] = {}
    for source, some in chunks_by_source(sorted(set(keys))):
        statement = select(AlertGroup).where(
            AlertGroup.team_id == team_id,
            AlertGroup.source == source,
            col(AlertGroup.group_key).in_([key for _, key in some]),
        )
        found |= {(each.source, each.group_key): each for each in session.exec(statement)}
    return found


def lock_groups_by_incident(session: Session, incident_id: int) -> list[AlertGroup]:
    """Lock the groups whose alerts go to the incident, in the order of `lock_groups`."""
    statement = (
        select(AlertGroup)
        .where(AlertGroup.incident_id == incident_id)
        .order_by(col(AlertGroup.source), col(AlertGroup.group_key))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return list(session.exec(statement))


GROUPS = (
    select(AlertGroup)
    .where(
        AlertGroup.team_id == bindparam("team_id"),
        AlertGroup.source == bindparam("source"),
        is_any_of(col(AlertGroup.group_key), "keys"),
    )
    .order_by(col(AlertGroup.group_key))
    .with_for_update()
    .execution_options(populate_existing=True)
)


def _lock_existing(
    session: Session, team_id: str, source: str, keys: Collection[tuple[str, str]]
) -> dict[tuple[str, str], AlertGroup]:
    names = [key for _, key in keys]
    groups = session.exec(GROUPS, params={"team_id": team_id, "source": source, "keys": names})
    return {(group.source, group.group_key): group for group in groups}


def chunks(values: Sequence[T]) -> Iterator[Sequence[T]]:
    for first in range(0, len(values), CHUNK_SIZE):
        yield values[first : first + CHUNK_SIZE]


def chunks_by_source(keys: Sequence[K]) -> Iterator[tuple[str, Sequence[K]]]:
    """Chunks of one source each: a list of single values is looked up fast."""
    for source, of_source in groupby(keys, key=lambda key: key[0]):
        for some in chunks(list(of_source)):
            yield source, some
