"""
A draft as Slack's canvases take it: Markdown in Slack's dialect.

Headings have three levels, a quotation holds no list, a table at most 300 cells; what breaks these rules is refused as
a whole. Source: docs.slack.dev/surfaces/canvases.
"""

import re
from collections.abc import Iterator

MOST_BYTES = 1_000_000
"""Slack takes 1 MiB a change; some is left for what it makes of it."""
TABLE_CELLS = 300
MORE = "[…]({link})"

_FENCE = re.compile(r"\s{0,3}(`{3,}|~{3,})")
_DEEP = re.compile(r"#{4,6}(?=\s)")
_LIST_IN_QUOTE = re.compile(r"(?:\s{0,3}>)+\s*(?=(?:[-*+]|\d{1,9}[.)])(?:\s|$))")
_ROW = re.compile(r"\s*\|.*\|\s*")
_RULE = re.compile(r"\s*\|[\s|:-]+\|\s*")
_CELL = re.compile(r"(?<!\\)\|")


def canvas_markdown(markdown: str, link: str) -> str:
    """The same document for a canvas. `link` leads to the whole, where it has to be cut."""
    return _cut("\n".join(_tables_in_parts(_in_dialect(markdown))), link)


def _in_dialect(markdown: str) -> Iterator[str]:
    fence = ""
    for line in markdown.splitlines():
        mark = _FENCE.match(line)
        if mark and (not fence or mark[1].startswith(fence)):
            fence = "" if fence else mark[1]
        yield line if fence or mark else _LIST_IN_QUOTE.sub("", _DEEP.sub("###", line))


def _tables_in_parts(lines: Iterator[str]) -> Iterator[str]:
    """A table of too many cells becomes several, each with the head of the first."""
    head: list[str] = []
    cells = 0
    for line in lines:
        if not _ROW.fullmatch(line):
            head, cells = [], 0
            yield line
            continue
        width = len(_CELL.findall(line)) - 1
        if len(head) < 2:
            head.append(line)
        elif cells + width > TABLE_CELLS and _RULE.fullmatch(head[1]):
            yield ""
            yield from head
            cells = width  # the head's; its rule has no cells
        cells += 0 if _RULE.fullmatch(line) else width
        yield line


def _cut(markdown: str, link: str) -> str:
    """At the end of a line."""
    if len(markdown.encode()) <= MOST_BYTES:
        return markdown
    kept = markdown.encode()[:MOST_BYTES].decode(errors="ignore")
    return f"{kept[: kept.rfind(chr(10))]}\n\n{MORE.format(link=link)}\n"
