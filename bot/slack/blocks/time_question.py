"""Question which reading of an ambiguous time is meant, with a button for each."""

from collections.abc import Sequence

from bot.slack.blocks.limits import actions, button, section
from bot.slack.blocks.message import Message

MAX_CHOICES = 6
"""Readings of one text: three zones for the abbreviation, two days for the figures."""
CHOICE_ACTIONS = tuple(f"time_choice_{number}" for number in range(MAX_CHOICES))
"""Action id of each button."""


def time_question_message(question: str, choices: Sequence[tuple[str, str]]) -> Message:
    """`question` is markup; `choices`: label and value of each button, at most MAX_CHOICES."""
    text = f":grey_question: {question}\nNothing was done yet: press the one you mean."
    buttons = [
        button(label, action_id, value)
        for action_id, (label, value) in zip(CHOICE_ACTIONS, choices[:MAX_CHOICES], strict=False)
    ]
    return Message(text, [section(text), actions(*buttons)])
