"""Read what people wrote in a canvas as edits of its blocks."""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import chain

from bot.domain.drafting.document.blocks import BlockId
from bot.domain.drafting.document.canvas_copy import (
    CanvasCopy,
    CanvasLine,
    CanvasPart,
    join_parts,
    line_text,
    split_lines,
    words_of,
)
from bot.domain.drafting.document.canvas_lines import match_lines
from bot.lazy_dataclass import dataclass

FEW = 3
"""More blocks than this, and than half of all, were not changed one by one."""
_HEADING = re.compile(r"\s{0,3}#{1,6}\s+(?=\S)")
_BULLET = re.compile(r"\s*[-*+]\s+(?=\S)")
_ITEM = re.compile(r"(?:[-*+]|\d{1,9}[.)])\s+\S")
_FENCE = re.compile(r"\s*(?:`{3}|~{3})")
_SAID = re.compile(r"[^\W_]+|[^\w\s\-*#>|=~]")
_LAYOUT = re.compile(r"[\s\-*_#>|=~]*")
"""A rule, an empty item: nothing that anybody said."""

Lines = Sequence[CanvasLine | None]
"""None: a new line."""


@dataclass(frozen=True, slots=True)
class NewText:
    """
    Text of no block: it follows `after`, else it stands before `before`.

    `id` stands for the block that it becomes, also in `after` of others. `refs` are the sources of a line that it
    repeats.
    """

    id: BlockId
    text: str
    after: BlockId | None
    before: BlockId | None
    refs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CanvasEdits:
    """
    Edits of people in a canvas. `copy`: of its content, with ids of new texts.

    `is_held_back`: nothing can be taken in. New words cannot be told from redacted ones, or there is no block at all.
    """

    copy: CanvasCopy
    edited: Mapping[BlockId, str]
    removed: tuple[BlockId, ...]
    added: tuple[NewText, ...]
    is_held_back: bool = False


@dataclass(frozen=True, slots=True)
class _Chunk:
    """New lines that are one text."""

    id: BlockId
    numbers: Sequence[int]
    text: str


def match_canvas(copy: CanvasCopy, content: str) -> CanvasEdits:
    """
    Compare the content of a canvas with the copy of it.

    No word of a person is lost: it is in an edited block or in a new text. The copy of the result is that of the
    content: what was taken in is not taken in again.
    """
    before, now = split_lines(copy.parts), content.split("\n")
    matched = match_lines(before, now)
    lines = _fill_blocks(matched.lines, now)
    old, texts = _block_texts(before), _block_texts(lines)
    chunks = list(_find_chunks(before, lines, now))
    if matched.is_held_back or (chunks and not texts):
        return CanvasEdits(copy, {}, (), (), is_held_back=True)
    gone = [key for key, text in old.items() if text.strip() and not texts.get(key, "").strip()]
    moved = {words_of(old[key]) for key in gone} & {words_of(chunk.text) for chunk in chunks}
    added = [chunk for chunk in chunks if words_of(chunk.text) not in moved]
    removed = [key for key in gone if words_of(old[key]) not in moved]
    return CanvasEdits(
        CanvasCopy(
            _own_lines(lines, now, added),
            {key: shown for key, shown in copy.shown.items() if texts.get(key, "").strip()},
        ),
        _find_edited(old, texts),
        tuple(removed) if len(removed) <= max(FEW, len(old) / 2) else (),
        tuple(_place_chunks(added, lines, _line_refs(before, copy))),
    )


def _find_edited(old: Mapping[BlockId, str], texts: Mapping[BlockId, str]) -> dict[BlockId, str]:
    """Texts that changed. The markup of most blocks is changed by Slack, not by people."""
    edited = {key: text for key, text in texts.items() if text.strip() and text.rstrip() != old[key].rstrip()}
    respelled = [key for key, text in edited.items() if words_of(text) == words_of(old[key])]
    if len(respelled) > max(FEW, len(old) / 2):
        return {key: text for key, text in edited.items() if key not in respelled}
    return edited


def _fill_blocks(lines: Lines, now: Sequence[str]) -> list[CanvasLine | None]:
    """New lines between those of one block are its own."""
    filled = list(lines)
    last: int | None = None
    for number, line in enumerate(lines):
        if line is None or not (owners := _owners(line)):
            continue
        shared = owners & _owners(lines[last] or ()) if last is not None else set()
        for between in range((last or 0) + 1, number) if len(shared) == 1 else ():
            if lines[between] is None and now[between].strip():
                filled[between] = _own_line(now[between], next(iter(shared)), is_first=False)
        last = number
    return filled


def _owners(line: CanvasLine) -> set[BlockId]:
    return {part.block for part in line if part.block}


def _block_texts(lines: Lines) -> dict[BlockId, str]:
    texts: dict[BlockId, str] = {}
    last: dict[BlockId, int] = {}
    for number, line in enumerate(lines):
        for block_id in dict.fromkeys(part.block for part in line or () if part.block):
            piece = "".join(part.text for part in line or () if part.block == block_id)
            lead = texts[block_id] + "\n" * min(2, number - last[block_id]) if block_id in texts else ""
            texts[block_id], last[block_id] = lead + piece, number
    return texts


