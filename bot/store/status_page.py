"""Published incidents, updates and maintenance, and the revision of the public page."""

from collections.abc import Callable, Collection, Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Field, Session, UniqueConstraint, col, select

from bot.domain.status_page.components import ComponentState
from bot.domain.status_page.maintenance import PublishedMaintenance
from bot.domain.status_page.publication import PublishedIncident, PublishedState, PublishedUpdate
from bot.domain.terms import UpdateState
from bot.store.database.tables import JSON_COLUMN, StoredRow, insert_into, table_of
from bot.store.database.transaction_state import Wakeup, request_wakeup
from bot.store.incidents.incidents import Incident

ADDED_LATER = timedelta(minutes=1)
"""An update whose time is earlier than its publication by more than this says so."""


class PublicIncident(StoredRow, table=True):
    """
    An incident that the public knows.

    `public_id` tells nothing about it; `titles` by language.
    """

    __tablename__ = "public_incident"
    __table_args__ = (UniqueConstraint("incident_id"), UniqueConstraint("public_id"))

    id: int | None = Field(default=None, primary_key=True)
    incident_id: int = Field(foreign_key="incident.id")
    public_id: str
    titles: dict[str, str] = Field(sa_type=JSON_COLUMN)
    impact_started_at: datetime | None = None
    impact_ended_at: datetime | None = None

    @property
    def key(self) -> int:
        if self.id is None:
            raise ValueError("the public incident was never stored")
        return self.id


class PublicUpdate(StoredRow, table=True):
    """
    One published update.

    `texts`, `documents` and `entries` (ids of timeline entries) by language, `components` by key with `state` and
    `names`. `published_at` is the time that readers see, `recorded_at` that of the publication.
    The audit has the texts before each correction.
    """

    __tablename__ = "public_update"

    id: int | None = Field(default=None, primary_key=True)
    public_incident_id: int = Field(foreign_key="public_incident.id", index=True)
    state: str
    texts: dict[str, str] = Field(sa_type=JSON_COLUMN)
    languages: list[str] = Field(sa_type=JSON_COLUMN)
    components: dict[str, Any] = Field(default_factory=dict, sa_type=JSON_COLUMN)
    documents: dict[str, str] = Field(default_factory=dict, sa_type=JSON_COLUMN)
    entries: dict[str, int] = Field(default_factory=dict, sa_type=JSON_COLUMN)
    is_closing: bool = False
    published_at: datetime
    recorded_at: datetime
    corrected_at: datetime | None = None
    withdrawn_at: datetime | None = None

    @property
    def key(self) -> int:
        if self.id is None:
            raise ValueError("the public update was never stored")
        return self.id


class PublicMaintenance(StoredRow, table=True):
    """
    A maintenance window that is announced.

    `titles` and `texts` by language, `components`: names by key. The times are copies of the window's, so that nothing
    of the window itself is read for the page. `sequence` counts the changes.
    """

    __tablename__ = "public_maintenance"
    __table_args__ = (UniqueConstraint("window_id"), UniqueConstraint("public_id"))

    id: int | None = Field(default=None, primary_key=True)
    window_id: int = Field(foreign_key="maintenance_window.id")
    public_id: str
    titles: dict[str, str] = Field(sa_type=JSON_COLUMN)
    texts: dict[str, str] = Field(sa_type=JSON_COLUMN)
    components: dict[str, Any] = Field(sa_type=JSON_COLUMN)
    starts_at: datetime
    ends_at: datetime
    ended_at: datetime | None = None
    published_at: datetime
    changed_at: datetime | None = None
    sequence: int = 0

    @property
    def key(self) -> int:
        if self.id is None:
            raise ValueError("the public maintenance was never stored")
        return self.id

    def as_published(self) -> PublishedMaintenance:
        return PublishedMaintenance(
            self.public_id,
            self.titles,
            self.texts,
            self.components,
            self.starts_at,
            self.ends_at,
            self.published_at,
            self.changed_at,
            self.ended_at,
            self.sequence,
        )


class PublicationRequest(StoredRow, table=True):
    """
    An update that waits for the approval of a second person.

    At most one of an incident waits. `wanted` is what to publish, `shown` what readers will see of it. `basis`
    identifies what was published when it was prepared, `was_open` tells whether the incident was open then. `outcome`
    is None while it waits.
    """

    __tablename__ = "publication_request"

    id: int | None = Field(default=None, primary_key=True)
    incident_id: int = Field(foreign_key="incident.id", index=True)
    wanted: dict[str, Any] = Field(sa_type=JSON_COLUMN)
    shown: dict[str, Any] = Field(sa_type=JSON_COLUMN)
    basis: str
    was_open: bool
    requested_by: str
    requested_at: datetime
    outcome: str | None = None
    decided_by: str | None = None
    decided_at: datetime | None = None
    reason: str = ""

    @property
    def key(self) -> int:
        if self.id is None:
            raise ValueError("the request was never stored")
        return self.id


class PublicRevision(StoredRow, table=True):
    """One row. `value` grows with each transaction that changes what the public sees."""

    __tablename__ = "public_revision"

    id: int = Field(primary_key=True)
    value: int


ONLY_ROW = 1


def find_by_incident(session: Session, incident_id: int) -> PublicIncident | None:
    return session.exec(select(PublicIncident).where(PublicIncident.incident_id == incident_id)).first()


