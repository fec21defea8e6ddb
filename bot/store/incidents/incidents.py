"""Incidents, their numbers, and the workspace they belong to."""

from collections.abc import Collection
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Executable, and_, bindparam, or_, text, update
from sqlmodel import Field, Index, Session, SQLModel, UniqueConstraint, col, func, select

from bot.domain.errors import UserError
from bot.domain.terms import Status
from bot.runtime.log import concerns
from bot.store.database.tables import JSON_COLUMN, dialect_of, insert_for, kept, table_of

OPEN = tuple(status.value for status in Status if status.is_open)


class IncidentNotFound(UserError):
    """No incident of that reference, or of that channel."""


MERGED = text("merged_into_id IS NOT NULL")


class Incident(SQLModel, table=True):
    """
    One incident. Every `…_at` is aware UTC.

    The times of the record that follow from its entries (`started_at` and so on) are kept here as computed by
    `services.milestones.refresh`; `time_sources` says of each which entry, alert or rule set it.
    """

    __tablename__ = "incident"
    __table_args__ = (
        UniqueConstraint("team_id", "series", "number"),
        Index("ix_incident_team_status", "team_id", "status"),
        Index("ix_incident_reference", "series", "number"),
        Index("ix_incident_resolved", "team_id", "resolved_at"),
        Index("ix_incident_declared", "team_id", "declared_at"),
        Index("ix_incident_merged_into_id", "merged_into_id", postgresql_where=MERGED, sqlite_where=MERGED),
    )

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
    closure_reason: str | None = None
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
    questions_ts: str | None = None
    findings_ts: str | None = None
    history_from: datetime | None = None
    """Messages older than this that nobody knows yet stay unknown: somebody was erased, and may stand in them."""
    forgotten_to: str | None = None
    """The ts up to which retention has deleted the messages that are no entries; None where it has not."""
    next_seq: int = 1
    storm_id: int | None = None
    """The incident of the alert storm that came up beside this one."""
    merged_into_id: int | None = None
    """The incident that this one was merged into."""
    is_retro: bool | None = None
    """Recorded after the fact: nobody is called, and it may have no channel."""
    drill_of: str | None = None
    """The past incident or the scenario that a drill replays."""
    archived_at: datetime | None = None
    """When its channel was seen to be archived; None while it is not."""
    former_channels: list[dict[str, str]] | None = Field(default=None, sa_type=JSON_COLUMN)
    """The channels that it had before this one, the oldest first: `id` and `name` of each."""
    canvas_id: str | None = None
    """Slack's id of the canvas that the postmortem's draft was put into."""
    canvas_digest: str | None = None
    """
    Of what Slack gave back right after that; None where it gave nothing. Empty once people may have written in it and
    were told that it is theirs from then on.
    """
    bookmark_ids: dict[str, str] | None = Field(default=None, sa_type=JSON_COLUMN)
    """Slack's ids of the channel's bookmarks that the bot made, by what each is for."""

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

    @property
    def is_resolved(self) -> bool:
        """Whether it came to an end. One that was cancelled did not: it was none. One that was merged goes on there."""
        return not self.is_open and self.status not in {Status.CANCELLED, Status.MERGED}


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
    first = {"team_id": team_id, "series": series, "value": 1}
    return int(session.execute(_counting(dialect_of(session)), first).scalar_one())


@cache
def _counting(dialect: str) -> Executable:
    value = table_of(Counter).c.value
    return (
        insert_for(dialect, Counter)
        .on_conflict_do_update(index_elements=["team_id", "series"], set_={"value": value + 1})
        .returning(value)
    )


def series_in_use(session: Session, team_id: str) -> list[str]:
    """The beginnings of references that were ever given: those of today, and those before somebody changed them."""
    return list(session.exec(select(Counter.series).where(Counter.team_id == team_id).order_by(Counter.series)))


def get(session: Session, incident_id: int) -> Incident:
    found = session.get(Incident, incident_id)
    if found is None:
        raise IncidentNotFound("That incident does not exist.")
    concerns(found.reference)
    return kept(session, found)


