"""Clocks of the sandbox."""

from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    def now(self) -> datetime:
        """Return the time, aware, in UTC."""


class RealClock:
    def now(self) -> datetime:
        return datetime.now(UTC)
