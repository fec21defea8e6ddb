"""Alerts, one row for each firing."""

from collections import Counter
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import ClassVar

from sqlalchemy import BindParameter, ColumnElement, Subquery, and_, bindparam, case, exists, or_, update
from sqlalchemy.orm import aliased
from sqlmodel import Field, Index, Session, UniqueConstraint, col, func, select

from bot.domain.terms import AlertStatus, Precision
from bot.lazy_dataclass import dataclass
from bot.store.alerts.alert_groups import chunks, chunks_by_source
from bot.store.database.tables import JSON_COLUMN, StoredRow, is_any_of, partial_index
from bot.store.incidents.incidents import Incident
from bot.store.incidents.visibility import Visibility

Identity = tuple[str, str, str]
"""Source, fingerprint, and the start as stated."""
IS_LOOSE = "incident_id IS NULL"
IS_HELD = "maintenance_id IS NOT NULL"


class Alert(StoredRow, table=True):
    """One firing of an alert; the same (source, fingerprint, startsAt) is the same firing."""

    shown_with: ClassVar[str] = "incident_id"
    __tablename__ = "alert"
    __table_args__ = (
        UniqueConstraint("team_id", "source", "fingerprint", "stated_starts_at"),
        Index("ix_alert_incident", "incident_id"),
        partial_index("ix_alert_loose", "last_seen_at", where=IS_LOOSE),
        Index("ix_alert_group", "team_id", "source", "group_key"),
        partial_index("ix_alert_held", "maintenance_id", where=IS_HELD),
    )

    id: int | None = Field(default=None, primary_key=True)
    team_id: str
    source: str
    fingerprint: str
    stated_starts_at: str
    """
    The start as the sender wrote it, to the last digit: part of the identity, not of the record.

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
    """Its end is on the timeline: a flapping alert has one entry of its first end."""
    labels: dict[str, str] = Field(sa_type=JSON_COLUMN)
    annotations: dict[str, str] = Field(sa_type=JSON_COLUMN)
    end_summary: str | None = None
    """Its summary when it ended; None if it was the one of the beginning."""
    link: str | None = None
    incident_id: int | None = Field(default=None, foreign_key="incident.id")
    redacted_at: datetime | None = None
    """When its annotations were removed on request."""
    service: str | None = None
    """Service named by its route or label on arrival."""
    is_start_recorded: bool = True
    """False while it waits for the summary that counts it."""
    maintenance_id: int | None = None
    """Maintenance window in which it began to fire and opened nothing: it is checked again afterwards."""
    is_flapping: bool = False
    """It changed so often that its changes are not announced one by one. The newest firing decides."""

    @property
    def key(self) -> int:
        if self.id is None:
            raise ValueError("the alert was never stored")
        return self.id


def reassign(session: Session, incident_id: int, to: int) -> int:
    """Move all alerts to another incident; return their number."""
    session.flush()
    moved = session.execute(
        update(Alert)
        .where(col(Alert.incident_id) == incident_id)
        .values(incident_id=to)
        .returning(col(Alert.id))
        .execution_options(synchronize_session=False)
    ).all()
    return len(moved)


REPORTED = and_(
    col(Alert.team_id) == bindparam("team_id"),
    col(Alert.source) == bindparam("source"),
    is_any_of(col(Alert.fingerprint), "fingerprints"),
)
FIRST_LIVES = select(Alert).where(REPORTED, is_any_of(col(Alert.stated_starts_at), "starts"))
LATER_LIVES = select(Alert.id, Alert.source, Alert.fingerprint, Alert.stated_starts_at).where(
    REPORTED, col(Alert.stated_starts_at).like("%#%")
)
NEWEST = select(Alert).where(
    col(Alert.id).in_(select(func.max(Alert.id)).where(REPORTED).group_by(col(Alert.fingerprint)))
)


def find_known(session: Session, team_id: str, told: Collection[Identity]) -> dict[Identity, Alert]:
    """The known ones of these; of several firings with one start the latest."""
    found: dict[Identity, Alert] = {}
    for source, some in chunks_by_source(sorted(told)):
        of_these = {"team_id": team_id, "source": source}
        names = {"fingerprints": sorted({each[1] for each in some}), "starts": sorted({each[2] for each in some})}
        rows = session.exec(FIRST_LIVES, params={**of_these, **names})
        first = {identity: row for row in rows if (identity := _identity(*_as_stored(row))) in set(some)}
        if first:
            found |= first | _later(session, of_these, first)
    return found


def _later(session: Session, of_these: Mapping[str, str], first: Collection[Identity]) -> dict[Identity, Alert]:
    """The latest firings of alerts that came back with the same start."""
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


def find_newest(session: Session, team_id: str, alerts: Collection[tuple[str, str]]) -> dict[tuple[str, str], Alert]:
    """Newest firing of each (source, fingerprint), whatever its stated start."""
    found: dict[tuple[str, str], Alert] = {}
    for source, some in chunks_by_source(sorted(set(alerts))):
        names = {"team_id": team_id, "source": source, "fingerprints": [fingerprint for _, fingerprint in some]}
        found |= {(row.source, row.fingerprint): row for row in session.exec(NEWEST, params=names)}
    return found


def _as_stored(row: Alert) -> Identity:
    return row.source, row.fingerprint, row.stated_starts_at


def _identity(source: str, fingerprint: str, stated_starts_at: str) -> Identity:
    """The identity as the sender states it, without the number of the firing."""
    return source, fingerprint, stated_starts_at.partition("#")[0]


def next_firing(ended: Alert, *, at: datetime) -> Alert:
    """
    The next firing of an alert that came back with its old start.

    Its own start is approximate.
    """
    first, _, life = ended.stated_starts_at.partition("#")
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
        stated_starts_at=f"{first}#{int(life or 1) + 1}",
        starts_at=at,
        starts_at_precision=Precision.APPROXIMATE.value,
        first_seen_at=at,
        last_seen_at=at,
    )


def find_by_incident(session: Session, incident_id: int) -> list[Alert]:
    statement = select(Alert).where(Alert.incident_id == incident_id).order_by(col(Alert.starts_at), col(Alert.id))
    return list(session.exec(statement))


def find_some(session: Session, alert_ids: Collection[int]) -> list[Alert]:
    """Those of these alerts that exist, in the order in which they were stored."""
    return list(session.exec(select(Alert).where(col(Alert.id).in_(alert_ids)).order_by(col(Alert.id))))


@dataclass(frozen=True, slots=True)
class Counts:
    """
    Numbers of an incident's alerts: all, those that fire, and those that flap.

    `services` counts all by service, None where none is named.
    """

    alerts: int
    firing: int
    services: Mapping[str | None, int]
    flapping: int = 0


NO_ALERTS = Counts(0, 0, {})


def _rank_firings(incident_id: int | BindParameter[int]) -> Subquery:
    """
    Firings of an incident's alerts, ranked by `age`: 1 is the newest of each alert.

    The newest decides the status and the service. The ranking is read alone, not as a condition on `Alert`: a server
    without statistics would rank anew for each row.
    """
    age = func.row_number().over(
        partition_by=(col(Alert.source), col(Alert.fingerprint)),
        order_by=(col(Alert.starts_at).desc(), col(Alert.id).desc()),
    )
    own = select(Alert.id, Alert.service, Alert.status, Alert.starts_at).where(Alert.incident_id == incident_id)
    return own.add_columns(col(Alert.is_flapping), age.label("age")).subquery()


_RANKED = _rank_firings(bindparam("incident_id"))
COUNTING = (
    select(
        _RANKED.c.service,
        func.count(),
        func.sum(case((_RANKED.c.status == AlertStatus.FIRING.value, 1), else_=0)),
        func.sum(case((_RANKED.c.is_flapping, 1), else_=0)),
    )
    .where(_RANKED.c.age == 1)
    .group_by(_RANKED.c.service)
    .order_by(func.count().desc(), _RANKED.c.service)
)
FIRST = (
    select(Alert)
    .where(
        col(Alert.id).in_(
            select(_RANKED.c.id)
            .where(_RANKED.c.age == 1, _RANKED.c.status == bindparam("status"))
            .order_by(_RANKED.c.starts_at, _RANKED.c.id)
            .limit(bindparam("most"))
        )
    )
    .order_by(col(Alert.starts_at), col(Alert.id))
)
FIRING_FIRST = case((_RANKED.c.status == AlertStatus.FIRING.value, 0), else_=1)
FIRST_OF_ALL = (
    select(Alert)
    .where(
        col(Alert.id).in_(
            select(_RANKED.c.id)
            .where(_RANKED.c.age == 1)
            .order_by(FIRING_FIRST, _RANKED.c.starts_at, _RANKED.c.id)
            .limit(bindparam("most"))
        )
    )
    .order_by(col(Alert.starts_at), col(Alert.id))
)
"""Those that fire before the others."""


def alerts_exist(incident_id: ColumnElement[int]) -> ColumnElement[bool]:
    return select(Alert.id).where(Alert.incident_id == incident_id).exists()


def count(session: Session, incident_id: int) -> Counts:
    """Count each alert once, however often it fired."""
    rows = list(session.exec(COUNTING, params={"incident_id": incident_id}))
    return Counts(
        sum(alerts for _, alerts, _, _ in rows),
        sum(int(firing) for _, _, firing, _ in rows),
        {service: alerts for service, alerts, _, _ in rows},
        sum(int(flapping) for *_, flapping in rows),
    )


def summarize(session: Session, incident_id: int, shown: int) -> tuple[Counts, list[Alert]]:
    """
    `count`, and the first alerts that fire; without any, the first that have ended.

    Few alerts take one statement.
    """
    rows = list(session.exec(FIRST_OF_ALL, params={"incident_id": incident_id, "most": shown + 1}))
    if len(rows) > shown:
        counts = count(session, incident_id)
    else:
        firing = sum(row.status == AlertStatus.FIRING.value for row in rows)
        services = Counter(row.service for row in sorted(rows, key=lambda row: row.service or ""))
        counts = Counts(len(rows), firing, dict(services.most_common()), sum(row.is_flapping for row in rows))
    status = AlertStatus.FIRING if counts.firing else AlertStatus.RESOLVED
    return counts, [row for row in rows if row.status == status.value][:shown]


def find_earliest(session: Session, incident_id: int, *, since: datetime | None = None) -> Alert | None:
    """The alert that started first; `since`: of those that started then or later."""
    statement = select(Alert).where(Alert.incident_id == incident_id)
    if since is not None:
        statement = statement.where(Alert.starts_at >= since)
    return session.exec(statement.order_by(col(Alert.starts_at), col(Alert.id)).limit(1)).first()


def find_first(session: Session, incident_id: int, status: AlertStatus, limit: int) -> list[Alert]:
    """Alerts of that status, by their newest firings, the earliest first."""
    named = {"incident_id": incident_id, "status": status.value, "most": limit}
    return list(session.exec(FIRST, params=named))


def find_flapping(session: Session, incident_id: int) -> list[Alert]:
    """Flapping alerts, by their newest firings, the earliest first."""
    ranked = _rank_firings(incident_id)
    newest = select(ranked.c.id).where(ranked.c.age == 1, ranked.c.is_flapping)
    statement = select(Alert).where(col(Alert.id).in_(newest)).order_by(col(Alert.starts_at), col(Alert.id))
    return list(session.exec(statement))


def find_last_end(session: Session, incident_id: int) -> datetime | None:
    return session.exec(select(func.max(Alert.ended_at)).where(Alert.incident_id == incident_id)).one()


def find_firing_without_incident(session: Session, team_id: str, since: datetime, limit: int) -> list[Alert]:
    """
    Alerts without an incident whose newest firing goes on and was reported since then.

    The latest start comes first.
    """
    later = aliased(Alert)
    is_superseded = exists().where(
        col(later.team_id) == col(Alert.team_id),
        col(later.source) == col(Alert.source),
        col(later.fingerprint) == col(Alert.fingerprint),
        col(later.id) > col(Alert.id),
    )
    statement = (
        select(Alert)
        .where(
            Alert.team_id == team_id,
            col(Alert.incident_id).is_(None),
            Alert.status == AlertStatus.FIRING.value,
            col(Alert.last_seen_at) >= since,
            ~is_superseded,
        )
        .order_by(col(Alert.starts_at).desc(), col(Alert.id).desc())
        .limit(limit)
    )
    return list(session.exec(statement))


def find_recent(
    session: Session, visibility: Visibility, *, before: int | None, limit: int, status: str = "", source: str = ""
) -> list[tuple[Alert, Incident | None]]:
    """
    The latest firings with their incidents, the newest first.

    `before`: those stored before that row. Alerts of incidents outside `visibility` are left out.
    """
    statement = (
        select(Alert, Incident)
        .outerjoin(Incident, col(Incident.id) == col(Alert.incident_id))
        .where(Alert.team_id == visibility.team_id, or_(col(Alert.incident_id).is_(None), visibility.condition))
    )
    if before is not None:
        statement = statement.where(col(Alert.id) < before)
    if status:
        statement = statement.where(Alert.status == status)
    if source:
        statement = statement.where(Alert.source == source)
    return [
        (alert, incident) for alert, incident in session.exec(statement.order_by(col(Alert.id).desc()).limit(limit))
    ]


def find_held(session: Session, window_id: int) -> list[Alert]:
    """Alerts that a maintenance window held back, in the order of arrival."""
    statement = select(Alert).where(Alert.maintenance_id == window_id).order_by(col(Alert.id))
    return list(session.exec(statement))


def touch(session: Session, ids: Collection[int], at: datetime) -> None:
    """Update the time of the last notification."""
    for some in chunks(sorted(ids)):
        session.execute(
            update(Alert)
            .where(col(Alert.id).in_(some))
            .values(last_seen_at=at)
            .execution_options(synchronize_session=False)
        )
