"""A command that waits for a choice between several readings. The buttons carry the command."""

import json
from collections.abc import Mapping
from dataclasses import field, replace
from datetime import datetime, timedelta
from textwrap import wrap

from bot.command.slack_text import plain_text
from bot.domain.errors import Ambiguous, UserError
from bot.lazy_dataclass import dataclass
from bot.slack.api.payloads import read_moment
from bot.slack.blocks.command_question import MAX_CHOICES, command_question_message
from bot.slack.blocks.limits import section
from bot.slack.blocks.message import Message
from bot.slack.handlers.registry import Answer
from bot.slack.replies.render import escape_markup, render_ephemeral, render_error

MAX_VALUE = 2_000
"""Characters of a button's value: docs.slack.dev/reference/block-kit/block-elements/button-element."""
PART = 1_000
"""Characters of a block of a long line, before they are escaped."""
OPEN_FOR = timedelta(hours=24)
"""How long a question can be answered; shorter than clicks are remembered, so that no click counts twice."""


@dataclass(frozen=True, slots=True)
class CommandQuestion:
    """
    A typed command, and the readings that were chosen for it so far.

    `asked_at` is when it was typed; relative times count from there. `chosen` maps an ambiguous text to the chosen
    reading: a time in unambiguous words, the incident meant by a number, what to read instead of a flag.
    """

    user_id: str
    user_name: str
    channel_id: str
    text: str
    trigger_id: str
    asked_at: datetime
    chosen: Mapping[str, str] = field(default_factory=dict)

    @property
    def value(self) -> str:
        """The value of a button that runs the command."""
        command = [self.user_id, self.user_name, self.channel_id, self.text, self.trigger_id, self.asked_at.isoformat()]
        return json.dumps([*command, dict(self.chosen)], ensure_ascii=False, separators=(",", ":"))

    def button_value(self, about: str, candidate: str) -> str:
        """Return the value of a candidate's button."""
        return replace(self, chosen={**self.chosen, about: candidate}).value

    @classmethod
    def from_value(cls, value: str) -> "CommandQuestion":
        """Parse a button's value; its candidate is among `chosen`. Raises UserError."""
        try:
            *command, asked_at, chosen = json.loads(value)
            user_id, user_name, channel_id, text, trigger_id = map(str, command)
            at = read_moment(str(asked_at))
            return cls(user_id, user_name, channel_id, text, trigger_id, at, dict(chosen))
        except (ValueError, TypeError, RecursionError) as problem:
            raise UserError("This button is from another version of Dogwatch. Type the command again.") from problem

    def check_answerable(self, user_id: str, at: datetime) -> None:
        """Raise UserError if somebody else was asked, or the question is too old."""
        if user_id != self.user_id:
            raise UserError("This question is for another person. Type the command yourself.")
        if at - self.asked_at > OPEN_FOR:
            raise UserError("This question is more than a day old. Type the command again.")


def render_question(problem: Ambiguous, question: CommandQuestion) -> Answer:
    """Render the question with the typed line and a button per candidate, or as text."""
    values = [question.button_value(problem.about, each) for each in problem.candidates]
    fits = len(values) <= MAX_CHOICES and max(map(len, values), default=0) <= MAX_VALUE
    typed = f"/incident {plain_text(question.text).strip()}"
    if not fits or not question.trigger_id:
        return _render_without_buttons(problem, typed)
    choices = list(zip(problem.labels, values, strict=True))
    return render_ephemeral(command_question_message(escape_markup(problem.message), escape_markup(typed), choices))


def _render_without_buttons(problem: Ambiguous, typed: str) -> Answer:
    """Say what to type instead, and give the whole line back, in as many blocks as it takes."""
    answer = render_error(problem)
    parts = wrap(
        typed, PART, replace_whitespace=False, drop_whitespace=False, expand_tabs=False, break_on_hyphens=False
    )
    blocks = [section(answer["text"]), *(section(escape_markup(each)) for each in parts)]
    return render_ephemeral(Message(f"{answer['text']}\n{escape_markup(typed)}", blocks))
