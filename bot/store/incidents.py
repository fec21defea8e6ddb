"""Incidents, their numbers, and the workspace they belong to."""

from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlmodel import Field, Session, SQLModel, UniqueConstraint, col, func, select

from bot.domain.errors import UserError
from bot.domain.terms import Status
from bot.store.tables import JSON_COLUMN, insert_into

OPEN = tuple(status.value for status in Status if status.is_open)


class IncidentNotFound(UserError):
    """No incident of that reference, or of that channel."""


class Incident(SQLModel, table=True):
    """
    One incident. Every `…_at` is aware UTC.

    The times of the record that follow from its entries (`started_at` and so on) are kept here as computed by
    `services.milestones.refresh`; `time_sources` says of each which entry, alert or rule set it.
    """

    __tablename__ = "incident"
    __table_args__ = (UniqueConstraint("team_id", "series", "number"),)

    id: int | None = Field(default=None, primary_key=True)
    team_id: str
    series: str
    number: int
    outside_reference: str | None = None
    titles: dict[str, str] = Field(sa_type=JSON_COLUMN)
    severity: str
    status: str = Field(index=True)
    services: list[str] = Field(sa_type=JSON_COLUMN)
    category: str | None = None
    responsibility: str | None = None
    zone: str
    languages: list[str] = Field(sa_type=JSON_COLUMN)
    template: str
    is_private: bool = False
    is_drill: bool = False
    lead: str | None = None
    previous_id: int | None = Field(default=None, foreign_key="incident.id")

    declared_by: str | None = None
    declared_at: datetime
    started_at: datetime
    detected_at: datetime
    acknowledged_at: datetime | None = None
    identified_at: datetime | None = None
    mitigated_at: datetime | None = None
    resolved_at: datetime | None = None
    ended_at: datetime | None = None
    time_sources: dict[str, Any] = Field(default_factory=dict, sa_type=JSON_COLUMN)

    channel_id: str | None = Field(default=None, index=True)
    channel_name: str | None = None
    card_ts: str | None = None
    announcement_ts: str | None = None
    followups_ts: str | None = None
    alerts_ts: str | None = None
    next_seq: int = 1

    @property
    def key(self) -> int:
        """The id of an incident that is in the database."""
        if self.id is None:
            raise ValueError("the incident was never stored")
        return self.id

    @property
    def reference(self) -> str:
        return f"{self.series}-{self.number}"

    @property
    def title(self) -> str:
        return self.titles.get("") or next(iter(self.titles.values()), "")

    @property
    def is_open(self) -> bool:
        return Status(self.status).is_open


class Counter(SQLModel, table=True):
    """The last number given in a series. A row a series, so that drills have numbers of their own."""

    __tablename__ = "counter"

    team_id: str = Field(primary_key=True)
    series: str = Field(primary_key=True)
    value: int


class Installation(SQLModel, table=True):
    """The workspace and who the bot is in it, as `auth.test` told. One row an installation."""

    __tablename__ = "installation"

    team_id: str = Field(primary_key=True)
    team_name: str = ""
    url: str = ""
    bot_user_id: str = ""
    bot_id: str = ""
    incidents_channel: str = ""
    """The name or id that the configuration asked for when `incidents_channel_id` was found."""
    incidents_channel_id: str | None = None
    seen_at: datetime


def next_number(session: Session, team_id: str, series: str) -> int:
    """The series' next number. The counter's row stays locked until the transaction ends: no number is given twice."""
    insert = insert_into(session, Counter)
    taken = (
        insert.values(team_id=team_id, series=series, value=1)
        .on_conflict_do_update(index_elements=["team_id", "series"], set_={"value": col(Counter.value) + 1})
        .returning(col(Counter.value))
    )
    return int(session.execute(taken).scalar_one())


def get(session: Session, incident_id: int) -> Incident:
    found = session.get(Incident, incident_id)
    if found is None:
        raise IncidentNotFound("That incident does not exist.")
    return found


def lock(session: Session, incident_id: int) -> Incident:
    """The incident, held until the end of the transaction: two people who press at once come one after the other."""
    statement = select(Incident).where(col(Incident.id) == incident_id).with_for_update()
    found = session.exec(statement.execution_options(populate_existing=True)).one_or_none()
    if found is None:
        raise IncidentNotFound("That incident does not exist.")
    return found


def of_channel(session: Session, team_id: str, channel_id: str) -> Incident | None:
    """The incident whose channel this is; of several (a reopened one in a new life) the newest."""
    statement = (
        select(Incident)
        .where(Incident.team_id == team_id, Incident.channel_id == channel_id)
        .order_by(col(Incident.id).desc())
        .limit(1)
    )
    return session.exec(statement).first()


def by_reference(session: Session, team_id: str | None, reference: str) -> Incident:
    """
    The incident that people call `INC-7` (any case). `team_id` None means: whatever workspace, for the command line.

    Raises IncidentNotFound with what to type instead.
    """
    series, _, number = reference.upper().rpartition("-")
    if not series or not number.isdecimal():
        raise IncidentNotFound(f"{reference!r} is not an incident. Incidents are called like INC-7.")
    statement = select(Incident).where(Incident.series == series, Incident.number == int(number))
    if team_id is not None:
        statement = statement.where(Incident.team_id == team_id)
    found = session.exec(statement).first()
    if found is None:
        raise IncidentNotFound(f"There is no {reference.upper()}.")
    return found


def open_ones(session: Session, team_id: str) -> list[Incident]:
    """All that are open, the worst and then the newest first."""
    statement = (
        select(Incident)
        .where(Incident.team_id == team_id, col(Incident.status).in_(OPEN))
        .order_by(Incident.severity, col(Incident.id).desc())
    )
    return list(session.exec(statement))


def newest_first(session: Session, team_id: str, limit: int) -> list[Incident]:
    statement = select(Incident).where(Incident.team_id == team_id).order_by(col(Incident.id).desc()).limit(limit)
    return list(session.exec(statement))


def take_seq(session: Session, incident: Incident) -> int:
    """The next place in the incident's order. Counted in the database, so that two replicas never take the same."""
    statement = (
        update(Incident)
        .where(col(Incident.id) == incident.id)
        .values(next_seq=Incident.next_seq + 1)
        .returning(col(Incident.next_seq))
        .execution_options(synchronize_session=False)
    )
    return int(session.execute(statement).scalar_one()) - 1


def installation(session: Session) -> Installation | None:
    """The one workspace of this installation; None before Slack was ever reached."""
    return session.exec(select(Installation).order_by(col(Installation.seen_at).desc()).limit(1)).first()


def channels_in_use(session: Session) -> set[str]:
    """The channels that some incident has."""
    return {each for each in session.exec(select(Incident.channel_id)) if each}


def count_open(session: Session) -> int:
    """How many are open, private ones and drills not counted."""
    statement = select(func.count()).where(
        col(Incident.status).in_(OPEN), col(Incident.is_private).is_(False), col(Incident.is_drill).is_(False)
    )
    return session.exec(statement).one()
