"""Anchors in a rendered draft: where each block is, for the page on which blocks are edited."""

import re
from collections.abc import Callable, Mapping

from bot.domain.drafting.document.block_key import find_block_id
from bot.domain.drafting.document.blocks import BlockId
from bot.domain.drafting.model import Block

ANCHOR = "anchor"
"""The detail of a block that has an anchor."""
_MARK = re.compile("\x02block ([0-9a-f]+)\x03")
"""No text has these characters: `escape_markdown` and `clean_markdown` remove them."""
_MARK_WITH_BLANK = re.compile(f" ?{_MARK.pattern}")


def with_anchors(blocks: tuple[Block, ...]) -> tuple[Block, ...]:
    return tuple(block._replace(details={**block.details, ANCHOR: str(find_block_id(block))}) for block in blocks)


def block_anchor(block: Block) -> list[str]:
    """The anchor of a block, as one part of its line; none outside the page."""
    identity = block.details.get(ANCHOR) if block.details else None
    return [] if identity is None else [f"\x02block {identity.encode().hex()}\x03"]


def find_anchors(text: str) -> tuple[BlockId, ...]:
    """The blocks whose anchors are in a text."""
    found = (BlockId.parse(bytes.fromhex(each).decode()) for each in _MARK.findall(text))
    return tuple(block_id for block_id in found if block_id)


def locate_anchors(line: str) -> tuple[str, list[tuple[int, BlockId]]]:
    """A line without its anchors, and their blocks with the places where they were."""
    text, place, found = "", 0, []
    for anchor in _MARK_WITH_BLANK.finditer(line):
        text += line[place : anchor.start()]
        place = anchor.end()
        if block_id := BlockId.parse(bytes.fromhex(anchor[1]).decode()):
            found.append((len(text), block_id))
    return text + line[place:], found


def remove_anchors(markdown: str) -> str:
    """The document as it is without anchors."""
    return _MARK_WITH_BLANK.sub("", markdown)


def replace_anchors(html: str, replacement: Callable[[BlockId], str]) -> str:
    """Replace the anchors of a rendered document."""
    known: Mapping[str, BlockId | None] = {
        each: BlockId.parse(bytes.fromhex(each).decode()) for each in set(_MARK.findall(html))
    }

    def replace(found: re.Match[str]) -> str:
        block_id = known[found[1]]
        return replacement(block_id) if block_id else ""

    return _MARK.sub(replace, html)
