"""Comments of people on blocks of a postmortem, and their threads in Slack."""

import hashlib
from datetime import datetime
from typing import ClassVar

from sqlalchemy import String, cast
from sqlmodel import Field, Index, Session, UniqueConstraint, col, select

from bot.domain.drafting.document.blocks import BlockId
from bot.store.database.tables import JSON_COLUMN, StoredRow


class PostmortemComment(StoredRow, table=True):
    """
    A comment on a block.

    `refs` are the sources of the block; `text` is empty after a redaction of one of them. `channel_id` and `message_ts`
    are its message in Slack, None if there is none. `is_reply`: a person wrote that message. `fingerprint` is that of
    the text that the bot posted.
    """

    shown_with: ClassVar[str] = "incident_id"
    __tablename__ = "postmortem_comment"
    __table_args__ = (Index("ix_postmortem_comment_message", "channel_id", "message_ts"),)

    id: int | None = Field(default=None, primary_key=True)
    incident_id: int = Field(foreign_key="incident.id", index=True)
    language: str
    section: str
    source: str
    refs: list[str] = Field(sa_type=JSON_COLUMN)
    text: str
    written_by: str | None = None
    written_at: datetime
    channel_id: str | None = None
    message_ts: str | None = None
    is_reply: bool = False
    fingerprint: str | None = None

    @property
    def block_id(self) -> BlockId:
        return BlockId(self.section, self.source, self.language)


class PostmortemThread(StoredRow, table=True):
    """The thread of a block's comments. `ts` is that of its first message, None without one."""

    __tablename__ = "postmortem_thread"
    __table_args__ = (
        UniqueConstraint("incident_id", "language", "section", "source"),
        Index("ix_postmortem_thread_message", "channel_id", "ts"),
    )

    id: int | None = Field(default=None, primary_key=True)
    incident_id: int = Field(foreign_key="incident.id")
    language: str
    section: str
    source: str
    channel_id: str | None = None
    ts: str | None = None

    @property
    def key(self) -> int:
        """Id of a stored thread."""
        if self.id is None:
            raise ValueError("the thread was never stored")
        return self.id

    @property
    def block_id(self) -> BlockId:
        return BlockId(self.section, self.source, self.language)


def text_fingerprint(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def find_comments(session: Session, incident_id: int) -> list[PostmortemComment]:
    """All comments, the oldest first."""
    statement = select(PostmortemComment).where(PostmortemComment.incident_id == incident_id)
    return list(session.exec(statement.order_by(col(PostmortemComment.id))))


def clear_source(session: Session, incident_id: int, ref: str) -> None:
    """Clear the comments on blocks of this source: they may quote it. Authors and times stay."""
    names_it = cast(col(PostmortemComment.refs), String).contains(f'"{ref}"', autoescape=True)
    statement = select(PostmortemComment).where(PostmortemComment.incident_id == incident_id, names_it)
    for comment in session.exec(statement):
        if ref in comment.refs:
            comment.text = ""
            session.add(comment)


def get_comment(session: Session, comment_id: int) -> PostmortemComment | None:
    return session.get(PostmortemComment, comment_id)


def find_by_message(session: Session, channel_id: str, ts: str) -> PostmortemComment | None:
    """The comment that a message in Slack is, or that it shows."""
    statement = select(PostmortemComment).where(
        PostmortemComment.channel_id == channel_id, PostmortemComment.message_ts == ts
    )
    return session.exec(statement).first()


def find_outdated(session: Session, incident_id: int) -> list[PostmortemComment]:
    """Comments whose text is not the one that the bot posted."""
    statement = select(PostmortemComment).where(
        PostmortemComment.incident_id == incident_id, col(PostmortemComment.fingerprint).is_not(None)
    )
    return [each for each in session.exec(statement) if each.fingerprint != text_fingerprint(each.text)]


def get_thread(session: Session, thread_id: int) -> PostmortemThread | None:
    return session.get(PostmortemThread, thread_id)


def find_thread(session: Session, channel_id: str, ts: str) -> PostmortemThread | None:
    """The thread that begins with a message."""
    statement = select(PostmortemThread).where(PostmortemThread.channel_id == channel_id, PostmortemThread.ts == ts)
    return session.exec(statement).first()


def find_block_thread(session: Session, incident_id: int, block_id: BlockId) -> PostmortemThread | None:
    section, source, language = block_id
    statement = select(PostmortemThread).where(
        PostmortemThread.incident_id == incident_id,
        PostmortemThread.language == language,
        PostmortemThread.section == section,
        PostmortemThread.source == source,
    )
    return session.exec(statement).first()


def ensure_thread(session: Session, incident_id: int, block_id: BlockId) -> PostmortemThread:
    """The thread of a block. The incident has to be locked."""
    found = find_block_thread(session, incident_id, block_id)
    if found is None:
        section, source, language = block_id
        found = PostmortemThread(incident_id=incident_id, language=language, section=section, source=source)
        session.add(found)
        session.flush()
    return found


def find_refs(session: Session, thread: PostmortemThread) -> list[str]:
    """The sources of a thread's block, as the last comment on it has them."""
    statement = (
        select(PostmortemComment)
        .where(
            PostmortemComment.incident_id == thread.incident_id,
            PostmortemComment.language == thread.language,
            PostmortemComment.section == thread.section,
            PostmortemComment.source == thread.source,
        )
        .order_by(col(PostmortemComment.id).desc())
        .limit(1)
    )
    last = session.exec(statement).first()
    return list(last.refs) if last is not None else []
