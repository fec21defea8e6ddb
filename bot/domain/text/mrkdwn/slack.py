"""
Texts of Slack as markup for Slack: their formatting is kept, and nothing else acts.

Nobody is notified and nothing is linked, because `<` and `>` are escaped. An invisible joiner after a mark that formats
nothing keeps it from forming a pair with another one; there is none in code.
"""

import re
from collections.abc import Iterator, Sequence

from bot.domain.text.mrkdwn.parser import (
    FENCE_MARK,
    Block,
    Code,
    Fence,
    Span,
    Styled,
    Text,
    parse_blocks,
    parse_one_line,
    parse_spans,
)

WORD_JOINER = "\u2060"
ELLIPSIS = "…"
_FORMATTING = re.compile(r"(?<!\w)[*_~`]|[*_~`](?!\w)")
_CODE = re.compile(r"(?<!`)(`[^`\n]*[^`\s][^`\n]*`)(?!`)")


def escape_angles(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def escape_marks(text: str) -> str:
    """Escape a text in which nothing is formatted."""
    return _FORMATTING.sub(lambda found: found[0] + WORD_JOINER, escape_angles(text))


def escape_all_but_code(text: str) -> str:
    """Escape a text in which nothing but inline code is formatted."""
    parts = _CODE.split(text) if "`" in text else [text]
    return "".join(escape_angles(part) if place % 2 else escape_marks(part) for place, part in enumerate(parts))


def render_slack(text: str, limit: int, *, prefix: str = "", max_lines: int = 100) -> str:
    """
    All lines of a text in at most `limit` characters of markup.

    A text that is cut ends in an ellipsis, and code in it is closed. `prefix` (`>`) is put before each line of text and
    not before fences: Slack shows no code in a quote.
    """
    shown = [block for block in parse_blocks(text) if isinstance(block, Fence) or block.text.strip()]
    lines = [_parse_line(block) for block in shown[: max_lines + 1]]  # the last one only tells that there are more
    room = limit
    while len(rendered := "\n".join(_render_lines(lines, room, prefix, max_lines))) > limit and room > 1:
        room = max(1, room - max(1, (len(rendered) - limit) // 5))
    return rendered


def _parse_line(block: Block) -> Fence | list[Span]:
    """A fence, or the spans of a line, with the sign of a quote as text."""
    if isinstance(block, Fence):
        return block
    return [*([Text("> ")] if block.is_quote else []), *parse_spans(block.text.strip())]


def _render_lines(lines: Sequence[Fence | list[Span]], room: int, prefix: str, max_lines: int) -> Iterator[str]:
    """Lines and fences until the room is used up; the last one says so."""
    for line in lines:
        if room == 0 or max_lines <= 0:
            yield prefix + ELLIPSIS
            return
        if isinstance(line, Fence):
            code = _cut_lines(line.lines, room, max_lines)
            yield "\n".join([FENCE_MARK, *map(escape_angles, code), FENCE_MARK])
            max_lines -= len(code)
            room = -1 if code != list(line.lines) else max(0, room - sum(len(each) + 1 for each in code))
        else:
            spans, room = _cut_spans(line, room)
            yield prefix + _render_spans(spans)
            max_lines -= 1
            room = max(0, room - 1) if room >= 0 else room
        if room < 0:
            return


def _cut_lines(lines: Sequence[str], room: int, max_lines: int) -> list[str]:
    kept: list[str] = []
    for line in lines:
        if len(kept) == max_lines or room <= 0:
            return [*kept, ELLIPSIS]
        kept.append(_cut(line, room))
        room -= len(line) + 1
        if len(kept[-1]) < len(line):
            return kept
    return kept


def render_slack_line(text: str, length: int, limit: int) -> str:
    """A text on one line, in `length` visible characters and `limit` characters of markup."""
    spans = parse_one_line(text)
    room = length
    while len(rendered := _render_spans(_cut_spans(spans, room)[0])) > limit and room > 1:
        room = max(1, room - max(1, (len(rendered) - limit) // 5))
    return rendered


def _render_spans(spans: Sequence[Span]) -> str:
    parts = []
    for span in spans:
        match span:
            case Text(text):
                parts.append(escape_marks(text))
            case Code(text):
                # Inline code cannot hold a backtick; a line of a fence with one is read as a line of text.
                parts.append(_render_spans(parse_spans(text)) if "`" in text else f"`{escape_angles(text)}`")
            case _:
                parts.append(f"{span.style}{_render_spans(span.spans)}{span.style}")
    return "".join(parts)


def _cut_spans(spans: Sequence[Span], room: int) -> tuple[list[Span], int]:
    """
    The spans that fit into `room` visible characters, and the room that is left.

    It is -1 if something was cut.
    """
    kept: list[Span] = []
    for span in spans:
        if room == 0:
            return [*kept, Text(ELLIPSIS)], -1
        if isinstance(span, Styled):
            inner, room = _cut_spans(span.spans, room)
            kept.append(Styled(span.style, tuple(inner)))
        else:
            kept.append(type(span)(_cut(span.text, room)))
            room = room - len(span.text) if len(span.text) <= room else -1
        if room < 0:
            break
    return kept, room


def _cut(text: str, room: int) -> str:
    return text if len(text) <= room else text[: room - 1].rstrip() + ELLIPSIS
