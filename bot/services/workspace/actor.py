"""Actor: the person or machine behind an action, with its time and origin."""

from datetime import datetime
from enum import StrEnum

from bot.lazy_dataclass import dataclass


class Origin(StrEnum):
    """Source of an action, for the audit."""

    COMMAND = "command"
    BUTTON = "button"
    MODAL = "modal"
    REACTION = "reaction"
    MESSAGE = "message"
    ALERT = "alert"
    TIMER = "timer"
    CLI = "cli"
    PAGE = "page"
    WEBHOOK = "webhook"
    CANVAS = "canvas"
    WEB = "web"
    """A page of a person who is signed in. `PAGE` is one behind a link."""


@dataclass(frozen=True, slots=True)
class Actor:
    """
    `user_id` is None for a machine. `at` is the time of the action on the record's clock.

    `language` is that of the words which come with the action, None if not stated.
    """

    team_id: str
    user_id: str | None
    at: datetime
    origin: Origin
    language: str | None = None

    @property
    def page_at(self) -> str | None:
        """The time in ISO 8601 if it was done on a page, for the line in the channel."""
        return self.at.isoformat() if self.origin is Origin.WEB else None
