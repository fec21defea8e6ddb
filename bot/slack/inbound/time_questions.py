"""A command that waits for an answer: which of several times was meant. The buttons carry all that it takes."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bot.domain.errors import Ambiguous, UserError
from bot.slack.blocks.time_question import MOST, which_time
from bot.slack.replies.render import ephemeral, markup, problem_of

VALUE = 2_000
"""Characters that a button may carry; docs.slack.dev/reference/block-kit/block-elements/button-element."""
OPEN_FOR = timedelta(hours=24)
"""How long a question can be answered: shorter than presses are remembered, so that none counts twice."""


@dataclass(frozen=True, slots=True)
class Question:
    """
    A command as it was typed, and what was asked about it.

    `asked_at` is when it was typed: what is relative in it counts from there, whenever it is answered. `chosen` maps
    texts that can be several times to the reading that was chosen, in words that can be typed.
    """

    user_id: str
    user_name: str
    channel_id: str
    text: str
    trigger_id: str
    asked_at: datetime
    chosen: Mapping[str, str] = field(default_factory=dict)

    def carried(self, about: str, candidate: str) -> str:
        """What the button of one candidate carries."""
        chosen = {**self.chosen, about: candidate}
        told = [self.user_id, self.user_name, self.channel_id, self.text, self.trigger_id, self.asked_at.isoformat()]
        return json.dumps([*told, chosen], ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def of(cls, value: str) -> "Question":
        """What a pressed button carries, with its candidate among those chosen. UserError for one that is not ours."""
        try:
            *told, asked_at, chosen = json.loads(value)
            user_id, user_name, channel_id, text, trigger_id = map(str, told)
            at = datetime.fromisoformat(asked_at)
            return cls(user_id, user_name, channel_id, text, trigger_id, at, dict(chosen))
        except (ValueError, TypeError) as problem:
            raise UserError("This button is from another version of Dogwatch. Type the command again.") from problem

    def check_answered_by(self, user_id: str, at: datetime) -> None:
        """Raises UserError if it was put to somebody else, or too long ago."""
        if user_id != self.user_id:
            raise UserError("This question was put to somebody else. Type the command yourself.")
        if at - self.asked_at > OPEN_FOR:
            raise UserError("This question is more than a day old, and nothing was done. Type the command again.")


def answer_to(problem: UserError, asked: Question) -> dict[str, Any]:
    """A refusal in words; a question with a button for each candidate, in words alone where they cannot carry it."""
    if not isinstance(problem, Ambiguous) or len(problem.candidates) > MOST or not asked.trigger_id:
        return problem_of(problem)
    choices = [(each, asked.carried(problem.about, each)) for each in problem.candidates]
    if max(len(value) for _, value in choices) > VALUE:
        return problem_of(problem)
    return ephemeral(which_time(markup(problem.message), choices))
