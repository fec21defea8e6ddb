"""The incident that takes an alert: open, attach, reopen, or record only."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.domain.alerts.events import AlertEvent
from bot.domain.alerts.routing import RouteAction
from bot.domain.terms import AlertStatus
from bot.lazy_dataclass import dataclass

REOPEN_WITHIN = timedelta(minutes=30)
"""An alert that fires again this soon after the incident was resolved belongs to the same incident."""


@dataclass(frozen=True, slots=True)
class GroupIncident:
    """
    An incident that an alert may belong to.

    `resolved_at` is None while it is open, and if it was cancelled. `started_at`: start of the impact, None if unknown.
    """

    id: int
    is_open: bool
    resolved_at: datetime | None = None
    started_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Open:
    """Open an incident."""


@dataclass(frozen=True, slots=True)
class OpenLinked:
    """Open an incident that refers to the `previous` one of the group."""

    previous: int


@dataclass(frozen=True, slots=True)
class Attach:
    """Add the alert to the open `incident`."""

    incident: int


@dataclass(frozen=True, slots=True)
class Reopen:
    """Reopen the `incident`, which was resolved recently."""

    incident: int


@dataclass(frozen=True, slots=True)
class RecordOnly:
    """Keep the alert, with the `incident` it belonged to if any; no incident changes its state."""

    incident: int | None = None


@dataclass(frozen=True, slots=True)
class Ignore:
    """A route drops this alert."""


Placement = Open | OpenLinked | Attach | Reopen | RecordOnly | Ignore


def place_alert(
    event: AlertEvent,
    action: RouteAction,
    *,
    now: datetime,
    of_group: Sequence[GroupIncident] = (),
    of_service: Sequence[GroupIncident] = (),
    is_held: bool = False,
) -> Placement:
    """
    Decide what an alert does to incidents at `now`.

    `of_service` are open incidents of its service: only ATTACH looks at them. `is_held`: its service is under
    maintenance, so it joins an open incident and opens none. A resolved alert never opens or reopens anything. One that
    ended before the incident began is not part of it.
    """
    if action is RouteAction.IGNORE:
        return Ignore()
    latest = max(of_group, key=lambda each: (each.is_open, each.id), default=None)
    if latest and latest.started_at and event.ends_at and event.ends_at < latest.started_at:
        return RecordOnly()
    if latest and latest.is_open:
        return Attach(latest.id)
    if action is RouteAction.ATTACH and event.status is AlertStatus.FIRING and not event.is_test:
        neighbour = max((each for each in of_service if each.is_open), key=lambda each: each.id, default=None)
        return Attach(neighbour.id) if neighbour else RecordOnly()
    if event.status is AlertStatus.RESOLVED or event.is_test:
        return RecordOnly(latest.id if latest else None)
    if is_held:
        return RecordOnly()
    if latest is None:
        return Open()
    if latest.resolved_at and now - latest.resolved_at < REOPEN_WITHIN:
        return Reopen(latest.id)
    return OpenLinked(latest.id)
