"""Texts of Slack as Markdown: their formatting is kept, everything else is escaped."""

import re
from collections.abc import Iterator, Mapping, Sequence

from bot.domain.text.markdown_escape import (
    FIRST,
    HARMLESS,
    Markdown,
    escape_line,
    escape_markdown,
    escape_part,
    is_plain,
    remove_controls,
)
from bot.domain.text.mrkdwn.parser import (
    AFTER,
    BEFORE,
    Code,
    Fence,
    Line,
    Span,
    Style,
    Text,
    may_be_formatted,
    parse_blocks,
    parse_one_line,
    parse_spans,
)

INDENT = "  "
"""Of further lines in an item of a list."""
_MARKED = re.compile(r"[*_~`>]")
_MARKS: Mapping[str, str] = {Style.BOLD: "**", Style.ITALIC: "_", Style.STRIKE: "~~"}
_ONE_STYLE = re.compile(
    rf"({FIRST}{HARMLESS}*+(?<=[{BEFORE}])|)([*_~])(?! )({HARMLESS}++)(?<! )\2((?=[{AFTER}]){HARMLESS}++(?<! )|)"
)
"""One style in a line in which nothing is escaped: as `parse_spans` reads it, in a tenth of the time."""
_TICKS = re.compile("`+")
_BLOCK_END = re.compile(r"\n[ >]*(?:`{3,}|>)\Z")
"""The end of a fence or of a quote, as this module writes them. In a text a line of these signs would be escaped."""
_TAB = 4


def render_markdown(text: str, indent: str = INDENT) -> Markdown:
    """
    All lines of a text; those after the first stay in the list item so indented.

    A fence or a quote is on separate lines, so a text may begin with a line break. `join_markdown` puts such a
    text beside others.
    """
    if is_plain(text):
        return Markdown(text)
    if not text.isprintable():
        text = remove_controls(text)  # a mark behind one is at the start of a word
    if not _MARKED.search(text) or not may_be_formatted(text):
        return escape_markdown(text, indent=indent)
    if simple := _ONE_STYLE.fullmatch(text):
        before, style, styled, after = simple.groups()
        mark = _MARKS[style]
        return Markdown(f"{before}{mark}{styled}{mark}{after}")
    if text.isprintable() and "`" not in text and ">" not in text:  # one line without blocks
        return Markdown(_render_spans(parse_spans(text.strip()), is_start=True))
    rendered, is_after_block = "", False
    for lines, is_block in _render_blocks(text):
        if is_block or is_after_block:
            rendered += f"\n{indent}"
        elif rendered:
            rendered += f"  \n{indent}"
        rendered += "\n".join(f"{indent}{line}" if line else "" for line in lines).removeprefix(indent)
        is_after_block = is_block
    return Markdown(rendered)


def _render_blocks(text: str) -> Iterator[tuple[list[str], bool]]:
    """The lines of each block, and whether it is a fence or a quote. Blank lines are left out."""
    quote: list[str] = []
    for block in parse_blocks(text):
        if isinstance(block, Fence):
            rendered = _render_fence(block)
        elif not block.text.strip():
            continue
        elif block.is_quote:
            quote.append(f"> {_render_line(block)}")
            continue
        else:
            rendered = [_render_line(block)]
        if quote:
            yield _close_quote(quote), True
            quote = []
        yield rendered, isinstance(block, Fence)
    if quote:
        yield _close_quote(quote), True


def _close_quote(lines: list[str]) -> list[str]:
    """An empty line of the quote keeps the text below out of it."""
    return [*(f"{line}  " for line in lines[:-1]), lines[-1], ">"]


def _render_fence(block: Fence) -> list[str]:
    """
    Code in a fence that is longer than any backticks in it.

    Tabs become blanks, because readers of Markdown disagree on tabs in a list.
    """
    longest = max((len(ticks) for line in block.lines for ticks in _TICKS.findall(line)), default=0)
    fence = "`" * max(3, longest + 1)
    return [fence, *(line.expandtabs(_TAB) for line in block.lines), fence]


def _render_line(line: Line) -> str:
    return _render_spans(parse_spans(line.text.strip()), is_start=True)


def _render_spans(spans: Sequence[Span], *, is_start: bool = False, in_table: bool = False) -> str:
    parts: list[str] = []
    for span in spans:
        if isinstance(span, Text):
            parts.append(escape_part(span.text) if parts or not is_start else escape_line(span.text))
        elif isinstance(span, Code):
            parts.append(_render_code(span.text.replace("|", r"\|") if in_table else span.text))
        else:
            mark = _MARKS[span.style]
            parts.append(f"{mark}{_render_spans(span.spans, in_table=in_table)}{mark}")
    return "".join(parts)


def _render_code(text: str) -> str:
    """Inline code between as many backticks as it needs."""
    ticks = "`" * (max(map(len, _TICKS.findall(text)), default=0) + 1)
    is_padded = text[0] in "` " and text[-1] in "` "
    pad = " " if is_padded or "`" in (text[0], text[-1]) else ""
    return f"{ticks}{pad}{text}{pad}{ticks}"


def render_markdown_line(text: str, *, in_table: bool = False) -> Markdown:
    """
    A text on one line.

    `in_table`: for the cell of a table, in which a bar in code is escaped, too.
    """
    if not _MARKED.search(text):
        return escape_markdown(text)
    return Markdown(_render_spans(parse_one_line(text), is_start=True, in_table=in_table))


def join_markdown(parts: Sequence[str], separator: str = " ", indent: str = INDENT) -> str:
    """
    Join parts into one text.

    A new line takes the place of the separator after a fence or a quote.
    """
    on_one_line = separator.join(parts)
    if "\n" not in on_one_line:
        return on_one_line
    joined = ""
    for part in parts:
        if joined and not part.startswith("\n"):
            joined += f"\n{indent}" if _BLOCK_END.search(joined) else separator
        joined += part
    return joined
