"""The error of a feed that cannot be read."""

from bot.domain.errors import UserError


class FeedError(UserError):
    """
    The answer cannot be read.

    `place`: as `incidents[3].created_at`, empty for the whole answer.

    The message names the place and the problem; it never holds more than a short quotation of the answer.
    """

    def __init__(self, place: str, problem: str) -> None:
        self.place = place
        super().__init__(f"{place}: {problem}" if place else problem)
