"""Changes that people make to a document."""

from collections.abc import Callable
from dataclasses import replace
from enum import StrEnum

from bot.domain.drafting.document.blocks import (
    SECTION_START,
    BlockId,
    BlockState,
    DocumentBlock,
    DocumentBlocks,
    find_block,
)
from bot.domain.drafting.document.markdown import clean_markdown
from bot.domain.errors import UserError

NEIGHBOURS = 12
"""How many blocks before it a block remembers: its place, if some of them go."""
MAX_LENGTH = 20_000
"""Characters of one block."""
NO_BLOCK = "There is no such block. Open the postmortem again."


class Choice(StrEnum):
    """How a person settles a collision."""

    OWN = "own"
    RECORD = "record"


def edit_block(document: DocumentBlocks, block_id: BlockId, text: str) -> DocumentBlocks:
    """
    Write a block's text, as Markdown.

    A collision stays one until a person chooses. The record's own text makes the block follow the record again.
    Raises UserError for an empty or too long text, and for an unknown block.
    """
    written = _read_text(text, "Enter a text, or remove the block.")

    def write(block: DocumentBlock) -> DocumentBlock:
        if block.state is BlockState.ADDED:
            return replace(block, edited=written)
        if block.generated is not None and written == clean_markdown(block.generated):
            return _untouched(block)
        base = block.base if block.state is BlockState.EDITED else block.generated
        return replace(block, state=BlockState.EDITED, edited=written, base=base, refs=block.all_refs)

    return _change(document, block_id, write)


def remove_block(document: DocumentBlocks, block_id: BlockId) -> DocumentBlocks:
    """Remove a block; its text is kept, to be put back. Raises UserError for an unknown block."""

    def remove(block: DocumentBlock) -> DocumentBlock:
        return replace(block, state=BlockState.REMOVED, base=block.generated, refs=block.all_refs)

    return _change(document, block_id, remove)


def put_back_block(document: DocumentBlocks, block_id: BlockId) -> DocumentBlocks:
    """Show a removed block again, with its last text. Raises UserError for an unknown block."""

    def put_back(block: DocumentBlock) -> DocumentBlock:
        if block.state is not BlockState.REMOVED:
            return block
        if block.edited is None:
            return _untouched(block)
        is_added = block.generated is None and block.base is None
        return replace(block, state=BlockState.ADDED if is_added else BlockState.EDITED)

    return _change(document, block_id, put_back)


def settle_block(document: DocumentBlocks, block_id: BlockId, choice: Choice) -> DocumentBlocks:
    """
    Choose between a person's text and the record's present one.

    Where the record has none any more, the person's text becomes an added block, or goes. Raises UserError for an
    unknown block.
    """

    def settle(block: DocumentBlock) -> DocumentBlock:
        if block.state is BlockState.UNTOUCHED:
            return block
        if choice is Choice.OWN and block.generated is None and block.state is BlockState.EDITED:
            return replace(block, state=BlockState.ADDED, base=None, is_placed=True)
        if choice is Choice.OWN:
            return replace(block, base=block.generated, refs=block.all_refs)
        if block.generated is None:
            return replace(block, state=BlockState.REMOVED, base=None)
        return _untouched(block)

    return _change(document, block_id, settle)


def replace_contested(document: DocumentBlocks, block_id: BlockId) -> DocumentBlocks:
    """
    Put a contested text in place of the other one, and remove its own block.

    Raises UserError for a block that is not contested, or if the other one is not shown any more.
    """
    block = find_block(document, block_id)
    other = find_block(document, block.contested_id) if block is not None and block.contested_id else None
    if block is None or block.edited is None or other is None or not other.is_shown:
        raise UserError("The other text is gone. Keep this one, or remove it.")
    return settle_block(edit_block(document, other.id, block.edited), block_id, Choice.RECORD)


def add_block(document: DocumentBlocks, block_id: BlockId, text: str, *, before: BlockId | None) -> DocumentBlocks:
    """
    Add a block behind `before`, or at the start of its section.

    Raises UserError for an empty or too long text, and if `before` is unknown.
    """
    written = _read_text(text, "Enter a text.")
    added = DocumentBlock(block_id, BlockState.ADDED, edited=written, is_placed=True)
    return _insert_block(document, added, before)


