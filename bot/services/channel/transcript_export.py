"""Load the transcript of an incident's channel for an export."""

from sqlmodel import Session

from bot.domain.record.transcript import Transcript, TranscriptMessage
from bot.domain.text.links import message_link
from bot.services.channel.messages import parse_ts
from bot.services.workspace.people import MENTION
from bot.store.incidents import incidents, installations, timeline, transcript
from bot.store.incidents.transcript import Message
from bot.store.shared import people


def load_transcript(session: Session, incident_id: int) -> Transcript:
    """
    Messages of people and other apps; empty without a channel.

    The bot's own messages repeat the record and are left out.
    """
    row = incidents.get(session, incident_id)
    if row.channel_id is None:
        return Transcript(row.channel_name)
    installation = installations.find_installation(session)
    workspace = installation.url if installation else ""
    places = [*(each["id"] for each in row.former_channels), row.channel_id]
    kept = [
        each for place in places for each in transcript.find_messages(session, row.team_id, place) if not each.is_own
    ]
    entries = {
        each.message_ts: f"entry-{each.key}"
        for each in timeline.read_entries(session, incident_id, with_withdrawn=False)
        if each.channel_id in places
    }
    named = {each.author for each in kept if each.author} | {id_ for each in kept for id_ in MENTION.findall(each.text)}
    known = people.find_names(session, row.team_id, named)
    known |= {each.author: each.author_name for each in kept if each.author and each.author_name}
    return Transcript(
        row.channel_name,
        [_export_message(each, workspace, entries.get(each.ts)) for each in kept],
        known,
        parse_ts(row.purged_to) if row.purged_to else None,
    )


def _export_message(row: Message, workspace: str, entry: str | None) -> TranscriptMessage:
    return TranscriptMessage(
        id=row.ts,
        at=parse_ts(row.ts),
        author=row.author or row.author_name,
        text=row.text,
        files=tuple(row.files),
        thread=row.thread_ts if row.thread_ts != row.ts else None,
        is_edited=row.edited_ts is not None,
        is_deleted=row.deleted_at is not None,
        is_redacted=row.deleted_at is None and row.frozen_at is not None and not row.text,
        link=message_link(workspace, row.channel_id, row.ts, row.thread_ts) if workspace else None,
        entry=entry,
    )
