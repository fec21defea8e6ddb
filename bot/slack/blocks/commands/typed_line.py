"""Refusal of a typed line: the reason, the line to copy, and a button for each correction."""

from collections.abc import Sequence

from bot.domain.text.normalize import DIRECTION_CONTROLS
from bot.slack.blocks.limits import BUTTON_TEXT, Block, actions, button, cut, literal, one_line, section
from bot.slack.blocks.message import Message

MAX_OFFERS = 6
OFFER_ACTIONS = tuple(f"typed_line_{number}" for number in range(MAX_OFFERS))
"""Action id of each button."""
MAX_LINE = 9_000
"""Characters of a line: Slack rejects about 13,200 in one message (`msg_blocks_too_long`)."""
MAX_MISTAKE = 60


def refusal_message(
    reason: str,
    line: str = "",
    *,
    mistake: str = "",
    offers: Sequence[tuple[str, str]] = (),
    can_be_repeated: bool = True,
) -> Message:
    """
    The message of a refused line. `reason` is markup.

    `line`: what was typed, empty if it need not be repeated; `mistake`: the wrong part of it.
    `offers`: label and value of each button, at most MAX_OFFERS. `can_be_repeated`: off if the same line fails again.
    """
    blocks = [section(reason)]
    texts = [reason]
    if line:
        heading = _heading(line, mistake) if can_be_repeated else "Your text was not used:"
        blocks += [section(heading), _code_block(line[:MAX_LINE])]
        texts += [heading, f"```{literal(line)}```"]
    if offers:
        blocks.append(
            actions(*(button(label, name, value) for name, (label, value) in zip(OFFER_ACTIONS, offers, strict=False)))
        )
    return Message("\n".join(texts), blocks)


def offer_label(line: str) -> str:
    return one_line(DIRECTION_CONTROLS.sub("", f"Run {line}"), BUTTON_TEXT)


def _heading(line: str, mistake: str) -> str:
    if len(line) > MAX_LINE:
        return f"Your line, without the last {len(line) - MAX_LINE:,} characters (too long for Slack):"
    shown = cut(" ".join(mistake.replace("`", "'").split()), MAX_MISTAKE)
    if shown and mistake in line:
        return f"Correct *`{literal(shown)}`* and send the line again:"
    return "Your line, to copy and send again:"


def _code_block(text: str) -> Block:
    """A block whose text is neither escaped nor formatted."""
    code = {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": text}]}
    return {"type": "rich_text", "elements": [code]}
