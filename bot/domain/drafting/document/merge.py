"""Merge what the record says now into what people made of it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain
from typing import TypeVar

from bot.domain.drafting.document.blocks import SECTION_START, DocumentBlock, DocumentBlocks, GeneratedBlock

Place = tuple[str, str]
"""Language and section."""
Item = TypeVar("Item")


def merge(document: Iterable[DocumentBlock], generated: Iterable[GeneratedBlock]) -> DocumentBlocks:
    """
    The document with the record's present texts.

    Untouched blocks follow the record, and people's texts stay. The result depends on the last `generated` only, not on
    those between, and merging it again changes nothing.
    """
    facts: dict[Place, list[GeneratedBlock]] = defaultdict(list)
    touched: dict[Place, list[DocumentBlock]] = defaultdict(list)
    for fact in generated:
        facts[fact.id.language, fact.id.section].append(fact)
    for block in document:
        if block.is_touched:
            touched[block.id.language, block.id.section].append(block)
    places = dict.fromkeys([*facts, *sorted(touched)])
    return tuple(chain.from_iterable(_merge_section(touched[place], facts[place]) for place in places))


def _merge_section(touched: Sequence[DocumentBlock], facts: Sequence[GeneratedBlock]) -> Iterator[DocumentBlock]:
    by_id = {block.id: block for block in touched}
    in_order: list[tuple[str, DocumentBlock]] = []
    placed: list[DocumentBlock] = []
    for fact in facts:
        block = by_id.pop(fact.id, None)
        if block is None:
            in_order.append((fact.id.key, DocumentBlock(fact.id, generated=fact.text, generated_refs=fact.refs)))
        else:
            merged = replace(block, generated=fact.text, generated_refs=fact.refs)
            placed.append(merged) if merged.is_placed else in_order.append((fact.id.key, merged))
    placed += [replace(block, generated=None, generated_refs=()) for block in by_id.values()]
    return put_into_place(in_order, placed)


def put_into_place(
    in_order: Sequence[tuple[str, Item]], placed: Iterable[DocumentBlock]
) -> Iterator[Item | DocumentBlock]:
    """
    Yield each placed block behind its nearest neighbour; without one left it comes last.

    `in_order` are the others, each with its key.
    """
    known = {SECTION_START, *(key for key, _ in in_order)}
    following: dict[str | None, list[DocumentBlock]] = defaultdict(list)
    for block in sorted(placed, key=lambda block: (block.rank, block.id)):
        following[next((key for key in block.after if key in known), None)].append(block)
    if not following:
        yield from [item for _, item in in_order]
        return
    yield from following[SECTION_START]
    for key, item in in_order:
        yield item
        yield from following.get(key, ())
    yield from following[None]
