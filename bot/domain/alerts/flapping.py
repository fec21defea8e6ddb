"""Flapping alerts: announced once when they begin to flap, and again when they are quiet."""

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta

from bot.lazy_dataclass import dataclass

FLAPPING_CHANGES = 4
"""Changes between firing and ended within `QUIET_AFTER` that make an alert a flapping one."""
QUIET_AFTER = timedelta(minutes=30)
"""Time without a change after which an alert is no longer flapping."""
TRACKED_ALERTS = 200
"""Alerts of an incident whose changes are counted, those that changed last."""


@dataclass(frozen=True, slots=True)
class AlertChanges:
    """The last changes of one alert, the oldest first."""

    at: tuple[datetime, ...] = ()
    is_flapping: bool = False


def add_change(known: AlertChanges, now: datetime) -> AlertChanges:
    """
    The changes with one more at `now`.

    Flapping goes on until there was none for `QUIET_AFTER`.
    """
    recent = tuple(at for at in known.at if now - at < QUIET_AFTER)
    changes = (*recent, now)[-FLAPPING_CHANGES:]
    goes_on = known.is_flapping and bool(recent)
    return AlertChanges(changes, goes_on or len(changes) == FLAPPING_CHANGES)


def keep_latest(changes: Mapping[str, AlertChanges]) -> Mapping[str, AlertChanges]:
    """Those of `TRACKED_ALERTS`, by the last change."""
    latest = sorted(changes.items(), key=lambda each: each[1].at[-1], reverse=True)
    return dict(latest[:TRACKED_ALERTS])


def changes_key(source: str, fingerprint: str) -> str:
    """A short key of an alert, whatever the length of its fingerprint."""
    return hashlib.sha256(f"{source}\n{fingerprint}".encode("utf-8", "surrogatepass")).hexdigest()[:16]
