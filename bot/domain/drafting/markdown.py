"""Rendering of blocks as Markdown. Templates use these functions as filters."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType

from bot.domain.drafting.document.anchors import block_anchor
from bot.domain.drafting.document.markdown import end_written, indent_markdown, join_lines
from bot.domain.drafting.model import Block, BlockKind
from bot.domain.drafting.source_links import References
from bot.domain.languages import get_language
from bot.domain.text.markdown_escape import Markdown, escape_markdown
from bot.domain.text.mrkdwn.markdown import join_markdown, render_markdown, render_markdown_line
from bot.domain.text.mrkdwn.parser import FENCE_MARK

ENDINGS = ".!?…:。！？؟"
"""Signs after which a text needs no full stop."""
_NUMBERED = re.compile(r"^(\d{1,9})\\([.)])")
"""The start of a text that would begin a numbered list, as `escape_markdown` leaves it."""


class BlockRenderer:
    """
    Renders blocks as lines and numbers their sources; caches names, labels and notes.

    Each document has its own instance, so that no deleted text stays in memory.
    """

    def __init__(self, references: References) -> None:
        self.references = references
        self._short: dict[str, str] = {}
        self._notes: dict[str, str] = {}
        self._separators: dict[str, tuple[str, str]] = {}

    def render_bullets(self, blocks: Iterable[Block]) -> str:
        return "\n".join([f"- {self.render_line(block)}" for block in blocks])

    def render_line(self, block: Block) -> str:
        """All parts of a block; further lines of its text are indented to stay in its item."""
        if block.kind is BlockKind.MISSING:
            return join_markdown([f"*{escape_markdown(block.text)}*", *block_anchor(block)])
        if block.kind is BlockKind.WRITTEN:
            marks = [*self.references.cite(block.sources), *block_anchor(block)]
            return end_written(indent_markdown(block.text), " ".join(marks))
        _, _, language, _, text, sources, time, label, by, notes, details = block
        mark = details.get("mark") if details else None
        parts = [f"**{time}**"] if time else []
        if label:
            shown, colon = self._escaped(label), self._load_separators(language)[0]
            parts.append(f"*{shown}{colon}*" if text else f"{shown}." if mark else shown)
        if text:
            shown = render_markdown(text)
            if parts and shown[:1].isdigit():  # behind a label, `1. März` begins no list
                shown = _NUMBERED.sub(r"\1\2", shown)
            parts.append(f"{shown}." if mark and not _is_ended(text) else shown)
        if mark:
            parts.append(f"**{self._escaped(mark)}**")
        if by or notes:
            shown = self._escaped(by) if by else ""
            if notes:
                semicolon = self._load_separators(language)[1]
                shown = semicolon.join([*([shown] if by else []), *map(self._rendered_note, notes)])
            parts.append(f"— {shown}" if parts else shown)
        parts += self.references.cite(sources)
        if details:
            parts += block_anchor(block)
        return join_markdown(parts)

    def render_cell(self, block: Block) -> str:
        """Text, remarks and sources on one line, as the cell of a table."""
        if block.is_missing:
            return " ".join([f"*{escape_markdown(block.text)}*", *block_anchor(block)])
        if block.is_written:
            return " ".join([join_lines(block.text), *self.references.cite(block.sources), *block_anchor(block)])
        semicolon = self._load_separators(block.language)[1]
        notes = semicolon.join(render_markdown_line(note, in_table=True) for note in block.notes)
        text = render_markdown_line(block.text, in_table=True)
        remarks = f"({notes})" if notes else ""
        references = self.references.cite(block.sources)
        return " ".join(part for part in (text, remarks, *references, *block_anchor(block)) if part)

    def _load_separators(self, code: str) -> tuple[str, str]:
        """The signs after a label and between remarks; in French with a blank before them."""
        known = self._separators.get(code)
        if known is None:
            words = get_language(code).words
            known = self._separators[code] = words["colon"], words["semicolon"]
        return known

    def _escaped(self, text: str) -> str:
        return self._short.get(text) or self._short.setdefault(text, escape_markdown(text))

    def _rendered_note(self, text: str) -> str:
        return self._notes.get(text) or self._notes.setdefault(text, render_markdown_line(text))


def _is_ended(text: str) -> bool:
    """Return whether a text needs no full stop: it has one, or it ends with a fence."""
    return text[-1] in ENDINGS or text.rstrip().endswith(FENCE_MARK)


def render_sources(renderer: BlockRenderer, block: Block) -> Markdown:
    """The references to a block's sources."""
    return Markdown(" ".join([*renderer.references.cite(block.sources), *block_anchor(block)]))


def render_line(renderer: BlockRenderer, block: Block) -> Markdown:
    """
    All parts of a block: time, label, text, author, notes and references.

    For list items: further lines and code of the text are indented. Missing facts are in italics, without a source.
    """
    return Markdown(renderer.render_line(block))


def render_bullets(renderer: BlockRenderer, blocks: Sequence[Block]) -> Markdown:
    """A list with one item for each block; a missing section is a sentence."""
    if len(blocks) == 1 and blocks[0].is_missing:
        return render_line(renderer, blocks[0])
    return Markdown(renderer.render_bullets(blocks))


def render_paragraph(renderer: BlockRenderer, blocks: Sequence[Block]) -> Markdown:
    """The blocks as running text."""
    return Markdown(join_markdown([renderer.render_line(block) for block in blocks]))


def render_joined(renderer: BlockRenderer, blocks: Sequence[Block]) -> Markdown:
    """The blocks on one line, separated by dots."""
    return Markdown(join_markdown([renderer.render_line(block) for block in blocks], " · "))


def render_cell(renderer: BlockRenderer, content: Block | str) -> Markdown:
    """A block or a text as the cell of a table: text, remarks and references on one line."""
    if isinstance(content, str):
        return render_markdown_line(content, in_table=True)
    return Markdown(renderer.render_cell(content))


def render_inline(_renderer: BlockRenderer, text: str) -> Markdown:
    """A text on one line with its formatting, as for a heading."""
    return render_markdown_line(text)


def render_quote(renderer: BlockRenderer, blocks: Sequence[Block], heading: str) -> Markdown:
    """The blocks as a quoted list under a bold heading; empty without blocks."""
    if not blocks:
        return Markdown("")
    lines = [f"**{escape_markdown(heading)}**", "", *render_bullets(renderer, blocks).split("\n")]
    return Markdown("\n".join(f"> {line}" if line else ">" for line in lines))


def exclude_blocks(_renderer: BlockRenderer, blocks: Sequence[Block], others: Sequence[Block]) -> Sequence[Block]:
    """The blocks whose keys are not among `others`."""
    left_out = {block.key for block in others}
    return [block for block in blocks if block.key not in left_out]


def as_markdown(_renderer: BlockRenderer, text: str) -> Markdown:
    """Mark the output of a macro as Markdown, so that it is not escaped again."""
    return Markdown(text)


FILTERS: Mapping[str, Callable[..., object]] = MappingProxyType(
    {
        "line": render_line,
        "bullets": render_bullets,
        "paragraph": render_paragraph,
        "joined": render_joined,
        "cell": render_cell,
        "inline": render_inline,
        "quoted": render_quote,
        "without": exclude_blocks,
        "sources": render_sources,
        "markdown": as_markdown,
    }
)
"""By the names of the filters in templates. Each takes the document's renderer first."""
