"""The identity of a draft's block in a document."""

from bot.domain.drafting.document.blocks import BlockId
from bot.domain.drafting.model import Block

SINGLE_STATEMENTS = frozenset({"impact", "cause", "resolution"})
"""Sections with one statement. It stays the same block when somebody states it again."""
SECTIONS_WITH_KEYS = SINGLE_STATEMENTS | {"summary"}
"""Sections whose blocks have another key in a document than in the draft."""
SUMMARIZED = ("impact", "root_cause", "resolution")
"""Such statements in the summary."""


def find_block_id(block: Block) -> BlockId:
    """Section, source and language; a single statement stays one when it is stated again."""
    section, key = block.section, block.key
    if section in SINGLE_STATEMENTS:
        key = section
    elif section == "summary":
        key = next((name for name in SUMMARIZED if key.startswith(f"{name}-")), key)
    return BlockId(section, key, block.language)
