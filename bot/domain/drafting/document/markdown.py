"""Markdown that people write in a document, made safe to stand in a block."""

import re

from bot.domain.text.markdown_escape import LINE_BREAK, Markdown, remove_controls
from bot.domain.text.mrkdwn.markdown import INDENT

_FENCE = re.compile(r"^[ >]*(?P<marks>`{3,}|~{3,})(?P<rest>.*)$")
_SPAN = re.compile(r"(?:(?<!`)|(?<=\\`))(?P<ticks>`++).*?(?<!`)(?P=ticks)(?!`)")
_IMAGE = re.compile(r"(?<!\\)!(?=\[)")
_DEFINITION = re.compile(r"^(?P<indent>(?:[ >\t]|[-+*](?=\s)|\d{1,9}[.)](?=\s))*)\[(?=[^\]]*(?:\]:|$))")
_LIST_OR_HEADING = r"(?:[-+*]|#{1,6}|\d{1,9}[.)])(?=\s|$)"
_RULE = r"(?:=+|-+|[*_](?:\s*[*_]){2,})\s*$"
_BLOCK_LINE = re.compile(rf"\s*(?:{_LIST_OR_HEADING}|{_RULE}|[>|]|`{{3}}|~{{3}})|\s{{4}}")
"""A line that is no text of a paragraph. `**17:40** text` and `#42` are text."""
_MARKUP = re.compile(r"<(?=[A-Za-z/!?@#])")


def clean_markdown(text: str) -> str:
    """
    Make a person's Markdown safe to stand among other blocks.

    HTML and Slack's own markup are shown as typed, images become links, definitions of links are text (they could
    change where sources lead), an open code block is closed. What is clean is unchanged.
    """
    lines = [line.rstrip("\t") for line in LINE_BREAK.split(remove_controls(text))]
    while lines and not lines[0].strip():
        lines.pop(0)
    while lines and not lines[-1].strip():
        lines.pop()
    cleaned, fence = [], ""
    for line in lines:
        found = _FENCE.match(line)
        if found and not fence and found["marks"][0] == "`" and "`" in found["rest"]:
            found = None
        if found and not fence:
            fence = found["marks"]
        elif found and found["marks"].startswith(fence) and not found["rest"].strip():
            fence = ""
        cleaned.append(line if fence or found else _clean_line(line))
    return "\n".join([*cleaned, *([fence] if fence else [])]).strip()


def _clean_line(line: str) -> str:
    line = _DEFINITION.sub(r"\g<indent>\\[", line)
    parts, place = [], 0
    for code in _SPAN.finditer(line):
        parts += [_clean_text(line[place : code.start()]), code[0]]
        place = code.end()
    return "".join([*parts, _clean_text(line[place:])])


def _clean_text(text: str) -> str:
    return _IMAGE.sub(r"\!", _MARKUP.sub("&lt;", text))


def indent_markdown(text: str) -> Markdown:
    """All lines of a block; those after the first stay in the list item so indented."""
    return Markdown("\n".join(f"{INDENT}{line}" if line else "" for line in text.split("\n")).removeprefix(INDENT))


def end_written(text: str, marks: str) -> str:
    """Add references behind a block; below it, if it ends with a list, a table, a quote or code."""
    last = text.rpartition("\n")[2]
    if not marks:
        return text
    return f"{text}\n\n{INDENT}{marks}" if _BLOCK_LINE.match(last) else f"{text} {marks}"


def join_lines(text: str) -> Markdown:
    """A block on one line, for the cell of a table. A bar does not end the cell."""
    line = " ".join(filter(None, (each.strip() for each in text.split("\n"))))
    return Markdown(re.sub(r"(?<!\\)\|", r"\|", line))
