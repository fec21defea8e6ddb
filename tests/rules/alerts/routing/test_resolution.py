"""Automatic resolution: which rule an alert has, and what becomes of an incident whose alerts have ended."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.alerts.resolution import (
    LeaveOpen,
    QuietIncident,
    Resolve,
    ResolveRule,
    SuggestResolution,
    WaitLonger,
    choose_resolution,
)
from bot.domain.alerts.routing import Route, RoutingDefaults, parse_matcher, route_alert

ENDED = datetime(2026, 11, 18, 14, 0, tzinfo=UTC)
FAST = ResolveRule(timedelta(minutes=10), "[[routes]] 1")
SLOW = ResolveRule(timedelta(minutes=30), "[services.search]")
NEVER = timedelta()


@pytest.mark.parametrize(
    ("rules", "minutes", "expected"),
    [
        ((FAST,), 9, WaitLonger(ENDED + FAST.after)),
        ((FAST,), 10, Resolve(FAST)),
        ((FAST, SLOW, FAST), 10, WaitLonger(ENDED + SLOW.after)),
        ((FAST, SLOW), 30, Resolve(SLOW)),
        ((FAST, None), 60, LeaveOpen()),
        ((), 60, LeaveOpen()),
    ],
)
def test_the_slowest_rule_of_all_alerts_decides(rules, minutes, expected):
    assert choose_resolution(QuietIncident(ENDED, rules), ENDED + timedelta(minutes=minutes)) == expected


def test_a_firing_alert_leaves_it_open():
    assert choose_resolution(QuietIncident(ENDED, (FAST,), firing=1), ENDED + timedelta(hours=1)) == LeaveOpen()


def test_people_at_work_get_a_suggestion_when_the_time_is_over():
    incident = QuietIncident(ENDED, (FAST,), is_worked_on=True)

    assert choose_resolution(incident, ENDED + timedelta(minutes=5)) == WaitLonger(ENDED + FAST.after)
    assert choose_resolution(incident, ENDED + timedelta(minutes=10)) == SuggestResolution(FAST)


@pytest.mark.parametrize(
    ("of_route", "service", "expected"),
    [
        (None, "search", ResolveRule(SLOW.after, "[services.search]")),
        (FAST.after, "search", ResolveRule(FAST.after, "[[routes]] 2")),
        (NEVER, "search", None),
        (None, "checkout", None),
    ],
)
def test_the_route_goes_before_the_service(of_route, service, expected):
    routes = [Route((parse_matcher("team=x"),)), Route((), resolve_after=of_route)]
    defaults = RoutingDefaults(service_resolutions={"search": SLOW.after})

    assert route_alert({"service": service}, routes, defaults, at=ENDED).resolve_rule == expected
