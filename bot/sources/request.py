"""A sender's request, and the answer that it expects, as plain values."""

from collections.abc import Mapping
from dataclasses import field

from bot.lazy_dataclass import dataclass
from bot.sources.json_reader import decode


@dataclass(frozen=True, slots=True)
class AlertRequest:
    """`path` is what follows `/alerts/{source}/`. Header names have any case."""

    headers: Mapping[str, str]
    body: bytes
    path: str = ""
    query: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """A response on success in the sender's own shape."""

    status: int
    body: Mapping[str, object]


def read_json(request: AlertRequest) -> object:
    """The body as JSON. Raises Malformed."""
    return decode(request.body)
