"""Versions of a postmortem's document: each change of a block."""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import String, cast
from sqlmodel import Field, Session, UniqueConstraint, col, func, select

from bot.domain.drafting.document.blocks import BlockId
from bot.store.database.tables import JSON_COLUMN, StoredRow


class PostmortemChange(StoredRow, table=True):
    """
    One version of the document.

    `before` and `after` hold a block's `state`, the `text` that was shown (None: none), and what brings it back.
    `refs` are the sources of the texts.
    """

    shown_with: ClassVar[str] = "incident_id"
    __tablename__ = "postmortem_change"
    __table_args__ = (UniqueConstraint("incident_id", "number"),)

    id: int | None = Field(default=None, primary_key=True)
    incident_id: int = Field(foreign_key="incident.id")
    number: int
    act: str
    language: str
    section: str
    source: str
    refs: list[str] = Field(sa_type=JSON_COLUMN)
    before: dict[str, Any] = Field(sa_type=JSON_COLUMN)
    after: dict[str, Any] = Field(sa_type=JSON_COLUMN)
    changed_by: str | None = None
    changed_at: datetime

    @property
    def block_id(self) -> BlockId:
        return BlockId(self.section, self.source, self.language)


def find_changes(session: Session, incident_id: int) -> list[PostmortemChange]:
    """All versions, the newest first."""
    statement = select(PostmortemChange).where(PostmortemChange.incident_id == incident_id)
    return list(session.exec(statement.order_by(col(PostmortemChange.number).desc())))


def find_latest(session: Session, incident_id: int) -> PostmortemChange | None:
    statement = select(PostmortemChange).where(PostmortemChange.incident_id == incident_id)
    return session.exec(statement.order_by(col(PostmortemChange.number).desc()).limit(1)).first()


def next_number(session: Session, incident_id: int) -> int:
    """The number of the next version. The incident has to be locked."""
    newest = select(func.max(PostmortemChange.number)).where(PostmortemChange.incident_id == incident_id)
    return (session.exec(newest).one() or 0) + 1


def clear_source(session: Session, incident_id: int, ref: str) -> None:
    """Clear the texts of this source in all versions. Authors and times stay."""
    names_it = cast(col(PostmortemChange.refs), String).contains(f'"{ref}"', autoescape=True)
    statement = select(PostmortemChange).where(PostmortemChange.incident_id == incident_id, names_it)
    for change in session.exec(statement):
        if ref in change.refs:
            change.before, change.after = _without_texts(change.before), _without_texts(change.after)
            session.add(change)


def _without_texts(state: dict[str, Any]) -> dict[str, Any]:
    return {"state": state["state"], "is_cleared": True}
