"""The sections of a draft with the texts of people in them."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain

from bot.domain.drafting.document.anchors import with_anchors
from bot.domain.drafting.document.block_key import SECTIONS_WITH_KEYS, find_block_id
from bot.domain.drafting.document.blocks import BlockId, BlockState, DocumentBlock, DocumentBlocks, GeneratedBlock
from bot.domain.drafting.document.canvas_copy import ShownBlock
from bot.domain.drafting.document.merge import merge, put_into_place
from bot.domain.drafting.markdown import BlockRenderer
from bot.domain.drafting.model import NO_DETAILS, Block, BlockKind, Document, Draft, Sections
from bot.domain.drafting.source_links import References, SourceNumbers
from bot.domain.record.sources import Source
from bot.domain.terms import SourceKind
from bot.domain.text.markdown_escape import Markdown
from bot.domain.text.mrkdwn.markdown import INDENT

DRAFTING_AIDS = frozenset({"findings", "questions"})
"""Sections for the authors of a draft, not for the readers of a published postmortem."""
EARLIER_REFS = "earlier_refs"
"""The detail of an edited block with the sources that its author saw, for redactions: they may be gone."""
EditNote = Callable[[DocumentBlock], str]
"""Words for the source of an edited block."""


class EditedSources(Mapping[str, str]):
    """Notes on the sources of a document, edits included. Made on access."""

    def __init__(self, sources: Mapping[str, str], edits: Mapping[str, str]) -> None:
        self._sources = sources
        self._edits = edits

    def __getitem__(self, ref: str) -> str:
        note = self._edits.get(ref)
        return self._sources[ref] if note is None else note

    def __iter__(self) -> Iterator[str]:
        return chain(self._sources, self._edits)

    def __len__(self) -> int:
        return len(self._sources) + len(self._edits)


def merge_document(document: Document, edits: Sequence[DocumentBlock], note: EditNote) -> Document:
    """The draft in one language with its edited blocks. Other sections are the same objects."""
    by_section: dict[str, list[DocumentBlock]] = defaultdict(list)
    for block in edits:
        by_section[block.id.section].append(block)
    notes = {_edit_ref(block.id): note(block) for block in edits if block.edited is not None}
    builders = {name: partial(_section_by_name, document.sections, name, ()) for name in document.sections}
    builders |= {name: partial(_section_by_name, document.sections, name, found) for name, found in by_section.items()}
    return replace(document, sections=Sections({}, builders), sources=EditedSources(document.sources, notes))


def anchor_draft(draft: Draft) -> Draft:
    """The draft with an anchor in each of its blocks."""
    return replace(draft, documents=tuple(_anchor_document(each) for each in draft.documents))


def _anchor_document(document: Document) -> Document:
    def anchored(name: str) -> Mapping[str, tuple[Block, ...]]:
        return {name: with_anchors(document.sections[name])}

    builders = {name: partial(anchored, name) for name in document.sections}
    return replace(document, sections=Sections({}, builders))


def remove_drafting_aids(draft: Draft) -> Draft:
    """The draft without findings and questions. What people wrote in their place stays."""
    return replace(draft, documents=tuple(_remove_aids(each) for each in draft.documents))


def _remove_aids(document: Document) -> Document:
    def section(name: str) -> Mapping[str, tuple[Block, ...]]:
        blocks = document.sections[name]
        return {name: tuple(each for each in blocks if each.is_written) if name in DRAFTING_AIDS else blocks}

    builders = {name: partial(section, name) for name in document.sections}
    return replace(document, sections=Sections({}, builders))


def merge_section_blocks(document: Document, edits: Iterable[DocumentBlock], name: str) -> DocumentBlocks:
    """A section, block by block, of a document that was built without edits."""
    touched = [block for block in edits if (block.id.section, block.id.language) == (name, document.language)]
    return merge(touched, generate_blocks(document.sections.get(name, ())))


def merge_touched_sections(draft: Draft, edits: Sequence[DocumentBlock]) -> DocumentBlocks:
    """All sections with touched blocks, of a draft that was built without edits."""
    names = dict.fromkeys((block.id.language, block.id.section) for block in edits)
    documents = {document.language: document for document in draft.documents}
    return tuple(
        chain.from_iterable(
            merge_section_blocks(documents[language], edits, name) for language, name in names if language in documents
        )
    )


def _section_by_name(
    sections: Mapping[str, tuple[Block, ...]], name: str, touched: Sequence[DocumentBlock]
) -> Mapping[str, tuple[Block, ...]]:
    blocks = sections.get(name, ())
    return {name: merge_section(blocks, touched) if touched else blocks}


def merge_section(blocks: Sequence[Block], touched: Sequence[DocumentBlock]) -> tuple[Block, ...]:
    """One section. That nobody recorded something is not said where a person wrote."""
    by_id = {block.id: block for block in touched if block.is_touched}
    keys = frozenset(block_id.key for block_id in by_id)
    facts: dict[BlockId, Block] = {}
    in_order: list[tuple[str, Block | DocumentBlock]] = []
    placed: list[DocumentBlock] = []
    for fact in blocks:
        if fact.key not in keys and fact.section not in SECTIONS_WITH_KEYS:  # as most
            in_order.append((fact.key, fact))
            continue
        block_id = find_block_id(fact)
        block = by_id.pop(block_id, None)
        if block is None:
            in_order.append((block_id.key, fact))
        else:
            facts[block_id] = fact
            placed.append(block) if block.is_placed else in_order.append((block_id.key, block))
    merged = put_into_place(in_order, [*placed, *by_id.values()])
    found = [each if isinstance(each, Block) else _decided_block(each, facts.get(each.id)) for each in merged]
    if any(block is not None and block.is_written for block in found):
        return tuple(block for block in found if block is not None and block.kind is not BlockKind.MISSING)
    return tuple(block for block in found if block is not None)


def show_blocks(draft: Draft, wanted: Iterable[BlockId]) -> dict[BlockId, ShownBlock]:
    """The Markdown of blocks of a draft, those that people edited included, with its sources."""
    documents = {document.language: document for document in draft.documents}
    shown = {}
    in_order = tuple(wanted)
    ids = frozenset(in_order)
    for language, section in dict.fromkeys((each.language, each.section) for each in in_order):
        blocks = [each for each in documents[language].sections[section] if find_block_id(each) in ids]
        for block, generated in zip(blocks, generate_blocks(blocks), strict=True):
            earlier = (block.details or NO_DETAILS).get(EARLIER_REFS, "").split()
            shown[generated.id] = ShownBlock(generated.text, tuple(dict.fromkeys([*generated.refs, *earlier])))
    return shown


def generate_blocks(blocks: Iterable[Block]) -> list[GeneratedBlock]:
    """The record's texts of a section."""
    renderer = BlockRenderer(References(SourceNumbers(), {}))
    return [
        GeneratedBlock(find_block_id(block), _statement(renderer, block), tuple(source.ref for source in block.sources))
        for block in blocks
    ]


