"""The copy of a postmortem's canvas, to find what people wrote in it."""

import json
from collections.abc import Callable, Collection
from typing import Any, ClassVar

from sqlalchemy import String, cast, or_
from sqlmodel import Field, Session, col, select

from bot.domain.drafting.document.blocks import BlockId
from bot.domain.drafting.document.canvas_copy import CanvasCopy, CanvasPart, ShownBlock, clear_blocks
from bot.store.database.tables import JSON_COLUMN, StoredRow


class PostmortemCanvas(StoredRow, table=True):
    """
    The content of an incident's canvas as it was last written or taken in.

    `parts` is a list of `{text, block, is_cleared}`, `shown` of `{block, text, refs}`. Texts that were redacted are
    empty.
    """

    shown_with: ClassVar[str] = "incident_id"
    __tablename__ = "postmortem_canvas"

    incident_id: int = Field(primary_key=True, foreign_key="incident.id")
    canvas_id: str = Field(index=True)
    parts: list[dict[str, Any]] = Field(sa_type=JSON_COLUMN)
    shown: list[dict[str, Any]] = Field(sa_type=JSON_COLUMN)

    @property
    def copied(self) -> CanvasCopy:
        parts = (CanvasPart(each["text"], _read_id(each["block"]), each["is_cleared"]) for each in self.parts)
        shown = {_read_id(each["block"]): ShownBlock(each["text"], tuple(each["refs"])) for each in self.shown}
        return CanvasCopy(tuple(parts), {key: value for key, value in shown.items() if key is not None})

    def take(self, copy: CanvasCopy) -> None:
        self.parts = [
            {"text": text, "block": str(block) if block else None, "is_cleared": is_cleared}
            for text, block, is_cleared in copy.parts
        ]
        self.shown = [{"block": str(key), "text": text, "refs": list(refs)} for key, (text, refs) in copy.shown.items()]


def _read_id(text: str | None) -> BlockId | None:
    return BlockId.parse(text) if text else None


def find_copy(session: Session, incident_id: int) -> CanvasCopy | None:
    row = session.get(PostmortemCanvas, incident_id)
    return row.copied if row else None


def save_copy(session: Session, incident_id: int, canvas_id: str, copy: CanvasCopy) -> None:
    row = session.get(PostmortemCanvas, incident_id)
    row = row or PostmortemCanvas(incident_id=incident_id, canvas_id=canvas_id, parts=[], shown=[])
    row.canvas_id = canvas_id
    row.take(copy)
    session.add(row)


def delete_copy(session: Session, incident_id: int) -> None:
    row = session.get(PostmortemCanvas, incident_id)
    if row is not None:
        session.delete(row)


def find_incident_id(session: Session, canvas_id: str) -> int | None:
    """The incident of a canvas."""
    return session.exec(select(PostmortemCanvas.incident_id).where(PostmortemCanvas.canvas_id == canvas_id)).first()


def clear_source(session: Session, incident_id: int, ref: str) -> None:
    """Clear the texts of the blocks of this source."""
    row = session.get(PostmortemCanvas, incident_id)
    if row is not None and any(ref in each["refs"] for each in row.shown):
        row.take(clear_blocks(row.copied, ref))
        session.add(row)


def delete_copies_naming(session: Session, words: Collection[str]) -> None:
    """Delete the copies with one of the words; replaced, it would look like an edit."""
    written = {form for word in words for form in (word, json.dumps(word)[1:-1])}
    names = (cast(col(PostmortemCanvas.parts), String).icontains(each, autoescape=True) for each in sorted(written))
    for row in session.exec(select(PostmortemCanvas).where(or_(*names))):
        session.delete(row)


def clear_texts(session: Session, incident_id: int, change: Callable[[str], str]) -> None:
    """Clear the parts that have words to be removed: those that `change` changes."""
    row = session.get(PostmortemCanvas, incident_id)
    if row is None:
        return
    copy = row.copied
    parts = [part if change(part.text) == part.text else _clear(part) for part in copy.parts]
    if parts != list(copy.parts):
        shown = {key: each._replace(text=change(each.text)) for key, each in copy.shown.items()}
        row.take(CanvasCopy(tuple(parts), shown))
        session.add(row)


def _clear(part: CanvasPart) -> CanvasPart:
    return part._replace(text="\n" * part.text.count("\n"), is_cleared=True)
