"""Match the lines of an edited canvas with those of its copy."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import takewhile

from bot.domain.drafting.document.blocks import BlockId
from bot.domain.drafting.document.canvas_copy import CanvasLine, CanvasPart, join_parts, line_text
from bot.domain.drafting.document.text_changes import compare_lists, find_equal_runs
from bot.lazy_dataclass import dataclass

LIKENESS = 0.5
"""Share of pairs of letters that two lines have in common if one was made from the other."""
MAX_COMPARISONS = 2_500
"""Lines before times lines after. Of more, only those with the same words are matched."""
MAX_LETTERS = 1_000
"""Letters of a line that are compared with those of others."""
_TOKEN = re.compile(r"[^\W_]+|\s+|.")


@dataclass(slots=True)
class MatchedLines:
    """
    Each line of the content with its parts; None for a new one.

    `is_held_back`: it cannot be told whether a new line has words that were redacted.
    """

    lines: list[CanvasLine | None]
    is_held_back: bool = False


@dataclass(frozen=True, slots=True)
class _Hunk:
    """Lines between those that are unchanged, without blank ones: before, and now by number."""

    old: Sequence[CanvasLine]
    new: dict[int, str]


def match_lines(before: Sequence[CanvasLine], now: Sequence[str]) -> MatchedLines:
    matched = MatchedLines([None] * len(now))
    keys, texts = [_line_key(number, line) for number, line in enumerate(before)], [line.rstrip() for line in now]
    start = _common_length(keys, texts)
    end = _common_length(keys[start:][::-1], texts[start:][::-1])
    mine, theirs = keys[start : len(keys) - end], texts[start : len(texts) - end]
    matched.lines[:start] = before[:start]
    matched.lines[len(now) - end :] = before[len(before) - end :]
    hunks: list[_Hunk] = []
    for is_equal, ours, their in compare_lists(mine, theirs, lambda text: not text):
        known = before[start + ours.start : start + ours.stop]
        if is_equal:
            matched.lines[start + their.start : start + their.stop] = known
            continue
        old = [line for line in known if _is_cleared(line) or line_text(line).strip()]
        new = {n: now[n] for n in range(start + their.start, start + their.stop) if now[n].strip()}
        hunks.append(_Hunk(old, new))
    matched.is_held_back = not _find_cleared(matched, hunks) and any(hunk.new for hunk in hunks)
    for hunk in hunks:
        owned = [line for line in hunk.old if not _is_cleared(line) and any(part.block for part in line)]
        for line, number in _pair_lines(owned, hunk.new):
            matched.lines[number] = merge_line(line, hunk.new[number])
    return matched


def merge_line(line: CanvasLine, text: str) -> CanvasLine:
    """A changed line. New words belong to the block in or after which they stand."""
    old = [(token, part.block) for part in line for token in _TOKEN.findall(part.text)]
    new = _TOKEN.findall(text)
    parts: list[CanvasPart] = []
    owners = [block for _, block in old]
    for is_equal, ours, theirs in compare_lists([token for token, _ in old], new):
        if is_equal:
            parts += [CanvasPart(token, block) for token, block in old[ours]]
            continue
        added = "".join(new[theirs])
        owner = _find_owner(owners, ours.start, ours.stop)
        is_insert = ours.start == ours.stop
        if is_insert and parts and parts[-1] == CanvasPart(new[theirs.stop - 1]) and parts[-1].text.isspace():
            blank = parts.pop()  # the blank before a reference: the words came before it
            parts += [CanvasPart(blank.text + added.removesuffix(blank.text), owner), blank]
        elif added:
            parts.append(CanvasPart(added, owner))
    return tuple(join_parts(parts))


def _find_owner(owners: Sequence[BlockId | None], start: int, end: int) -> BlockId | None:
    """The block of the replaced words, else the nearest one of the line."""
    beside = [*owners[start:end], *owners[end : end + 1], *owners[:start][::-1], *owners[end:]]
    if start == end and start > 0:
        beside.insert(0, owners[start - 1])
    return next((block for block in beside if block is not None), None)


def _likeness(mine: Counter[str], theirs: Counter[str]) -> float:
    """Share of common pairs of letters, 0 to 1."""
    total = mine.total() + theirs.total()
    return 2 * (mine & theirs).total() / total if total else 0.0


def _pairs(text: str) -> Counter[str]:
    letters = "".join(text[: 2 * MAX_LETTERS].split()).lower()[:MAX_LETTERS]
    return Counter(letters[n : n + 2] for n in range(len(letters) - 1))


def _line_key(number: int, line: CanvasLine) -> str:
    """The text by which a line is compared. One that was redacted is like no other."""
    return f"\x00{number}" if _is_cleared(line) else line_text(line).rstrip()


def _is_cleared(line: CanvasLine) -> bool:
    return any(part.is_cleared for part in line)


def _common_length(one: Sequence[str], other: Sequence[str]) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _find_cleared(matched: MatchedLines, hunks: Sequence[_Hunk]) -> bool:
    """
    Take redacted lines out of the new ones: unchanged, edited or moved.

    Returns False if one is not found. A person removed it, or wrote it in another way.
    """
    is_complete = True
    for hunk in hunks:
        in_order = list(hunk.new) if len(hunk.old) == len(hunk.new) else []
        if len(hunk.new) > len(hunk.old) and any(map(_is_cleared, hunk.old)):  # it may have been split
            is_complete = False
        for place, line in enumerate(hunk.old):
            if not _is_cleared(line):
                continue
            found = _find_hunk(hunk, hunks, line, in_order[place : place + 1])
            is_complete = is_complete and found is not None
            if found is not None:
                matched.lines[found[1]] = line
                del found[0].new[found[1]]
    return is_complete


def _find_hunk(
    own: _Hunk, hunks: Sequence[_Hunk], line: CanvasLine, expected: Sequence[int]
) -> tuple[_Hunk, int] | None:
    """Hunk and number of a redacted line. One without any layout is known by its place alone."""
    known = _known_pieces(line)
    for number in expected:
        if number in own.new and _has_pieces(own.new[number], known):
            return own, number
    if not line_text(line).strip(" -*+>|"):
        return None
    return next(((hunk, n) for hunk in [own, *hunks] for n, text in hunk.new.items() if _has_pieces(text, known)), None)


def _known_pieces(line: CanvasLine) -> list[str]:
    """The texts before, between and behind the redacted parts of a line."""
    pieces = [""]
    for part in line:
        if part.is_cleared:
            pieces.append("")
        else:
            pieces[-1] += part.text
    return pieces


def _has_pieces(text: str, pieces: Sequence[str]) -> bool:
    """
    True if a line begins and ends with the outer pieces and has the others between them.

    They come in order. Each is taken where it comes first, which is enough. A regular expression would try every place
    of each.
    """
    first, *between, last = pieces
    text, last = text.rstrip(), last.rstrip()
    at, end = len(first), len(text) - len(last)
    if end < at or not (text.startswith(first) and text.endswith(last)):
        return False
    for piece in between:
        at = text.find(piece, at, end)
        if at < 0:
            return False
        at += len(piece)
    return True


def _pair_lines(old: Sequence[CanvasLine], new: Mapping[int, str]) -> Iterator[tuple[CanvasLine, int]]:
    """Pairs of lines in order that are most alike; two single lines are one."""
    numbers = list(new)
    if len(old) == 1 and len(new) == 1:
        yield old[0], numbers[0]
        return
    texts = [line_text(line) for line in old]
    if len(old) * len(new) > MAX_COMPARISONS:
        for start, their_start, size in find_equal_runs([*map(_words, texts)], [*map(_words, new.values())]):
            yield from zip(old[start : start + size], numbers[their_start : their_start + size], strict=True)
        return
    best = [[0.0] * (len(new) + 1) for _ in range(len(old) + 1)]
    their_pairs = [_pairs(text) for text in new.values()]
    alike = [[_likeness(mine, theirs) for theirs in their_pairs] for mine in map(_pairs, texts)]
    for i in reversed(range(len(old))):
        for j in reversed(range(len(new))):
            paired = alike[i][j] + best[i + 1][j + 1] if alike[i][j] >= LIKENESS else 0.0
            best[i][j] = max(paired, best[i + 1][j], best[i][j + 1])
    i = j = 0
    while i < len(old) and j < len(new):
        if alike[i][j] >= LIKENESS and best[i][j] == alike[i][j] + best[i + 1][j + 1]:
            yield old[i], numbers[j]
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            i += 1
        else:
            j += 1


def _words(text: str) -> str:
    return " ".join(re.findall(r"\w+", text))
