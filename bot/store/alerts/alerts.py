"""Alerts, and the groups by which they find their incident."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import TypeVar

from sqlalchemy import ColumnElement, and_, bindparam, case, text, update
from sqlmodel import Field, Index, Session, SQLModel, UniqueConstraint, col, func, select

from bot.domain.terms import AlertStatus, Precision
from bot.store.database.tables import JSON_COLUMN, insert_into

T = TypeVar("T")
K = TypeVar("K", bound=tuple[str, ...])
Identity = tuple[str, str, str]
"""Source, fingerprint, and the start as told."""
IS_LOOSE = "incident_id IS NULL"
IS_HELD = "maintenance_id IS NOT NULL"
AT_ONCE = 500
"""Alerts or groups that one statement names. A list of pairs is no use: PostgreSQL reads it as one condition inside
another, slowly, and at some 8,000 its stack is at an end."""


class Alert(SQLModel, table=True):
    """One alert from its first firing to its end; the same (source, fingerprint, startsAt) is the same alert."""

    __tablename__ = "alert"
    __table_args__ = (
        UniqueConstraint("team_id", "source", "fingerprint", "told_starts_at"),
        Index("ix_alert_incident", "incident_id"),
        Index("ix_alert_loose", "last_seen_at", postgresql_where=text(IS_LOOSE), sqlite_where=text(IS_LOOSE)),
        Index("ix_alert_group", "team_id", "source", "group_key"),
        Index("ix_alert_held", "maintenance_id", postgresql_where=text(IS_HELD), sqlite_where=text(IS_HELD)),
    )

    id: int | None = Field(default=None, primary_key=True)
    team_id: str
    source: str
    fingerprint: str
    told_starts_at: str
    """
    The start as the sender wrote it, down to its last digit: part of the alert's identity, not of the record.

    An alert that came back after its incident was over, with the same start, has `#2`, `#3`, … behind it.
    """
    group_key: str
    name: str
    status: str
    starts_at: datetime
    starts_at_precision: str
    ended_at: datetime | None = None
    first_seen_at: datetime
    last_seen_at: datetime
    count: int = 1
    is_end_recorded: bool = False
    """Whether its end is on the timeline: a flapping alert has one entry of its first end, and counts the rest."""
    labels: dict[str, str] = Field(sa_type=JSON_COLUMN)
    annotations: dict[str, str] = Field(sa_type=JSON_COLUMN)
    link: str | None = None
    incident_id: int | None = Field(default=None, foreign_key="incident.id")
    redacted_at: datetime | None = None
    """Its annotations were removed on request."""
    service: str | None = None
    """The service that its route or label named when it came."""
    is_start_recorded: bool | None = None
    """False while it waits for the summary that counts it; None for one that was told of by itself."""
    maintenance_id: int | None = None
    """The window in which it began to fire and opened nothing: once that has ended, it is looked at again."""

    @property
    def key(self) -> int:
        if self.id is None:
            raise ValueError("the alert was never stored")
        return self.id


class AlertGroup(SQLModel, table=True):
    """A group of alerts and the incident that has it now. Its row is locked while the group's fate is decided."""

    __tablename__ = "alert_group"

    team_id: str = Field(primary_key=True)
    source: str = Field(primary_key=True)
    group_key: str = Field(primary_key=True)
    incident_id: int | None = Field(default=None, foreign_key="incident.id")


def lock_groups(
    session: Session, team_id: str, keys: Collection[tuple[str, str]]
) -> Mapping[tuple[str, str], AlertGroup]:
    """
    The groups' rows by (source, group key), made if need be and held until the transaction ends: two replicas open one
    incident, not two. They are taken in one order, so that nobody waits in a ring.
    """
    found: dict[tuple[str, str], AlertGroup] = {}
    for source, some in _by_source(sorted(set(keys))):
        found |= _held(session, team_id, source, some)
        if missing := [key for key in some if key not in found]:
            values = [{"team_id": team_id, "source": source, "group_key": key} for _, key in missing]
            session.execute(insert_into(session, AlertGroup).values(values).on_conflict_do_nothing())
            found |= _held(session, team_id, source, missing)
    return found


