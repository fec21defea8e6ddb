"""
Plain text as Markdown that shows exactly that text.

Escaped is what CommonMark or GitHub's dialect would act upon where it stands, and no more: drafts are also read raw, in
Slack's file preview and in terminals, and a backslash before every full stop would spoil them.
"""

import re
from typing import Self
from urllib.parse import quote


class Markdown(str):
    """Text that is Markdown already: it is put into a document as it is."""

    __slots__ = ()

    def __add__(self, other: str) -> Self:
        return type(self)(str.__add__(self, other if isinstance(other, Markdown) else escape(other)))


_BREAK = re.compile(r"\r\n|[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]")
# The second row turns the writing direction of what follows: a way to show one thing and say another.
_CONTROL = re.compile(
    r"[\x00-\x08\x0e-\x1b\x1f\x7f"
    r"\u202a-\u202e\u2066-\u2069]"
)

# In the order in which they have to be done: what escapes comes before what is escaped.
_BACKSLASH = re.compile(r"\\(?=[!-/:-@\[-`{-~]|$)")  # before anything else it is only a backslash
_ENTITY = re.compile(r"&(?=#?\w+;)")
_ANYWHERE = (("<", "&lt;"), *((mark, f"\\{mark}") for mark in "`*[]|~"))
_UNDERSCORE = re.compile(r"(?<![^\W_])_|_(?![^\W_])")  # inside a word it marks nothing
_CLOSING = re.compile(r"(?<=\s)#(?=#*$)")  # closes a heading

_STARTS = frozenset("-+=#>:0123456789")
_START = re.compile(
    r"(?P<number>\d{1,9})(?P<dot>[.)])(?=\s|$)|(?P<mark>[-+](?=\s|$|[-+\s]*$)|[=-]+\s*$|\#{1,6}(?=\s|$)|>|:(?=-))"
)

_SAFE_LINK = re.compile(r"https?://[\w.~:/?#@!$&'*+,=%\-]+", re.ASCII)
_LINK = re.compile(r"(?i:https?)://[^\s/]")


def lines_of(text: str) -> list[str]:
    """The lines that say something, without the blanks around them and without control characters."""
    if _CONTROL.search(text):
        text = _CONTROL.sub("", text)
    return [line for line in (part.strip() for part in _BREAK.split(text)) if line]


def escape(text: str, *, indent: str | None = None) -> Markdown:
    """
    The text as Markdown that shows it and nothing else.

    Lines become one, or with `indent` lines of their own that stay in the list item so indented; empty ones go.
    """
    if text.isprintable() and text[:1] != " " != text[-1:]:  # one line, with nothing to strip
        return Markdown(_escaped(text))
    lines = [_escaped(line) for line in lines_of(text)]
    return Markdown(" ".join(lines) if indent is None else f"  \n{indent}".join(lines))


def _escaped(line: str) -> str:
    if "\\" in line:
        line = _BACKSLASH.sub(r"\\\\", line)
    if "&" in line:
        line = _ENTITY.sub("&amp;", line)
    for mark, shown in _ANYWHERE:
        if mark in line:
            line = line.replace(mark, shown)
    if "_" in line:
        line = _UNDERSCORE.sub(r"\\_", line)
    if line[-1:] == "#":
        line = _CLOSING.sub(r"\\#", line)
    return _started(line) if line[:1] in _STARTS else line


def _started(line: str) -> str:
    start = _START.match(line)
    if start is None:
        return line
    if start["number"]:
        return f"{start['number']}\\{line[start.end('number') :]}"
    return f"\\{line}"


def link(url: str | None, label: str) -> Markdown | None:
    """
    A link to a page of the web, or None where `url` is none: what an alert names as its link is the sender's word.

    `label` is put in as it is.
    """
    if url is None:
        return None
    if not _SAFE_LINK.fullmatch(url):
        if not _LINK.match(url):
            return None
        url = _ENTITY.sub("&amp;", quote(url, safe=":/?#@!$&'*+,;=%~-._", errors="replace"))
    return Markdown(f"[{label}]({url})")
