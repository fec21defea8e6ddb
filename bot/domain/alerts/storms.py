"""
Alert storms: when alerts would open more incidents than people can follow, the rest share one.

And how an incident's alerts are told of, however many there are: some at once, the others counted. Plain values in, a
named answer out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.alerts.routing import REOPEN_WITHIN

TOLD_AT_ONCE = 10
"""Notifications with something new that an incident's channel and timeline have told of one by one, in `TOLD_FOR`."""
TOLD_FOR = timedelta(minutes=10)
SUMMED_UP_AFTER = timedelta(minutes=1)
"""How long a summary collects, from the first alert that it counts."""
SHOWN_AFTER = timedelta(seconds=1)
"""How far a card may be behind while alerts pour in: it is edited no more often."""

TOLD_LATE = timedelta(minutes=5)
"""An alert of a storm began this long before its first incident was opened, at most: monitors wait and collect."""


@dataclass(frozen=True, slots=True)
class Limits:
    """More than `incidents` that alerts would open within `window` are a storm. 0 incidents: nothing is folded."""

    incidents: int = 10
    window: timedelta = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class LastStorm:
    """The newest storm. `last_at`: when it last took in an alert; `resolved_at`: None while open, or if cancelled."""

    incident: int
    last_at: datetime
    is_open: bool
    resolved_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class OpenOwn:
    """No storm: the alert gets an incident of its own."""


@dataclass(frozen=True, slots=True)
class Join:
    """The storm's open `incident` takes the alert."""

    incident: int


@dataclass(frozen=True, slots=True)
class Resume:
    """The storm was over, and alerts storm again: its `incident` takes the alert, reopened if it was resolved."""

    incident: int


@dataclass(frozen=True, slots=True)
class Begin:
    """A storm begins: an incident is opened for it. `previous` is the storm before, if there was one."""

    previous: int | None = None


Folding = OpenOwn | Join | Resume | Begin


def fold(now: datetime, openings: Sequence[datetime], storm: LastStorm | None, limits: Limits) -> Folding:
    """
    What becomes of an alert that would open an incident at `now`.

    `openings` are the times at which alerts opened incidents of their own; what people declared is not among them.
    """
    if limits.incidents == 0:
        return OpenOwn()
    if storm and storm.is_open and is_blowing(storm.last_at, now, limits):
        return Join(storm.incident)
    if sum(now - at < limits.window for at in openings) < limits.incidents:
        return OpenOwn()
    if storm and storm.is_open and now - storm.last_at < REOPEN_WITHIN:
        return Resume(storm.incident)
    if storm and storm.resolved_at and now - storm.resolved_at < REOPEN_WITHIN:
        return Resume(storm.incident)
    return Begin(storm.incident if storm else None)


def is_blowing(last_at: datetime, now: datetime, limits: Limits) -> bool:
    """Whether a storm goes on: it is over once no alert came into it for as long as openings are counted."""
    return now - last_at < limits.window


@dataclass(frozen=True, slots=True)
class Told:
    """How many notifications an incident has told of one by one since `since`."""

    count: int = 0
    since: datetime | None = None


def told_once_more(told: Told, now: datetime) -> Told | None:
    """The count with one more that is told by itself at `now`; None where it has to wait for the next summary."""
    if told.since is None or now - told.since >= TOLD_FOR:
        return Told(1, now)
    return Told(told.count + 1, told.since) if told.count < TOLD_AT_ONCE else None
