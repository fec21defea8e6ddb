"""Incidents."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

from sqlalchemy import ColumnElement, Executable, bindparam, text, update
from sqlalchemy.orm.attributes import set_committed_value
from sqlmodel import Field, Index, Session, UniqueConstraint, col, select

from bot.domain.errors import UserError
from bot.domain.record.facts import STORM
from bot.domain.terms import Status
from bot.runtime.log import bind_incident
from bot.store.database.tables import JSON_COLUMN, OPTIONAL_JSON, StoredRow, is_any_of, partial_index, table_of
from bot.store.database.transaction_state import retain, transaction_state

if TYPE_CHECKING:
    from bot.store.incidents.timeline import TimelineEntry

REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,19}-[0-9]{1,9}", re.ASCII)
"""The series is the configured prefix of channels."""

OPEN = tuple(status.value for status in Status if status.is_open)


class IncidentNotFound(UserError):
    """No incident has that reference or channel."""


MERGED = text("merged_into_id IS NOT NULL")
SIMILAR = text("similar_id IS NOT NULL")


class Incident(StoredRow, table=True):
    """
    One incident. Every `…_at` is aware UTC.

    Times that follow from its entries (`started_at` and so on) are computed by `services.timeline.milestones`;
    `time_sources` has the entry, alert or rule that set each.
    """

    shown_with: ClassVar[str] = "id"
    __tablename__ = "incident"
    __table_args__ = (
        UniqueConstraint("team_id", "series", "number"),
        Index("ix_incident_team_status", "team_id", "status"),
        Index("ix_incident_reference", "series", "number"),
        Index("ix_incident_resolved", "team_id", "resolved_at"),
        Index("ix_incident_declared", "team_id", "declared_at"),
        partial_index("ix_incident_merged_into_id", "merged_into_id", where=MERGED),
        partial_index("ix_incident_similar_id", "similar_id", where=SIMILAR),
    )

    id: int | None = Field(default=None, primary_key=True)
    team_id: str
    series: str
    number: int
    outside_reference: str | None = None
    titles: dict[str, str] = Field(sa_type=JSON_COLUMN)
    title_fact: dict[str, Any] | None = Field(default=None, sa_type=OPTIONAL_JSON)
    """Alert counts of a storm's title, which is in `titles` too; None once a person chose the title."""
    severity: str
    unmapped_severity: str | None = None
    """The alert's label `severity` if it means none of ours, until somebody sets the severity."""
    status: str = Field(index=True)
    services: list[str] = Field(sa_type=JSON_COLUMN)
    service_names: dict[str, list[str]] | None = Field(default=None, sa_type=OPTIONAL_JSON)
    """Names of the services by language code, in the order of `services`."""
    category: str | None = None
    responsibility: str | None = None
    public_grade: str | None = None
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
    history_from: datetime | None = None
    """Unknown messages older than this stay unknown: a person was erased, and may be in them."""
    purged_to: str | None = None
    """The ts up to which retention has deleted messages without entries; None if it has not."""
    next_seq: int = 1
    revision: int = 1
    """Raised by each transaction that changes what the pages show of the incident."""
    storm_id: int | None = None
    """Incident of the alert storm that began beside this one."""
    merged_into_id: int | None = None
    """Incident that this one was merged into."""
    is_retro: bool = False
    """Recorded after the fact: nobody is paged, and it may have no channel."""
    drill_of: str | None = None
    """Past incident or scenario that a drill replays."""
    reopening_entry_id: int | None = None
    """Entry of its last reopening."""
    archived_at: datetime | None = None
    """When its channel was found archived; None while it is not."""
    former_channels: list[dict[str, str]] = Field(default_factory=list, sa_type=JSON_COLUMN)
    """Channels before the present one, the oldest first: `id` and `name` of each."""
    bridge_url: str | None = None
    """Link of its call; None if it has none."""
    link_generation: int = 0
    """Number of its share link: a new one ends those before."""
    link_ended_at: datetime | None = None
    """When its share link was ended; None while it works."""
    postmortem_state: str = "draft"
    similar_id: int | None = Field(default=None, foreign_key="incident.id")
    """The earlier incident that its channel is told of; None if there is none."""
    is_similar_off: bool = False
    """Somebody said that it is not similar: it gets no suggestion."""

    @property
    def key(self) -> int:
        """Id of a stored incident."""
        if self.id is None:
            raise ValueError("the incident was never stored")
        return self.id

    @property
    def reference(self) -> str:
        return f"{self.series}-{self.number}"

    @property
    def active_link(self) -> int | None:
        """Number of the share link that works; None if it was ended."""
        return self.link_generation if self.link_ended_at is None else None

    @property
    def title(self) -> str:
        return main_title(self.titles)

    @property
    def title_without_count(self) -> str:
        """A storm's title without its counts; any other title unchanged."""
        return STORM if self.title_fact else self.title

    @property
    def is_open(self) -> bool:
        return Status(self.status).is_open

    @property
    def is_resolved(self) -> bool:
        """False for cancelled and merged incidents."""
        return not self.is_open and self.status not in {Status.CANCELLED, Status.MERGED}


