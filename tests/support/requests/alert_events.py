"""Alerts as a sender's reader returns them."""

from datetime import UTC, datetime

from bot.domain.alerts.events import AlertEvent
from bot.domain.terms import AlertStatus, Precision

RECEIVED = datetime(2026, 11, 18, 14, 6, tzinfo=UTC)


def an_event(
    summary: str = "Checkout is down", *, status: AlertStatus = AlertStatus.FIRING, is_test: bool = False
) -> AlertEvent:
    """An alert of the service checkout that began when it was received."""
    return AlertEvent(
        source="generic",
        fingerprint="f1",
        status=status,
        labels={"service": "checkout"},
        annotations={"summary": summary},
        starts_at=RECEIVED,
        starts_at_precision=Precision.EXACT,
        ends_at=None,
        group="g1",
        occurrence="",
        is_test=is_test,
    )
