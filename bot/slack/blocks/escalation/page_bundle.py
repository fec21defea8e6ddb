"""Several pages to one person in one message, as in an alert storm."""

from collections.abc import Sequence

from bot.services.escalation.page_bundles import BundledPage, BundleView
from bot.slack.blocks.incidents.card import LIGHTS
from bot.slack.blocks.limits import Block, Blocks, actions, button, context, formatted_line, literal, one_line, section
from bot.slack.blocks.message import Message

ACKNOWLEDGE, ACKNOWLEDGE_ALL = "bundle_acknowledge", "bundle_acknowledge_all"
WITH_BUTTON = 15
"""Incidents with a button each: the blocks of a message hold some 13,000 characters."""
TITLE, REASON = 90, 120
MAX_LINKS = 280
"""Further incidents that are only linked; the rest is counted."""
LINES_A_BLOCK = 60


def page_bundle_message(view: BundleView) -> Message:
    waiting = view.waiting
    over = [line for line in view.lines if not line.is_waiting]
    if not waiting:
        text = f":white_check_mark: None of these {len(view.lines)} pages needs your answer."
        return Message(text, [section(text), *_link_blocks(over)])
    text = f":rotating_light: You are needed in *{_incident_count(len(waiting))}*: " + ", ".join(
        f"{line.reference} {literal(one_line(line.title, 60), view.names)}" for line in waiting[:3]
    )
    text += f" and {len(waiting) - 3} more" if len(waiting) > 3 else ""
    at_once = " at once. The worst are first" if len(waiting) > 1 else ""
    head = f":rotating_light: You are needed in *{_incident_count(len(waiting))}*{at_once}."
    all_of_them = button(
        f"Acknowledge all {len(waiting)}", ACKNOWLEDGE_ALL, str(view.lines[0].page_id), style="primary"
    )
    blocks: Blocks = [section(head)]
    blocks += [actions(all_of_them)] if len(waiting) > 1 else []
    blocks += [_page_block(view, line) for line in waiting[:WITH_BUTTON]]
    rest = waiting[WITH_BUTTON:]
    if rest:
        blocks += [context("More incidents. Acknowledge each in its channel:"), *_link_blocks(rest)]
    if over:
        blocks += [context(f":white_check_mark: No longer needed: {_incident_count(len(over))}.")]
    return Message(text, blocks)


def _incident_count(count: int) -> str:
    return f"{count:,} incident{'s' if count != 1 else ''}"


def _page_block(view: BundleView, line: BundledPage) -> Block:
    where = f" <#{line.channel_id}>" if line.channel_id else ""
    title = literal(one_line(line.title, TITLE), view.names)
    reason = f"\n>{formatted_line(line.reason, view.names, REASON)}" if line.reason.strip() else ""
    text = (
        f"{LIGHTS[line.severity_rank - 1]} *{line.reference}* {literal(line.severity, limit=40)} {title}{where}{reason}"
    )
    return section(text, accessory=button("Acknowledge", ACKNOWLEDGE, str(line.page_id)))


def _link_blocks(lines: Sequence[BundledPage]) -> Blocks:
    links = [f"<#{line.channel_id}>" if line.channel_id else line.reference for line in lines[:MAX_LINKS]]
    more = len(lines) - len(links)
    portions = [links[n : n + LINES_A_BLOCK] for n in range(0, len(links), LINES_A_BLOCK)]
    blocks = [section(" · ".join(portion)) for portion in portions]
    return [*blocks, *([context(f"and {more:,} more: App Home lists them.")] if more else [])]
