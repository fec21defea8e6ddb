"""The copy of a canvas: its content as Slack spells it, by block."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from bot.domain.drafting.document.anchors import locate_anchors
from bot.domain.drafting.document.blocks import BlockId
from bot.domain.drafting.document.text_changes import find_equal_runs
from bot.lazy_dataclass import dataclass

_WORD = re.compile(r"[^\W_]+")
_MARKER = re.compile(r"\s*(?:(?:[-*+>]|\d{1,9}[.)])\s+)*")
_CELL_END = re.compile(r"(?<!\\)\|\s*")
_REFERENCES = re.compile(r"(?:\s*\[{1,2}\d{1,9}\](?:\([^)\s]*\)\])?)*\s*")


class CanvasPart(NamedTuple):
    """
    A part of the content. `block` None: layout or a reference. Only layout has line breaks.

    `is_cleared`: its text was redacted.
    """

    text: str
    block: BlockId | None = None
    is_cleared: bool = False


CanvasLine = tuple[CanvasPart, ...]


class ShownBlock(NamedTuple):
    """The Markdown of a block that a canvas shows. `refs` are its sources."""

    text: str
    refs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CanvasCopy:
    parts: tuple[CanvasPart, ...]
    shown: Mapping[BlockId, ShownBlock]


def copy_canvas(content: str, written: str, shown: Mapping[BlockId, ShownBlock]) -> CanvasCopy:
    """
    Find the blocks in the content that Slack returned.

    `written`: the Markdown that was sent, with anchors. A block that is not found is layout: what people write in it is
    taken for new text.
    """
    lines, spans = _locate_blocks(written, shown)
    theirs = content.split("\n")
    parts: list[CanvasPart] = []
    found: dict[int, list[tuple[int, int, BlockId]]] = {}
    for ours, their in _align_lines(lines, theirs):
        found[their] = list(_transfer(lines[ours], spans.get(ours, ()), theirs[their]))
    for number, text in enumerate(theirs):
        parts += [CanvasPart("\n")] if number else []
        place = 0
        for start, end, block_id in found.get(number, ()):
            parts += [CanvasPart(text[place:start]), CanvasPart(text[start:end], block_id)]
            place = end
        parts.append(CanvasPart(text[place:]))
    joined = tuple(join_parts(parts))
    present = {part.block for part in joined}
    return CanvasCopy(joined, {key: value for key, value in shown.items() if key in present})


def name_blocks(copy: CanvasCopy, ids: Mapping[BlockId, BlockId], shown: Mapping[BlockId, ShownBlock]) -> CanvasCopy:
    """The copy with the ids that new texts were given as blocks, and what their blocks are now."""
    parts = tuple(part._replace(block=ids.get(part.block, part.block)) if part.block else part for part in copy.parts)
    return CanvasCopy(parts, {**copy.shown, **shown})


def join_parts(parts: Iterable[CanvasPart]) -> Iterator[CanvasPart]:
    """Join neighbours of the same block; drop empty parts that were not redacted."""
    last: CanvasPart | None = None
    for part in parts:
        if not part.text and not part.is_cleared:
            continue
        if last is not None and (last.block, last.is_cleared, part.is_cleared) == (part.block, False, False):
            last = last._replace(text=last.text + part.text)
            continue
        if last is not None:
            yield last
        last = part
    if last is not None:
        yield last


def split_lines(parts: Iterable[CanvasPart]) -> list[CanvasLine]:
    """The parts of each line of the content."""
    lines: list[list[CanvasPart]] = [[]]
    for part in parts:
        first, *others = part.text.split("\n")
        lines[-1].append(part._replace(text=first))
        lines += [[part._replace(text=text)] for text in others]
    return [tuple(part for part in line if part.text or part.is_cleared) for line in lines]


def line_text(line: CanvasLine) -> str:
    return "".join(part.text for part in line)


def clear_blocks(copy: CanvasCopy, ref: str) -> CanvasCopy:
    """The copy without the texts of a source that was redacted."""
    cleared = {block_id for block_id, shown in copy.shown.items() if ref in shown.refs}
    return CanvasCopy(
        tuple(part._replace(text="", is_cleared=True) if part.block in cleared else part for part in copy.parts),
        {key: shown._replace(text="") if key in cleared else shown for key, shown in copy.shown.items()},
    )


def _locate_blocks(
    written: str, shown: Mapping[BlockId, ShownBlock]
) -> tuple[list[str], dict[int, list[tuple[int, int, BlockId]]]]:
    """The lines without anchors, and by line the places of the blocks, each once."""
    lines: list[str] = []
    spans: dict[int, list[tuple[int, int, BlockId]]] = {}
    known: set[BlockId] = set()
    border = (0, 0)
    for number, line in enumerate(written.split("\n")):
        text, anchors = locate_anchors(line)
        lines.append(text)
        for end, block_id in anchors:
            if block_id in shown and block_id not in known:
                known.add(block_id)
                for found, start, upto in _find_statement(lines, border, (number, end), shown[block_id].text):
                    spans.setdefault(found, []).append((start, upto, block_id))
            border = (number, end)
    return lines, spans


def _find_statement(
    lines: Sequence[str], border: tuple[int, int], anchor: tuple[int, int], statement: str
) -> list[tuple[int, int, int]]:
    """Places of a statement's lines between the anchor of the block before it and its own."""
    wanted = [each.rstrip() for each in statement.split("\n") if each.strip()]
    found: list[tuple[int, int, int]] = []
    number, end = anchor
    for sought in reversed(wanted):
        while number >= border[0]:
            line, start = lines[number], border[1] if number == border[0] else 0
            place = max(line.rfind(sought, start, end), line.rfind(sought.strip(), start, end))
            if place >= 0:
                length = len(sought) if line.startswith(sought, place) else len(sought.strip())
                found.append((number, place, place + length))
                number, end = (number, place) if place > start else (number - 1, len(lines[number - 1]))
                break
            number, end = number - 1, len(lines[number - 1])
    if len(found) == len(wanted):
        return sorted(found)
    return _find_own_line(lines, border, anchor)


