"""
Erase a person, and apply `[retention]`.

Retention never deletes an entry, a time, an escalation, a draft or their text: they are the record. Files of entries
are deleted only where the configuration says so.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlmodel import Session

from bot.config import Settings
from bot.domain.errors import UserError, did_you_mean
from bot.lazy_dataclass import dataclass
from bot.services.channel.messages import format_ts, parse_ts
from bot.services.outbox.payloads import InvitePayload, payload_of
from bot.services.paging.contacts import delete_contacts
from bot.services.timeline.kept_files import drop_files_of_person, files_cutoff
from bot.services.workspace.actor import Origin
from bot.store.escalation import calendars
from bot.store.incidents import incidents, installations
from bot.store.incidents.document import canvas
from bot.store.shared import audit, people, sign_in_identities, web_sessions
from bot.store.shared.idempotency import DELIVERY_RETENTION
from bot.store.shared.people import Person
from bot.store.upkeep import retention, text_locations

FORMER_MEMBER = "former member"
"""Name that replaces an erased person's."""
USER_ID = re.compile(r"[UW][A-Z0-9]{2,}")
MIN_NAME_LENGTH = 6
"""Letters of a single-word name to replace anywhere; a shorter one only after an @."""
SENT_ROWS_KEPT = timedelta(days=7)
"""Sent outbox rows are kept this long, to look into a day's problems."""


@dataclass(frozen=True, slots=True)
class ErasureReport:
    """
    Result of an erasure. `rows` counts by table; `former_id` replaces the user id.

    `unsent` is how many messages to them were dropped, `drafts` the incidents whose posted drafts name them, `channels`
    the names of channels that do, `files` how many kept files of theirs were deleted.
    """

    name: str
    former_id: str
    rows: dict[str, int]
    unsent: int
    drafts: tuple[str, ...]
    channels: tuple[str, ...]
    files: int


def erase_person(
    session: Session, user_id: str, *, former_id: str, at: datetime, also: Sequence[str] = ()
) -> ErasureReport:
    """
    Replace a person everywhere.

    `former_id` is random: one person's entries still belong together, and nobody can tell whose they are. `also` are
    other names for them in texts. Raises UserError for an id that no table has.
    """
    if not USER_ID.fullmatch(user_id):
        raise UserError(
            f"{user_id!r} is not a Slack user id. Copy the id from the person's Slack profile, like U012ABCDEF."
        )
    installation = installations.find_installation(session)
    team_id = installation.team_id if installation else ""
    person = people.get(session, team_id, user_id)
    name, handle = (person.name, person.handle) if person else ("", "")
    if installation is not None and user_id == installation.bot_user_id:
        raise UserError("That is Dogwatch itself.")
    words = tuple(dict.fromkeys(word for word in (user_id, name, handle, *also) if word))
    drafts, channels = (
        text_locations.find_drafts_naming(session, words),
        text_locations.find_channels_naming(session, words),
    )
    unsent = _drop_unsent(session, user_id)
    files = drop_files_of_person(session, user_id, at)
    delete_contacts(session, team_id, user_id)
    calendars.delete_calendar_key(session, team_id, user_id)
    web_sessions.delete_of_person(session, team_id, user_id)
    sign_in_identities.delete_of_person(session, team_id, user_id)
    text_locations.freeze_messages(session, team_id, user_id, at)
    incidents.start_history(session, team_id, at)
    canvas.delete_copies_naming(session, words)
    rows = text_locations.replace_everywhere(
        session, words, _replace_ids(user_id, former_id), _replace_names(name, handle, also)
    )
    if not rows:
        known = did_you_mean(user_id, people.find_ids(session, team_id))
        raise UserError(f"Nobody with the id {user_id} is on record.{known} Nothing was changed.")
    _save_former_member(session, team_id, former_id)
    audit.record(session, at=at, team_id=team_id, action=audit.PERSON_ERASED, origin="cli", former=former_id)
    return ErasureReport(name or user_id, former_id, rows, unsent, tuple(drafts), tuple(channels), files)


def _save_former_member(session: Session, team_id: str, former_id: str) -> None:
    """Keep a nameless row for the id that replaces theirs."""
    person = people.get(session, team_id, former_id) or Person(team_id=team_id, user_id=former_id)
    person.name, person.handle, person.is_deleted = FORMER_MEMBER, "", True
    person.home_team_id = person.zone = person.dm_channel_id = person.profile_fetched_at = None
    person.is_guest = person.is_bot = False
    session.add(person)


