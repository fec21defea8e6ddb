"""The question which of several times was meant, a button for each."""

from collections.abc import Sequence

from bot.slack.blocks.limits import actions, button, section
from bot.slack.blocks.message import Message

MOST = 6
"""Readings of one text: three places for the letters, two days for the figures."""
CHOICES = tuple(f"time_choice_{number}" for number in range(MOST))
"""The action id of each button."""


def which_time(question: str, choices: Sequence[tuple[str, str]]) -> Message:
    """`question` is markup; `choices` are what the buttons say and what they carry, at most `MOST`."""
    text = f":grey_question: {question}\nNothing was done yet: press the one you mean."
    buttons = [
        button(label, action_id, value) for action_id, (label, value) in zip(CHOICES, choices[:MOST], strict=False)
    ]
    return Message(text, [section(text), actions(*buttons)])
