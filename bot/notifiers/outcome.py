"""What came of a page that left by one of the means. Messages are for people and hold no address and no secret."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sent:
    """It was taken. `ref` is what the means calls it (a dedup_key, an alias, a Message-ID); None: it has no name."""

    ref: str | None = None


class Refused(Exception):
    """It will never work like this: somebody has to mend an address, a key or the configuration."""

    def __init__(self, message: str) -> None:
        self.message = message
        super().__init__(message)


class Away(Exception):
    """Not now. `maybe_done`: it may have gone out all the same; `retry_after`: seconds that somebody asked for."""

    def __init__(self, message: str, *, maybe_done: bool, retry_after: float | None = None) -> None:
        self.message = message
        self.maybe_done = maybe_done
        self.retry_after = retry_after
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Patience:
    """
    Seconds. `step`: for each answer of a server that blocks; `whole`: for all of it, also where a byte comes now and
    then; `call`: for one call over HTTP.
    """

    step: float = 8.0
    whole: float = 25.0
    call: float = 10.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered. `headers` by their names in small letters."""

    status: int
    body: bytes
    headers: Mapping[str, str]
