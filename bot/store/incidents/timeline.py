"""Timeline entries."""

import json
from datetime import datetime
from functools import cache
from typing import Any, ClassVar

from sqlalchemy import JSON, ColumnElement, Select, String, and_, bindparam, cast, literal, or_, true, tuple_
from sqlalchemy import select as sql_select
from sqlmodel import Field, Index, Session, UniqueConstraint, col, func, select
from sqlmodel.sql.expression import SelectOfScalar
from sqlmodel.sql.sqltypes import UTCDateTime

from bot.domain.incidents.milestones import DecidingKinds
from bot.domain.record.facts import read_fact
from bot.domain.terms import Kind, UpdateState
from bot.domain.timeline.details import EntryDetails
from bot.store.database.tables import JSON_COLUMN, OPTIONAL_JSON, StoredRow, table_of
from bot.store.incidents.incidents import OPEN, Incident

NO_DETAILS = EntryDetails()


class TimelineEntry(StoredRow, table=True):
    """
    One line of an incident's timeline.

    A message has one entry per incident (the unique key). `happened_at` is None exactly where `precision` is `unknown`.
    `details` holds what the kind carries beyond its text: `started`, `ended` (ISO 8601), `users_percent`, `status`,
    `severity`, `role`, `user`, `changes`, `public`, `public_languages`, `escalation_id`, `alert_id`, `action_id`.
    `merged_into_id` is the entry that took this one in. `posted_ts` is the bot's message about it. `earlier` has the
    state before each change, the oldest first. Bulk inserts set `details`, `files` and `earlier` too: each default
    costs as much as a query.
    """

    shown_with: ClassVar[str] = "incident_id"
    __tablename__ = "timeline_entry"
    __table_args__ = (
        UniqueConstraint("incident_id", "channel_id", "message_ts"),
        Index("ix_timeline_entry_order", "incident_id", "sort_at", "seq"),
        Index("ix_timeline_entry_message", "channel_id", "message_ts"),
    )

    id: int | None = Field(default=None, primary_key=True)
    incident_id: int = Field(foreign_key="incident.id")
    seq: int
    kinds: list[str] = Field(sa_type=JSON_COLUMN)
    own_text: str = ""
    """Words of people and monitors; empty where `fact` says everything."""
    fact: dict[str, Any] | None = Field(default=None, sa_type=OPTIONAL_JSON)
    """What Dogwatch recorded itself (`bot.domain.record.facts.store_fact`)."""
    happened_at: datetime | None = None
    precision: str
    sort_at: datetime
    recorded_at: datetime
    source: str
    author: str | None = None
    recorded_by: str | None = None
    language: str | None = None
    translations: dict[str, Any] | None = Field(default=None, sa_type=OPTIONAL_JSON)
    """The same words in further languages, by code (`bot.domain.record.translations.store_translation`)."""
    details: dict[str, Any] = Field(default_factory=dict, sa_type=JSON_COLUMN)
    channel_id: str | None = None
    message_ts: str | None = None
    thread_ts: str | None = None
    posted_ts: str | None = None
    files: list[str] = Field(default_factory=list, sa_type=JSON_COLUMN)
    earlier: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSON_COLUMN)
    amended_at: datetime | None = None
    deleted_at: datetime | None = None
    withdrawn_at: datetime | None = None
    withdrawn_by: str | None = None
    withdrawal_reason: str | None = None
    merged_into_id: int | None = None
    redacted_at: datetime | None = None
    redacted_by: str | None = None
    redaction_reason: str | None = None

    @property
    def key(self) -> int:
        if self.id is None:
            raise ValueError("the entry was never stored")
        return self.id

    @property
    def values(self) -> EntryDetails:
        """`details`, typed. They are read once: a draft asks for them ten times for each entry."""
        details = self.details
        if not details:
            return NO_DETAILS
        kept: tuple[dict[str, Any], EntryDetails] | None = self.__dict__.get(READ_DETAILS)
        if kept is None or kept[0] is not details:  # a change replaces them
            kept = self.__dict__[READ_DETAILS] = (details, EntryDetails.from_json(details))
        return kept[1]

    @property
    def text(self) -> str:
        """The entry's words; a fact is worded in English."""
        return self.own_text or (read_fact(self.fact).in_english() if self.fact else "")

    @text.setter
    def text(self, words: str) -> None:
        self.own_text, self.fact = words, None

    def has(self, kind: Kind) -> bool:
        return kind.value in self.kinds


