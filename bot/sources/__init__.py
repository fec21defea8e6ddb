"""
Alerts in: one file per kind of sender, each with `verify(headers, body, …)` and `parse(payload, received_at)`.

All of it is pure. The web layer limits the size, then calls `verify`, `decode` and `parse`, in this order; what they
raise is `Unauthorized` (401) or `Malformed` (400) and nothing else.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.domain.alerts.routing import Batch, Credentials
from bot.sources import alertmanager, generic, grafana
from bot.sources.json_reader import Malformed, decode
from bot.sources.signature import Unauthorized

__all__ = ["SOURCES", "Malformed", "Source", "Unauthorized", "decode"]


class Verify(Protocol):
    """
    Returns which of the values that are right was used, counted from 0. Raises Unauthorized.

    `body` are the bytes as they came, `now` is real time (aware).
    """

    def __call__(self, headers: Mapping[str, str], body: bytes, credentials: Credentials, *, now: datetime) -> int: ...


@dataclass(frozen=True, slots=True)
class Source:
    """A kind of sender. `parse` takes the decoded payload and the time of receipt, and raises Malformed."""

    verify: Verify
    parse: Callable[[object, datetime], Batch]


SOURCES: Mapping[str, Source] = {
    alertmanager.NAME: Source(alertmanager.verify, alertmanager.parse),
    grafana.NAME: Source(grafana.verify, grafana.parse),
    generic.NAME: Source(generic.verify, generic.parse),
}
