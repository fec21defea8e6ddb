"""Slack's format of typed text: escapes, mentions, links and rich text."""

import re

from bot.sandbox.workspace.records import Json
from bot.sandbox.workspace.workspace import Workspace

TOKEN = re.compile(
    r"<(?:@[UW][A-Z0-9]+|#[CGD][A-Z0-9]+|![a-z]+|!subteam\^S[A-Z0-9]+|!date\^[^>]+|(?:https?|mailto):[^>\s]+)(?:\|[^>]*)?>"
)
MENTION = re.compile(r"(?<![\w<|@#])([@#])([a-z0-9][a-z0-9._-]*)", re.IGNORECASE)
LINK = re.compile(r"(?<![<|\w\"'])https?://[^\s<>|]+[^\s<>|.,;:!?)\]'\"]")
EVERYBODY = {"here", "channel", "everyone"}
PIECE = re.compile(
    r"<@(?P<user>[UW]\w+)(?:\|[^>]*)?>|<#(?P<channel>\w+)(?:\|[^>]*)?>|<!subteam\^(?P<group>S\w+)(?:\|[^>]*)?>"
    r"|<!(?P<range>here|channel|everyone)(?:\|[^>]*)?>|<(?P<url>(?:https?|mailto):[^>|]+)(?:\|(?P<label>[^>]*))?>"
    r"|(?<!\w):(?P<emoji>[a-z0-9_+'-]+):(?!\w)"
)


def escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def unescape(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def format_message(workspace: Workspace, text: str) -> str:
    """Format a message; text in Slack's angle brackets is not changed."""
    return _outside_tokens(
        text, lambda plain: _mark_links(_resolve_mentions(workspace, escape(plain), with_names=False))
    )


def format_command_text(workspace: Workspace, text: str) -> str:
    """Format the text of a command, in which mentions contain the name."""
    return _outside_tokens(
        text, lambda plain: _mark_links(_resolve_mentions(workspace, escape(plain), with_names=True))
    )


def _outside_tokens(text: str, change) -> str:  # type: ignore[no-untyped-def]  # noqa: ANN001
    found, end = [], 0
    for token in TOKEN.finditer(text):
        found += [change(text[end : token.start()]), token.group()]
        end = token.end()
    return "".join([*found, change(text[end:])])


def _resolve_mentions(workspace: Workspace, text: str, *, with_names: bool) -> str:
    def resolved(match: re.Match[str]) -> str:
        name = match[2]
        for cut in range(len(name), 0, -1):
            if cut < len(name) and name[cut] not in "._-":
                continue
            token = _mention_token(workspace, match[1], name[:cut].lower(), with_names=with_names)
            if token:
                return token + name[cut:]
        return match[0]

    return MENTION.sub(resolved, text)


def _mention_token(workspace: Workspace, mark: str, name: str, *, with_names: bool) -> str | None:
    if mark == "#":
        channel_id = workspace.names.get(name)
        return f"<#{channel_id}|{name if with_names else ''}>" if channel_id else None
    if user := workspace.user_by_handle(name):
        return f"<@{user.id}|{name}>" if with_names else f"<@{user.id}>"
    if group := workspace.usergroup_by_handle(name):
        return f"<!subteam^{group.id}|@{name}>" if with_names else f"<!subteam^{group.id}>"
    return f"<!{name}>" if name in EVERYBODY else None


def _mark_links(text: str) -> str:
    return LINK.sub(lambda match: f"<{match[0]}>", text)


def build_rich_text(text: str) -> list[Json]:
    """Return the rich text block of a person's message."""
    elements: list[Json] = []
    end = 0
    for match in PIECE.finditer(text):
        if match.start() > end:
            elements.append({"type": "text", "text": unescape(text[end : match.start()])})
        elements.append(_rich_text_element(match))
        end = match.end()
    if end < len(text):
        elements.append({"type": "text", "text": unescape(text[end:])})
    section = {"type": "rich_text_section", "elements": elements}
    return [{"type": "rich_text", "block_id": "said", "elements": [section]}] if text else []


def _rich_text_element(match: re.Match[str]) -> Json:
    kind = str(match.lastgroup if match.lastgroup != "label" else "url")
    value = match[kind]
    if kind == "url":
        link = {"type": "link", "url": unescape(value)}
        return link | {"text": unescape(match["label"])} if match["label"] else link
    if kind == "emoji":
        return {"type": "emoji", "name": value}
    names = {"user": "user_id", "channel": "channel_id", "group": "usergroup_id", "range": "range"}
    kinds = {"group": "usergroup", "range": "broadcast"}
    return {"type": kinds.get(kind, kind), names[kind]: value}
