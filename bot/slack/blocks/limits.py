"""
Block Kit elements that keep Slack's limits: a text that is too long ends in an ellipsis.

Limits: docs.slack.dev/reference/block-kit. Two kinds of text go in: markup that Dogwatch wrote, and texts of others.
Names, titles and texts of monitors pass through `literal` first; what people wrote keeps its formatting through
`formatted`, `formatted_line` and `quoted`.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from bot.domain.text.mrkdwn.slack import escape_all_but_code, escape_angles, render_slack, render_slack_line
from bot.domain.text.normalize import DIRECTION_CONTROLS

Block = dict[str, Any]
Blocks = list[Block]
View = dict[str, Any]
"""A modal or an App Home."""

MESSAGE_TEXT = 3_900
SECTION_TEXT = 3_000
QUOTE_TEXT = 2_000
MAX_QUOTED_LINES = 100
LONGEST_READ = 40_000
"""Characters of a text that are read: those of Slack's longest message. Alerts bring texts of megabytes."""
MAX_URL = 1_000
"""Characters, escaped; a longer address is left out, because half an address is none."""
FIELD_TEXT = 2_000
HEADER_TEXT = 150
BUTTON_TEXT = 75
MENTION = re.compile(r"<@([UWB][A-Z0-9]+)>")
SLACK_MARKUP = re.compile(r"<(?P<what>[!@#][^<>|]*|[a-z]{2,8}:[^<>|]*)(?:\|(?P<label>[^<>]*))?>", re.IGNORECASE)
MENTION_PARTS = re.compile(r"(<@[UWB][A-Z0-9]+>)")


def cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def replace_mentions(text: str, names: Mapping[str, str] | None = None) -> str:
    """
    Show mentions as the names that are known. For plain text, where nothing is interpreted.

    A text that is longer than any message is cut.
    """
    known, read = names or {}, cut(text, LONGEST_READ)
    return DIRECTION_CONTROLS.sub("", MENTION.sub(lambda found: f"@{known.get(found[1], found[1])}", read))


def literal_with_mentions(text: str, limit: int = SECTION_TEXT) -> str:
    """Escape a text of ours like `literal`, but keep its mentions of people."""
    parts = MENTION_PARTS.split(text[:limit])
    return "".join(part if is_mention(part) else literal(part, limit=limit) for part in parts)


def is_mention(text: str) -> bool:
    """True for a mention of one person and nothing else: it needs no escaping."""
    return MENTION.fullmatch(text) is not None


