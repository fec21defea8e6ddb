"""The blocks of a document that people edit: the record's text, and what people made of it."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, Self

from bot.lazy_dataclass import dataclass

SECTION_START = ""
"""In `after`: the block has no neighbour before it."""

CANVAS_KEY = "canvas-"
"""Beginning of the key of a block that people added in the canvas."""


class BlockState(StrEnum):
    UNTOUCHED = "untouched"
    EDITED = "edited"
    ADDED = "added"
    REMOVED = "removed"


class BlockId(NamedTuple):
    """`key` is the ref of the source, the name of the fact, or the number of an added block."""

    section: str
    key: str
    language: str

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Read `str(block_id)`; None for another text."""
        section, _, rest = text.partition("/")
        key, _, language = rest.rpartition("/")
        return cls(section, key, language) if section and key and language else None

    def __str__(self) -> str:
        return f"{self.section}/{self.key}/{self.language}"


class GeneratedBlock(NamedTuple):
    """A statement of the record as Markdown. `refs` are its sources."""

    id: BlockId
    text: str
    refs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DocumentBlock:
    """
    A block of the document.

    `generated` is the record's text, None without a fact; `base` was the record's text when a person decided on it;
    `edited` is a person's Markdown. An added block has a `base` while two people's texts of one statement wait for a
    choice: it is the text of the other block then. `refs` are the sources of what a person saw, `generated_refs` those
    of `generated`.

    A block has its place in the order of the record, unless a person moved or added it, or its fact is gone: then it
    follows the first of `after` that is there. `rank` is its order among those that follow the same one. `by` changed
    it last, `at` that time.
    """

    id: BlockId
    state: BlockState = BlockState.UNTOUCHED
    generated: str | None = None
    base: str | None = None
    edited: str | None = None
    refs: tuple[str, ...] = ()
    generated_refs: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    rank: int = 0
    is_placed: bool = False
    by: str | None = None
    at: datetime | None = None

    @property
    def all_refs(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys([*self.refs, *self.generated_refs]))

    @property
    def is_from_canvas(self) -> bool:
        """Written in the canvas: by somebody without a name, or as a new block."""
        return (self.by is None and self.at is not None) or self.id.key.startswith(CANVAS_KEY)

    @property
    def is_touched(self) -> bool:
        return self.state is not BlockState.UNTOUCHED or self.is_placed

    @property
    def is_shown(self) -> bool:
        return self.text is not None

    @property
    def is_contested(self) -> bool:
        """A text from the canvas, beside the one that somebody wrote on the page meanwhile."""
        return self.state is BlockState.ADDED and self.base is not None

    @property
    def contested_id(self) -> BlockId | None:
        """The block of the other text; None unless it is contested."""
        other = self.id.key.removeprefix(CANVAS_KEY).partition("-")[2]
        return self.id._replace(key=other) if self.is_contested and other else None

    @property
    def is_changed(self) -> bool:
        """The fact changed since a person decided on the block, or it is contested."""
        return self.state is not BlockState.UNTOUCHED and self.generated != self.base

    @property
    def is_collision(self) -> bool:
        """A person wrote and the fact changed: both texts count until a person chooses."""
        return self.is_changed and self.state is not BlockState.REMOVED

    @property
    def text(self) -> str | None:
        """The text that the document shows; None for none."""
        if self.state is BlockState.REMOVED:
            return None
        return self.generated if self.state is BlockState.UNTOUCHED else self.edited


DocumentBlocks = tuple[DocumentBlock, ...]


def find_block(document: Iterable[DocumentBlock], block_id: BlockId) -> DocumentBlock | None:
    return next((block for block in document if block.id == block_id), None)