READ_DETAILS = "_read_details"
"""Where an entry keeps what it has read, with the details of which it was read."""

OF_MESSAGE = select(TimelineEntry).where(
    TimelineEntry.incident_id == bindparam("incident_id"),
    TimelineEntry.channel_id == bindparam("channel_id"),
    TimelineEntry.message_ts == bindparam("message_ts"),
)


def find_by_message(session: Session, incident_id: int, channel_id: str, message_ts: str) -> TimelineEntry | None:
    named = {"incident_id": incident_id, "channel_id": channel_id, "message_ts": message_ts}
    return session.exec(OF_MESSAGE, params=named).first()


def find_quotes(session: Session, channel_id: str, message_ts: str) -> list[TimelineEntry]:
    """Entries of this message in any incident."""
    statement = select(TimelineEntry).where(
        TimelineEntry.channel_id == channel_id, TimelineEntry.message_ts == message_ts
    )
    return list(session.exec(statement))


def find_entries(session: Session, incident_id: int, *, with_withdrawn: bool = True) -> list[TimelineEntry]:
    statement = (
        select(TimelineEntry)
        .where(TimelineEntry.incident_id == incident_id)
        .order_by(col(TimelineEntry.sort_at), col(TimelineEntry.seq))
    )
    if not with_withdrawn:
        statement = statement.where(col(TimelineEntry.withdrawn_at).is_(None))
    return list(session.exec(statement))


JSON_NAMES = tuple(each.key for each in table_of(TimelineEntry).c if isinstance(each.type, JSON))


def read_entries(session: Session, incident_id: int, *, with_withdrawn: bool = True) -> list[TimelineEntry]:
    """
    The same entries as `find_entries`, for reading only.

    The session does not know them and stores no change, and equal values are one object. That saves most of the memory
    of a long timeline.
    """
    found = session.execute(_reading(with_withdrawn=with_withdrawn), {"incident_id": incident_id})
    names = list(found.keys())
    shared: dict[Any, Any] = {}
    parsed = {None: None}
    entries = []
    for row in found:
        entry = TimelineEntry.__new__(TimelineEntry)
        values = {name: shared.setdefault(value, value) for name, value in zip(names, row, strict=True)}
        for name in JSON_NAMES:
            if (written := values[name]) not in parsed:
                parsed[written] = json.loads(written)
            values[name] = parsed[written]
        entry.__dict__.update(values)
        entries.append(entry)
    return entries


@cache
def _reading(*, with_withdrawn: bool) -> Select[Any]:
    columns = table_of(TimelineEntry).c
    as_text = [cast(each, String).label(each.key) if each.key in JSON_NAMES else each for each in columns]
    statement: Select[Any] = sql_select(*as_text).where(columns.incident_id == bindparam("incident_id"))
    if not with_withdrawn:
        statement = statement.where(columns.withdrawn_at.is_(None))
    return statement.order_by(columns.sort_at, columns.seq)


def _has_kind(kind: Kind) -> ColumnElement[bool]:
    return cast(col(TimelineEntry.kinds), String).like(f'%"{kind.value}"%')


STANDING = (col(TimelineEntry.incident_id) == bindparam("incident_id"), col(TimelineEntry.withdrawn_at).is_(None))
IN_ORDER = (col(TimelineEntry.sort_at), col(TimelineEntry.seq))


def _details_text(name: str) -> ColumnElement[str]:
    value: ColumnElement[str] = col(TimelineEntry.details)[name].as_string()
    return value


def _counts_as(kind: Kind) -> ColumnElement[bool]:
    """Condition: the entry has a time and the kind; a vendor's acknowledgement is nobody's."""
    is_ours = _details_text("vendor").is_(None) if kind is Kind.ACKNOWLEDGED else true()
    return and_(col(TimelineEntry.happened_at).is_not(None), _has_kind(kind), is_ours)


@cache
def _deciding(kinds: DecidingKinds) -> SelectOfScalar[TimelineEntry]:
    standing = select(TimelineEntry.id).where(*STANDING).limit(1)
    backwards = [each.desc() for each in IN_ORDER]
    single = [standing.where(_counts_as(kind)).order_by(*IN_ORDER) for kind in sorted(kinds.first)]
    single += [standing.where(_counts_as(kind)).order_by(*backwards) for kind in sorted(kinds.last)]
    wanted = [_details_text("status").is_not(None), *(_has_kind(kind) for kind in sorted(kinds.all))]
    wanted += [col(TimelineEntry.id) == each.correlate(None).scalar_subquery() for each in single]
    return select(TimelineEntry).where(*STANDING, or_(*wanted)).order_by(*IN_ORDER)


