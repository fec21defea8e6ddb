"""Vendors' status pages: the last look, their incidents, and the messages about them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import Index, UniqueConstraint, and_, bindparam
from sqlalchemy import select as select_columns
from sqlmodel import Field, Session, col, delete, or_, select

from bot.domain.terms import Status
from bot.store.database.tables import JSON_COLUMN, OPTIONAL_JSON, StoredRow, insert_into, table_of
from bot.store.incidents.incidents import OPEN, Incident
from bot.store.incidents.visibility import Visibility

MAX_SHOWN = 50
"""Incidents of vendors that a list shows."""


class NoticeState(StrEnum):
    """TOLD: in the incidents channel. The others are in an incident's channel."""

    TOLD = "told"
    ASKED = "asked"
    LINKED = "linked"
    DECLINED = "declined"


class VendorFeed(StoredRow, table=True):
    """
    How a vendor's status page was last read.

    `source` is a digest of its address and settings. `claimed_at`: the last attempt, `next_at`: the next. `versions`:
    the copies that were read last, by language, `kept` the state that the next look is compared with. `problem`: why
    the last attempt failed, as a whole or for some languages (then `failures` is 0); None if it did not. `page` is
    shown to people: `indicator`, `address`, `components` with `name` and `state`.
    """

    __tablename__ = "vendor_feed"

    team_id: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    source: str
    next_at: datetime
    claimed_at: datetime
    read_at: datetime | None = None
    kind: str | None = None
    page: dict[str, Any] | None = Field(default=None, sa_type=OPTIONAL_JSON)
    versions: dict[str, Any] | None = Field(default=None, sa_type=OPTIONAL_JSON)
    failures: int = 0
    problem: str | None = None
    problem_at: datetime | None = None
    kept: str | None = None


