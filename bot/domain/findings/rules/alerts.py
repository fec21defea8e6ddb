"""Alerts that still fired when the impact had ended."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from bot.domain.findings.finding import Finding, Quote
from bot.domain.record.model import Alert, Record
from bot.domain.terms import AlertStatus

CODE = "alert-after-end"
LATE = timedelta(minutes=15)
"""Monitors need some minutes to notice that it is over."""
PLACES = 5
"""Alerts that a finding links to: a storm has hundreds."""


def check_alert_after_end(record: Record) -> Iterator[Finding]:
    """
    Find alerts that fired more than 15 minutes after the impact ended, as one finding.

    An alert that fires still is found at once. Silent about alerts that began later or whose end is unknown.
    """
    ended = record.incident.ended
    if ended is None:
        return
    fired = [alert for alert in record.alerts if _fired_longer(alert, ended.at)]
    if fired:
        names = tuple(Quote(name) for name in dict.fromkeys(alert.name for alert in fired))
        yield Finding(CODE, tuple(alert.source.ref for alert in fired[:PLACES]), {"end": ended.at, "names": names})


def _fired_longer(alert: Alert, end: datetime) -> bool:
    if alert.starts_at > end:
        return False
    return alert.ended_at > end + LATE if alert.ended_at else alert.status is AlertStatus.FIRING
