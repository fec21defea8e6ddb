"""What a message says, as plain text: from its markup, or from its blocks and attachments where it has no markup."""

from collections.abc import Iterable, Mapping
from typing import Any

from bot.command import plain

LONGEST = 40_000
"""Slack's own limit for a message; blocks and attachments may not make more of it."""


def message_text(message: Mapping[str, Any]) -> str:
    """
    The words of a message: its text, or else its blocks', and what its attachments say.

    People stay `<@U…>`, everything else is plain. Apps often put all they say into blocks or attachments.
    """
    said = plain(str(message.get("text") or "")).strip()
    if not said:
        said = "\n".join(filter(None, map(_block, message.get("blocks") or [])))
    attached = [_attachment(each) for each in message.get("attachments") or []]
    return "\n".join([part for part in [said, *attached] if part and part.strip()])[:LONGEST]


def _attachment(attachment: Mapping[str, Any]) -> str:
    if attachment.get("is_msg_unfurl") or attachment.get("from_url"):
        return ""  # a preview of a link that the text holds already
    blocks = "\n".join(filter(None, map(_block, attachment.get("blocks") or [])))
    words = [attachment.get(key) for key in ("pretext", "title", "text")]
    told = "\n".join(plain(str(word)) for word in words if word)
    listed = "\n".join(
        f"{plain(str(each.get('title', '')))}: {plain(str(each.get('value', '')))}"
        for each in attachment.get("fields") or []
    )
    return "\n".join(filter(None, [told, listed, blocks])) or plain(str(attachment.get("fallback") or ""))


def _block(block: Mapping[str, Any]) -> str:
    if block.get("type") == "rich_text":
        return "".join(_rich(each) for each in block.get("elements") or []).strip()
    texts: list[Any] = [block.get("text"), *(block.get("fields") or []), *(block.get("elements") or [])]
    words = [str(each.get("text", "")) for each in texts if isinstance(each, Mapping) and _is_text(each)]
    if block.get("type") == "image":
        words.append(str(block.get("alt_text") or ""))
    return "\n".join(plain(word) for word in words if word)


def _is_text(element: Mapping[str, Any]) -> bool:
    return element.get("type") in {"mrkdwn", "plain_text"}


def _rich(element: Mapping[str, Any]) -> str:
    """An element of a rich text block. Source: docs.slack.dev/reference/block-kit/blocks/rich-text-block."""
    match element.get("type"):
        case "text":
            return str(element.get("text", ""))
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
        case "rich_text_list":
            return "".join(f"- {line}\n" for line in _parts(element.get("elements")))
        case _:
            return "".join(_parts(element.get("elements"))) + "\n" * bool(element.get("elements"))


def _parts(elements: Iterable[Mapping[str, Any]] | None) -> list[str]:
    return [_rich(each).strip("\n") for each in elements or []]
