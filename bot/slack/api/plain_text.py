"""The text of a Slack message, with its formatting as people would type it."""

from collections.abc import Iterable, Mapping
from typing import Any

from bot.command.slack_text import plain_text

MAX_CHARACTERS = 40_000
"""Slack's limit for a message's text; also applied to the text of blocks and attachments."""

MAX_MARKUP = 5 * MAX_CHARACTERS
"""Characters of Slack's markup that are read: `&amp;` is the longest form of one."""

_MARKS = {"code": "`", "bold": "*", "italic": "_", "strike": "~"}
"""By style of a rich text, the innermost first."""


def message_text(message: Mapping[str, Any]) -> str:
    """
    Return the text of a message, or else of its blocks, and the text of its attachments.

    Mentions of people stay `<@U…>`. Apps often send blocks or attachments without a text.
    """
    text = _plain(message.get("text") or "").strip()
    if not text:
        text = "\n".join(filter(None, map(_block_text, message.get("blocks") or [])))
    attached = [_attachment_text(each) for each in message.get("attachments") or []]
    return "\n".join([part for part in [text, *attached] if part and part.strip()])[:MAX_CHARACTERS]


def _plain(markup: object) -> str:
    return plain_text(("" if markup is None else str(markup))[:MAX_MARKUP])


def _attachment_text(attachment: Mapping[str, Any]) -> str:
    if attachment.get("is_msg_unfurl") or attachment.get("from_url"):
        return ""  # the preview of a link that is in the text
    blocks = "\n".join(filter(None, map(_block_text, attachment.get("blocks") or [])))
    words = [attachment.get(key) for key in ("pretext", "title", "text")]
    head = "\n".join(_plain(word) for word in words if word)
    fields = "\n".join(
        f"{_plain(each.get('title'))}: {_plain(each.get('value'))}" for each in attachment.get("fields") or []
    )
    return "\n".join(filter(None, [head, fields, blocks])) or _plain(attachment.get("fallback") or "")


def _block_text(block: Mapping[str, Any]) -> str:
    if block.get("type") == "rich_text":
        return "".join(_rich_text(each) for each in block.get("elements") or []).strip()
    texts: list[Any] = [block.get("text"), *(block.get("fields") or []), *(block.get("elements") or [])]
    words = [str(each.get("text", "")) for each in texts if isinstance(each, Mapping) and _is_text(each)]
    if block.get("type") == "image":
        words.append(str(block.get("alt_text") or ""))
    return "\n".join(_plain(word) for word in words if word)


def _is_text(element: Mapping[str, Any]) -> bool:
    return element.get("type") in {"mrkdwn", "plain_text"}


def _rich_text(element: Mapping[str, Any]) -> str:
    """Source: docs.slack.dev/reference/block-kit/blocks/rich-text-block."""
    match element.get("type"):
        case "text":
            return _styled_text(str(element.get("text", "")), element.get("style") or {})
        case "link":
            url, label = str(element.get("url", "")), element.get("text")
            return f"{label} ({url})" if label and label != url else url
        case "user":
            return f"<@{element.get('user_id', '')}>"
        case "usergroup":
            return "@" + str(element.get("usergroup_id", ""))
        case "channel":
            return "#" + str(element.get("channel_id", ""))
        case "broadcast":
            return "@" + str(element.get("range", ""))
        case "emoji":
            return f":{element.get('name', '')}:"
        case kind:
            return _rich_lines(kind, _element_texts(element.get("elements")))


def _rich_lines(kind: object, texts: list[str]) -> str:
    """Lines of a section, a list, a quote or code, with the marks that people would type."""
    match kind:
        case "rich_text_list":
            return "".join(f"- {line}\n" for line in texts)
        case "rich_text_preformatted":
            return f"```\n{''.join(texts)}\n```\n"
        case "rich_text_quote":
            return "".join(f"> {line}\n" for line in "".join(texts).splitlines())
        case _:
            return "".join(texts) + "\n" * bool(texts)


def _styled_text(text: str, style: Mapping[str, bool]) -> str:
    """Put the marks of a style around a text, inside of blanks at its ends."""
    words = text.strip()
    if not words or "\n" in words:
        return text
    marked = words
    for name, mark in _MARKS.items():
        if style.get(name):
            marked = f"{mark}{marked}{mark}"
    return text.replace(words, marked, 1)


def _element_texts(elements: Iterable[Mapping[str, Any]] | None) -> list[str]:
    return [_rich_text(each).strip("\n") for each in elements or []]