def several(session: Session, incident_ids: Collection[int]) -> list[Incident]:
    """Those of these that there are, as they are in the database now."""
    statement = select(Incident).where(col(Incident.id).in_(incident_ids)).order_by(col(Incident.id))
    return list(session.exec(statement.execution_options(populate_existing=True)))


HELD = (
    select(Incident)
    .where(col(Incident.id) == bindparam("incident_id"))
    .with_for_update()
    .execution_options(populate_existing=True)
)


HELD_AT_ONCE = "held incidents"
SEVERAL_HELD = (
    select(Incident)
    .where(col(Incident.id).in_(bindparam("ids", expanding=True)))
    .order_by(col(Incident.id))
    .with_for_update()
    .execution_options(populate_existing=True)
)


def hold(session: Session, incident_ids: Collection[int]) -> None:
    """Lock several, in one order, for a transaction that is about them all: `lock` finds them held."""
    held: dict[int, Incident] = session.info.setdefault(HELD_AT_ONCE, {})
    if missing := sorted(set(incident_ids) - held.keys()):
        found = session.exec(SEVERAL_HELD, params={"ids": missing}).all()
        held |= {incident.key: incident for incident in found}


def lock(session: Session, incident_id: int) -> Incident:
    """The incident, held until the end of the transaction: two people who press at once come one after the other."""
    held: Incident | None = session.info.get(HELD_AT_ONCE, {}).get(incident_id)
    found = held or session.exec(HELD, params={"incident_id": incident_id}).one_or_none()
    if found is None:
        raise IncidentNotFound("That incident does not exist.")
    concerns(found.reference)
    return found


OF_CHANNEL = (
    select(Incident)
    .where(Incident.team_id == bindparam("team_id"), Incident.channel_id == bindparam("channel_id"))
    .order_by(col(Incident.id).desc())
    .limit(1)
)


def of_channel(session: Session, team_id: str, channel_id: str) -> Incident | None:
    """The incident whose channel this is; of several (a reopened one in a new life) the newest."""
    return _found(session.exec(OF_CHANNEL, params={"team_id": team_id, "channel_id": channel_id}).first())


def _found(incident: Incident | None) -> Incident | None:
    if incident is not None:
        concerns(incident.reference)
    return incident


OF_CHANNEL_HELD = OF_CHANNEL.with_for_update().execution_options(populate_existing=True)


def lock_of_channel(session: Session, team_id: str, channel_id: str) -> Incident | None:
    """`of_channel`, held until the end of the transaction."""
    return _found(session.exec(OF_CHANNEL_HELD, params={"team_id": team_id, "channel_id": channel_id}).first())


def without_channel(session: Session, team_id: str, number: int) -> list[Incident]:
    """Open ones of this number, in whatever series, whose channel is not known; not the private ones."""
    statement = select(Incident).where(
        Incident.team_id == team_id,
        Incident.number == number,
        col(Incident.status).in_(OPEN),
        col(Incident.channel_id).is_(None),
        col(Incident.is_private).is_(False),
        col(Incident.is_retro).is_not(True),
    )
    return list(session.exec(statement))


def survivor_of(session: Session, incident_id: int) -> int:
    """The incident that goes on for this one: itself, or the one that it was merged into, also by way of others."""
    seen: set[int] = set()
    while incident_id not in seen:
        seen.add(incident_id)
        incident_id = get(session, incident_id).merged_into_id or incident_id
    return incident_id


def merged_into(session: Session, incident_id: int) -> list[Incident]:
    """Those that were merged into this one, itself, in the order of their numbers."""
    statement = select(Incident).where(Incident.merged_into_id == incident_id).order_by(col(Incident.id))
    return list(session.exec(statement))


def begin_history(session: Session, team_id: str, at: datetime) -> None:
    """Take in no message from before `at` that is not known already."""
    session.execute(update(table_of(Incident)).where(table_of(Incident).c.team_id == team_id).values(history_from=at))


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
        raise IncidentNotFound(no_such(reference))
    concerns(found.reference)
    return found