def _find_own_line(
    lines: Sequence[str], border: tuple[int, int], anchor: tuple[int, int]
) -> list[tuple[int, int, int]]:
    """The text before an anchor on its line, without marker and references."""
    number, end = anchor
    line, start = lines[number], border[1] if number == border[0] else 0
    cells = [each.end() for each in _CELL_END.finditer(line, start, end)]
    start = cells[-1] if cells else start
    marker = _MARKER.match(line, start, end)
    start = marker.end() if marker else start
    text = line[start:end]
    while (ended := _cut_reference(text)) != text:
        text = ended
    return [(number, start, start + len(text))] if text.strip() else []


def _cut_reference(text: str) -> str:
    """The text without its last reference."""
    place = text.rstrip().rfind(" [")
    return text[:place] if place >= 0 and _REFERENCES.fullmatch(text, place) else text.rstrip()


def _align_lines(ours: Sequence[str], theirs: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Pairs of lines with the same words, however Slack spells the markup."""
    mine = [(number, key) for number, line in enumerate(ours) if (key := words_of(line))]
    other = [(number, key) for number, line in enumerate(theirs) if (key := words_of(line))]
    keys, their_keys = [key for _, key in mine], [key for _, key in other]
    for start, their_start, size in find_equal_runs(keys, their_keys):
        for step in range(size):
            yield mine[start + step][0], other[their_start + step][0]


def words_of(text: str) -> tuple[str, ...]:
    return tuple(_WORD.findall(text))


def _transfer(ours: str, spans: Iterable[tuple[int, int, BlockId]], theirs: str) -> Iterator[tuple[int, int, BlockId]]:
    """The places in Slack's spelling of a line with the same words."""
    if ours == theirs:
        yield from sorted(spans)
        return
    words, their_words = list(_WORD.finditer(ours)), list(_WORD.finditer(theirs))
    for start, end, block_id in sorted(spans):
        inside = [n for n, word in enumerate(words) if start <= word.start() and word.end() <= end]
        if not inside:
            continue
        first, last = inside[0], inside[-1]
        lower = their_words[first - 1].end() if first else 0
        upper = their_words[last + 1].start() if last + 1 < len(their_words) else len(theirs)
        before, after = theirs[lower : their_words[first].start()], theirs[their_words[last].end() : upper]
        attached = re.search(r"[^\s|]*$", before)
        trailing = re.match(r"[^\s|]*", after)
        begin = their_words[first].start() - (len(attached[0]) if attached else 0)
        yield begin, their_words[last].end() + (len(trailing[0]) if trailing else 0), block_id
