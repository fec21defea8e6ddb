"""Files of marked messages and graphs of alerts: which are kept, and when they go."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from sqlmodel import Session

from bot.config import Settings
from bot.domain.terms import SourceKind
from bot.domain.timeline.kept_files import FileRefusal, MediaType
from bot.lazy_dataclass import dataclass
from bot.services import outbox
from bot.store.incidents import incidents, kept_files, timeline, transcript
from bot.store.incidents.incidents import Incident
from bot.store.incidents.kept_files import KeptFileRow
from bot.store.incidents.timeline import TimelineEntry


@dataclass(frozen=True, slots=True)
class FilePlan:
    """
    State of a message's files before Slack is asked for them.

    `entry_id` None: the message is not on the timeline, and none of its files stays. `is_sealed`: nothing is added.
    `known` are the ids of files that were looked at; `kept_count` is the incident's.
    """

    entry_id: int | None
    is_sealed: bool = False
    known: frozenset[str] = frozenset()
    kept_count: int = 0


@dataclass(frozen=True, slots=True)
class FetchedFile:
    """A file as Slack has it. `media_type` None: it is not kept, for the reason `refusal`."""

    file_id: str
    name: str
    posted_by: str | None
    size: int
    digest: str = ""
    media_type: MediaType | None = None
    refusal: FileRefusal | None = None


def sync_files(session: Session, incident: Incident, entry: TimelineEntry, at: datetime) -> None:
    """
    Fetch the files of an entry's message, and of the entries merged into it.

    Costs nothing for an entry without files.
    """
    for each in _with_merged(session, entry):
        _queue_sync(session, incident, each, at)


def drop_files(session: Session, incident: Incident, entry: TimelineEntry, at: datetime) -> None:
    """
    Show the files of an entry no longer, and those of entries merged into it.

    Their contents are deleted after the commit.
    """
    entries = list(_with_merged(session, entry))
    if not entries and entry.source == SourceKind.ALERT:  # it may have graphs that were not kept
        kept_files.delete_of_entries(session, [entry.key])
    if not entries:
        return
    kept_files.delete_of_entries(session, [each.key for each in entries])
    for each in entries:
        _queue_sync(session, incident, each, at)


def _queue_sync(session: Session, incident: Incident, entry: TimelineEntry, at: datetime) -> None:
    if entry.channel_id and entry.message_ts:
        outbox.keep_files(session, incident, at, entry.channel_id, entry.message_ts)
    elif entry.source == SourceKind.ALERT:
        outbox.keep_alert_images(session, incident, at, entry.key)


def _with_merged(session: Session, entry: TimelineEntry) -> Iterator[TimelineEntry]:
    """The entry and all that were merged into it, if their messages have files."""
    if not entry.files:
        return
    if (entry.channel_id and entry.message_ts) or entry.source == SourceKind.ALERT:
        yield entry
    for inner in timeline.find_merged(session, entry):
        yield from _with_merged(session, inner)


def files_cutoff(settings: Settings, now: datetime) -> datetime | None:
    """Files of incidents that ended before then are deleted; None: never."""
    days = settings.retention.files_days
    return None if days is None else now - timedelta(days=days)


def plan_files(
    session: Session, settings: Settings, incident_id: int, channel_id: str, ts: str, now: datetime
) -> FilePlan:
    """Read the state of a message's files. After the end of their retention none is added."""
    entry = timeline.find_by_message(session, incident_id, channel_id, ts)
    if entry is None or not is_shown(session, entry):
        return FilePlan(None)
    message = transcript.get_message(session, incidents.get(session, incident_id).team_id, channel_id, ts)
    known = frozenset(each.file_id for each in kept_files.find_of_entry(session, entry.key))
    cutoff = files_cutoff(settings, now)
    is_over = cutoff is not None and kept_files.has_ended(session, incident_id, cutoff)
    is_sealed = is_over or (message is not None and message.frozen_at is not None)
    return FilePlan(entry.key, is_sealed, known, kept_files.count_kept(session, incident_id))


def is_shown(session: Session, entry: TimelineEntry) -> bool:
    """True if the entry, or the one that took it in, is on the timeline with its words."""
    while entry.redacted_at is None and entry.deleted_at is None:
        if entry.withdrawn_at is None:
            return True
        outer = timeline.get(session, entry.merged_into_id) if entry.merged_into_id else None
        if outer is None:
            return False
        entry = outer
    return False


def save_file(
    session: Session, settings: Settings, incident_id: int, channel_id: str, ts: str, fetched: FetchedFile, at: datetime
) -> None:
    """Save a fetched file, unless its message left the timeline, or was sealed, meanwhile."""
    incidents.lock(session, incident_id)
    plan = plan_files(session, settings, incident_id, channel_id, ts, at)
    if plan.entry_id is None or plan.is_sealed or fetched.file_id in plan.known:
        return
    row = KeptFileRow(
        incident_id=incident_id,
        entry_id=plan.entry_id,
        file_id=fetched.file_id,
        name=fetched.name,
        posted_by=fetched.posted_by,
        media_type=fetched.media_type,
        size=fetched.size,
        digest=fetched.digest,
        refusal=fetched.refusal,
        kept_at=at,
    )
    session.add(row)


def delete_files(session: Session, entry_id: int, file_ids: frozenset[str]) -> None:
    """Delete files that Slack took off their message."""
    for row in kept_files.find_of_entry(session, entry_id):
        if row.file_id in file_ids:
            session.delete(row)


def drop_files_of_person(session: Session, user_id: str, at: datetime) -> int:
    """Delete the files that a person posted. Returns their number."""
    return _drop_rows(session, kept_files.find_of_person(session, user_id), at)


def drop_old_files(session: Session, before: datetime, at: datetime, limit: int) -> int:
    """Delete at most `limit` files of incidents that ended before then. Returns their number."""
    return _drop_rows(session, kept_files.find_of_ended(session, before, limit), at)


def _drop_rows(session: Session, rows: Sequence[KeptFileRow], at: datetime) -> int:
    for row in rows:
        entry = timeline.get(session, row.entry_id)
        if entry is not None:
            _queue_sync(session, incidents.get(session, row.incident_id), entry, at)
        session.delete(row)
    return len(rows)