def no_such(reference: str) -> str:
    return f"There is no {reference.upper()}."


def open_ones(session: Session, team_id: str) -> list[Incident]:
    """All that are open, the worst and then the newest first."""
    statement = (
        select(Incident)
        .where(Incident.team_id == team_id, col(Incident.status).in_(OPEN))
        .order_by(Incident.severity, col(Incident.id).desc())
    )
    return list(session.exec(statement))


def private_ones(session: Session, team_id: str, limit: int) -> list[Incident]:
    """Private ones that have a channel: the open ones first, and the newest."""
    statement = (
        select(Incident)
        .where(Incident.team_id == team_id, col(Incident.is_private).is_(True), col(Incident.channel_id).is_not(None))
        .order_by(col(Incident.status).in_(OPEN).desc(), col(Incident.id).desc())
        .limit(limit)
    )
    return list(session.exec(statement))


def led_by(session: Session, team_id: str, user_id: str, since: datetime, limit: int) -> list[Incident]:
    """Those that somebody led and that were resolved since then, the newest first. Drills are left out."""
    statement = (
        select(Incident)
        .where(
            Incident.team_id == team_id,
            Incident.lead == user_id,
            Incident.status == Status.RESOLVED.value,
            col(Incident.resolved_at) >= since,
            col(Incident.is_drill).is_(False),
        )
        .order_by(col(Incident.resolved_at).desc())
        .limit(limit)
    )
    return list(session.exec(statement))


def over_since(session: Session, team_id: str, since: datetime) -> list[Incident]:
    """Those that were resolved at or after a moment, the newest first."""
    statement = (
        select(Incident)
        .where(
            Incident.team_id == team_id,
            col(Incident.status).not_in(OPEN),
            col(Incident.channel_id).is_not(None),
            # Not by `coalesce`: each half finds its rows by an index, however many incidents are over.
            or_(
                col(Incident.resolved_at) >= since,
                and_(col(Incident.resolved_at).is_(None), col(Incident.declared_at) >= since),
            ),
        )
        .order_by(col(Incident.id).desc())
    )
    return list(session.exec(statement))


def newest_first(session: Session, team_id: str, limit: int) -> list[Incident]:
    statement = select(Incident).where(Incident.team_id == team_id).order_by(col(Incident.id).desc()).limit(limit)
    return list(session.exec(statement))


@cache
def _taking_seq() -> Executable:
    table = table_of(Incident)
    return (
        update(table)
        .where(table.c.id == bindparam("incident_id"))
        .values(next_seq=table.c.next_seq + 1)
        .returning(table.c.next_seq)
    )


def take_seq(session: Session, incident: Incident) -> int:
    """The next place in the incident's order. Counted in the database, so that two replicas never take the same."""
    return int(session.execute(_taking_seq(), {"incident_id": incident.id}).scalar_one()) - 1


NEWEST_INSTALLATION = select(Installation).order_by(col(Installation.seen_at).desc()).limit(1)


def installation(session: Session) -> Installation | None:
    """The one workspace of this installation; None before Slack was ever reached."""
    return session.exec(NEWEST_INSTALLATION).first()


def channels_in_use(session: Session) -> set[str]:
    """The channels that some incident has, or had before it went on in another."""
    now = {each for each in session.exec(select(Incident.channel_id)) if each}
    former = session.exec(select(Incident.former_channels).where(col(Incident.former_channels).is_not(None)))
    return now | {str(each["id"]) for channels in former for each in channels or []}


def count_open(session: Session) -> int:
    """How many are open; private ones, drills and what is recorded after the fact are not counted."""
    statement = select(func.count()).where(
        col(Incident.status).in_(OPEN),
        col(Incident.is_private).is_(False),
        col(Incident.is_drill).is_(False),
        col(Incident.is_retro).is_not(True),
    )
    return session.exec(statement).one()