def literal(text: str, names: Mapping[str, str] | None = None, limit: int = SECTION_TEXT) -> str:
    """
    Escape a text of others: nothing in it pings or links.

    Inline code stays code; an invisible joiner disables other formatting. Mentions become the names that are known.
    """
    room = cut(replace_mentions(text, names), limit)
    while len(escaped := escape_all_but_code(room)) > limit:
        room = cut(room, len(room) - max(1, (len(escaped) - limit) // 5))
    return escaped


def formatted(text: str, names: Mapping[str, str] | None = None, limit: int = SECTION_TEXT) -> str:
    """Render a text of people with its formatting, in lines; nothing in it pings or links."""
    return render_slack(replace_mentions(text, names), limit, max_lines=MAX_QUOTED_LINES)


def formatted_line(
    text: str, names: Mapping[str, str] | None = None, length: int = SECTION_TEXT, limit: int = SECTION_TEXT
) -> str:
    """
    Render a text of people with its formatting, on one line; fences become inline code.

    `length`: visible characters, `limit`: characters of markup.
    """
    return render_slack_line(replace_mentions(text, names), length, limit)


def literal_with_formatting(text: str, limit: int = SECTION_TEXT) -> str:
    """Escape a text of the operator: it may be bold or code, but nothing in it pings."""
    room = cut(DIRECTION_CONTROLS.sub("", text), limit)
    while len(safe := escape_angles(room)) > limit:
        room = cut(room, len(room) - max(1, (len(safe) - limit) // 5))
    return safe


def quoted(text: str, names: Mapping[str, str] | None = None, limit: int = QUOTE_TEXT) -> str:
    """
    Quote what people wrote, with their formatting, at most MAX_QUOTED_LINES lines.

    A fence stands between two quotes.
    """
    return render_slack(replace_mentions(text, names), limit, prefix=">", max_lines=MAX_QUOTED_LINES)


def join_lines(lines: Sequence[str], limit: int = SECTION_TEXT) -> str:
    """Join as many whole lines as fit into `limit` characters, and count the rest."""
    fitting: list[str] = []
    room = limit - len("and 1000000 more")
    for line in lines:
        room -= len(line) + 1
        if room < 0:
            break
        fitting.append(line)
    more = len(lines) - len(fitting)
    return "\n".join([*fitting, *([f"and {more} more"] if more else [])])


def with_quote(line: str, text: str, names: Mapping[str, str] | None = None) -> str:
    """Put a quoted text of others below a line of ours, if there is any."""
    room = min(QUOTE_TEXT, max(SECTION_TEXT - len(line) - 1, 0))
    return f"{line}\n{quoted(text, names, room)}" if text else line


def one_line(text: str, limit: int) -> str:
    return cut(" ".join(text.split()), limit)


TIME_AND_AGO = "{time} ({ago})"
"""
Time of day and Slack's relative time: `14:05 (in 3 minutes)`, later `14:05 (2 minutes ago)`. Clients update the
relative part late; the time of day is always right. "Due" fits both.
"""
NO_VALUE = "0"
"""Value of a button that is about no record."""


def slack_time(at: datetime, form: str = "{time}") -> str:
    """Markup of a time that Slack shows in the reader's zone; the fallback is UTC."""
    return f"<!date^{int(at.timestamp())}^{form}|{at:%H:%M} UTC>"


def slack_datetime(at: datetime) -> str:
    return slack_time(at, "{date_short_pretty} {time}")


def is_linkable(url: str) -> bool:
    return len(url) <= MAX_URL and url.startswith(("http://", "https://")) and url.isprintable()


def link(url: str, label: str) -> str:
    """Link `label` (markup) to a web address; the label alone if it cannot be linked."""
    if not is_linkable(url):
        return label
    safe = url.replace("&", "&amp;")
    for sign, escaped in ((" ", "%20"), ("<", "%3C"), (">", "%3E"), ("|", "%7C"), ("`", "%60")):
        safe = safe.replace(sign, escaped)
    return f"<{safe}|{label}>" if len(safe) <= MAX_URL else label


def owner_text(owner: str, group: str | None) -> str:
    """Mention of a person, or name of a user group, which is not notified."""
    return f"@{literal(group, limit=100)}" if group else f"<@{owner}>"


def channel_suffix(channel_id: str | None) -> str:
    return f" · <#{channel_id}>" if channel_id else ""


def in_channel(channel_id: str | None) -> str:
    return f" in <#{channel_id}>" if channel_id else ""


def plain_text(text: str) -> Block:
    """Slack interprets nothing here and shows each sign: of markup only the words stay."""
    return {"type": "plain_text", "text": strip_markup(text), "emoji": True}


def strip_markup(text: str) -> str:
    """`<!channel>` becomes `@channel`, `<https://example.com|words>` becomes `words`."""
    return SLACK_MARKUP.sub(lambda found: found["label"] or found["what"].replace("!", "@", 1), text)


def section(text: str, *, accessory: Block | None = None) -> Block:
    block: Block = {"type": "section", "text": {"type": "mrkdwn", "text": cut(text, SECTION_TEXT), "verbatim": True}}
    if accessory:
        block["accessory"] = accessory
    return block


def fields(texts: Sequence[str]) -> Block:
    """Up to ten short texts in two columns."""
    return {
        "type": "section",
        "fields": [{"type": "mrkdwn", "text": cut(text, FIELD_TEXT), "verbatim": True} for text in texts[:10]],
    }


def header(text: str) -> Block:
    return {"type": "header", "text": plain_text(one_line(text, HEADER_TEXT))}


def context(*texts: str) -> Block:
    return {
        "type": "context",
        "elements": [{"type": "mrkdwn", "text": cut(text, FIELD_TEXT), "verbatim": True} for text in texts[:10]],
    }


def button(text: str, action_id: str, value: str, *, style: str | None = None, url: str | None = None) -> Block:
    """`style` is `primary` or `danger`."""
    element: Block = {
        "type": "button",
        "text": plain_text(cut(text, BUTTON_TEXT)),
        "action_id": action_id,
        "value": value,
    }
    if style:
        element["style"] = style
    if url:
        element["url"] = url
    return element


def static_select(action_id: str, placeholder: str, options: Sequence[tuple[str, str]]) -> Block:
    """`options`: label and value of each."""
    return {
        "type": "static_select",
        "action_id": action_id,
        "placeholder": plain_text(placeholder),
        "options": [{"text": plain_text(label), "value": value} for label, value in options],
    }


def overflow_menu(action_id: str, options: Sequence[tuple[str, str]]) -> Block:
    """`options`: label and value of each."""
    return {
        "type": "overflow",
        "action_id": action_id,
        "options": [{"text": plain_text(label), "value": value} for label, value in options],
    }


def actions(*buttons: Block) -> Block:
    return {"type": "actions", "elements": list(buttons[:25])}
