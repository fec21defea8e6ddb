"""Flapping: how many changes, within which time, and when it is over."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.alerts.flapping import TRACKED_ALERTS, AlertChanges, add_change, changes_key, keep_latest

NOON = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)


def after(*minutes: int) -> list[bool]:
    """Whether the alert flaps after each change at these minutes."""
    known, flapping = AlertChanges(), []
    for minute in minutes:
        known = add_change(known, NOON + timedelta(minutes=minute))
        flapping.append(known.is_flapping)
    return flapping


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [
        ((0, 5, 10), [False, False, False]),
        ((0, 5, 10, 15), [False, False, False, True]),
        ((0, 10, 20, 30), [False, False, False, False]),
        ((0, 10, 20, 29), [False, False, False, True]),
        ((0, 1, 2, 3, 32), [False, False, False, True, True]),
        ((0, 1, 2, 3, 33), [False, False, False, True, False]),
        ((0, 1, 2, 3, 33, 34, 35, 36), [False, False, False, True, False, False, False, True]),
    ],
)
def test_four_changes_within_half_an_hour_flap_until_it_is_quiet(minutes, expected):
    assert after(*minutes) == expected


def test_the_alerts_that_changed_last_are_kept():
    changes = {str(number): AlertChanges((NOON + timedelta(seconds=number),)) for number in range(TRACKED_ALERTS + 5)}

    kept = keep_latest(changes)

    assert len(kept) == TRACKED_ALERTS
    assert str(TRACKED_ALERTS + 4) in kept
    assert "4" not in kept


def test_keys_tell_sources_apart():
    assert changes_key("grafana", "a") != changes_key("alertmanager", "a")
    assert len(changes_key("grafana", "é" * 400 + "\ud800")) == 16
