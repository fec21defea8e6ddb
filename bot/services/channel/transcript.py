"""Record messages of incident channels, their edits and deletions."""

from datetime import datetime

from sqlmodel import Session

from bot.config import Settings
from bot.services import outbox
from bot.services.channel.bookmarks_and_canvas import on_text_removed
from bot.services.channel.channel_changes import on_channel_unarchived
from bot.services.channel.clear_copies import clear_entry, refresh_comments
from bot.services.channel.marks import kinds_of_reactions, sync_entry_marks
from bot.services.channel.messages import SlackMessage, is_before_history, is_past_retention, parse_ts
from bot.services.timeline.entries import update_entry_text, withdraw_entry
from bot.services.timeline.kept_files import drop_files
from bot.services.timeline.milestones import affects_milestones, refresh_milestones
from bot.services.workspace.actor import Actor, Origin
from bot.services.workspace.audit_log import audit_action
from bot.services.workspace.people import SlackProfile, ensure_known, save_profile
from bot.store.incidents import incidents, timeline, transcript
from bot.store.incidents.document import comments
from bot.store.incidents.document.comments import PostmortemComment
from bot.store.incidents.incidents import Incident
from bot.store.incidents.search.text_index import purge_removed_words
from bot.store.incidents.timeline import TimelineEntry
from bot.store.incidents.transcript import Message
from bot.store.upkeep import channel_locations


def _is_to_be_skipped(
    session: Session, settings: Settings, incident: Incident, message: SlackMessage, *, is_entry: bool
) -> bool:
    """
    True for an unknown message that must not be recorded.

    Messages on a timeline, or with a mark, belong to the record.
    """
    if is_before_history(incident, message.ts):
        return True
    if is_entry or not is_past_retention(incident, message.ts):
        return False
    return not kinds_of_reactions(
        settings, transcript.find_reactions(session, incident.team_id, message.channel_id, message.ts)
    )


def record_message(session: Session, settings: Settings, team_id: str, message: SlackMessage, at: datetime) -> None:
    """
    Record a new or edited message of an incident's channel.

    A deleted message stays deleted, and an older edit does not undo a newer one.
    """
    incident = incidents.lock_by_channel(session, team_id, message.channel_id)
    entries = timeline.find_quotes(session, message.channel_id, message.ts)
    if incident is None and not entries:
        return
    known = transcript.get_message(session, team_id, message.channel_id, message.ts)
    if known is not None and (known.frozen_at is not None or known.deleted_at is not None):
        return
    if known is not None and (message.edited_ts or "") < (known.edited_ts or ""):
        return
    if known is None:
        if incident is not None and _is_to_be_skipped(session, settings, incident, message, is_entry=bool(entries)):
            return
        known = Message(team_id=team_id, channel_id=message.channel_id, ts=message.ts, stored_at=at)
    are_files_changed = known.files != list(message.files)
    _store_message(session, team_id, known, message, at)
    if message.thread_ts not in {None, message.ts}:
        _save_reply(session, team_id, message)
    for entry in entries:
        update_entry_text(session, entry, message.text, list(message.files), at)
        touched = incidents.get(session, entry.incident_id)
        if are_files_changed and message.ts == entry.message_ts:
            outbox.keep_files(session, touched, at, message.channel_id, message.ts)
        outbox.refresh_resolution(session, touched, at)
    if incident is not None and incident.archived_at is not None and not message.is_own:
        on_channel_unarchived(session, team_id, message.channel_id, message.ts, at)  # nobody writes in an archived one
    if incident is not None and not entries and not message.is_own:
        sync_entry_marks(session, settings, incident, known, None, at)


def _store_message(session: Session, team_id: str, row: Message, message: SlackMessage, at: datetime) -> None:
    row.thread_ts, row.author, row.author_name = message.thread_ts, message.author, message.author_name
    row.is_own, row.text, row.files = message.is_own, message.text, list(message.files)
    row.edited_ts = message.edited_ts
    session.add(row)
    if not message.is_own:
        ensure_known(session, team_id, [message.author], at, text=message.text)
        if message.author and message.author_name:
            save_profile(session, team_id, SlackProfile(message.author, message.author_name, is_bot=True), at)