def main_title(titles: Mapping[str, str]) -> str:
    """The title without a language; where there is none, the first one."""
    return titles.get("") or next(iter(titles.values()), "")


def add(session: Session, incident: Incident, entries: int = 1) -> None:
    """
    Insert a new incident; the transaction has it locked.

    Nobody else can see it before the commit, and nothing of it was posted. The places of its first `entries` are taken.
    """
    first = incident.next_seq
    incident.next_seq += entries
    session.add(incident)
    session.flush()
    state = transaction_state(session)
    state.locked_incidents[incident.key] = incident
    state.slack_messages[incident.key] = {}
    state.new_incidents.add(incident.key)
    state.changed_incidents.add(incident.key)  # its page does not exist yet
    state.reserved_seqs[incident.key] = range(first, incident.next_seq)


def is_new(session: Session, incident_id: int) -> bool:
    """True if this transaction inserted it."""
    return incident_id in transaction_state(session).new_incidents


def keep_new_entry(session: Session, entry: "TimelineEntry") -> None:
    """Keep an entry for `find_new_entries`, if its incident is new."""
    if is_new(session, entry.incident_id):
        kept = transaction_state(session).new_entries
        kept[entry.incident_id] = (*kept.get(entry.incident_id, ()), entry)


def find_new_entries(session: Session, incident_id: int) -> list["TimelineEntry"]:
    """All entries of a new incident, in order. Nothing is read."""
    entries: tuple[TimelineEntry, ...] = transaction_state(session).new_entries[incident_id]
    return sorted(entries, key=lambda entry: (entry.sort_at, entry.seq))


def get(session: Session, incident_id: int) -> Incident:
    found = session.get(Incident, incident_id)
    if found is None:
        raise IncidentNotFound("That incident does not exist.")
    bind_incident(found.reference)
    return retain(session, found)


def find_by_ids(session: Session, incident_ids: Collection[int]) -> list[Incident]:
    """The existing ones of these, reloaded."""
    statement = select(Incident).where(col(Incident.id).in_(incident_ids)).order_by(col(Incident.id))
    return list(session.exec(statement.execution_options(populate_existing=True)))


LOCKED = (
    select(Incident)
    .where(col(Incident.id) == bindparam("incident_id"))
    .with_for_update()
    .execution_options(populate_existing=True)
)


ALL_LOCKED = (
    select(Incident)
    .where(is_any_of(col(Incident.id), "ids"))
    .order_by(col(Incident.id))
    .with_for_update()
    .execution_options(populate_existing=True)
)


def lock_all(session: Session, incident_ids: Collection[int]) -> None:
    """Lock several incidents in sorted order; `lock` then finds them locked."""
    locked: dict[int, Incident] = transaction_state(session).locked_incidents
    if missing := sorted(set(incident_ids) - locked.keys()):
        keep_locked(session, session.exec(ALL_LOCKED, params={"ids": missing}))


ALL_FREE = ALL_LOCKED.with_for_update(skip_locked=True)


def lock_free(session: Session, incident_ids: Collection[int]) -> Collection[int]:
    """Lock those of these incidents that no other transaction has locked; return their ids."""
    if not incident_ids:
        return []
    found = session.exec(ALL_FREE, params={"ids": sorted(incident_ids)}).all()
    keep_locked(session, found)
    return [incident.key for incident in found]


def keep_locked(session: Session, found: Iterable[Incident]) -> None:
    """Note that a statement has locked these incidents: `lock` finds them."""
    transaction_state(session).locked_incidents.update((incident.key, incident) for incident in found)


def lock(session: Session, incident_id: int) -> Incident:
    """Lock the incident until the end of the transaction."""
    locked: Incident | None = transaction_state(session).locked_incidents.get(incident_id)
    found = locked or session.exec(LOCKED, params={"incident_id": incident_id}).one_or_none()
    if found is None:
        raise IncidentNotFound("That incident does not exist.")
    bind_incident(found.reference)
    return found