def _statement(renderer: BlockRenderer, block: Block) -> str:
    """The line of a block without its references, to be edited."""
    line = renderer.render_line(block._replace(sources=()))
    return line.replace(f"\n{INDENT}", "\n").strip()


def _decided_block(block: DocumentBlock, fact: Block | None) -> Block | None:
    """A person's text, or the fact of a block that was only moved; None for a removed one."""
    if block.state in {BlockState.EDITED, BlockState.ADDED}:
        return None if block.edited is None else _written_block(block, fact)
    return fact if block.state is BlockState.UNTOUCHED else None


def _written_block(block: DocumentBlock, fact: Block | None) -> Block:
    """A person's text, with the sources, the label and the details of its fact."""
    source = Source(SourceKind.COMMAND, _edit_ref(block.id))
    details = {key: value for key, value in (fact.details if fact else NO_DETAILS).items() if key != "mark"}
    if block.refs:
        details[EARLIER_REFS] = " ".join(block.refs)
    return Block(
        *block.id,
        BlockKind.WRITTEN,
        Markdown(block.edited or ""),
        (*(fact.sources if fact else ()), source),
        label=fact.label if fact else "",
        details=details,
    )


def _edit_ref(block_id: BlockId) -> str:
    return f"edit-{block_id.section}-{block_id.key}"
