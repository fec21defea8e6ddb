"""
Result types shared by all notifiers.

Messages are for people and contain no address and no secret.
"""

from collections.abc import Mapping

from bot.lazy_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Sent:
    """Accepted. `ref`: the receiver's key (dedup_key, alias or Message-ID); None if it has none."""

    ref: str | None = None


class PermanentFailure(Exception):
    """Another try would fail, too: an address, a key or the configuration is wrong."""

    def __init__(self, message: str) -> None:
        self.message = message
        super().__init__(message)


class TemporaryFailure(Exception):
    """
    Worth another try.

    `maybe_done`: may have been delivered; `retry_after`: seconds that the server asked for.
    """

    def __init__(self, message: str, *, maybe_done: bool, retry_after: float | None = None) -> None:
        self.message = message
        self.maybe_done = maybe_done
        self.retry_after = retry_after
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds for an SMTP command (`step`), a page (`total`) and an HTTP request."""

    step: float = 8.0
    total: float = 25.0
    request: float = 10.0


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """`headers`: by lower-case name."""

    status: int
    body: bytes
    headers: Mapping[str, str]
