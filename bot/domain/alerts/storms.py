"""Alert storms: when alerts would open too many incidents, the rest share one."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.domain.alerts.placement import REOPEN_WITHIN
from bot.lazy_dataclass import dataclass

LATE_ALERT_MARGIN = timedelta(minutes=5)
"""Longest time that an alert of a storm may have begun before the storm's first incident was opened."""


@dataclass(frozen=True, slots=True)
class StormLimits:
    """More than `incidents` openings by alerts within `window` are a storm. 0: no storms."""

    incidents: int = 10
    window: timedelta = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class LastStorm:
    """
    The newest storm.

    `last_at`: when it last took an alert; `resolved_at`: None if open or cancelled.
    """

    incident: int
    last_at: datetime
    is_open: bool
    resolved_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class OpenSeparately:
    """No storm: the alert gets its own incident."""


@dataclass(frozen=True, slots=True)
class JoinStorm:
    """Add the alert to the storm's open `incident`."""

    incident: int


@dataclass(frozen=True, slots=True)
class ResumeStorm:
    """A new storm soon after the last: its `incident` takes the alert, reopened if resolved."""

    incident: int


@dataclass(frozen=True, slots=True)
class BeginStorm:
    """Open an incident for a new storm. `previous` is the storm before, if any."""

    previous: int | None = None


StormDecision = OpenSeparately | JoinStorm | ResumeStorm | BeginStorm


def choose_storm_action(
    now: datetime, openings: Sequence[datetime], storm: LastStorm | None, limits: StormLimits
) -> StormDecision:
    """
    Decide what becomes of an alert that would open an incident at `now`.

    `openings` are the times at which alerts opened separate incidents, without declared ones.
    """
    if limits.incidents == 0:
        return OpenSeparately()
    if storm and storm.is_open and is_storm_active(storm.last_at, now, limits):
        return JoinStorm(storm.incident)
    if sum(is_recent(at, now, limits.window) for at in openings) < limits.incidents:
        return OpenSeparately()
    if storm and storm.is_open and now - storm.last_at < REOPEN_WITHIN:
        return ResumeStorm(storm.incident)
    if storm and storm.resolved_at and now - storm.resolved_at < REOPEN_WITHIN:
        return ResumeStorm(storm.incident)
    return BeginStorm(storm.incident if storm else None)


def is_storm_active(last_at: datetime, now: datetime, limits: StormLimits) -> bool:
    """True if the storm took an alert within the window in which openings are counted."""
    return is_recent(last_at, now, limits.window)


def is_recent(at: datetime, now: datetime, window: timedelta) -> bool:
    """True within `window` before now; after it, too, but not if the clock was far ahead then."""
    return abs(now - at) < window
