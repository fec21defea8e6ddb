"""When the silence of a job is an alert."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.alerts.heartbeats import Heartbeat, Pulse, find_deadline, return_alert, silence_alert
from bot.domain.terms import AlertStatus

NOON = datetime(2026, 11, 18, 12, tzinfo=UTC)
JOB = Heartbeat("backup", timedelta(hours=1), timedelta(minutes=10), service="billing")


def after(minutes):
    return NOON + timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("pulse", "deadline"),
    [
        (Pulse(NOON), 70),
        (Pulse(NOON, after(20), after(40)), 70),
        (Pulse(NOON, after(50), after(65)), 75),
        (Pulse(NOON, after(50), after(300)), 310),
    ],
)
def test_our_own_downtime_gives_one_grace(pulse, deadline):
    assert find_deadline(JOB, pulse) == after(deadline)


def test_an_alert_begins_when_the_beat_was_due_and_ends_with_the_next():
    silent, back = silence_alert(JOB, Pulse(NOON)), return_alert(JOB, after(60), at=after(95))

    assert (silent.starts_at, silent.ends_at, silent.status) == (after(60), None, AlertStatus.FIRING)
    assert (back.starts_at, back.ends_at, back.status) == (after(60), after(95), AlertStatus.RESOLVED)
    assert (silent.fingerprint, silent.occurrence, silent.group) == (back.fingerprint, back.occurrence, back.group)
    assert silent.annotations["description"] == "Last beat: 2026-11-18 12:00 UTC. Expected every 1 h."


def test_an_alert_says_that_a_beat_may_have_been_missed():
    told = silence_alert(JOB, Pulse(NOON, after(50), after(65))).annotations["description"]

    assert "Dogwatch was down from 2026-11-18 12:50 UTC to 2026-11-18 13:05 UTC" in told
