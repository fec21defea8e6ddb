"""Lists of incidents for overviews, App Home and maintenance."""

from collections.abc import Collection
from datetime import datetime
from operator import attrgetter
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, bindparam, not_, or_
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, func, select

from bot.domain.terms import Status
from bot.lazy_dataclass import dataclass
from bot.store.database.tables import is_any_of, table_of
from bot.store.incidents.incidents import OPEN, Incident, main_title
from bot.store.incidents.postmortems import PUBLISHED
from bot.store.incidents.visibility import Visibility


@dataclass(frozen=True, slots=True)
class IncidentRevision:
    """The state of an incident's page: another revision shows something else."""

    id: int
    team_id: str
    reference: str
    revision: int
    is_private: bool
    is_open: bool


def find_revisions(session: Session, watched: Collection[int]) -> list[IncidentRevision]:
    """Revisions of all open incidents, and of `watched` ones."""
    table = table_of(Incident)
    wanted = select_columns(
        table.c.id, table.c.team_id, table.c.series, table.c.number, table.c.revision, table.c.is_private
    )
    found = [(row, True) for row in session.execute(wanted.where(table.c.status.in_(OPEN)))]
    if missing := sorted(set(watched) - {row.id for row, _ in found}):
        found += [(row, False) for row in session.execute(wanted.where(table.c.id.in_(missing)))]
    return [
        IncidentRevision(row.id, row.team_id, f"{row.series}-{row.number}", row.revision, row.is_private, is_open)
        for row, is_open in found
    ]


def find_without_channel(session: Session, team_id: str, number: int) -> list[Incident]:
    """Open incidents with this number in any series whose channel is unknown; no private ones."""
    statement = select(Incident).where(
        Incident.team_id == team_id,
        Incident.number == number,
        col(Incident.status).in_(OPEN),
        col(Incident.channel_id).is_(None),
        col(Incident.is_private).is_(False),
        col(Incident.is_retro).is_(False),
    )
    return list(session.exec(statement))


def find_private(session: Session, team_id: str, limit: int) -> list[Incident]:
    """Private incidents with a channel: open ones first, then the newest."""
    statement = (
        select(Incident)
        .where(Incident.team_id == team_id, col(Incident.is_private).is_(True), col(Incident.channel_id).is_not(None))
        .order_by(col(Incident.status).in_(OPEN).desc(), col(Incident.id).desc())
        .limit(limit)
    )
    return list(session.exec(statement))


def find_public_channels(session: Session, team_id: str, channel_ids: Collection[str]) -> list[str]:
    """Those of the channels that have an incident on record as public."""
    statement = select(Incident.team_id, Incident.channel_id).where(
        is_any_of(col(Incident.channel_id), "channel_ids"), col(Incident.is_private).is_(False)
    )
    found = session.exec(statement, params={"channel_ids": sorted(channel_ids)})
    return sorted({channel_id for team, channel_id in found if team == team_id and channel_id is not None})


def find_hidden_references(session: Session, visibility: Visibility) -> list[str]:
    """References of the workspace's private incidents that are outside `visibility`."""
    statement = select(Incident).where(
        Incident.team_id == visibility.team_id, col(Incident.is_private).is_(True), not_(visibility.condition)
    )
    return [each.reference for each in session.exec(statement)]


def find_private_without_channel(session: Session, team_id: str, user_id: str) -> frozenset[int]:
    """Private incidents without a channel that this person declared or leads, by id."""
    statement = select(Incident.id).where(
        Incident.team_id == team_id,
        col(Incident.is_private).is_(True),
        col(Incident.channel_id).is_(None),
        or_(col(Incident.declared_by) == user_id, col(Incident.lead) == user_id),
    )
    return frozenset(each for each in session.exec(statement) if each is not None)


def find_led_by(session: Session, team_id: str, user_id: str, since: datetime, limit: int) -> list[Incident]:
    """
    Incidents that this person led and that were resolved since then, the newest first.

    Without drills and published postmortems.
    """
    statement = (
        select(Incident)
        .where(
            Incident.team_id == team_id,
            Incident.lead == user_id,
            Incident.status == Status.RESOLVED.value,
            Incident.postmortem_state != PUBLISHED,
            col(Incident.resolved_at) >= since,
            col(Incident.is_drill).is_(False),
        )
        .order_by(col(Incident.resolved_at).desc())
        .limit(limit)
    )
    return list(session.exec(statement))


def find_resolved_since(session: Session, team_id: str, since: datetime) -> list[Incident]:
    """Incidents with a channel that ended since then, the newest first."""
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


