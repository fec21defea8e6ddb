"""
Slack's formatting in texts: code, bold, italics, strikethrough and quotes.

Texts are stored as they were typed, with `*`, `_`, `~`, backticks and `>`; the renderers beside this module show them.
Marks that format nothing by Slack's rules (`2 * 3 * 4`, `snake_case`, an unclosed fence) stay text. Bullets and numbers
of lists are text, too: they read the same everywhere.
"""

import re
from bisect import bisect_left
from enum import StrEnum
from typing import TypeAlias

from bot.domain.text.markdown_escape import LINE_BREAK, remove_controls
from bot.lazy_dataclass import dataclass


class Style(StrEnum):
    """A style; the value is its mark in Slack."""

    __hash__ = str.__hash__  # that of `Enum` is written in Python

    BOLD = "*"
    ITALIC = "_"
    STRIKE = "~"


# Not frozen: a draft makes tens of thousands of them, and freezing takes longer than parsing.
@dataclass(slots=True)
class Text:
    text: str


@dataclass(slots=True)
class Code:
    """Inline code. Typed code has no backticks in it, a line of a fence may."""

    text: str


@dataclass(slots=True)
class Styled:
    style: Style
    spans: "tuple[Span, ...]"


Span: TypeAlias = Text | Code | Styled


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text, possibly empty; `parse_spans` finds the formatting in it."""

    text: str
    is_quote: bool = False


@dataclass(frozen=True, slots=True)
class Fence:
    """Lines of code between two fences."""

    lines: tuple[str, ...]


Block: TypeAlias = Line | Fence

FENCE_MARK = "```"
_FENCE = re.compile(r"```(?!\s*```)(.*?)```", re.DOTALL)
_QUOTE = re.compile(r"\s*>(?![>=]) ?(?=.*\S)")
BEFORE = r"\s(\[{\"'“‘«–—"
"""Signs after which a style may open."""
AFTER = r"\s)\]}\"'”’»–—.,:;!?…"
"""Signs before which a style may close."""


# Signs come first in these patterns: a search for a look-behind stops at every letter.
_OPENING = re.compile(rf"[`*_~](?:(?<=`)(?<!``)|(?<=[*_~])(?<![^{BEFORE}][*_~])(?=\S))")
_CODE = re.compile(r"`([^`]+)`(?!`)")
_CLOSING = re.compile(rf"(?<!\s)[*_~](?![^{AFTER}])")
_STYLES = {style.value: style for style in Style}
_STOPS = {style: re.compile(rf"\{style.value}(?:(?<!\w\{style.value})|(?!\w))") for style in Style}
"""Marks of a style; one inside a word is a letter."""


def may_be_formatted(text: str) -> bool:
    """Return whether it may have code, a quote or a style: `snake_case` has none."""
    return "`" in text or ">" in text or _OPENING.search(text) is not None


def parse_blocks(text: str) -> list[Block]:
    """The lines and fences of a text, without control characters and outer blank lines."""
    found: list[Block] = []
    text = remove_controls(text)
    for index, part in enumerate(_FENCE.split(text) if FENCE_MARK in text else [text]):
        lines = _trim_lines(part)
        if index % 2:
            found.append(Fence(tuple(lines)))
        elif lines:
            first = lines[0].lstrip() if index else lines[0]
            found += [_parse_line(line) for line in (first, *lines[1:])]
    return found


def _trim_lines(text: str) -> list[str]:
    """The lines without blanks at their ends, and without outer blank lines."""
    lines = [line.rstrip() for line in LINE_BREAK.split(text)]
    full = [place for place, line in enumerate(lines) if line]
    return lines[full[0] : full[-1] + 1] if full else []


def _parse_line(line: str) -> Line:
    quote = _QUOTE.match(line)
    return Line(line[quote.end() :], is_quote=True) if quote else Line(line)


def parse_spans(line: str) -> list[Span]:
    """The formatting in one line of text, in time that grows with its length."""
    opening = _OPENING.search(line)
    if opening is None:  # as in most lines
        return [Text(line)] if line else []
    spans: list[Span] = []
    marks = _Marks(line)
    done = place = 0
    while opening is not None:
        start = opening.start()
        span, place = _parse_span(line, start, marks)
        if span is not None:
            spans += [Text(line[done:start])] if start > done else []
            spans.append(span)
            done = place
        opening = _OPENING.search(line, place)
    return [*spans, Text(line[done:])] if done < len(line) else spans


def _parse_span(line: str, start: int, marks: "_Marks") -> tuple[Span | None, int]:
    """The span that opens at `start`, or None, and where to go on."""
    if line[start] == "`":
        code = _CODE.match(line, start)
        if code is None:
            return None, start + 1
        return (Code(code[1]) if code[1].strip() else None), code.end()  # a blank between two backticks is text
    style = _STYLES[line[start]]
    end = None if line[start + 1] == style else marks.find_stop(style, start + 1)
    if end is None or line[end - 1] == style or not _CLOSING.match(line, end):
        return None, start + 1
    return Styled(style, tuple(parse_spans(line[start + 1 : end]))), end + 1


class _Marks:
    """Positions of the marks in a line."""

    def __init__(self, line: str) -> None:
        self._line = line
        self._backticks = [place for place, sign in enumerate(line) if sign == "`"] if "`" in line else []
        self._stops: dict[Style, list[int]] = {}
        self._behind_code: dict[tuple[Style, int], int | None] = {}

    def find_stop(self, style: Style, start: int) -> int | None:
        """
        The first mark of the style from `start` that is outside of code.

        None if there is none, or if code opens before it and is not closed.
        """
        if not self._backticks:
            return self._first_stop(style, start)
        passed = []
        number = bisect_left(self._backticks, start)
        while (style, number) not in self._behind_code:
            stop = self._first_stop(style, start)
            if stop is not None and (number == len(self._backticks) or stop < self._backticks[number]):
                break
            passed.append((style, number))
            if number + 1 >= len(self._backticks) or self._backticks[number + 1] == self._backticks[number] + 1:
                stop = None
                break
            start = self._backticks[number + 1] + 1
            number += 2
        else:
            stop = self._behind_code[style, number]
        self._behind_code |= dict.fromkeys(passed, stop)
        return stop

    def _first_stop(self, style: Style, start: int) -> int | None:
        stops = self._stops.get(style)
        if stops is None:
            stops = self._stops[style] = [found.start() for found in _STOPS[style].finditer(self._line)]
        place = bisect_left(stops, start)
        return stops[place] if place < len(stops) else None


def parse_one_line(text: str) -> list[Span]:
    """A text as one line: each line of a fence becomes inline code, quotes lose their sign."""
    spans: list[Span] = []
    for block in parse_blocks(text):
        if isinstance(block, Fence):
            parts: list[list[Span]] = [[Code(line.strip())] for line in block.lines if line.strip()]
        else:
            parts = [parse_spans(" ".join(block.text.split()))] if block.text.strip() else []
        for part in parts:
            spans += [Text(" "), *part] if spans else part
    return spans
