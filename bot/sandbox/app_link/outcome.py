"""A payload on its way to the app, and the outcome of an attempt to deliver it."""

from dataclasses import dataclass, field
from typing import Protocol

from bot.sandbox.workspace.records import Json


@dataclass
class Outgoing:
    kind: str
    """`events_api`, `slash_commands` or `interactive`."""
    payload: Json
    attempt: int = 0
    reason: str = ""
    """Why the last attempt failed."""
    expires: float = 0.0
    is_answer_lost: bool = False
    is_cut: bool = False
    """The connection is cut when the answer arrives, and the answer is lost."""

    @property
    def type(self) -> str:
        if self.kind == "events_api":
            return str((self.payload.get("event") or self.payload)["type"])  # `app_rate_limited` has no event in it
        return str(self.payload.get("type") or self.payload.get("command"))


@dataclass
class Outcome:
    """The outcome of one attempt. `reason`: Slack's name of the failure, empty after success."""

    reason: str = ""
    status: int | None = None
    body: Json = field(default_factory=dict)
    text: str = ""
    no_retry: bool = False
    seconds: float = 0.0

    @property
    def is_acknowledged(self) -> bool:
        return not self.reason


class Link(Protocol):
    """A connection to the app."""

    name: str

    def is_open(self) -> bool: ...

    async def send(self, outgoing: Outgoing, limit: float) -> Outcome: ...
