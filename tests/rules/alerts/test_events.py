"""Alerts as monitors report them: times that can be believed, titles, and keys."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.alerts.events import (
    KEY_LIMIT,
    TITLE_LIMIT,
    AlertEvent,
    bound_key,
    credible_times,
    group_key,
    incident_title,
)
from bot.domain.terms import AlertStatus, Precision
from tests.support.requests.alert_events import RECEIVED, an_event

FIRING, RESOLVED = AlertStatus.FIRING, AlertStatus.RESOLVED
EXACT, APPROXIMATE = Precision.EXACT, Precision.APPROXIMATE


def ago(**span):
    return RECEIVED - timedelta(**span)


@pytest.mark.parametrize(
    ("start", "expected", "precision"),
    [
        (ago(seconds=30), ago(seconds=30), EXACT),
        (ago(days=7), ago(days=7), EXACT),
        (ago(days=7, seconds=1), RECEIVED, APPROXIMATE),
        (ago(seconds=-60), ago(seconds=-60), EXACT),
        (ago(seconds=-61), RECEIVED, APPROXIMATE),
        (None, RECEIVED, APPROXIMATE),
    ],
)
def test_the_start_of_a_firing_alert(start, expected, precision):
    assert credible_times(start, None, FIRING, now=RECEIVED) == (expected, precision, None)


def test_a_firing_alert_has_no_end_whatever_it_states():
    assert credible_times(ago(hours=1), ago(minutes=5), FIRING, now=RECEIVED)[2] is None


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (ago(hours=1), ago(minutes=5), (ago(hours=1), EXACT, ago(minutes=5))),
        (ago(hours=1), None, (ago(hours=1), EXACT, RECEIVED)),
        (ago(hours=1), ago(hours=2), (ago(hours=1), EXACT, RECEIVED)),  # an end before the start
        (ago(hours=1), ago(hours=-1), (ago(hours=1), EXACT, RECEIVED)),  # an end in the future
        (ago(days=9), ago(minutes=5), (ago(minutes=5), APPROXIMATE, ago(minutes=5))),
        (ago(days=9), None, (RECEIVED, APPROXIMATE, RECEIVED)),
        (None, ago(minutes=5), (ago(minutes=5), APPROXIMATE, ago(minutes=5))),
        (None, ago(days=8), (RECEIVED, APPROXIMATE, RECEIVED)),
        (ago(hours=-1), ago(minutes=5), (ago(minutes=5), APPROXIMATE, ago(minutes=5))),
    ],
)
def test_the_end_of_a_resolved_alert(start, end, expected):
    assert credible_times(start, end, RESOLVED, now=RECEIVED) == expected


MOMENTS = st.none() | st.datetimes(
    min_value=datetime(2026, 1, 1),  # noqa: DTZ001  hypothesis adds the zone
    max_value=datetime(2027, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)


@given(MOMENTS, MOMENTS, st.sampled_from(AlertStatus))
def test_times_are_always_in_order_and_never_far_off(start, end, status):
    starts_at, precision, ends_at = credible_times(start, end, status, now=RECEIVED)

    assert RECEIVED - timedelta(days=7) <= starts_at <= RECEIVED + timedelta(minutes=1)
    assert (ends_at is None) is (status is FIRING)
    assert ends_at is None or starts_at <= ends_at <= RECEIVED + timedelta(minutes=1)
    assert precision is APPROXIMATE or starts_at == start


@pytest.mark.parametrize(
    ("summaries", "truncated", "title"),
    [
        (["Disk full"], 0, "Disk full"),
        (["Disk full", "Disk full"], 0, "Disk full"),
        (["Disk full on a", "Disk full on b"], 0, "Disk full on a (and 1 more)"),
        (["Disk full on a", "Disk full on b"], 5, "Disk full on a (and 6 more)"),
        ([" two\n lines\t "], 0, "two lines"),
        (["safe \u202e txt"], 0, "safe txt"),
        (["\u200b\x00"], 0, "Alert without a name"),
        (["x" * 200], 0, "x" * (TITLE_LIMIT - 1) + "…"),
    ],
)
def test_the_title_of_an_incident(summaries, truncated, title):
    assert incident_title([an_event(each) for each in summaries], truncated) == title


def test_the_name_stands_in_for_an_absent_summary():
    alert = AlertEvent("generic", "f1", FIRING, {"alertname": "HighCPU"}, {}, RECEIVED, EXACT, None, "g", "")
    assert incident_title([alert]) == "HighCPU"


@given(st.lists(st.text(min_size=1), min_size=1, max_size=5), st.integers(0, 10_000))
def test_any_summary_makes_a_title_of_one_line_within_the_limit(summaries, truncated):
    title = incident_title([an_event(each) for each in summaries], truncated)
    assert 0 < len(title) <= TITLE_LIMIT
    assert title.splitlines() == [title]


def test_groups_of_different_senders_stay_apart():
    assert group_key("grafana", stated="g", service=None, name="n") != group_key(
        "alertmanager", stated="g", service=None, name="n"
    )


def test_without_a_stated_group_service_and_name_make_one():
    key = group_key("generic", stated=None, service="checkout", name="HighCPU")

    assert key == group_key("generic", stated=None, service="checkout", name="HighCPU")
    assert key != group_key("generic", stated=None, service="search", name="HighCPU")
    assert key != group_key("generic", stated=None, service="checkout", name="DiskFull")


@given(st.text(), st.text())
def test_long_keys_are_bounded_and_still_tell_things_apart(one, other):
    padding = "x" * KEY_LIMIT
    first, second = bound_key(padding + one), bound_key(padding + other)

    assert len(first) <= KEY_LIMIT
    assert (first == second) is (one == other)