def _save_reply(session: Session, team_id: str, message: SlackMessage) -> None:
    """Save a person's reply in the thread of a postmortem's block, or its edit, as a comment."""
    thread = comments.find_thread(session, message.channel_id, message.thread_ts or "")
    if thread is None or message.is_own or not message.author or not message.text.strip():
        return
    incidents.lock_all(session, [thread.incident_id])
    comment = comments.find_by_message(session, message.channel_id, message.ts)
    if comment is not None:
        comment.text = message.text if comment.text else ""  # a redacted one stays redacted
        session.add(comment)
        return
    at, by = parse_ts(message.ts), message.author
    section, source, language = thread.block_id
    comment = PostmortemComment(
        incident_id=thread.incident_id,
        language=language,
        section=section,
        source=source,
        refs=comments.find_refs(session, thread),
        text=message.text,
        written_by=by,
        written_at=at,
        channel_id=message.channel_id,
        message_ts=message.ts,
        is_reply=True,
    )
    session.add(comment)
    incident, block = incidents.get(session, thread.incident_id), str(thread.block_id)
    actor = Actor(team_id, by, at, Origin.MESSAGE)
    audit_action(session, actor, "commented on the postmortem", incident=incident, block=block)


def record_deletion(session: Session, team_id: str, channel_id: str, ts: str, at: datetime) -> None:
    """
    Clear a deleted message's text and files in the transcript and in every entry.

    A deletion that overtakes its message is kept, so that the message does not come back.
    """
    incident = incidents.lock_by_channel(session, team_id, channel_id)
    entries = timeline.find_quotes(session, channel_id, ts)
    if incident is None and not entries:
        return
    known = transcript.get_message(session, team_id, channel_id, ts)
    if known is None:
        if incident is not None and is_past_retention(incident, ts) and not entries:
            return
        known = Message(team_id=team_id, channel_id=channel_id, ts=ts, stored_at=at)
    known.text, known.files, known.deleted_at = "", [], at
    session.add(known)
    reply = comments.find_by_message(session, channel_id, ts)
    if reply is not None and reply.is_reply:
        incidents.lock_all(session, [reply.incident_id])
        session.delete(reply)
    for entry in entries:
        touched = incidents.get(session, entry.incident_id)
        drop_files(session, touched, entry, at)
        clear_entry(session, entry)
        entry.deleted_at = at
        actor = Actor(team_id, None, at, Origin.MESSAGE)
        audit_action(session, actor, "its message was deleted", incident=touched, entry=entry.key)
        outbox.refresh_resolution(session, touched, at)
        on_text_removed(session, touched, at)
        refresh_comments(session, touched, at)
        if affects_milestones(entry.kinds):
            refresh_milestones(session, touched)
            outbox.refresh_card(session, touched, at)
    if entries:
        purge_removed_words(session)


def on_channel_id_changed(session: Session, team_id: str, old_id: str, new_id: str, at: datetime) -> None:
    """
    Follow a channel that Slack gave a new id, as when an organisation moves it.

    Slack names the new id also for what happens to older messages.
    """
    if old_id == new_id:
        return
    for incident_id in channel_locations.find_incident_ids(session, team_id, old_id):
        incident = incidents.lock(session, incident_id)
        incident.channel_id = new_id
        session.add(incident)
    for entries in channel_locations.find_doubled_entries(session, old_id, new_id):
        _join_doubled_entries(session, *entries, at)
    for ts in channel_locations.change_channel_id(session, team_id, old_id, new_id):
        record_deletion(session, team_id, new_id, ts, at)


def _join_doubled_entries(session: Session, old: TimelineEntry, new: TimelineEntry, at: datetime) -> None:
    """
    Leave a message to one of its two entries, and withdraw the other one.

    It stays with one whose words are gone, an active one, or else the earlier one. The other one loses its words: they
    would stay when the message is deleted.
    """
    incident = incidents.lock(session, old.incident_id)
    kept, other = sorted((old, new), key=lambda each: (not _is_cleared(each), each.withdrawn_at is not None))
    if other.withdrawn_at is None:
        actor = Actor(incident.team_id, None, at, Origin.MESSAGE)
        withdraw_entry(session, incident, other, actor, f"the message of entry-{kept.key}")
    clear_entry(session, other)
    other.channel_id = other.message_ts = None
    other.deleted_at = other.deleted_at or at
    on_text_removed(session, incident, at)
    refresh_comments(session, incident, at)
    purge_removed_words(session)


def _is_cleared(entry: TimelineEntry) -> bool:
    return entry.deleted_at is not None or entry.redacted_at is not None
