"""Who does something, when, and from where."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Origin(StrEnum):
    """Where an act comes from, for the audit."""

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


@dataclass(frozen=True, slots=True)
class Actor:
    """`user_id` is None where nobody but a machine acts. `at` is the time of the act on the record's clock."""

    team_id: str
    user_id: str | None
    at: datetime
    origin: Origin
