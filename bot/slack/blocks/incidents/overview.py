"""One incident with everything that is known of it: its card, and below it what the card has no room for."""

from bot.services.postmortem.overview import WholeView
from bot.services.views.messages import CardView
from bot.slack.blocks.incidents.card import DATE, card
from bot.slack.blocks.limits import Blocks, context, is_mention, link, listed, literal, one_line, section, when
from bot.slack.blocks.message import Message

STATED = 600
"""Characters of an impact, a cause or a resolution; the whole stands on the incident's page."""
FACT = 300


def whole(card_view: CardView, view: WholeView) -> Message:
    shown = card(card_view)
    where = f"<#{card_view.channel_id}>" if card_view.channel_id else "no channel"
    facts = [f"*Channel:* {where}", *(f"*{name}:* {_value(value, view)}" for name, value in view.facts)]
    blocks: Blocks = [section(listed(facts)), section(listed([f"• {each}" for each in _times(view)]))]
    for said in view.said:
        language = f" ({said.language})" if said.language else ""
        text = literal(one_line(said.text, STATED), view.names)
        blocks.append(section(f"*{said.name}*{language}: {text}{_arrow(said.url)}"))
    counts = ", ".join(f"{count:,} {name}" for name, count in view.counts)
    blocks.append(context(f"{counts} · {link(view.page_url, 'the whole record')}"))
    # The buttons stay at the end, where a reader arrives.
    first = next((n for n, block in enumerate(shown.blocks) if block["type"] == "actions"), len(shown.blocks))
    return Message(shown.text, [*shown.blocks[:first], *blocks, *shown.blocks[first:]])


def _value(value: str, view: WholeView) -> str:
    return value if is_mention(value) else literal(one_line(value, FACT), view.names)


def _times(view: WholeView) -> list[str]:
    return [
        f"{each.name.capitalize()} {'about ' if each.is_approximate else ''}{when(each.at, DATE)}{_arrow(each.url)}"
        for each in view.times
    ]


def _arrow(url: str | None) -> str:
    return f" {link(url, '↗')}" if url else ""
