"""
Slack's formatting in texts: code, bold, italics, strikethrough and quotes.

Texts are stored as they were typed, with `*`, `_`, `~`, backticks and `>`; the renderers beside this module show them.
Marks that format nothing by Slack's rules (`2 * 3 * 4`, `snake_case`, an unclosed fence) stay text. Bullets and numbers
of lists are text, too: they read the same everywhere.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from bot.domain.text.markdown_escape import LINE_BREAK, remove_controls


class Style(StrEnum):
    """A style; the value is its mark in Slack."""

    BOLD = "*"
    ITALIC = "_"
    STRIKE = "~"


@dataclass(frozen=True, slots=True)
class Text:
    text: str


@dataclass(frozen=True, slots=True)
class Code:
    """Inline code. Typed code has no backticks in it, a line of a fence may."""

    text: str


@dataclass(frozen=True, slots=True)
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
_MARK = re.compile("[*_~`]")
_FENCE = re.compile(r"```(?!\s*```)(.*?)```", re.DOTALL)
_QUOTE = re.compile(r"\s*>(?![>=]) ?(?=.*\S)")
_BEFORE = r"\s(\[{\"'“‘«–—"
"""Signs after which a style may open."""
_AFTER = r"\s)\]}\"'”’»–—.,:;!?…"
"""Signs before which a style may close."""


def _styled_pattern(name: str, mark: str) -> str:
    """A style ends at its next mark; one inside a word or inside code ends nothing."""
    content = rf"(?:[^{mark}`]|(?<=\w){mark}(?=\w)|`[^`]+`)++"
    return rf"(?<![^{_BEFORE}]){mark}(?![\s{mark}])(?P<{name}>{content})(?<![\s{mark}]){mark}(?![^{_AFTER}])"


_SPAN = re.compile(
    "|".join(
        ["(?<!`)`(?P<code>[^`]+)`(?!`)"] + [_styled_pattern(style.name, re.escape(style.value)) for style in Style]
    )
)


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
    """The formatting in one line of text."""
    if not _MARK.search(line):  # most lines have none
        return [Text(line)] if line else []
    spans: list[Span] = []
    end = 0
    for found in _SPAN.finditer(line):
        name = found.lastgroup or ""
        if not found[name].strip():  # a blank between two backticks
            continue
        if found.start() > end:
            spans.append(Text(line[end : found.start()]))
        spans.append(Code(found["code"]) if name == "code" else Styled(Style[name], tuple(parse_spans(found[name]))))
        end = found.end()
    return [*spans, Text(line[end:])] if end < len(line) else spans


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
