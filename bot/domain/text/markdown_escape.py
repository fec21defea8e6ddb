"""
Escaping of plain text for Markdown.

Only what CommonMark or GitHub's dialect would act on in its place is escaped: drafts are also read raw, in Slack's file
preview and in terminals, and a backslash before every full stop would spoil them.
"""

import re
from typing import Self
from urllib.parse import quote


class Markdown(str):
    """Text that is Markdown already, and goes into a document unescaped."""

    __slots__ = ()

    def __add__(self, other: str) -> Self:
        return type(self)(str.__add__(self, other if isinstance(other, Markdown) else escape_markdown(other)))


LINE_BREAK = re.compile(r"\r\n|[\r\n\v\f\x1c-\x1f\x85\u2028\u2029]")
# The second row are direction controls: a way to show one thing and say another.
_CONTROL = re.compile(
    r"[\x00-\x08\x0e-\x1b\x7f"
    r"\u202a-\u202e\u2066-\u2069]"
)

# In the order of application: what escapes comes before what is escaped.
_BACKSLASH = re.compile(r"\\(?=[!-/:-@\[-`{-~]|$)")  # before anything else it escapes nothing
_ENTITY = re.compile(r"&(?=#?\w+;)")
_ANYWHERE = (("<", "&lt;"), *((mark, f"\\{mark}") for mark in "`*[]|~"))
_UNDERSCORE = re.compile(r"_(?:(?<![^\W_]_)|(?![^\W_]))")  # inside a word it marks nothing
_CLOSING = re.compile(r"(?<=\s)#(?=#*$)")  # closes a heading

_STARTS = frozenset("-+=#>:0123456789")
_START = re.compile(
    r"(?P<number>\d{1,9})(?P<dot>[.)])(?=\s|$)|(?P<mark>[-+](?=\s|$|[-+\s]*$)|[=-]+\s*$|\#{1,6}(?=\s|$)|>|:(?=-))"
)

HARMLESS = r"[A-Za-z0-9À-ɏ ,.;:'\"()/%?!@$=+’“”«»…—–-]"
"""A sign that is never escaped behind the first one of a line."""
FIRST = "[A-Za-zÀ-ɏ@]"
"""A sign that is not escaped at the start of a line either."""
_PLAIN = re.compile(rf"{FIRST}{HARMLESS}*+(?:(?<=[A-Za-z0-9])_(?=[A-Za-z0-9]){HARMLESS}++)*+(?<! )")
"""One line in which nothing is escaped, as most texts are: names in it may be like `snake_case`."""

_SAFE_LINK = re.compile(r"https?://[\w.~:/?#@!$&'*+,=%\-]+", re.ASCII)
_LINK = re.compile(r"(?i:https?)://[^\s/]")


def remove_controls(text: str) -> str:
    """Remove what nobody sees and readers act upon. Line breaks and tabs stay."""
    return _CONTROL.sub("", text) if _CONTROL.search(text) else text


def visible_lines(text: str) -> list[str]:
    """The lines that are not empty, without surrounding blanks and control characters."""
    return [line for line in (part.strip() for part in LINE_BREAK.split(remove_controls(text))) if line]


def is_plain(text: str) -> bool:
    """Return whether a text is one line that has nothing to escape. False says nothing."""
    return _PLAIN.fullmatch(text) is not None


def escape_markdown(text: str, *, indent: str | None = None) -> Markdown:
    """
    Escape a text as one line; with `indent`, as lines that stay in the list item so indented.

    Empty lines are dropped.
    """
    if is_plain(text):
        return Markdown(text)
    if text.isprintable() and text[:1] != " " != text[-1:]:  # one line, with nothing to strip
        return Markdown(escape_line(text))
    lines = [escape_line(line) for line in visible_lines(text)]
    return Markdown(" ".join(lines) if indent is None else f"  \n{indent}".join(lines))


def escape_line(line: str) -> str:
    """Escape one line, which may begin a block of Markdown at its start."""
    line = escape_part(line)
    return _escape_start(line) if line[:1] in _STARTS else line


def escape_part(line: str) -> str:
    """Escape a part of a line that does not begin it."""
    if "\\" in line:
        line = _BACKSLASH.sub(r"\\\\", line)
    if "&" in line:
        line = _ENTITY.sub("&amp;", line)
    for mark, shown in _ANYWHERE:
        if mark in line:
            line = line.replace(mark, shown)
    if "_" in line and _UNDERSCORE.search(line):
        line = _UNDERSCORE.sub(r"\\_", line)
    if line[-1:] == "#":
        line = _CLOSING.sub(r"\\#", line)
    return line


def _escape_start(line: str) -> str:
    start = _START.match(line)
    if start is None:
        return line
    if start["number"]:
        return f"{start['number']}\\{line[start.end('number') :]}"
    return f"\\{line}"


def web_address(url: str | None) -> str | None:
    """A web address for a link in Markdown; None if `url`, which senders supply, is none."""
    if url is None or _SAFE_LINK.fullmatch(url):
        return url
    if not _LINK.match(url):
        return None
    return _ENTITY.sub("&amp;", quote(url, safe=":/?#@!$&'*+,;=%~-._", errors="replace"))


def markdown_link(url: str | None, label: str) -> Markdown | None:
    """A link to a web page; None if `url` is not a web address. `label` goes in unescaped."""
    address = web_address(url)
    return None if address is None else Markdown(f"[{label}]({address})")
