"""Comments of people on blocks of a postmortem."""

from datetime import datetime
from typing import ClassVar

from sqlalchemy import String, cast
from sqlmodel import Field, Session, SQLModel, col, select

from bot.domain.drafting.document.blocks import BlockId
from bot.store.database.tables import JSON_COLUMN


class PostmortemComment(SQLModel, table=True):
    """
    A comment on a block.

    `refs` are the sources of the block; `text` is empty after a redaction of one of them.
    """

    shown_with: ClassVar[str] = "incident_id"
    __tablename__ = "postmortem_comment"

    id: int | None = Field(default=None, primary_key=True)
    incident_id: int = Field(foreign_key="incident.id", index=True)
    language: str
    section: str
    source: str
    refs: list[str] = Field(sa_type=JSON_COLUMN)
    text: str
    written_by: str | None = None
    written_at: datetime

    @property
    def block_id(self) -> BlockId:
        return BlockId(self.section, self.source, self.language)


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
