"""
Alert sources: one module for each kind of sender, with `verify` and `parse`.

Pure. The web layer limits the size, then calls `verify`, `decode` and `parse`; they raise nothing but `Unauthorized`
(401) and `Malformed` (400).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.domain.alerts.events import Batch, Credentials
from bot.sources import alertmanager, generic, grafana
from bot.sources.authentication import Unauthorized
from bot.sources.json_reader import Malformed, decode

__all__ = ["SOURCES", "Malformed", "Source", "Unauthorized", "decode"]


class Verify(Protocol):
    """
    Return the index of the token or secret that was used. Raises Unauthorized.

    `body`: the raw bytes; `now`: real time, aware.
    """

    def __call__(self, headers: Mapping[str, str], body: bytes, credentials: Credentials, *, now: datetime) -> int: ...


@dataclass(frozen=True, slots=True)
class Source:
    """`parse` takes the decoded payload and the time of receipt, and raises Malformed."""

    verify: Verify
    parse: Callable[[object, datetime], Batch]


SOURCES: Mapping[str, Source] = {
    alertmanager.NAME: Source(alertmanager.verify, alertmanager.parse),
    grafana.NAME: Source(grafana.verify, grafana.parse),
    generic.NAME: Source(generic.verify, generic.parse),
}