OF_CHANNEL = (
    select(Incident)
    .where(Incident.team_id == bindparam("team_id"), Incident.channel_id == bindparam("channel_id"))
    .order_by(col(Incident.id).desc())
    .limit(1)
)


def find_by_channel(session: Session, team_id: str, channel_id: str) -> Incident | None:
    """The incident of this channel; of several the newest."""
    return _bind(session.exec(OF_CHANNEL, params={"team_id": team_id, "channel_id": channel_id}).first())


def _bind(incident: Incident | None) -> Incident | None:
    if incident is not None:
        bind_incident(incident.reference)
    return incident


OF_CHANNEL_HELD = OF_CHANNEL.with_for_update().execution_options(populate_existing=True)


def lock_by_channel(session: Session, team_id: str, channel_id: str) -> Incident | None:
    """`find_by_channel`, locked until the end of the transaction."""
    found = session.exec(OF_CHANNEL_HELD, params={"team_id": team_id, "channel_id": channel_id}).first()
    if found is not None:
        transaction_state(session).locked_incidents[found.key] = found
    return _bind(found)


def find_survivor(session: Session, incident_id: int) -> int:
    """The incident that continues this one: itself, or the last one that it was merged into."""
    seen: set[int] = set()
    while incident_id not in seen:
        seen.add(incident_id)
        incident_id = get(session, incident_id).merged_into_id or incident_id
    return incident_id


def merged_exist(incident_id: ColumnElement[int]) -> ColumnElement[bool]:
    """Condition: incidents were merged into this one."""
    return select(Incident.id).where(Incident.merged_into_id == incident_id).exists()


def find_merged(session: Session, incident_id: int) -> list[Incident]:
    """Incidents that were merged directly into this one, by number."""
    statement = select(Incident).where(Incident.merged_into_id == incident_id).order_by(col(Incident.id))
    return list(session.exec(statement))


def find_similar_to(session: Session, incident_id: int) -> list[Incident]:
    """Incidents whose channels were told of this one."""
    statement = select(Incident).where(Incident.similar_id == incident_id).order_by(col(Incident.id))
    return list(session.exec(statement))


def start_history(session: Session, team_id: str, at: datetime) -> None:
    """Ignore unknown messages from before `at`."""
    session.execute(update(table_of(Incident)).where(table_of(Incident).c.team_id == team_id).values(history_from=at))


def find_by_reference(session: Session, team_id: str | None, reference: str) -> Incident:
    """
    The incident with a reference like `INC-7`, in any case. `team_id` None: any workspace.

    Raises IncidentNotFound with a hint.
    """
    if not REFERENCE.fullmatch(reference):
        raise IncidentNotFound(f"{reference!r} is not an incident. Write it like INC-7.")
    series, _, number = reference.upper().rpartition("-")
    statement = select(Incident).where(Incident.series == series, Incident.number == int(number))
    if team_id is not None:
        statement = statement.where(Incident.team_id == team_id)
    found = session.exec(statement).first()
    if found is None:
        raise IncidentNotFound(not_found_message(reference))
    bind_incident(found.reference)
    return found


def not_found_message(reference: str) -> str:
    return f"There is no {reference.upper()}."


@cache
def _taking_seqs(*, raises_revision: bool) -> Executable:
    table = table_of(Incident)
    values = {"next_seq": table.c.next_seq + bindparam("wanted")}
    if raises_revision:
        values["revision"] = table.c.revision + 1
    return (
        update(table)
        .where(table.c.id == bindparam("incident_id"))
        .values(**values)
        .returning(table.c.next_seq, table.c.revision)
    )


def take_seq(session: Session, incident: Incident) -> int:
    """Take the next position in the incident's order, unique across replicas."""
    return take_seqs(session, incident, 1)[0]


def take_seqs(session: Session, incident: Incident, wanted: int) -> Sequence[int]:
    """
    Take as many positions that follow one another.

    An entry changes the incident's page: the first of a transaction raises the revision by the same statement.
    """
    reserved = transaction_state(session).reserved_seqs
    if wanted <= len(left := reserved.get(incident.key, range(0))):
        reserved[incident.key] = left[wanted:]
        return left[:wanted]
    changed = transaction_state(session).changed_incidents
    taking = _taking_seqs(raises_revision=incident.key not in changed)
    next_seq, revision = session.execute(taking, {"incident_id": incident.key, "wanted": wanted}).one()
    if incident.key not in changed:
        changed.add(incident.key)
        set_committed_value(incident, "revision", revision)
    return range(int(next_seq) - wanted, int(next_seq))