def find_updates(session: Session, public_incident_id: int) -> list[PublicUpdate]:
    """The updates of an incident as readers see them in order."""
    statement = select(PublicUpdate).where(PublicUpdate.public_incident_id == public_incident_id)
    return list(session.exec(statement.order_by(col(PublicUpdate.published_at), col(PublicUpdate.id))))


def find_all(session: Session) -> list[PublishedIncident]:
    """Everything that was ever published, but of incidents that are private now."""
    rows: dict[int, list[PublicUpdate]] = {}
    in_order = select(PublicUpdate).order_by(col(PublicUpdate.published_at), col(PublicUpdate.id))
    for each in session.exec(in_order):
        rows.setdefault(each.public_incident_id, []).append(each)
    is_public = (col(Incident.is_private).is_(False), col(Incident.is_drill).is_(False))
    joined = select(PublicIncident).join(Incident, col(Incident.id) == col(PublicIncident.incident_id))
    incidents = session.exec(joined.where(*is_public).order_by(col(PublicIncident.id)))
    return [as_published(each, rows[each.key]) for each in incidents if each.key in rows]


def find_maintenances(session: Session) -> list[PublishedMaintenance]:
    """Every maintenance that was ever announced, the first to begin first."""
    in_order = select(PublicMaintenance).order_by(col(PublicMaintenance.starts_at), col(PublicMaintenance.id))
    return [each.as_published() for each in session.exec(in_order)]


def find_announced(session: Session, window_ids: Collection[int]) -> dict[int, PublicMaintenance]:
    """Find the announcements of these windows, by the window's id."""
    if not window_ids:
        return {}
    statement = select(PublicMaintenance).where(col(PublicMaintenance.window_id).in_(sorted(window_ids)))
    return {each.window_id: each for each in session.exec(statement)}


def as_published(incident: PublicIncident, updates: Iterable[PublicUpdate]) -> PublishedIncident:
    return PublishedIncident(
        incident.public_id,
        incident.titles,
        tuple(_as_update(each) for each in updates),
        incident.impact_started_at,
        incident.impact_ended_at,
    )


def _as_update(row: PublicUpdate) -> PublishedUpdate:
    was_added_later = row.recorded_at - row.published_at > ADDED_LATER
    return PublishedUpdate(
        row.key,
        UpdateState(row.state),
        row.published_at,
        row.texts,
        tuple(row.languages),
        {key: PublishedState(ComponentState(each["state"]), each["names"]) for key, each in row.components.items()},
        row.corrected_at,
        row.recorded_at if was_added_later else None,
        row.withdrawn_at is not None,
        row.is_closing,
        row.documents,
    )


def raise_revision(session: Session) -> None:
    """The public page has changed: every replica renders it again after the commit."""
    request_wakeup(session, Wakeup.PUBLIC)
    value = table_of(PublicRevision).c.value
    adding = insert_into(session, PublicRevision).values(id=ONLY_ROW, value=1)
    session.execute(adding.on_conflict_do_update(index_elements=["id"], set_={"value": value + 1}))


def find_revision(session: Session) -> int:
    """0 until something is published."""
    return session.exec(select(PublicRevision.value)).first() or 0


def find_by_entry(session: Session, incident_id: int, entry_id: int) -> list[tuple[PublicUpdate, str]]:
    """The updates that an entry is published in, each with the language of the entry's words."""
    found = find_by_incident(session, incident_id)
    updates = find_updates(session, found.key) if found else []
    return [(row, code) for row in updates for code, each in row.entries.items() if each == entry_id]


def clear_entry(session: Session, incident_id: int, entry_id: int) -> None:
    """Remove the words of an entry from its update and from published postmortems."""
    found = find_by_incident(session, incident_id)
    updates = find_updates(session, found.key) if found else []
    for row in updates:
        gone = {code: "" for code, each in row.entries.items() if each == entry_id}
        if gone or row.documents:
            row.texts, row.documents = {**row.texts, **gone}, {}
            session.add(row)
    if updates:
        raise_revision(session)


def replace_titles(session: Session, incident_id: int, title: Callable[[str], str]) -> None:
    """Replace the public titles of an incident by `title` of each language, for a redaction."""
    found = find_by_incident(session, incident_id)
    if found is not None:
        found.titles = {code: title(code) for code in found.titles}
        session.add(found)
        raise_revision(session)


def get_request(session: Session, request_id: int) -> PublicationRequest | None:
    """The request as it is stored now."""
    return session.get(PublicationRequest, request_id, populate_existing=True)


def has_requests(session: Session, incident_id: int) -> bool:
    """Return whether an approval was ever requested for the incident, also if it was decided."""
    found = select(PublicationRequest.id).where(PublicationRequest.incident_id == incident_id).limit(1)
    return session.exec(found).first() is not None


def find_waiting(session: Session, incident_ids: Collection[int]) -> dict[int, PublicationRequest]:
    """Find the requests that wait, by incident."""
    if not incident_ids:
        return {}
    statement = select(PublicationRequest).where(
        col(PublicationRequest.incident_id).in_(sorted(incident_ids)), col(PublicationRequest.outcome).is_(None)
    )
    return {each.incident_id: each for each in session.exec(statement)}