def lock_groups_of(session: Session, incident_id: int) -> list[AlertGroup]:
    """The groups whose alerts go to the incident, held in the order of `lock_groups`."""
    statement = (
        select(AlertGroup)
        .where(AlertGroup.incident_id == incident_id)
        .order_by(col(AlertGroup.source), col(AlertGroup.group_key))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return list(session.exec(statement))


def hand_over(session: Session, incident_id: int, to: int) -> int:
    """All alerts of one incident become another's. Returns how many."""
    session.flush()
    moved = session.execute(
        update(Alert)
        .where(col(Alert.incident_id) == incident_id)
        .values(incident_id=to)
        .returning(col(Alert.id))
        .execution_options(synchronize_session=False)
    ).all()
    return len(moved)


def _portions(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """As many at a time as one statement may name."""
    for first in range(0, len(values), AT_ONCE):
        yield values[first : first + AT_ONCE]


GROUPS = (
    select(AlertGroup)
    .where(
        AlertGroup.team_id == bindparam("team_id"),
        AlertGroup.source == bindparam("source"),
        col(AlertGroup.group_key).in_(bindparam("keys", expanding=True)),
    )
    .order_by(col(AlertGroup.group_key))
    .with_for_update()
    .execution_options(populate_existing=True)
)


def _held(
    session: Session, team_id: str, source: str, keys: Collection[tuple[str, str]]
) -> dict[tuple[str, str], AlertGroup]:
    names = [key for _, key in keys]
    groups = session.exec(GROUPS, params={"team_id": team_id, "source": source, "keys": names})
    return {(group.source, group.group_key): group for group in groups}


TOLD = and_(
    col(Alert.team_id) == bindparam("team_id"),
    col(Alert.source) == bindparam("source"),
    col(Alert.fingerprint).in_(bindparam("fingerprints", expanding=True)),
)
FIRST_LIVES = select(Alert).where(TOLD, col(Alert.told_starts_at).in_(bindparam("starts", expanding=True)))
LATER_LIVES = select(Alert.id, Alert.source, Alert.fingerprint, Alert.told_starts_at).where(
    TOLD, col(Alert.told_starts_at).like("%#%")
)
NEWEST = select(Alert).where(col(Alert.id).in_(select(func.max(Alert.id)).where(TOLD).group_by(col(Alert.fingerprint))))


def known(session: Session, team_id: str, told: Collection[Identity]) -> dict[Identity, Alert]:
    """
    Those of these that were ever heard of, by few statements; of one that came back later with the same start, its
    latest life.
    """
    found: dict[Identity, Alert] = {}
    for source, some in _by_source(sorted(told)):
        of_these = {"team_id": team_id, "source": source}
        names = {"fingerprints": sorted({each[1] for each in some}), "starts": sorted({each[2] for each in some})}
        rows = session.exec(FIRST_LIVES, params={**of_these, **names})
        first = {identity: row for row in rows if (identity := _identity(*_as_stored(row))) in set(some)}
        if first:
            found |= first | _later(session, of_these, first)
    return found


def _later(session: Session, of_these: Mapping[str, str], first: Collection[Identity]) -> dict[Identity, Alert]:
    """The latest lives of those that have more than one."""
    names = sorted({fingerprint for _, fingerprint, _ in first})
    latest: dict[Identity, int] = {}
    for key, *stored in session.exec(LATER_LIVES, params={**of_these, "fingerprints": names}):
        identity = _identity(*stored)
        if identity in first and key is not None:
            latest[identity] = max(key, latest.get(identity, 0))
    if not latest:
        return {}
    rows = session.exec(select(Alert).where(col(Alert.id).in_(latest.values())))
    return {_identity(*_as_stored(row)): row for row in rows}


def newest(session: Session, team_id: str, alerts: Collection[tuple[str, str]]) -> dict[tuple[str, str], Alert]:
    """The newest firing of each of these (source, fingerprint), whatever start was told of it."""
    found: dict[tuple[str, str], Alert] = {}
    for source, some in _by_source(sorted(set(alerts))):
        names = {"team_id": team_id, "source": source, "fingerprints": [fingerprint for _, fingerprint in some]}
        found |= {(row.source, row.fingerprint): row for row in session.exec(NEWEST, params=names)}
    return found


def _by_source(keys: Sequence[K]) -> Iterator[tuple[str, Sequence[K]]]:
    """As many at a time as one statement may name, each of one source: a list of single values is quickly looked up."""
    for source, of_source in groupby(keys, key=lambda key: key[0]):
        for some in _portions(list(of_source)):
            yield source, some


def _as_stored(row: Alert) -> Identity:
    return row.source, row.fingerprint, row.told_starts_at


def _identity(source: str, fingerprint: str, told_starts_at: str) -> Identity:
    """As the sender tells it: without the number of the life."""
    return source, fingerprint, told_starts_at.partition("#")[0]


def again(ended: Alert, *, at: datetime) -> Alert:
    """The same alert's next life, which begins `at`: about then, because the monitor still tells its first start."""
    first, _, life = ended.told_starts_at.partition("#")
    kept = ended.model_dump(
        include={
            "team_id",
            "source",
            "fingerprint",
            "group_key",
            "name",
            "status",
            "labels",
            "annotations",
            "link",
            "redacted_at",
            "service",
        }
    )
    return Alert(
        **kept,
        told_starts_at=f"{first}#{int(life or 1) + 1}",
        starts_at=at,
        starts_at_precision=Precision.APPROXIMATE.value,
        first_seen_at=at,
        last_seen_at=at,
    )


def of_incident(session: Session, incident_id: int) -> list[Alert]:
    statement = select(Alert).where(Alert.incident_id == incident_id).order_by(col(Alert.starts_at), col(Alert.id))
    return list(session.exec(statement))


def get(session: Session, alert_id: int) -> Alert | None:
    return session.get(Alert, alert_id)


@dataclass(frozen=True, slots=True)
class Counts:
    """An incident's alerts, counted: all of them, those that fire, and all by service (None where nobody named one)."""

    alerts: int
    firing: int
    services: Mapping[str | None, int]


def _newest(incident_id: int) -> ColumnElement[bool]:
    """Of each alert the newest firing: that one says whether it fires, and for which service."""
    ranked = (
        select(
            col(Alert.id).label("id"),
            func.row_number()
            .over(
                partition_by=(col(Alert.source), col(Alert.fingerprint)),
                order_by=(col(Alert.starts_at).desc(), col(Alert.id).desc()),
            )
            .label("age"),
        )
        .where(Alert.incident_id == incident_id)
        .subquery()
    )
    return col(Alert.id).in_(select(ranked.c.id).where(ranked.c.age == 1))


def count(session: Session, incident_id: int) -> Counts:
    """An alert that fired twenty times is one."""
    fires = func.sum(case((col(Alert.status) == AlertStatus.FIRING.value, 1), else_=0))
    statement = (
        select(Alert.service, func.count(), fires)
        .where(Alert.incident_id == incident_id, _newest(incident_id))
        .group_by(col(Alert.service))
        .order_by(func.count().desc(), col(Alert.service))
    )
    rows = list(session.exec(statement))
    return Counts(
        sum(alerts for _, alerts, _ in rows),
        sum(int(firing) for _, _, firing in rows),
        {service: alerts for service, alerts, _ in rows},
    )


def earliest(session: Session, incident_id: int, *, since: datetime | None = None) -> Alert | None:
    """The one that began first; of those that began at `since` or later, if that is given."""
    statement = select(Alert).where(Alert.incident_id == incident_id)
    if since is not None:
        statement = statement.where(Alert.starts_at >= since)
    return session.exec(statement.order_by(col(Alert.starts_at), col(Alert.id)).limit(1)).first()


def first_of(session: Session, incident_id: int, status: AlertStatus, limit: int) -> list[Alert]:
    """The incident's alerts of that status, by their newest firings, that began first."""
    statement = (
        select(Alert)
        .where(Alert.incident_id == incident_id, Alert.status == status.value, _newest(incident_id))
        .order_by(col(Alert.starts_at), col(Alert.id))
        .limit(limit)
    )
    return list(session.exec(statement))


def last_end(session: Session, incident_id: int) -> datetime | None:
    return session.exec(select(func.max(Alert.ended_at)).where(Alert.incident_id == incident_id)).one()


UNTOLD = col(Alert.is_start_recorded).is_(False)
"""Those that wait for the summary that counts them."""
UNTOLD_END = and_(
    col(Alert.status) == AlertStatus.RESOLVED.value,
    col(Alert.ended_at).is_not(None),
    col(Alert.is_end_recorded).is_(False),
)
"""Those that have ended, and no entry says so."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many starts and how many ends no entry tells of yet, and since when the first of them waits."""

    starts: int
    ends: int
    since: datetime | None


def waiting(session: Session, incident_id: int) -> Waiting:
    starts, first = session.exec(
        select(func.count(), func.min(Alert.first_seen_at)).where(Alert.incident_id == incident_id, UNTOLD)
    ).one()
    ends, told = session.exec(
        select(func.count(), func.min(Alert.last_seen_at)).where(Alert.incident_id == incident_id, UNTOLD_END)
    ).one()
    return Waiting(starts, ends, min([at for at in (first, told) if at is not None], default=None))


@dataclass(frozen=True, slots=True)
class Summary:
    """Alerts that are counted, not named: by service, and when the first was heard of and the last ended."""

    services: Mapping[str | None, int]
    first_seen_at: datetime
    last_end: datetime | None

    @property
    def count(self) -> int:
        return sum(self.services.values())


def tell_starts(session: Session, incident_id: int) -> Summary | None:
    """Mark all whose start waits as told of, and count them. None if there are none."""
    return _told(session, incident_id, UNTOLD, {"is_start_recorded": True})


def tell_ends(session: Session, incident_id: int) -> Summary | None:
    return _told(session, incident_id, UNTOLD_END, {"is_end_recorded": True})


def _told(session: Session, incident_id: int, which: ColumnElement[bool], values: dict[str, bool]) -> Summary | None:
    """Counted as they are marked: what comes meanwhile belongs to the next summary."""
    statement = (
        update(Alert)
        .where(col(Alert.incident_id) == incident_id, which)
        .values(**values)
        .returning(col(Alert.service), col(Alert.first_seen_at), col(Alert.ended_at))
        .execution_options(synchronize_session=False)
    )
    rows = session.execute(statement).all()
    if not rows:
        return None
    ends = [ended_at for _, _, ended_at in rows if ended_at is not None]
    return Summary(
        Counter(service for service, _, _ in rows), min(seen for _, seen, _ in rows), max(ends, default=None)
    )


def untold(session: Session, incident_id: int, *, ends: bool) -> list[Alert]:
    """Those whose start, or whose end, no entry tells of yet, as they came."""
    order = (col(Alert.ended_at), col(Alert.id)) if ends else (col(Alert.first_seen_at), col(Alert.id))
    which = UNTOLD_END if ends else UNTOLD
    return list(session.exec(select(Alert).where(Alert.incident_id == incident_id, which).order_by(*order)))


def held_by(session: Session, window_id: int) -> list[Alert]:
    """What began to fire in a maintenance window and opened nothing, in the order in which it came."""
    statement = select(Alert).where(Alert.maintenance_id == window_id).order_by(col(Alert.id))
    return list(session.exec(statement))


def seen_again(session: Session, ids: Collection[int], at: datetime) -> None:
    """A monitor repeated what it had said."""
    for some in _portions(sorted(ids)):
        session.execute(
            update(Alert)
            .where(col(Alert.id).in_(some))
            .values(last_seen_at=at)
            .execution_options(synchronize_session=False)
        )