def find_deciding_entries(session: Session, incident_id: int, kinds: DecidingKinds) -> list[TimelineEntry]:
    """Active entries that set milestones, in order: few, however long the timeline is."""
    return list(session.exec(_deciding(kinds), params={"incident_id": incident_id}))


def find_of_kind(session: Session, incident_id: int, kind: Kind) -> list[TimelineEntry]:
    """Active entries of this kind, in order."""
    statement = select(TimelineEntry).where(*STANDING, _has_kind(kind)).order_by(*IN_ORDER)
    return list(session.exec(statement, params={"incident_id": incident_id}))


def find_authors(session: Session, incident_id: int) -> list[str]:
    """Authors of all entries, withdrawn ones included, in alphabetical order."""
    author = col(TimelineEntry.author)
    statement = select(author).where(TimelineEntry.incident_id == incident_id, author.is_not(None))
    return [found for found in session.exec(statement.distinct().order_by(author)) if found is not None]


def has_update(session: Session, incident_id: int, state: UpdateState) -> bool:
    """True if a public update in this state stands on the record."""
    statement = select(TimelineEntry.id).where(*STANDING, _details_text("public") == state.value).limit(1)
    return session.exec(statement, params={"incident_id": incident_id}).first() is not None


def is_worked_on(session: Session, incident_id: int) -> bool:
    """True if a person recorded anything but acknowledgements; withdrawn entries count, too."""
    of_person = select(TimelineEntry.id).where(
        TimelineEntry.incident_id == incident_id,
        col(TimelineEntry.recorded_by).is_not(None),
        cast(col(TimelineEntry.kinds), String) != f'["{Kind.ACKNOWLEDGED.value}"]',
    )
    return session.exec(of_person.limit(1)).first() is not None


def get(session: Session, entry_id: int) -> TimelineEntry | None:
    return session.get(TimelineEntry, entry_id)


def find_same_position(session: Session, incident_id: int, sort_at: datetime) -> list[TimelineEntry]:
    """Entries with the same `sort_at`, in order."""
    statement = (
        select(TimelineEntry)
        .where(TimelineEntry.incident_id == incident_id, TimelineEntry.sort_at == sort_at)
        .order_by(col(TimelineEntry.seq))
    )
    return list(session.exec(statement))


def find_merged(session: Session, entry: TimelineEntry) -> list[TimelineEntry]:
    """Entries that were merged directly into this one."""
    statement = (
        select(TimelineEntry)
        .where(TimelineEntry.incident_id == entry.incident_id, TimelineEntry.merged_into_id == entry.key)
        .order_by(col(TimelineEntry.id))
    )
    return list(session.exec(statement))


def find_carried(session: Session, entry: TimelineEntry) -> list[TimelineEntry]:
    """Copies of an entry across merged incidents: its origin, and those made from it."""
    origin = entry.values.came_from.get("entry")
    named = col(TimelineEntry.details)["came_from"]["entry"].as_integer()
    statement = select(TimelineEntry).where(or_(named == entry.key, col(TimelineEntry.id) == origin))
    return list(session.exec(statement.order_by(col(TimelineEntry.id))))


def find_reopened_at(session: Session, entry_id: int | None) -> datetime | None:
    """
    Last reopening of the incident after this entry was recorded; None if there was none.

    For an entry carried over from another incident, that one's reopening counts too.
    """
    while entry_id is not None and (entry := get(session, entry_id)) is not None:
        incident = session.get(Incident, entry.incident_id)
        last = get(session, incident.reopening_entry_id) if incident and incident.reopening_entry_id else None
        if last is not None and last.key > entry.key:
            return last.recorded_at
        entry_id = entry.values.came_from.get("entry")
    return None


def find_by_posted_message(session: Session, incident_id: int, posted_ts: str) -> TimelineEntry | None:
    """The entry that the bot's own message is about, of several the newest."""
    found = find_all_by_posted_message(session, incident_id, posted_ts)
    return found[-1] if found else None


