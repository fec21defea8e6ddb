"""A command that waits for a choice, as between times. The buttons carry the command."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot.domain.errors import Ambiguous, UserError
from bot.slack.blocks.time_question import MAX_CHOICES, time_question_message
from bot.slack.handlers.registry import Answer
from bot.slack.replies.render import escape_markup, render_ephemeral, render_error

MAX_VALUE = 2_000
"""Characters of a button's value: docs.slack.dev/reference/block-kit/block-elements/button-element."""
OPEN_FOR = timedelta(hours=24)
"""How long a question can be answered; shorter than clicks are remembered, so that no click counts twice."""


@dataclass(frozen=True, slots=True)
class TimeQuestion:
    """
    A typed command, and the times that were chosen for it so far.

    `asked_at` is when it was typed; relative times count from there. `chosen` maps an ambiguous text to the chosen
    reading, in unambiguous words.
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
    def from_value(cls, value: str) -> "TimeQuestion":
        """Parse a button's value; its candidate is among `chosen`. Raises UserError."""
        try:
            *command, asked_at, chosen = json.loads(value)
            user_id, user_name, channel_id, text, trigger_id = map(str, command)
            at = datetime.fromisoformat(asked_at)
            return cls(user_id, user_name, channel_id, text, trigger_id, at, dict(chosen))
        except (ValueError, TypeError) as problem:
            raise UserError("This button is from another version of Dogwatch. Type the command again.") from problem

    def check_answerable(self, user_id: str, at: datetime) -> None:
        """Raise UserError if somebody else was asked, or the question is too old."""
        if user_id != self.user_id:
            raise UserError("This question was put to somebody else. Type the command yourself.")
        if at - self.asked_at > OPEN_FOR:
            raise UserError("This question is more than a day old, and nothing was done. Type the command again.")


def render_question(problem: Ambiguous, question: TimeQuestion) -> Answer:
    """Render the question with a button per candidate, or as text if those are too many."""
    if len(problem.candidates) > MAX_CHOICES or not question.trigger_id:
        return render_error(problem)
    choices = [(each, question.button_value(problem.about, each)) for each in problem.candidates]
    if max(len(value) for _, value in choices) > MAX_VALUE:
        return render_error(problem)
    return render_ephemeral(time_question_message(escape_markup(problem.message), choices))
