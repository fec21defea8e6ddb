"""Blocks of a postmortem that people touched."""

from datetime import datetime
from typing import ClassVar

from sqlalchemy import String, cast
from sqlmodel import Field, Session, UniqueConstraint, col, select

from bot.domain.drafting.document.blocks import BlockId, BlockState, DocumentBlock
from bot.domain.drafting.document.edits import redact_source
from bot.store.database.tables import JSON_COLUMN, StoredRow


class PostmortemBlock(StoredRow, table=True):
    """A block that a person edited, added, removed or moved. All others follow the record."""

    shown_with: ClassVar[str] = "incident_id"
    __tablename__ = "postmortem_block"
    __table_args__ = (UniqueConstraint("incident_id", "language", "section", "source"),)

    id: int | None = Field(default=None, primary_key=True)
    incident_id: int = Field(foreign_key="incident.id")
    language: str
    section: str
    source: str
    state: str
    base: str | None = None
    edited: str | None = None
    refs: list[str] = Field(sa_type=JSON_COLUMN)
    after: list[str] = Field(sa_type=JSON_COLUMN)
    rank: int
    is_placed: bool
    edited_by: str | None = None
    edited_at: datetime | None = None

    @property
    def block_id(self) -> BlockId:
        return BlockId(self.section, self.source, self.language)

    @property
    def block(self) -> DocumentBlock:
        return DocumentBlock(
            self.block_id,
            BlockState(self.state),
            base=self.base,
            edited=self.edited,
            refs=tuple(self.refs),
            after=tuple(self.after),
            rank=self.rank,
            is_placed=self.is_placed,
            by=self.edited_by,
            at=self.edited_at,
        )

    def take(self, block: DocumentBlock) -> None:
        """Store the values of a block."""
        self.state, self.base, self.edited = block.state.value, block.base, block.edited
        self.refs, self.after = list(block.refs), list(block.after)
        self.rank, self.is_placed = block.rank, block.is_placed
        self.edited_by, self.edited_at = block.by, block.at


def find_blocks(session: Session, incident_id: int) -> list[DocumentBlock]:
    return [row.block for row in _find_rows(session, incident_id)]


def save_blocks(session: Session, incident_id: int, blocks: list[DocumentBlock]) -> None:
    """Store changed blocks; one that follows the record again needs no row."""
    rows = {row.block_id: row for row in _find_rows(session, incident_id)}
    for block in blocks:
        row = rows.get(block.id)
        if not block.is_touched:
            if row is not None:
                session.delete(row)
            continue
        if row is None:
            section, source, language = block.id
            row = PostmortemBlock(
                incident_id=incident_id,
                language=language,
                section=section,
                source=source,
                state=block.state.value,
                refs=[],
                after=[],
                rank=0,
                is_placed=False,
            )
        row.take(block)
        session.add(row)


def clear_source(session: Session, incident_id: int, ref: str) -> None:
    """
    Clear what people wrote in blocks of this source.

    The blocks follow the record again; removed ones stay removed.
    """
    names_it = cast(col(PostmortemBlock.refs), String).contains(f'"{ref}"', autoescape=True)
    rows = session.exec(select(PostmortemBlock).where(PostmortemBlock.incident_id == incident_id, names_it)).all()
    found = [row.block for row in rows]
    cleared = redact_source(tuple(found), ref)
    save_blocks(session, incident_id, [after for before, after in zip(found, cleared, strict=True) if before != after])


def _find_rows(session: Session, incident_id: int) -> list[PostmortemBlock]:
    statement = select(PostmortemBlock).where(PostmortemBlock.incident_id == incident_id)
    return list(session.exec(statement.order_by(col(PostmortemBlock.id))))
