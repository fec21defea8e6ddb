"""People who have a block of a postmortem open for editing."""

from datetime import datetime
from typing import ClassVar

from sqlmodel import Field, Session, col, delete, select

from bot.domain.drafting.document.blocks import BlockId
from bot.store.database.tables import StoredRow


class PostmortemEditor(StoredRow, table=True):
    """A person who opened a block, or typed in it, at `seen_at`."""

    shown_with: ClassVar[str] = "incident_id"
    __tablename__ = "postmortem_editor"

    incident_id: int = Field(primary_key=True, foreign_key="incident.id")
    user_id: str = Field(primary_key=True)
    language: str
    section: str
    source: str
    seen_at: datetime

    @property
    def block_id(self) -> BlockId:
        return BlockId(self.section, self.source, self.language)


def find_editors(session: Session, incident_id: int, since: datetime) -> list[PostmortemEditor]:
    statement = select(PostmortemEditor).where(
        PostmortemEditor.incident_id == incident_id, col(PostmortemEditor.seen_at) > since
    )
    return list(session.exec(statement.order_by(col(PostmortemEditor.user_id))))


def note_editor(session: Session, incident_id: int, user_id: str, block_id: BlockId, at: datetime) -> None:
    """A person has one block of an incident open: the last one."""
    row = session.get(PostmortemEditor, (incident_id, user_id))
    section, source, language = block_id
    if row is None:
        row = PostmortemEditor(
            incident_id=incident_id, user_id=user_id, language=language, section=section, source=source, seen_at=at
        )
    row.language, row.section, row.source, row.seen_at = language, section, source, at
    session.add(row)


def clear_editor(session: Session, incident_id: int, user_id: str) -> None:
    """The person left the block."""
    session.exec(
        delete(PostmortemEditor).where(
            col(PostmortemEditor.incident_id) == incident_id, col(PostmortemEditor.user_id) == user_id
        )
    )