def find_all_by_posted_message(session: Session, incident_id: int, posted_ts: str) -> list[TimelineEntry]:
    """The entries that the bot's own message is about, in the order in which they were recorded."""
    statement = (
        select(TimelineEntry)
        .where(TimelineEntry.incident_id == incident_id, TimelineEntry.posted_ts == posted_ts)
        .order_by(col(TimelineEntry.id))
    )
    return list(session.exec(statement))


def find_newest_posted(session: Session, incident_id: int) -> TimelineEntry | None:
    """The entry whose message of the bot is the newest in the channel."""
    statement = (
        select(TimelineEntry)
        .where(TimelineEntry.incident_id == incident_id, col(TimelineEntry.posted_ts).is_not(None))
        .order_by(col(TimelineEntry.posted_ts).desc(), col(TimelineEntry.id).desc())
        .limit(1)
    )
    return session.exec(statement).first()


def find_neighbours(session: Session, entry: TimelineEntry, limit: int) -> list[TimelineEntry]:
    """The nearest active entries before and after this one, in order."""
    of_incident = select(TimelineEntry).where(
        TimelineEntry.incident_id == entry.incident_id, col(TimelineEntry.withdrawn_at).is_(None)
    )
    place = tuple_(col(TimelineEntry.sort_at), col(TimelineEntry.seq))
    here = tuple_(literal(entry.sort_at, UTCDateTime()), literal(entry.seq))
    sort_at, seq = col(TimelineEntry.sort_at), col(TimelineEntry.seq)
    before = list(session.exec(of_incident.where(place < here).order_by(sort_at.desc(), seq.desc()).limit(limit)))
    behind = list(session.exec(of_incident.where(place > here).order_by(sort_at, seq).limit(limit)))
    half = limit // 2
    first = max(half, limit - len(behind))
    chosen = before[:first]
    return [*reversed(chosen), *behind[: limit - len(chosen)]]


def find_cleared(session: Session, incident_id: int) -> list[TimelineEntry]:
    """Entries whose text was deleted or redacted."""
    statement = select(TimelineEntry).where(
        TimelineEntry.incident_id == incident_id,
        TimelineEntry.own_text == "",
        col(TimelineEntry.fact).is_(None),
        or_(col(TimelineEntry.deleted_at).is_not(None), col(TimelineEntry.redacted_at).is_not(None)),
    )
    return list(session.exec(statement))


def ended_before(moment: datetime) -> ColumnElement[bool]:
    """Condition: the incident ended before then. A cancelled one ends with its last entry."""
    last_word = (
        select(func.max(TimelineEntry.recorded_at))
        .where(col(TimelineEntry.incident_id) == col(Incident.id))
        .scalar_subquery()
    )
    return and_(col(Incident.status).not_in(OPEN), func.coalesce(col(Incident.resolved_at), last_word) < moment)


def find_last_sort_at(session: Session, incident_id: int) -> datetime | None:
    """Position of an entry of unknown time: after the entry that is last now."""
    statement = (
        select(TimelineEntry.sort_at)
        .where(TimelineEntry.incident_id == incident_id)
        .order_by(col(TimelineEntry.sort_at).desc(), col(TimelineEntry.seq).desc())
        .limit(1)
    )
    return session.exec(statement).first()


def statement_exists(incident_id: ColumnElement[int], kind: Kind) -> ColumnElement[bool]:
    """Condition: there is an active entry of that kind that was not cleared."""
    return select(TimelineEntry.id).where(TimelineEntry.incident_id == incident_id, *_stated(kind)).exists()


def _stated(kind: Kind) -> tuple[ColumnElement[bool], ...]:
    return (col(TimelineEntry.withdrawn_at).is_(None), col(TimelineEntry.redacted_at).is_(None), _has_kind(kind))


def find_last_statement(session: Session, incident_id: int, kind: Kind) -> TimelineEntry | None:
    """The newest active entry of that kind that was not cleared."""
    statement = (
        select(TimelineEntry)
        .where(TimelineEntry.incident_id == incident_id, *_stated(kind))
        .order_by(col(TimelineEntry.seq).desc())
        .limit(1)
    )
    return session.exec(statement).first()


def count_entries(session: Session, incident_id: int) -> int:
    """Active entries."""
    statement = select(func.count()).where(
        TimelineEntry.incident_id == incident_id, col(TimelineEntry.withdrawn_at).is_(None)
    )
    return session.exec(statement).one()
