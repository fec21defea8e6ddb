"""The sandbox's time: whatever has `now()`; by default the machine's own clock."""

from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    def now(self) -> datetime:
        """Aware, in UTC."""


class RealClock:
    def now(self) -> datetime:
        return datetime.now(UTC)