def _replace_ids(user_id: str, former_id: str) -> text_locations.Change:
    """Channel names contain ids in lower case."""
    whole = re.compile(rf"(?<![A-Za-z0-9]){re.escape(user_id)}(?![A-Za-z0-9])", re.IGNORECASE)
    return lambda text: whole.sub(lambda found: former_id.lower() if found[0].islower() else former_id, text)


def _replace_names(name: str, handle: str, also: Sequence[str]) -> text_locations.Change:
    """Replace names after an @ always, alone only if they are long enough; `also` as any word."""
    called = [f"@{each}" for each in dict.fromkeys([name, handle]) if each]
    alone = [each for each in dict.fromkeys([name, handle]) if " " in each or len(each) >= MIN_NAME_LENGTH]
    wanted = sorted({*called, *alone, *also}, key=len, reverse=True)
    if not wanted:
        return lambda text: text
    found = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, wanted))})(?!\w)", re.IGNORECASE)
    return lambda text: found.sub(
        lambda match: f"@{FORMER_MEMBER}" if match[0].startswith("@") else FORMER_MEMBER, text
    )


@dataclass(frozen=True, slots=True)
class RetentionDue:
    """
    Rows of one kind to delete. `kept` None: kept for ever, and `count` is 0.

    `oldest` and `newest` are their times; `incidents` is the number of incidents with such rows.
    """

    what: str
    kept: timedelta | None
    count: int = 0
    oldest: datetime | None = None
    newest: datetime | None = None
    incidents: int = 0


@dataclass(frozen=True, slots=True)
class RetentionCutoffs:
    """Transcripts, loose alerts and kept files before these times are deleted; None: never."""

    transcripts: datetime | None
    alerts: datetime | None
    files: datetime | None


def retention_cutoffs(settings: Settings, now: datetime) -> RetentionCutoffs:
    def before(days: int | None) -> datetime | None:
        return None if days is None else now - timedelta(days=days)

    days = settings.retention
    return RetentionCutoffs(before(days.transcripts_days), before(days.payloads_days), files_cutoff(settings, now))


def preview_retention(session: Session, settings: Settings, now: datetime) -> list[RetentionDue]:
    """Rows that a run would delete now, by kind."""
    at = retention_cutoffs(settings, now)
    sent = retention.count_sent(session, now - SENT_ROWS_KEPT)
    deliveries = retention.count_deliveries(session, now)
    return [
        _messages_due(session, at.transcripts, now),
        _alerts_due(session, at.alerts, now),
        _files_due(session, at.files, now),
        RetentionDue("sent", SENT_ROWS_KEPT, sent.count, sent.oldest, sent.newest),
        RetentionDue("deliveries", DELIVERY_RETENTION, deliveries.count, deliveries.oldest, deliveries.newest),
    ]


def _messages_due(session: Session, before: datetime | None, now: datetime) -> RetentionDue:
    if before is None:
        return RetentionDue("messages", None)
    found = retention.count_messages(session, before, format_ts(before))
    oldest, newest = (parse_ts(ts) if ts else None for ts in (found.oldest, found.newest))
    return RetentionDue("messages", now - before, found.count, oldest, newest, found.incidents)


def _alerts_due(session: Session, before: datetime | None, now: datetime) -> RetentionDue:
    if before is None:
        return RetentionDue("alerts", None)
    found = retention.count_alerts(session, before)
    return RetentionDue("alerts", now - before, found.count, found.oldest, found.newest)


def _files_due(session: Session, before: datetime | None, now: datetime) -> RetentionDue:
    if before is None:
        return RetentionDue("files", None)
    found = retention.count_files(session, before)
    return RetentionDue("files", now - before, found.count, found.oldest, found.newest, found.incidents)


def audit_retention(session: Session, at: datetime, origin: Origin, messages: int, alerts: int, files: int) -> None:
    """Audit what a run deleted."""
    installation = installations.find_installation(session)
    if installation is not None and (messages or alerts or files):
        audit.record(
            session,
            at=at,
            team_id=installation.team_id,
            action="deleted by retention",
            origin=origin,
            messages=messages,
            alerts=alerts,
            files=files,
        )


def _drop_unsent(session: Session, user_id: str) -> int:
    """Delete unsent messages to a person, and take them off pending invitations.

    Returns the number of messages.
    """
    count = 0
    for row in text_locations.unsent_rows_naming(session, user_id):
        payload = payload_of(row)
        if getattr(payload, "user_id", None) == user_id:
            session.delete(row)
            count += 1
        elif isinstance(payload, InvitePayload):
            users = tuple(each for each in payload.users if each != user_id)
            row.details = replace(payload, users=users).as_json()
            session.add(row)
    session.flush()
    return count
