"""Findings about alerts: those that fired longer than the impact lasted."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.findings.finding import Quote
from bot.domain.findings.rules.alerts import check_alert_after_end
from bot.domain.findings.wording import english_formatter
from bot.domain.record.model import Record
from bot.domain.terms import AlertStatus
from tests.support.records.findings import codes, incident

FOUND = ["alert-after-end"]


def record(begins: str, ends: str | None, status: AlertStatus, *, end: str | None = "16:24") -> Record:
    builder = incident("16:11", end)
    builder.declared_by_alert(begins, "CheckoutErrors", "Checkout fails", origin="alertmanager")
    [alert] = builder.alerts
    builder.alerts = [replace(alert, status=status, ended_at=builder.at(ends) if ends else None)]
    return builder.record()


@pytest.mark.parametrize(
    ("begins", "ends", "status", "expected"),
    [
        ("16:10", None, AlertStatus.FIRING, FOUND),
        ("16:24", None, AlertStatus.FIRING, FOUND),
        ("16:10", "16:40", AlertStatus.RESOLVED, FOUND),
        ("16:10", "16:39", AlertStatus.RESOLVED, []),
        ("16:10", "16:20", AlertStatus.RESOLVED, []),
        ("16:25", None, AlertStatus.FIRING, []),
        ("16:10", None, AlertStatus.RESOLVED, []),
    ],
)
def test_an_alert_that_fired_longer(begins, ends, status, expected):
    assert codes(check_alert_after_end, record(begins, ends, status)) == expected


def test_an_open_incident_has_no_end():
    assert codes(check_alert_after_end, record("16:10", None, AlertStatus.FIRING, end=None)) == []


def test_the_same_alert_is_named_once():
    found = record("16:10", None, AlertStatus.FIRING)
    later = replace(found.alerts[0], starts_at=found.alerts[0].starts_at + timedelta(minutes=5))

    [finding] = check_alert_after_end(replace(found, alerts=[*found.alerts, later]))

    assert finding.values["names"] == (Quote("CheckoutErrors"),)


def test_places_of_alerts_and_escalations_are_told_apart_by_their_times():
    builder = incident("16:11", "17:24")
    builder.declared_by_alert("16:10", "CheckoutErrors", "Checkout fails", origin="alertmanager")
    builder.escalated("16:15", "oncall", "dba", "Slow")

    formatter = english_formatter(builder.record())

    assert [formatter.source_label(ref) for ref in ("alert-1", "escalation-1")] == ["16:10", "16:15"]