def move_block(document: DocumentBlocks, block_id: BlockId, steps: int) -> DocumentBlocks:
    """
    Move a block up (`steps` below 0) or down among the shown blocks of its section.

    Raises UserError for an unknown block, and at the end of a section.
    """
    block = find_block(document, block_id)
    if block is None or not block.is_shown:
        raise UserError(NO_BLOCK)
    shown = [each for each in _section(document, block_id) if each.is_shown]
    target = shown.index(block) + steps
    if not 0 <= target < len(shown):
        raise UserError("The block is at the end of its section.")
    others = [each for each in shown if each is not block]
    before = others[target - 1].id if target else None
    rest = tuple(each for each in document if each is not block)
    return _insert_block(rest, replace(block, is_placed=True, rank=0, after=()), before)


def redact_source(document: DocumentBlocks, ref: str) -> DocumentBlocks:
    """
    Clear all texts of the blocks that come from a source, those of people included.

    The blocks follow the record again; a removed one stays removed.
    """

    def clear(block: DocumentBlock) -> DocumentBlock:
        if ref not in block.refs:
            return block
        if block.state is BlockState.REMOVED:
            return replace(block, base="", edited=None, refs=())
        return _untouched(block)

    return tuple(clear(block) for block in document)


def _read_text(text: str, if_empty: str) -> str:
    written = clean_markdown(text)
    if not written:
        raise UserError(if_empty)
    check_length(written)
    return written


def check_length(written: str) -> None:
    """Raises UserError if the text is too long for a block."""
    if len(written) > MAX_LENGTH:
        raise UserError(f"The text is longer than {MAX_LENGTH:,} characters. Split it into several blocks.")


def _untouched(block: DocumentBlock) -> DocumentBlock:
    return replace(block, state=BlockState.UNTOUCHED, base=None, edited=None, refs=())


def _change(
    document: DocumentBlocks, block_id: BlockId, change: Callable[[DocumentBlock], DocumentBlock]
) -> DocumentBlocks:
    """Change one block. Its neighbours are noted, in case that its fact goes."""
    changed = find_block(document, block_id)
    if changed is None:
        raise UserError(NO_BLOCK)
    result = tuple(change(block) if block is changed else block for block in document)
    return _note_neighbours(result, block_id)


def _section(document: DocumentBlocks, block_id: BlockId) -> list[DocumentBlock]:
    return [each for each in document if (each.id.section, each.id.language) == (block_id.section, block_id.language)]


def _insert_block(document: DocumentBlocks, block: DocumentBlock, before: BlockId | None) -> DocumentBlocks:
    """Insert a block behind another one, and note the neighbours in its section."""
    if before is None:
        place = next((n for n, each in enumerate(document) if _is_beside(each.id, block.id)), len(document))
    else:
        found = find_block(document, before)
        if found is None or not _is_beside(before, block.id):
            raise UserError(NO_BLOCK)
        place = document.index(found) + 1
    return _note_neighbours((*document[:place], block, *document[place:]), block.id)


def _is_beside(one: BlockId, other: BlockId) -> bool:
    return (one.section, one.language) == (other.section, other.language)


def _note_neighbours(document: DocumentBlocks, beside: BlockId) -> DocumentBlocks:
    """
    Note the neighbours of the touched blocks of a section, and their order.

    Neighbours are the blocks before it that have their place from the record.
    """
    before, known = [SECTION_START], {SECTION_START}
    rank, result = -1, []
    for block in document:
        noted = block
        if _is_beside(block.id, beside):
            if block.is_touched:
                rank = block.rank if block.rank > rank else rank + 1
                nearest = next((key for key in block.after if key in known), None)
                after = block.after if nearest == before[-1] else tuple(reversed(before[-NEIGHBOURS:]))
                noted = replace(block, after=after, rank=rank)
            if block.generated is not None and not block.is_placed:
                before.append(block.id.key)
                known.add(block.id.key)
        result.append(noted)
    return tuple(result)
