"""Alerts, and the groups by which they find their incident."""

from datetime import datetime
from typing import Any

from sqlmodel import Field, Index, Session, SQLModel, UniqueConstraint, col, select

from bot.domain.terms import Precision
from bot.store.tables import JSON_COLUMN, insert_into


class Alert(SQLModel, table=True):
    """One alert from its first firing to its end; the same (source, fingerprint, startsAt) is the same alert."""

    __tablename__ = "alert"
    __table_args__ = (
        UniqueConstraint("team_id", "source", "fingerprint", "told_starts_at"),
        Index("ix_alert_incident", "incident_id"),
        Index("ix_alert_group", "team_id", "source", "group_key"),
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


def lock_group(session: Session, team_id: str, source: str, group_key: str) -> AlertGroup:
    """The group's row, made if need be and held until the transaction ends: two replicas open one incident, not two."""
    insert = insert_into(session, AlertGroup)
    values: dict[str, Any] = {"team_id": team_id, "source": source, "group_key": group_key}
    session.execute(insert.values(**values).on_conflict_do_nothing())
    statement = (
        select(AlertGroup)
        .where(AlertGroup.team_id == team_id, AlertGroup.source == source, AlertGroup.group_key == group_key)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return session.exec(statement).one()


def find(session: Session, team_id: str, source: str, fingerprint: str, told_starts_at: str) -> Alert | None:
    """The alert; of one that came back later with the same start, its latest life."""
    statement = (
        select(Alert)
        .where(
            Alert.team_id == team_id,
            Alert.source == source,
            Alert.fingerprint == fingerprint,
            (col(Alert.told_starts_at) == told_starts_at)
            | col(Alert.told_starts_at).startswith(f"{told_starts_at}#", autoescape=True),
        )
        .order_by(col(Alert.id).desc())
        .limit(1)
    )
    return session.exec(statement).first()


def again(ended: Alert, *, at: datetime) -> Alert:
    """The same alert's next life, which begins `at`: about then, because the monitor still tells its first start."""
    first, _, life = ended.told_starts_at.partition("#")
    kept = ended.model_dump(
        include={
            "team_id", "source", "fingerprint", "group_key", "name", "status", "labels", "annotations", "link",
            "redacted_at",
        }
    )  # fmt: skip
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
