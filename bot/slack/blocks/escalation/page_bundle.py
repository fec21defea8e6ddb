"""Several pages in one message, as a storm makes them: a button for the worst ones, a line for each, one for all."""

from collections.abc import Sequence

from bot.services.escalation.page_bundles import BundleView, Line
from bot.slack.blocks.incidents.card import LIGHTS
from bot.slack.blocks.limits import Block, Blocks, actions, button, context, literal, one_line, section
from bot.slack.blocks.message import Message

ACKNOWLEDGE, ACKNOWLEDGE_ALL = "bundle_acknowledge", "bundle_acknowledge_all"
WITH_BUTTON = 15
"""Incidents with a line and a button of their own: all blocks of a message together may have some 13,000 characters."""
TITLE, REASON = 90, 120
IN_SHORT = 280
"""Incidents that are named in short behind these; more are counted."""
LINES_A_BLOCK = 60


def bundle(view: BundleView) -> Message:
    waiting = view.waiting
    over = [line for line in view.lines if not line.is_waiting]
    if not waiting:
        text = f":white_check_mark: Nothing of these {len(view.lines)} pages waits for you any more."
        return Message(text, [section(text), *_in_short(over)])
    text = f":rotating_light: You are needed in *{_incidents(len(waiting))}*: " + ", ".join(
        f"{line.reference} {literal(one_line(line.title, 60), view.names)}" for line in waiting[:3]
    )
    text += f" and {len(waiting) - 3} more" if len(waiting) > 3 else ""
    at_once = " at once. The worst are first" if len(waiting) > 1 else ""
    head = f":rotating_light: You are needed in *{_incidents(len(waiting))}*{at_once}."
    all_of_them = button(
        f"Acknowledge all {len(waiting)}", ACKNOWLEDGE_ALL, str(view.lines[0].page_id), style="primary"
    )
    blocks: Blocks = [section(head)]
    blocks += [actions(all_of_them)] if len(waiting) > 1 else []
    blocks += [_asked(view, line) for line in waiting[:WITH_BUTTON]]
    rest = waiting[WITH_BUTTON:]
    if rest:
        blocks += [context("And these; each can be acknowledged in its channel, too:"), *_in_short(rest)]
    if over:
        blocks += [context(f":white_check_mark: No longer needed: {_incidents(len(over))}.")]
    return Message(text, blocks)


def _incidents(count: int) -> str:
    return f"{count:,} incident{'s' if count != 1 else ''}"


def _asked(view: BundleView, line: Line) -> Block:
    where = f" <#{line.channel_id}>" if line.channel_id else ""
    title = literal(one_line(line.title, TITLE), view.names)
    reason = f"\n>{literal(one_line(line.reason, REASON), view.names)}" if line.reason.strip() else ""
    text = (
        f"{LIGHTS[line.severity_rank - 1]} *{line.reference}* {literal(line.severity, limit=40)} {title}{where}{reason}"
    )
    return section(text, accessory=button("Acknowledge", ACKNOWLEDGE, str(line.page_id)))


def _in_short(lines: Sequence[Line]) -> Blocks:
    shown = [f"<#{line.channel_id}>" if line.channel_id else line.reference for line in lines[:IN_SHORT]]
    more = len(lines) - len(shown)
    portions = [shown[n : n + LINES_A_BLOCK] for n in range(0, len(shown), LINES_A_BLOCK)]
    blocks = [section(" · ".join(portion)) for portion in portions]
    return [*blocks, *([context(f"and {more:,} more: App Home lists them.")] if more else [])]