def find_newest(session: Session, team_id: str, limit: int) -> list[Incident]:
    statement = select(Incident).where(Incident.team_id == team_id).order_by(col(Incident.id).desc()).limit(limit)
    return list(session.exec(statement))


def find_channels_in_use(session: Session) -> set[str]:
    """Present and former channels of all incidents."""
    rows = session.exec(select(Incident.channel_id, Incident.former_channels)).all()
    return {current for current, _ in rows if current} | {str(each["id"]) for _, former in rows for each in former}


def count_open(session: Session) -> int:
    """Number of open incidents, without private ones, drills and those recorded after the fact."""
    statement = select(func.count()).where(
        col(Incident.status).in_(OPEN),
        col(Incident.is_private).is_(False),
        col(Incident.is_drill).is_(False),
        col(Incident.is_retro).is_(False),
    )
    return session.exec(statement).one()


def find_open(session: Session, team_id: str) -> list[Incident]:
    """Open incidents, the most severe first, then the newest."""
    statement = (
        select(Incident)
        .where(Incident.team_id == team_id, col(Incident.status).in_(OPEN))
        .order_by(Incident.severity, col(Incident.id).desc())
    )
    return list(session.exec(statement))


class OpenIncident(NamedTuple):
    """An open incident that everybody sees, in short."""

    series: str
    number: int
    title: str
    services: list[str]
    channel_id: str | None

    @property
    def reference(self) -> str:
        return f"{self.series}-{self.number}"


_COLUMNS = table_of(Incident).c
OPEN_OTHERS = (
    select_columns(
        _COLUMNS.severity, _COLUMNS.series, _COLUMNS.number, _COLUMNS.titles, _COLUMNS.services, _COLUMNS.channel_id
    )
    .where(
        _COLUMNS.team_id == bindparam("team_id"),
        _COLUMNS.status.in_(OPEN),
        _COLUMNS.is_private.is_(False),
        _COLUMNS.is_retro.is_(False),
        _COLUMNS.is_drill == bindparam("is_drill"),
        _COLUMNS.id != bindparam("but"),
    )
    .order_by(_COLUMNS.id.desc())
    .limit(bindparam("most"))
)


def find_others_open(session: Session, incident: Incident, most: int) -> list[OpenIncident]:
    """
    The `most` newest open incidents beside this one, the most severe first, then the newest.

    Without private and retrospective ones; drills if this is one, else none.
    """
    named = {"team_id": incident.team_id, "is_drill": incident.is_drill, "but": incident.key, "most": most}
    found = sorted(session.execute(OPEN_OTHERS, named), key=attrgetter("severity"))
    return [OpenIncident(series, number, main_title(titles), *rest) for _, series, number, titles, *rest in found]


class IncidentFacts(NamedTuple):
    """
    Facts of an incident that figures need.

    `start_ref` and `detection_ref` name the sources of these times. They are equal if the start is known by the
    detection alone.
    """

    incident_id: int
    severity: str
    services: list[str]
    category: str | None
    zone: str
    is_retro: bool
    start_ref: str | None
    detection_ref: str | None
    declared_at: datetime
    started_at: datetime
    detected_at: datetime
    identified_at: datetime | None
    mitigated_at: datetime | None
    resolved_at: datetime | None


def counts_for_figures(team_id: str) -> ColumnElement[bool]:
    """
    Condition for figures by service, severity and cause.

    Private incidents, drills, cancelled and merged ones are left out.
    """
    return and_(
        Visibility(team_id).condition,
        col(Incident.is_drill).is_(False),
        col(Incident.status).not_in([Status.CANCELLED.value, Status.MERGED.value]),
    )


def find_facts(session: Session, team_id: str, since: datetime, until: datetime) -> list[IncidentFacts]:
    """Incidents that figures count and that were declared between the two."""
    sources = col(Incident.time_sources)
    statement = (
        select_columns(
            col(Incident.id),
            col(Incident.severity),
            col(Incident.services),
            col(Incident.category),
            col(Incident.zone),
            col(Incident.is_retro),
            sources["started_at"]["ref"].as_string(),
            sources["detected_at"]["ref"].as_string(),
            col(Incident.declared_at),
            col(Incident.started_at),
            col(Incident.detected_at),
            col(Incident.identified_at),
            col(Incident.mitigated_at),
            col(Incident.resolved_at),
        )
        .where(counts_for_figures(team_id), col(Incident.declared_at) >= since, col(Incident.declared_at) < until)
        .order_by(col(Incident.id))
    )
    return [IncidentFacts(*row) for row in session.execute(statement)]
