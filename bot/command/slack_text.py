"""Slack's escapes and mentions in typed text."""

import html
import re
from collections.abc import Mapping, Sequence

# `&`, `<` and `>` are escaped in what people type, so that an angle bracket always opens one of Slack's own marks.
_MARK = re.compile(r"<(?P<body>[@#!][^<>|]*|[a-z][a-z0-9+.-]*:[^<>|]*)(?:\|(?P<label>[^<>]*))?>", re.IGNORECASE)
_MENTION = re.compile(r"@([UW][A-Z0-9]*)")


def plain_text(text: str) -> str:
    """
    Slack's text as people read it.

    `&amp; &lt; &gt;` are unescaped; a person stays `<@U1>`, without a label; a group is `@dba`, a channel `#ops`, a
    link `label (address)` or the address alone, a date its text. All else is unchanged.
    """
    return parse_marks(text)[0]


def parse_marks(text: str) -> tuple[str, Mapping[str, str]]:
    """`plain_text(text)`, and the ids of the user groups in it: `{"@dba": "S1"}`."""
    groups: dict[str, str] = {}
    parts: list[str] = []
    end = 0
    for mark in _MARK.finditer(text):
        parts += (_unescape(text[end : mark.start()]), _mark_text(mark, groups))
        end = mark.end()
    parts.append(_unescape(text[end:]))
    return "".join(parts), groups


def retyped_text(text: str) -> str:
    """`plain_text(text)` as it can be typed again: a person is `@ana`."""
    parts: list[str] = []
    end = 0
    for mark in _MARK.finditer(text):
        is_person = bool(mark["label"] and _MENTION.fullmatch(mark["body"]))
        shown = f"@{_unescape(mark['label'])}" if is_person else _mark_text(mark, {})
        parts += (_unescape(text[end : mark.start()]), shown)
        end = mark.end()
    return "".join([*parts, _unescape(text[end:])])


def corrected_text(text: str, mistake: str, instead: str) -> str | None:
    """
    `text`, as Slack delivers it, with `instead` for `mistake`.

    Of several matches, the first or second word of the line is replaced. None if the place is ambiguous.
    """
    if not mistake:
        return None
    found = list(re.finditer(rf"(?<![\w-]){re.escape(mistake)}(?![\w-])", text))
    if not found or (len(found) > 1 and not _is_first(found, text)):
        return None
    return text[: found[0].start()] + html.escape(instead, quote=False) + text[found[0].end() :]


def _is_first(found: Sequence[re.Match[str]], text: str) -> bool:
    """Return whether the first is one of the first two words, and none is an option's value."""
    is_value = any(text[: each.start()].endswith((":", "=")) for each in found)
    return len(text[: found[0].start()].split()) < 2 and not is_value


def _mark_text(mark: re.Match[str], groups: dict[str, str]) -> str:
    body, label = _unescape(mark["body"]), _unescape(mark["label"] or "")
    if body.startswith("@"):
        person = _MENTION.fullmatch(body)
        return f"<@{person[1]}>" if person else _unescape(mark[0])
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
    return _link_text(body, label)


def _link_text(address: str, label: str) -> str:
    scheme, _, rest = address.partition(":")
    if scheme.casefold() in {"mailto", "tel"}:
        return rest if not label or label == rest else f"{label} ({rest})"
    bare = rest.removeprefix("//")
    if not label or label in {address, bare, bare.rstrip("/")}:
        return address
    return f"{label} ({address})"


def _unescape(text: str) -> str:
    """Slack escapes three characters and no others: `&eacute;` is typed text."""
    return re.sub("&(?:amp|lt|gt);", lambda entity: html.unescape(entity[0]), text)