class VendorIncident(StoredRow, table=True):
    """
    One incident of a vendor, with its own times.

    `started_at` is what they state, `first_word_at` the time of their first update.

    `seen_at` and `resolved_seen_at` are when Dogwatch read it. `is_open` is False once it is resolved, or gone from
    their page. `was_open_before`: the first look at the page found it open. `opened_id`: the incident of ours that a
    route opened for it.
    """

    __tablename__ = "vendor_incident"
    __table_args__ = (
        UniqueConstraint("team_id", "vendor", "stated_id"),
        Index("ix_vendor_incident_open", "team_id", "is_open"),
        Index("ix_vendor_incident_first_word", "team_id", "first_word_at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    team_id: str
    vendor: str
    stated_id: str
    title: str
    link: str | None = None
    state: str
    level: str
    components: list[str] = Field(sa_type=JSON_COLUMN)
    is_open: bool
    is_gone: bool = False
    started_at: datetime | None = None
    first_word_at: datetime
    last_word_at: datetime
    resolved_at: datetime | None = None
    seen_at: datetime
    resolved_seen_at: datetime | None = None
    text: str = ""
    was_open_before: bool = False
    opened_id: int | None = Field(default=None, foreign_key="incident.id")

    @property
    def key(self) -> int:
        if self.id is None:
            raise ValueError("the vendor's incident was never stored")
        return self.id


class VendorNotice(StoredRow, table=True):
    """
    One message about a vendor's incident.

    It is in the incidents channel, or in that of one of our incidents.

    `first_entry_id` and `end_entry_id` are the timeline entries of a linked one.
    """

    __tablename__ = "vendor_notice"
    __table_args__ = (
        UniqueConstraint("vendor_incident_id", "incident_id"),
        Index("ix_vendor_notice_incident_id", "incident_id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    vendor_incident_id: int = Field(foreign_key="vendor_incident.id")
    incident_id: int | None = Field(default=None, foreign_key="incident.id")
    state: str
    channel_id: str | None = None
    message_ts: str | None = None
    created_at: datetime
    decided_at: datetime | None = None
    decided_by: str | None = None
    first_entry_id: int | None = None
    end_entry_id: int | None = None

    @property
    def key(self) -> int:
        if self.id is None:
            raise ValueError("the notice was never stored")
        return self.id


class FeedSchedule(NamedTuple):
    """When a page was last looked at and is looked at next."""

    name: str
    source: str
    claimed_at: datetime
    next_at: datetime
    failures: int


def find_schedule(session: Session, team_id: str) -> Mapping[str, FeedSchedule]:
    """By vendor."""
    columns = (getattr(VendorFeed, name) for name in FeedSchedule._fields)
    rows = session.execute(select_columns(*columns).where(col(VendorFeed.team_id) == team_id))
    return {row[0]: FeedSchedule(*row) for row in rows}


def claim(session: Session, feed: VendorFeed, sooner: timedelta | None) -> bool:
    """
    Claim a look that is due, by a row with the times of the claim.

    False if another replica has it.

    `sooner`: a page that could be read is due so long after its last look, too. One with another source is due at once.
    """
    table = table_of(VendorFeed)
    is_due = table.c.next_at <= feed.claimed_at
    if sooner is not None:
        is_due = or_(is_due, and_(table.c.failures == 0, table.c.claimed_at <= feed.claimed_at - sooner))
    taking = (
        insert_into(session, VendorFeed)
        .values(**feed.model_dump())
        .on_conflict_do_update(
            index_elements=["team_id", "name"],
            set_={"claimed_at": feed.claimed_at, "next_at": feed.next_at},
            # A clock that was set back would otherwise stop it for as long.
            where=or_(is_due, table.c.source != feed.source, table.c.claimed_at > feed.claimed_at),
        )
        .returning(table.c.name)
    )
    return session.execute(taking).first() is not None


def get_feed(session: Session, team_id: str, name: str) -> VendorFeed | None:
    """None before the first look."""
    return session.get(VendorFeed, (team_id, name))


def lock_feed(session: Session, team_id: str, name: str) -> VendorFeed | None:
    statement = select(VendorFeed).where(VendorFeed.team_id == team_id, VendorFeed.name == name)
    return session.exec(statement.with_for_update().execution_options(populate_existing=True)).first()


def find_failing(session: Session, team_id: str) -> Sequence[VendorFeed]:
    """Feeds whose last look failed, by name."""
    statement = select(VendorFeed).where(VendorFeed.team_id == team_id, col(VendorFeed.problem).is_not(None))
    return session.exec(statement.order_by(col(VendorFeed.name))).all()


def delete_other_feeds(session: Session, team_id: str, names: Collection[str]) -> None:
    """Delete the state of feeds that are no longer configured. Their incidents stay."""
    session.execute(delete(VendorFeed).where(col(VendorFeed.team_id) == team_id, col(VendorFeed.name).not_in(names)))


def find_by_stated_ids(
    session: Session, team_id: str, vendor: str, stated_ids: Collection[str]
) -> Mapping[str, VendorIncident]:
    """Known incidents of a vendor by their own ids."""
    if not stated_ids:
        return {}
    rows = session.exec(
        select(VendorIncident).where(
            VendorIncident.team_id == team_id,
            VendorIncident.vendor == vendor,
            col(VendorIncident.stated_id).in_(stated_ids),
        )
    )
    return {row.stated_id: row for row in rows}


def get_incident(session: Session, vendor_incident_id: int) -> VendorIncident | None:
    return session.get(VendorIncident, vendor_incident_id)


def find_open(session: Session, team_id: str, vendors: Collection[str] | None = None) -> Sequence[VendorIncident]:
    """Open incidents of vendors, the newest first; of these vendors alone, if given."""
    statement = select(VendorIncident).where(VendorIncident.team_id == team_id, col(VendorIncident.is_open).is_(True))
    if vendors is not None:
        statement = statement.where(col(VendorIncident.vendor).in_(vendors))
    ordered = statement.order_by(col(VendorIncident.first_word_at).desc(), col(VendorIncident.id).desc())
    return session.exec(ordered.limit(MAX_SHOWN)).all()


def find_between(session: Session, team_id: str, since: datetime, until: datetime) -> Sequence[VendorIncident]:
    """Incidents whose first word is between the two, in order."""
    statement = select(VendorIncident).where(
        VendorIncident.team_id == team_id,
        col(VendorIncident.first_word_at) >= since,
        col(VendorIncident.first_word_at) < until,
    )
    return session.exec(statement.order_by(col(VendorIncident.first_word_at), col(VendorIncident.id))).all()


def find_notices(session: Session, vendor_incident_ids: Collection[int]) -> Sequence[VendorNotice]:
    """All messages about these incidents, as they are now in the database."""
    if not vendor_incident_ids:
        return ()
    statement = select(VendorNotice).where(col(VendorNotice.vendor_incident_id).in_(vendor_incident_ids))
    return session.exec(statement.order_by(col(VendorNotice.id)).execution_options(populate_existing=True)).all()


def lock_notices_in(session: Session, incident_id: int) -> Sequence[VendorNotice]:
    """The messages in the channel of one of our incidents, in order."""
    statement = select(VendorNotice).where(VendorNotice.incident_id == incident_id).order_by(col(VendorNotice.id))
    return session.exec(statement.with_for_update().execution_options(populate_existing=True)).all()


def get_notice(session: Session, notice_id: int) -> VendorNotice | None:
    return session.get(VendorNotice, notice_id)


def delete_notice(session: Session, notice: VendorNotice) -> None:
    session.delete(notice)
    session.flush()


def lock_notice(session: Session, notice_id: int) -> VendorNotice | None:
    statement = select(VendorNotice).where(VendorNotice.id == notice_id)
    return session.exec(statement.with_for_update().execution_options(populate_existing=True)).first()


def find_incidents(session: Session, vendor_incident_ids: Collection[int]) -> list[VendorIncident]:
    """Incidents of vendors by their first word."""
    statement = select(VendorIncident).where(col(VendorIncident.id).in_(vendor_incident_ids))
    return list(session.exec(statement.order_by(col(VendorIncident.first_word_at), col(VendorIncident.id))))


def find_watched_closely(session: Session, team_id: str) -> frozenset[str]:
    """Vendors with an open incident, or with one that is linked to an open incident of ours."""
    return frozenset(session.scalars(_WATCHED_CLOSELY, {"team_id": team_id}))


_WATCHED_CLOSELY = (
    select_columns(col(VendorIncident.vendor))
    .join(VendorNotice, col(VendorNotice.vendor_incident_id) == col(VendorIncident.id))
    .join(Incident, col(Incident.id) == col(VendorNotice.incident_id))
    .where(
        col(Incident.team_id) == bindparam("team_id"),
        col(Incident.status).in_(OPEN),
        col(VendorNotice.state) == NoticeState.LINKED.value,
    )
    .union(
        select_columns(col(VendorIncident.vendor)).where(
            col(VendorIncident.team_id) == bindparam("team_id"), col(VendorIncident.is_open).is_(True)
        )
    )
)
"""Built once, as each look asks for it."""


def find_linked(
    session: Session, visibility: Visibility, since: datetime, until: datetime
) -> Iterable[tuple[int, Incident]]:
    """
    Our visible incidents with the id of the linked vendor's incident, by their start.

    Of vendors' incidents whose first word is between the two. Without drills and false alarms.
    """
    statement = (
        select_columns(col(VendorIncident.id), Incident)
        .join(VendorNotice, col(VendorNotice.vendor_incident_id) == col(VendorIncident.id))
        .join(Incident, col(Incident.id) == col(VendorNotice.incident_id))
        .where(
            col(VendorIncident.team_id) == visibility.team_id,
            col(VendorIncident.first_word_at) >= since,
            col(VendorIncident.first_word_at) < until,
            col(VendorNotice.state) == NoticeState.LINKED.value,
            visibility.condition,
            col(Incident.is_drill).is_(False),
            col(Incident.status) != Status.CANCELLED.value,
        )
        .order_by(col(Incident.started_at), col(Incident.id))
    )
    return ((row[0], row[1]) for row in session.execute(statement))
