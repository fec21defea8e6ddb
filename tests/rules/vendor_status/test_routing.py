"""Routes of vendors' incidents, and none of alerts."""

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.domain.alerts.routing import Route, RoutingDefaults, parse_matcher, route_alert
from bot.domain.oncall.working_hours import DAYS, WorkingHours
from bot.domain.vendor_status.routing import RoutedIncident, find_vendor_route

NOON = datetime(2025, 3, 27, 12, 0, tzinfo=UTC)
INCIDENT = RoutedIncident(
    "payplug", "Payments fail", "major", "investigating", ("Europe - EU payments", "Refunds"), ("checkout",)
)
NIGHT = WorkingHours(frozenset(DAYS), 22 * 60, 6 * 60, ZoneInfo("UTC"))


def route(*matchers: str, vendors: tuple[str, ...] = ("payplug",)) -> Route:
    return Route(tuple(map(parse_matcher, matchers)), vendors=vendors)


@pytest.mark.parametrize(
    ("wanted", "is_found"),
    [
        (route(), True),
        (route(vendors=("other", "payplug")), True),
        (route(vendors=("*",)), True),
        (route(vendors=("other",)), False),
        (route(vendors=()), False),
        (route('impact=~"major|critical"', 'component="EU payments"'), True),
        (route('component="Europe - EU payments"'), True),
        (route('component=~"US.*"'), False),
        (route('component="Refunds"', 'impact="critical"'), False),
        (route('title=~".*fail"', 'state!="monitoring"', 'vendor="payplug"'), True),
        (replace(route(), hours=NIGHT), False),
    ],
)
def test_a_route_fits_an_incident(wanted: Route, is_found: bool):
    assert find_vendor_route(INCIDENT, (wanted,), NOON) == ((1, wanted) if is_found else (None, None))


def test_the_first_route_that_fits_decides():
    routes = (route('impact="minor"'), route('impact="major"'), route())

    assert find_vendor_route(INCIDENT, routes, NOON) == (2, routes[1])


def test_what_the_page_leaves_out_is_empty():
    unknown = replace(INCIDENT, impact="", components=())

    assert find_vendor_route(unknown, (route('impact="major"'), route('component="Refunds"')), NOON) == (None, None)
    assert find_vendor_route(unknown, (route('component=""'),), NOON)[0] == 1


def test_any_vendor_is_one_that_a_service_needs():
    assert find_vendor_route(replace(INCIDENT, services=()), (route(vendors=("*",)),), NOON) == (None, None)


def test_a_route_of_vendors_is_for_no_alert():
    routed = route_alert({"vendor": "payplug"}, (route(), route(vendors=())), RoutingDefaults(), at=NOON)

    assert routed.why.startswith("route 2 ")
