"""Blocks as Markdown: how a statement, its sources and a list of them look. Templates use these as filters."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType

from bot.domain.drafting.model import Block, BlockKind
from bot.domain.languages import language
from bot.domain.record.model import Source
from bot.domain.text.markdown_escape import Markdown, escape, link

MARK = "↗"
"""What links a statement to its source."""


MISSING = BlockKind.MISSING
ENDINGS = ".!?…:。！？؟"
"""After one of these a text needs no full stop."""


_NUMBERED = re.compile(r"^(\d{1,9})\\([.)])")
"""The head of a text that would begin a numbered list, as `escape` leaves it."""


class Lines:
    """
    Writes blocks as lines, and remembers what it has escaped.

    Names and labels come back with every row, and the text of an entry in two sections. One rendering has one of these,
    so that nothing that is deleted later stays in memory.
    """

    def __init__(self) -> None:
        self._short: dict[str, str] = {}
        self._texts: dict[str, str] = {}
        self._between: dict[str, tuple[str, str]] = {}

    def bullets(self, blocks: Iterable[Block]) -> str:
        return "\n".join([f"- {self.item(block)}" for block in blocks])

    def item(self, block: Block) -> str:
        """The whole of a block, further lines of its text indented to stay in its list item."""
        if block.kind is MISSING:
            return f"*{escape(block.text)}*"
        text, label, by, notes, mark = block.text, block.label, block.by, block.notes, block.details.get("mark")
        colon, semicolon = self._between.get(block.language) or self._marks(block.language)
        parts = [f"**{block.time}**"] if block.time else []
        if label:
            shown = self._escaped(label)
            parts.append(f"*{shown}{colon}*" if text else f"{shown}." if mark else shown)
        if text and mark and text[-1] not in ENDINGS:
            parts.append(f"{escape(text, indent='  ')}.")
        elif text:
            shown = self._texts.get(text) or self._texts.setdefault(text, escape(text, indent="  "))
            # Behind a label a number with a full stop (`1. März`) begins no list.
            parts.append(_NUMBERED.sub(r"\1\2", shown) if parts else shown)
        if mark:
            parts.append(f"**{self._escaped(mark)}**")
        if by or notes:
            shown = self._escaped(semicolon.join([by, *notes]) if by and notes else by or semicolon.join(notes))
            parts.append(f"— {shown}" if parts else shown)
        parts += _marks(block)
        return " ".join(parts)

    def cell(self, block: Block) -> str:
        """The text and its remarks as the cell of a table: on one line, with its sources."""
        if block.is_missing:
            return f"*{escape(block.text)}*"
        remarks = f"({self._escaped(self._marks(block.language)[1].join(block.notes))})" if block.notes else ""
        return " ".join(part for part in (escape(block.text), remarks, *_marks(block)) if part)

    def _marks(self, code: str) -> tuple[str, str]:
        """What stands behind a label and between remarks; in French with a blank before it."""
        words = language(code).words
        return self._between.setdefault(code, (words["colon"], words["semicolon"]))

    def _escaped(self, text: str) -> str:
        return self._short.get(text) or self._short.setdefault(text, escape(text))


def _marks(block: Block) -> list[str]:
    """Two sources that stand in one message are one link."""
    return list(dict.fromkeys(_mark(source) for source in block.sources))


def _mark(source: Source) -> str:
    return link(source.link, MARK) or f"({source.ref})"


def marks(block: Block) -> Markdown:
    """A small link for each of a block's sources; a source without an address is named by its ref."""
    return Markdown(" ".join(_marks(block)))


def line(block: Block) -> Markdown:
    """
    The whole of a block: time, what it is, its text, who said it, what came of it, and its sources.

    Made for list items: further lines of the text are indented. What is missing stands in italics, without a source.
    """
    return Markdown(Lines().item(block))


def bullets(blocks: Sequence[Block]) -> Markdown:
    """A list, one item for each block; a section that is missing is a sentence and not a list."""
    if len(blocks) == 1 and blocks[0].is_missing:
        return line(blocks[0])
    lines = getattr(blocks, "lines", None) or Lines()
    return Markdown(lines.bullets(blocks))


def paragraph(blocks: Sequence[Block]) -> Markdown:
    """The blocks one after the other, as running text."""
    return Markdown(" ".join([line(block) for block in blocks]))


def joined(blocks: Sequence[Block]) -> Markdown:
    """The blocks on one line, with dots between."""
    return Markdown(" · ".join([line(block) for block in blocks]))


def cell(block: Block) -> Markdown:
    """A block as the cell of a table: its text, its remarks and its sources on one line."""
    return Markdown(Lines().cell(block))


def quoted(blocks: Sequence[Block], heading: str) -> Markdown:
    """The blocks as a list in a quoted box, under a heading in bold. Nothing if there are none."""
    if not blocks:
        return Markdown("")
    lines = [f"**{escape(heading)}**", "", *bullets(blocks).split("\n")]
    return Markdown("\n".join(f"> {line}" if line else ">" for line in lines))


class _Rest(list[Block]):
    """Blocks that a filter left over, written by the same `Lines` as the section they come from."""

    lines: Lines | None = None


def without(blocks: Sequence[Block], others: Sequence[Block]) -> Sequence[Block]:
    """The blocks but for those that stand in another section too: told by their keys."""
    left_out = {block.key for block in others}
    rest = _Rest(block for block in blocks if block.key not in left_out)
    rest.lines = getattr(blocks, "lines", None)
    return rest


def as_markdown(text: str) -> Markdown:
    """Marks what a macro put out as Markdown, so that it is not escaped a second time."""
    return Markdown(text)


FILTERS: Mapping[str, Callable[..., object]] = MappingProxyType(
    {
        "line": line,
        "bullets": bullets,
        "paragraph": paragraph,
        "joined": joined,
        "cell": cell,
        "quoted": quoted,
        "without": without,
        "sources": marks,
        "markdown": as_markdown,
    }
)
"""By the names under which templates use them."""
