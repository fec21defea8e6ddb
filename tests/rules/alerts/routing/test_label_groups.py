"""Groups by labels: which alerts share one, and for how long."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.alerts.label_groups import LabelGrouping
from bot.domain.alerts.routing import Route, RoutingDefaults, parse_matcher, route_alert

NOW = datetime(2026, 11, 18, 14, 6, tzinfo=UTC)
GROUPING = LabelGrouping(("cluster", "service"), timedelta(minutes=15))
ROUTES = (
    Route((parse_matcher("team=shop"),), grouping=GROUPING),
    Route((parse_matcher("team=web"),), service="web", grouping=GROUPING),
    Route(()),
)


def group_of(**labels):
    return route_alert(labels, ROUTES, RoutingDefaults(), at=NOW).label_group


def test_alerts_of_one_route_with_the_same_values_share_a_group():
    one = group_of(team="shop", cluster="eu", service="checkout", alertname="HighCPU")

    assert one == group_of(team="shop", cluster="eu", service="checkout", monitor="probe")
    assert one.text == "cluster=eu, service=checkout"
    assert group_of(team="web", cluster="eu").text == "cluster=eu, service=web"


@pytest.mark.parametrize(
    "labels",
    [
        {"team": "shop", "cluster": "us", "service": "checkout"},
        {"team": "shop", "cluster": "eu"},
        {"team": "web", "cluster": "eu", "service": "checkout"},
        {"team": "shop", "cluster": 'eu", "service": "checkout'},
    ],
)
def test_other_values_and_other_routes_are_other_groups(labels):
    assert group_of(**labels).key != group_of(team="shop", cluster="eu", service="checkout").key


def test_an_alert_without_any_of_the_labels_has_none():
    assert group_of(team="shop", alertname="HighCPU") is None
    assert group_of(cluster="eu") is None, "its route does not group"


@pytest.mark.parametrize(("minutes", "takes"), [(0, True), (15, True), (16, False), (None, False)])
def test_the_window_counts_from_the_last_alert(minutes, takes):
    last = NOW - timedelta(minutes=minutes) if minutes is not None else None

    assert group_of(team="shop", cluster="eu").takes(last, NOW) is takes


def test_a_grouping_needs_a_label():
    with pytest.raises(ValueError, match="no label"):
        LabelGrouping((), timedelta(minutes=15))
