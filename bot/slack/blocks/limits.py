"""
Block Kit, with Slack's limits kept by construction: a text that is too long is cut and says so.

Limits: docs.slack.dev/reference/block-kit. Two kinds of text go in: markup that Dogwatch wrote, and words of people and
monitors, which pass through `literal` first.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

Block = dict[str, Any]
Blocks = list[Block]

MESSAGE_TEXT = 3_900
SECTION_TEXT = 3_000
QUOTED_LINES = 100
LONGEST_URL = 1_000
"""Characters; a longer address is left out, because half an address leads nowhere."""
FIELD_TEXT = 2_000
HEADER_TEXT = 150
BUTTON_TEXT = 75
MENTION = re.compile(r"<@([UWB][A-Z0-9]+)>")
PERSON = re.compile(r"(<@[UWB][A-Z0-9]+>)")
FORMATTING = re.compile(r"(?<!\w)[*_~`]|[*_~`](?!\w)")
TURNING = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Characters that turn the writing direction of what follows, a way to show one thing and say another."""
WORD_JOINER = "\u2060"


def cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def named(text: str, names: Mapping[str, str] | None = None) -> str:
    """Words of others as people read them: mentions as the names that are known. For plain text, where nothing acts."""
    known = names or {}
    return TURNING.sub("", MENTION.sub(lambda found: f"@{known.get(found[1], found[1])}", text))


def spoken(text: str, limit: int = SECTION_TEXT) -> str:
    """Our own sentence, which may name people: they stay mentions, what else it quotes is shown as by `literal`."""
    parts = PERSON.split(text[:limit])
    return "".join(part if is_mention(part) else literal(part, limit=limit) for part in parts)


def is_mention(text: str) -> bool:
    """Whether it names one person and says nothing else, so that it needs no escaping."""
    return MENTION.fullmatch(text) is not None


def literal(text: str, names: Mapping[str, str] | None = None, limit: int = SECTION_TEXT) -> str:
    """
    Words of others as Slack's markup that shows exactly them: nothing pings, links or is formatted.

    Mentions become the names that are known. An invisible joiner keeps formatting characters from meaning anything.
    """
    room = cut(named(text, names), limit)
    while len(escaped := _escape(room)) > limit:
        room = cut(room, len(room) - max(1, (len(escaped) - limit) // 5))
    return escaped


def formatted(text: str, limit: int = SECTION_TEXT) -> str:
    """Words of the operator: they may be bold or code, but nothing in them pings."""
    room = cut(TURNING.sub("", text), limit)
    while len(safe := _unmarked(room)) > limit:
        room = cut(room, len(room) - max(1, (len(safe) - limit) // 5))
    return safe


def _unmarked(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _escape(text: str) -> str:
    safe = _unmarked(text)
    return FORMATTING.sub(lambda found: found[0] + WORD_JOINER, safe)


def quoted(text: str, names: Mapping[str, str] | None = None, limit: int = SECTION_TEXT - 1_000) -> str:
    """Words of others as a quotation, line by line; of very many lines the first ones."""
    lines = [line for line in literal(text, names, limit).splitlines() if line.strip()]
    return "\n".join(f">{line}" for line in [*lines[:QUOTED_LINES], *(["…"] if len(lines) > QUOTED_LINES else [])])


def listed(lines: Sequence[str], limit: int = SECTION_TEXT) -> str:
    """Whole lines, as many as there is room for, and how many there are more: no line's markup is cut in two."""
    shown: list[str] = []
    room = limit - len("and 1000000 more")
    for line in lines:
        room -= len(line) + 1
        if room < 0:
            break
        shown.append(line)
    more = len(lines) - len(shown)
    return "\n".join([*shown, *([f"and {more} more"] if more else [])])


def one_line(text: str, limit: int) -> str:
    return cut(" ".join(text.split()), limit)


COUNTING = "{time} ({ago})"
"""
The clock, with Slack's words for how far away that is: `in 3 minutes`, and later `2 minutes ago`. A sentence with `due`
is right with both, and a client that counts late is still right about the clock.
"""


def when(at: datetime, form: str = "{time}") -> str:
    """A time that Slack shows in the reader's own zone; the fallback is UTC."""
    return f"<!date^{int(at.timestamp())}^{form}|{at:%H:%M} UTC>"


def link(url: str, label: str) -> str:
    """`label` (markup already) as a link to a web address; the label alone where there is no address to go to."""
    if len(url) > LONGEST_URL or not url.startswith(("http://", "https://")) or not url.isprintable():
        return label
    safe = url.replace(" ", "%20").replace("&", "&amp;").replace("<", "%3C").replace(">", "%3E").replace("|", "%7C")
    return f"<{safe}|{label}>"


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
    return {"type": "header", "text": {"type": "plain_text", "text": one_line(text, HEADER_TEXT), "emoji": True}}


def context(*texts: str) -> Block:
    return {
        "type": "context",
        "elements": [{"type": "mrkdwn", "text": cut(text, FIELD_TEXT), "verbatim": True} for text in texts[:10]],
    }


def button(text: str, action_id: str, value: str, *, style: str | None = None, url: str | None = None) -> Block:
    """A button; `style` is `primary` or `danger`. Pressing it sends `action_id` and `value`."""
    element: Block = {
        "type": "button",
        "text": {"type": "plain_text", "text": cut(text, BUTTON_TEXT), "emoji": True},
        "action_id": action_id,
        "value": value,
    }
    if style:
        element["style"] = style
    if url:
        element["url"] = url
    return element


def actions(*buttons: Block) -> Block:
    return {"type": "actions", "elements": list(buttons[:25])}
