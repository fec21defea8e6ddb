"""Groups of alerts: each has one incident at a time."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from itertools import groupby
from typing import TypeVar

from sqlalchemy import Executable, bindparam
from sqlmodel import Field, Session, col, select

from bot.store.database.tables import StoredRow, dialect_of, insert_into, is_any_of, lock_or_insert, table_of

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
    dialect = dialect_of(session)
    for source, some in chunks_by_source(sorted(set(keys))):
        found |= _lock(session, _locking_or_inserting() if dialect == "postgresql" else GROUPS, team_id, source, some)
        missing = [key for key in some if key not in found]
        if missing and dialect == "postgresql":  # another transaction was first
            found |= _lock(session, GROUPS, team_id, source, missing)
        elif missing:
            values = [{"team_id": team_id, "source": source, "group_key": key} for _, key in missing]
            inserted = insert_into(session, AlertGroup).values(values).returning(*GROUP.c)
            found |= _by_key(session.scalars(select(AlertGroup).from_statement(inserted)))
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


@cache
def _locking_or_inserting() -> Executable:
    new = {name: bindparam(name, type_=GROUP.c[name].type) for name in ("team_id", "source")}
    locked = GROUPS.with_only_columns(*GROUP.c)
    union = lock_or_insert(AlertGroup, locked, GROUP.c.group_key, new)
    return select(AlertGroup).from_statement(union).execution_options(populate_existing=True)


def _lock(
    session: Session, statement: Executable, team_id: str, source: str, keys: Collection[tuple[str, str]]
) -> dict[tuple[str, str], AlertGroup]:
    names = [key for _, key in keys]
    return _by_key(session.scalars(statement, {"team_id": team_id, "source": source, "keys": names}))


def _by_key(groups: Iterable[AlertGroup]) -> dict[tuple[str, str], AlertGroup]:
    return {(group.source, group.group_key): group for group in groups}


def chunks(values: Sequence[T]) -> Iterator[Sequence[T]]:
    for first in range(0, len(values), CHUNK_SIZE):
        yield values[first : first + CHUNK_SIZE]


def chunks_by_source(keys: Sequence[K]) -> Iterator[tuple[str, Sequence[K]]]:
    """Chunks of one source each: a list of single values is looked up fast."""
    for source, of_source in groupby(keys, key=lambda key: key[0]):
        for some in chunks(list(of_source)):
            yield source, some
