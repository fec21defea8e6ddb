"""Comments on blocks of a postmortem: they are in no draft and in no export."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from bot.domain.drafting.document.blocks import BlockId, DocumentBlock
from bot.domain.errors import UserError
from bot.domain.text.markdown_escape import remove_controls
from bot.services.workspace.actor import Actor
from bot.services.workspace.audit_log import audit_action
from bot.store.incidents.document import comments
from bot.store.incidents.document.comments import PostmortemComment
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
    session.add(
        PostmortemComment(
            incident_id=incident.key,
            language=language,
            section=section,
            source=source,
            refs=list(block.all_refs),
            text=written,
            written_by=actor.user_id,
            written_at=actor.at,
        )
    )
    audit_action(session, actor, "commented on the postmortem", incident=incident, block=str(block.id))


def load_comments(session: Session, incident: Incident) -> Mapping[BlockId, list[Comment]]:
    """By block, the oldest first."""
    found = comments.find_comments(session, incident.key)
    names = people.find_names(session, incident.team_id, {each.written_by for each in found if each.written_by})
    by_block: dict[BlockId, list[Comment]] = defaultdict(list)
    for each in found:
        by = each.written_by or ""
        by_block[each.block_id].append(Comment(names.get(by, by), each.written_at, each.text))
    return by_block
