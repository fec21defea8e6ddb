"""The transcript of an incident's channel, from the tables to plain values: for an export."""

from sqlmodel import Session

from bot.domain.record.transcript import Said, Transcript
from bot.domain.text.links import message_link
from bot.services.channel.transcript import written_at
from bot.services.workspace.people import MENTION
from bot.store.incidents import incidents, timeline, transcript
from bot.store.incidents.transcript import Message
from bot.store.shared import people


def load(session: Session, incident_id: int) -> Transcript:
    """
    What people and other apps wrote in the incident's channel; empty for an incident without one.

    The bot's own messages only tell what stands in the record.
    """
    row = incidents.get(session, incident_id)
    if row.channel_id is None:
        return Transcript(row.channel_name)
    installation = incidents.installation(session)
    workspace = installation.url if installation else ""
    places = [*(each["id"] for each in row.former_channels or []), row.channel_id]
    kept = [each for place in places for each in transcript.of_channel(session, row.team_id, place) if not each.is_own]
    entries = {
        each.message_ts: f"entry-{each.key}"
        for each in timeline.in_order(session, incident_id, with_withdrawn=False)
        if each.channel_id in places
    }
    named = {each.author for each in kept if each.author} | {id_ for each in kept for id_ in MENTION.findall(each.text)}
    known = people.names(session, row.team_id, named)
    known |= {each.author: each.author_name for each in kept if each.author and each.author_name}
    return Transcript(
        row.channel_name,
        [_said(each, workspace, entries.get(each.ts)) for each in kept],
        known,
        written_at(row.forgotten_to) if row.forgotten_to else None,
    )


def _said(row: Message, workspace: str, entry: str | None) -> Said:
    return Said(
        id=row.ts,
        at=written_at(row.ts),
        author=row.author or row.author_name,
        text=row.text,
        files=tuple(row.files),
        thread=row.thread_ts if row.thread_ts != row.ts else None,
        is_edited=row.edited_ts is not None,
        is_deleted=row.deleted_at is not None,
        is_redacted=row.deleted_at is None and row.sealed_at is not None and not row.text,
        link=message_link(workspace, row.channel_id, row.ts, row.thread_ts) if workspace else None,
        entry=entry,
    )
