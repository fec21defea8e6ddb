"""The one place where Slack's escapes and mentions are read."""

import html
import re
from collections.abc import Mapping

# `&`, `<` and `>` are escaped in what people type, so that an angle bracket always opens one of Slack's own marks.
_MARK = re.compile(r"<(?P<body>[@#!][^<>|]*|[a-z][a-z0-9+.-]*:[^<>|]*)(?:\|(?P<label>[^<>]*))?>", re.IGNORECASE)
_MENTION = re.compile(r"@([UW][A-Z0-9]*)")


def plain(text: str) -> str:
    """
    Slack's text as people read it.

    `&amp; &lt; &gt;` are the signs they stand for; a person stays `<@U1>`, without a label; a group is `@dba`, a
    channel `#ops`, a link `label (address)` or the address alone, a date the words for it. All else is unchanged.
    """
    return read_marks(text)[0]


def read_marks(text: str) -> tuple[str, Mapping[str, str]]:
    """`plain(text)`, and the ids of the groups that it names: `{"@dba": "S1"}`."""
    groups: dict[str, str] = {}
    parts: list[str] = []
    end = 0
    for mark in _MARK.finditer(text):
        parts += (_unescaped(text[end : mark.start()]), _shown(mark, groups))
        end = mark.end()
    parts.append(_unescaped(text[end:]))
    return "".join(parts), groups


def _shown(mark: re.Match[str], groups: dict[str, str]) -> str:
    body, label = _unescaped(mark["body"]), _unescaped(mark["label"] or "")
    if body.startswith("@"):
        person = _MENTION.fullmatch(body)
        return f"<@{person[1]}>" if person else _unescaped(mark[0])
    if body.startswith("#"):
        return f"#{(label or body[1:]).removeprefix('#')}"
    if body.startswith("!subteam^"):
        handle = f"@{(label or body.removeprefix('!subteam^')).removeprefix('@')}"
        groups[handle] = body.removeprefix("!subteam^")
        return handle
    if body.startswith("!date^"):
        return label
    if body.startswith("!"):
        return f"@{(label or body[1:]).removeprefix('@')}"
    return _link(body, label)


def _link(address: str, label: str) -> str:
    scheme, _, rest = address.partition(":")
    if scheme.casefold() in {"mailto", "tel"}:
        return rest if not label or label == rest else f"{label} ({rest})"
    bare = rest.removeprefix("//")
    if not label or label in {address, bare, bare.rstrip("/")}:
        return address
    return f"{label} ({address})"


def _unescaped(text: str) -> str:
    """Slack escapes three signs and no others: `&eacute;` is what somebody typed."""
    return re.sub("&(?:amp|lt|gt);", lambda entity: html.unescape(entity[0]), text)
