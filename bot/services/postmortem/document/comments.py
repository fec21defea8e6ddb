"""
Comments on blocks of a postmortem: they are in no draft and in no export.

Each commented block has a thread in the incident's channel: comments are posted there, and replies become comments.
"""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import urlencode

from sqlmodel import Session

from bot.config import Settings
from bot.domain.drafting.document.blocks import BlockId, DocumentBlock
from bot.domain.errors import UserError
from bot.domain.text.markdown_escape import remove_controls
from bot.domain.text.mentions import MENTION, resolve_mentions
from bot.lazy_dataclass import dataclass
from bot.services import outbox
from bot.services.workspace.actor import Actor
from bot.services.workspace.audit_log import audit_action
from bot.store.incidents import incidents
from bot.store.incidents.document import comments
from bot.store.incidents.document.comments import PostmortemComment, text_fingerprint
from bot.store.incidents.incidents import Incident
from bot.store.shared import people

MAX_COMMENT = 3_000
"""Characters of one comment."""


@dataclass(frozen=True, slots=True)
class Comment:
    """`text` is empty if it was redacted."""

    by: str
    at: datetime
    text: str


def add_comment(session: Session, incident: Incident, actor: Actor, block: DocumentBlock, text: str) -> None:
    """
    Add a comment to a block. The incident has to be locked.

    Raises UserError for an empty or too long text.
    """
    written = remove_controls(text.replace("\r\n", "\n")).strip()
    if not written:
        raise UserError("Enter a comment.")
    if len(written) > MAX_COMMENT:
        raise UserError(f"The comment is longer than {MAX_COMMENT:,} characters. Split it into several.")
    section, source, language = block.id
    comment = PostmortemComment(
        incident_id=incident.key,
        language=language,
        section=section,
        source=source,
        refs=list(block.all_refs),
        text=written,
        written_by=actor.user_id,
        written_at=actor.at,
    )
    session.add(comment)
    session.flush()
    thread = comments.ensure_thread(session, incident.key, block.id)
    outbox.post_comment(session, incident, actor.at, thread.key, comment.id or 0)
    audit_action(session, actor, "commented on the postmortem", incident=incident, block=str(block.id))


def load_comments(session: Session, incident: Incident) -> Mapping[BlockId, list[Comment]]:
    """By block, the oldest first."""
    found = comments.find_comments(session, incident.key)
    named = {user_id for each in found for user_id in MENTION.findall(each.text)}
    names = people.find_names(session, incident.team_id, named | {each.written_by for each in found if each.written_by})
    by_block: dict[BlockId, list[Comment]] = defaultdict(list)
    for each in found:
        by = each.written_by or ""
        text = resolve_mentions(each.text, names)
        by_block[each.block_id].append(Comment(names.get(by, by), each.written_at, text))
    return by_block


@dataclass(frozen=True, slots=True)
class CommentThreadView:
    """The message that begins a block's thread. `ts` is None before it is in `channel_id`."""

    reference: str
    section: str
    language: str
    page_url: str
    channel_id: str
    ts: str | None


@dataclass(frozen=True, slots=True)
class CommentView:
    """A comment in Slack. `text` is empty if it was redacted; `ts` None before it was posted."""

    by: str
    text: str
    names: Mapping[str, str]
    channel_id: str
    thread_ts: str
    ts: str | None


def load_thread_view(session: Session, settings: Settings, thread_id: int) -> CommentThreadView:
    """Raises ValueError for a thread that does not exist."""
    thread = comments.get_thread(session, thread_id)
    if thread is None:
        raise ValueError(f"thread {thread_id} does not exist")
    incident = incidents.get(session, thread.incident_id)
    query = urlencode({"block": str(thread.block_id)})
    return CommentThreadView(
        incident.reference,
        thread.section,
        thread.language if len(incident.languages) > 1 else "",
        f"{settings.base_url}/incidents/{incident.reference}/postmortem/block?{query}",
        incident.channel_id or "",
        thread.ts if thread.channel_id == incident.channel_id else None,
    )


def on_thread_posted(session: Session, thread_id: int, channel_id: str, ts: str) -> None:
    thread = comments.get_thread(session, thread_id)
    if thread is not None:
        thread.channel_id, thread.ts = channel_id, ts
        session.add(thread)


def load_comment_view(session: Session, comment_id: int) -> CommentView:
    """Raises ValueError if the comment or its thread does not exist."""
    comment = comments.get_comment(session, comment_id)
    if comment is None:
        raise ValueError(f"comment {comment_id} does not exist")
    incident = incidents.get(session, comment.incident_id)
    thread = comments.find_block_thread(session, comment.incident_id, comment.block_id)
    if thread is None or thread.ts is None or thread.channel_id is None:
        raise ValueError(f"comment {comment_id} has no thread")
    by = comment.written_by or ""
    names = people.find_names(session, incident.team_id, {by, *MENTION.findall(comment.text)})
    channel_id = comment.channel_id or thread.channel_id
    return CommentView(names.get(by, by), comment.text, names, channel_id, thread.ts, comment.message_ts)


def on_comment_posted(session: Session, comment_id: int, channel_id: str, ts: str, text: str, at: datetime) -> None:
    """
    Store the message of a comment that was shown as `text`.

    It is shown again if its text was removed meanwhile.
    """
    comment = comments.get_comment(session, comment_id)
    if comment is None:
        return
    comment.channel_id, comment.message_ts, comment.fingerprint = channel_id, ts, text_fingerprint(text)
    session.add(comment)
    if comment.text != text:
        outbox.refresh_comment(session, incidents.get(session, comment.incident_id), at, comment_id)
