"""
Convert a draft to the Markdown dialect of Slack canvases.

Three heading levels, no list in a quotation, at most 300 cells in a table; Slack refuses a canvas that breaks a rule.
Source: docs.slack.dev/surfaces/canvases. Code and quotations in a list are not documented: they are put between lists.
Neither are reference links: each has its address in its place.
"""

import re
from collections.abc import Iterator, Mapping

from bot.domain.drafting.document.anchors import remove_anchors

MAX_BYTES = 300_000
"""Slack accepts 1 MiB a change; a text is up to three times as long in JSON."""
MAX_TABLE_CELLS = 300
CONTINUATION = "[…]({link})"

_FENCE = re.compile(r"(\s*)(`{3,}(?!.*`)|~{3,})")
_QUOTE_IN_LIST = re.compile(r"^\s+(?=>)")
_DEEP_HEADING = re.compile(r"#{4,6}(?=\s)")
_LIST_IN_QUOTE = re.compile(r"^(?:\s{0,3}>)++\s*+(?=(?:[-*+]|\d{1,9}[.)])(?:\s|$))")
_ROW = re.compile(r"\s*\|.*\|\s*")
_RULE = re.compile(r"\s*\|[\s|:-]+\|\s*")
_DEFINITION = re.compile(r"^\[(\d{1,9})\]: (\S+)$", re.MULTILINE)
_REFERENCE = re.compile(r"(?:(?<!`)|(?<=\\`))(?P<ticks>`++).*?(?<!`)(?P=ticks)(?!`)|(?<!\\)\[\[(?P<number>\d{1,9})\]\]")
"""Code, which is left unchanged, or a reference to a source."""
_CELL = re.compile(r"(?<!\\)\|")


def canvas_markdown(markdown: str, link: str) -> str:
    """Convert a document. `link`: to the full document, for one that is truncated."""
    return truncate_markdown(remove_anchors(convert_beginning(markdown)), link)


def link_picture(markdown: str, reference: str, address: str) -> str:
    """Link the incident's picture below the title; unchanged for an empty address."""
    title, line_break, rest = markdown.partition("\n")
    return f"{title}{line_break}\n[Picture of {reference}]({address})\n{rest}" if address else markdown


def convert_beginning(markdown: str) -> str:
    """
    Convert a document with anchors, as far as a canvas takes it.

    Of a longer one, so much that it is truncated at the same place.
    """
    lines, size = [], 0
    for line in _split_tables(_convert_dialect(markdown)):
        lines.append(line)
        size += len(remove_anchors(line).encode()) + 1
        if size > MAX_BYTES + 1:
            break
    return "\n".join(lines)


def _convert_dialect(markdown: str) -> Iterator[str]:
    fence, indent = "", ""
    addresses = dict(_DEFINITION.findall(markdown))
    for line in markdown.splitlines():
        if mark := _match_fence(line, fence):
            fence, indent = "" if fence else mark[2], indent if fence else mark[1]
            yield line.lstrip()
        elif fence:
            yield line.removeprefix(indent)
        elif not _DEFINITION.fullmatch(line):
            shown = _link_references(line, addresses) if "[[" in line else line
            yield _LIST_IN_QUOTE.sub("", _DEEP_HEADING.sub("###", _QUOTE_IN_LIST.sub("", shown)))


def _link_references(line: str, addresses: Mapping[str, str]) -> str:
    """Give each reference its address: `[[3](https://…)]`."""

    def linked(found: re.Match[str]) -> str:
        address = addresses.get(found["number"] or "")
        return f"[[{found['number']}]({address})]" if address else found[0]

    return _REFERENCE.sub(linked, line)


def _match_fence(line: str, fence: str) -> re.Match[str] | None:
    """Match a line that opens a code block, or closes that of `fence`."""
    mark = _FENCE.match(line)
    return mark if mark and (not fence or mark[2].startswith(fence)) else None


def _split_tables(lines: Iterator[str]) -> Iterator[str]:
    """Split tables with too many cells, and repeat the header row."""
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
        elif cells + width > MAX_TABLE_CELLS and _RULE.fullmatch(head[1]):
            yield ""
            yield from head
            cells = width  # of the header row
        cells += 0 if _RULE.fullmatch(line) else width
        yield line


def truncate_markdown(markdown: str, link: str) -> str:
    """Truncate at a line end, with a link. Code that is cut is closed."""
    if len(markdown.encode()) <= MAX_BYTES:
        return markdown
    kept = markdown.encode()[:MAX_BYTES].decode(errors="ignore").rpartition("\n")[0]
    fence = ""
    for line in kept.splitlines():
        if mark := _match_fence(line, fence):
            fence = "" if fence else mark[2]
    return "\n".join([kept, *([fence] if fence else []), "", CONTINUATION.format(link=link), ""])