def _find_chunks(before: Sequence[CanvasLine], lines: Lines, now: Sequence[str]) -> Iterator[_Chunk]:
    """New texts: a paragraph, list item, heading or code each. No shortened layout."""
    present = set(now)
    layout = [text for line in before if not _owners(line) and (text := line_text(line)) not in present]
    trimmed = Counter(chain.from_iterable(map(_SAID.findall, layout)))
    for count, numbers in enumerate(_group_new_lines(lines, now)):
        first, *others = (now[number] for number in numbers)
        marker = _BULLET.match(first) or _HEADING.match(first)
        body = "\n".join([first[marker.end() :] if marker else first, *(line.removeprefix("  ") for line in others)])
        if not _LAYOUT.fullmatch(body) and not Counter(_SAID.findall(body)) <= trimmed:
            yield _Chunk(BlockId("", str(count), ""), numbers, body)


def _group_new_lines(lines: Lines, now: Sequence[str]) -> Iterator[list[int]]:
    group: list[int] = []
    is_code = False
    for number, (line, text) in enumerate(zip(lines, now, strict=True)):
        is_new = line is None or (is_code and not text.strip())
        begins = not is_code and bool(not text.strip() or _ITEM.match(text) or _HEADING.match(text))
        if group and (begins or not is_new or _HEADING.match(now[group[-1]])):
            yield group
            group = []
        if is_new and (is_code or text.strip()):
            group.append(number)
        if line is None and _FENCE.match(text):
            is_code = not is_code
        is_code = is_code and is_new
    if group:
        yield group


def _own_lines(lines: Lines, now: Sequence[str], added: Sequence[_Chunk]) -> tuple[CanvasPart, ...]:
    """The parts of the present content. New texts have their ids, other new lines are layout."""
    owners = {number: chunk for chunk in added for number in chunk.numbers}
    parts: list[CanvasPart] = []
    for number, (line, text) in enumerate(zip(lines, now, strict=True)):
        chunk = owners.get(number)
        parts += [CanvasPart("\n")] if number else []
        if chunk is not None:
            parts += _own_line(text, chunk.id, is_first=number == chunk.numbers[0])
        else:
            parts += line if line is not None else [CanvasPart(text)]
    return tuple(join_parts(parts))


def _own_line(text: str, block_id: BlockId, *, is_first: bool) -> CanvasLine:
    """A new line of a block. Its marker or indentation is layout."""
    marker = (_BULLET.match(text) or _HEADING.match(text)) if is_first else re.match(r" {0,2}", text)
    start = marker.end() if marker else 0
    return tuple(join_parts([CanvasPart(text[:start]), CanvasPart(text[start:], block_id)]))


def _line_refs(before: Sequence[CanvasLine], copy: CanvasCopy) -> dict[tuple[str, ...], tuple[str, ...]]:
    """The sources of each line of blocks, by its blocks' words."""
    found = {}
    for line in before:
        owners = _owners(line) & copy.shown.keys()
        words = words_of("".join(part.text for part in line if part.block))
        if owners and words:
            found[words] = tuple(dict.fromkeys(ref for owner in sorted(owners) for ref in copy.shown[owner].refs))
    return found


def _place_chunks(
    chunks: Collection[_Chunk], lines: Lines, line_refs: Mapping[tuple[str, ...], tuple[str, ...]]
) -> Iterator[NewText]:
    """Each behind the block before it; behind a heading, before the first block below it."""
    first = {chunk.numbers[0]: chunk for chunk in chunks}
    following = _next_blocks(lines)
    last: BlockId | None = None
    is_below_heading = False
    for number, line in enumerate(lines):
        if chunk := first.get(number):
            below, anywhere = following[number]
            before = (below if is_below_heading else None) or (anywhere if last is None else None)
            yield NewText(
                chunk.id, chunk.text, None if before else last, before, line_refs.get(words_of(chunk.text), ())
            )
            last, is_below_heading = chunk.id, False
        elif line and (blocks := [part.block for part in line if part.block]):
            last, is_below_heading = blocks[-1], False
        elif line and _HEADING.match(line_text(line)):
            is_below_heading = True


def _next_blocks(lines: Lines) -> dict[int, tuple[BlockId | None, BlockId | None]]:
    """By line, the next block before a heading, and the next one at all."""
    found: dict[int, tuple[BlockId | None, BlockId | None]] = {}
    below: BlockId | None = None
    anywhere: BlockId | None = None
    for number in reversed(range(len(lines))):
        line = lines[number] or ()
        if blocks := [part.block for part in line if part.block]:
            below = anywhere = blocks[0]
        elif _HEADING.match(line_text(line)):
            below = None
        found[number] = below, anywhere
    return found
