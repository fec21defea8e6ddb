"""Overview of an incident: its card with facts, times, statements and counts."""

from bot.services.postmortem.overview import OverviewView
from bot.services.views.card import CardView
from bot.slack.blocks.incidents.card import card_message
from bot.slack.blocks.limits import (
    Blocks,
    context,
    formatted_line,
    is_mention,
    join_lines,
    link,
    literal,
    one_line,
    section,
    slack_datetime,
)
from bot.slack.blocks.message import Message

STATEMENT = 600
"""Characters of an impact, a cause or a resolution."""
FACT = 300


def overview_message(card_view: CardView, view: OverviewView) -> Message:
    card = card_message(card_view)
    where = f"<#{card_view.channel_id}>" if card_view.channel_id else "no channel"
    facts = [f"*Channel:* {where}", *(f"*{name}:* {_fact_value(value, view)}" for name, value in view.facts)]
    blocks: Blocks = [section(join_lines(facts)), section(join_lines([f"• {each}" for each in _time_lines(view)]))]
    for said in view.statements:
        language = f" ({said.language})" if said.language else ""
        text = formatted_line(said.text, view.names, STATEMENT)
        blocks.append(section(f"*{said.name}*{language}: {text}{_source_link(said.url)}"))
    counts = ", ".join(f"{count:,} {name}" for name, count in view.counts)
    blocks.append(context(f"{counts} · {link(view.page_url, 'the whole record')}"))
    # the buttons stay at the end, where a reader arrives
    first = next((n for n, block in enumerate(card.blocks) if block["type"] == "actions"), len(card.blocks))
    return Message(card.text, [*card.blocks[:first], *blocks, *card.blocks[first:]])


def _fact_value(value: str, view: OverviewView) -> str:
    return value if is_mention(value) else literal(one_line(value, FACT), view.names)


def _time_lines(view: OverviewView) -> list[str]:
    lines = []
    for each in view.times:
        about = "about " if each.is_approximate else ""
        lines.append(f"{each.name.capitalize()} {about}{slack_datetime(each.at)}{_source_link(each.url)}")
    return lines


def _source_link(url: str | None) -> str:
    return f" {link(url, '↗')}" if url else ""
