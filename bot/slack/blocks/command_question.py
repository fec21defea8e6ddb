"""Question which reading of a typed line is meant, with a button for each."""

from collections.abc import Sequence

from bot.slack.blocks.limits import actions, button, section
from bot.slack.blocks.message import Message

MAX_CHOICES = 6
"""Readings of one text: three zones for the abbreviation, two days for the figures."""
CHOICE_ACTIONS = tuple(f"command_choice_{number}" for number in range(MAX_CHOICES))
"""Action id of each button."""


def command_question_message(question: str, typed: str, choices: Sequence[tuple[str, str]]) -> Message:
    """
    A question about a typed line, with a button per choice.

    `question` and the line `typed` are markup; `choices`: label and value of each button, at most MAX_CHOICES.
    """
    hint = "press the one you mean" if len(choices) > 1 else "press the button if you mean it"
    text = f":grey_question: {question}\nNothing was done yet: {hint}."
    line = "\n".join(f">{each}" for each in typed.splitlines())
    buttons = [
        button(label, action_id, value)
        for action_id, (label, value) in zip(CHOICE_ACTIONS, choices[:MAX_CHOICES], strict=False)
    ]
    return Message(f"{text}\n{line}", [section(text), section(line), actions(*buttons)])
