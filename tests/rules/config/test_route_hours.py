"""Routes with days and hours: by the local time of receipt, past midnight and over clock changes."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.config import check, examine, load
from bot.domain.alerts.routing import RouteAction, Routing, RoutingDefaults, route_alert

pytestmark = pytest.mark.usefixtures("empty_folder")
PARIS = ZoneInfo("Europe/Paris")
NIGHT = '[[routes]]\nmatch = ["severity=info"]\naction = "ignore"\n'


def route(write: Any, keys: str, at: datetime, *, is_end: bool = False, zone: str = "Europe/Paris") -> Routing:
    """Route an alert by one route with these keys."""
    settings = load({}, config_path=write(f'[incidents]\nzone = "{zone}"\n{NIGHT}{keys}\n'))
    labels = {"severity": "info", "service": "shop"}
    return route_alert(labels, settings.alert_routes, RoutingDefaults(), at=at, is_end=is_end)


def moment(text: str) -> datetime:
    """A time in UTC with a Z, else local time in Paris."""
    found = datetime.fromisoformat(text)
    return (found if found.tzinfo else found.replace(tzinfo=PARIS)).astimezone(UTC)


@pytest.mark.parametrize(
    ("keys", "at", "applies"),
    [
        ('days = ["mon", "Tuesday"]', "2026-11-17T23:59", True),
        ('days = ["mon", "tue"]', "2026-11-18T00:00", False),
        ('hours = "09:00-18:00"', "2026-11-21T09:00", True),
        ('hours = "09:00-18:00"', "2026-11-21T18:00", False),
        ('hours = "18:00-24:00"', "2026-11-21T23:59", True),
        ('days = ["mon"]\nhours = "09:00-18:00"', "2026-11-16T10:00", True),
        ('days = ["mon"]\nhours = "09:00-18:00"', "2026-11-17T10:00", False),
        # Past midnight the hours belong to the day on which they began.
        ('days = ["fri"]\nhours = "22:00 - 06:00"', "2026-11-20T22:00", True),
        ('days = ["fri"]\nhours = "22:00-06:00"', "2026-11-21T05:59", True),
        ('days = ["fri"]\nhours = "22:00-06:00"', "2026-11-21T06:00", False),
        ('days = ["fri"]\nhours = "22:00-06:00"', "2026-11-20T05:00", False),
        ('days = ["fri"]\nhours = "22:00-06:00"', "2026-11-21T22:00", False),
        ('hours = "09:00-18:00"\nzone = "America/New_York"', "2026-11-18T14:00Z", True),
        ('hours = "09:00-18:00"\nzone = "America/New_York"', "2026-11-18T13:59Z", False),
        # The hour that comes twice in autumn, and the one that is left out in spring.
        ('hours = "02:00-03:00"', "2026-10-25T00:30Z", True),
        ('hours = "02:00-03:00"', "2026-10-25T01:30Z", True),
        ('hours = "02:00-03:00"', "2026-10-25T02:00Z", False),
        ('hours = "02:00-03:00"', "2026-03-29T00:59Z", False),
        ('hours = "02:00-03:00"', "2026-03-29T01:00Z", False),
        ('hours = "22:00-06:00"', "2026-03-29T03:59Z", True),
        ('hours = "22:00-06:00"', "2026-03-29T04:00Z", False),
    ],
)
def test_a_route_applies_at_its_days_and_hours_only(write: Any, keys: str, at: str, applies: bool) -> None:
    routing = route(write, keys, moment(at))

    assert routing.action is (RouteAction.IGNORE if applies else RouteAction.OPEN)


def test_the_routing_says_which_routes_were_passed_over_and_why(write: Any) -> None:
    second = '[[routes]]\naction = "attach"\nhours = "00:00-12:00"'
    keys = f'days = ["sat", "sun"]\nhours = "22:00-06:00"\n{second}'

    early, late = (route(write, keys, moment(at)) for at in ("2026-11-18T07:05", "2026-11-18T13:00"))
    saturday = route(write, keys, moment("2026-11-21T23:00"))

    assert early.why == (
        "route 1 is for sat, sun 22:00-06:00 Europe/Paris and not for Wed 07:05; "
        "route 2 (every alert; every day 00:00-12:00 Europe/Paris); severity by default"
    )
    assert late.action is RouteAction.OPEN
    assert "route 2 is for every day 00:00-12:00 Europe/Paris and not for Wed 13:00; no route" in late.why
    assert saturday.why.startswith('route 1 (severity="info"; sat, sun 22:00-06:00 Europe/Paris)')


def test_hours_ignore_no_end_because_its_beginning_may_have_been_heard(write: Any) -> None:
    night = moment("2026-11-18T23:00")

    end = route(write, 'hours = "18:00-09:00"', night, is_end=True)
    always = route(write, "", night, is_end=True)

    assert (end.action, always.action) == (RouteAction.OPEN, RouteAction.IGNORE)
    assert end.why.startswith("route 1 has hours, so it ignores no end; no route")


@pytest.mark.parametrize(
    ("keys", "key", "problem"),
    [
        ('days = ["monn"]', "routes[0].days[0]", "This is not a day of the week"),
        ("days = []", "routes[0].days", "at least one entry"),
        ('hours = "9-18"', "routes[0].hours", 'Use two times of day, like "09:00-18:00"'),
        ('hours = "09:00"', "routes[0].hours", "These are not hours"),
        ("hours = 9", "routes[0].hours", "These are not hours"),
        ('hours = "24:00-06:00"', "routes[0].hours", "These are not hours"),
        ('hours = "09:00-09:00"', "routes[0].hours", "end when they begin"),
        ('hours = "09:00-18:00"\nzone = "Europe/Pariss"', "routes[0].zone", "Did you mean `Europe/Paris`"),
        ('zone = "Europe/Paris"', "routes[0]", "this route has none"),
    ],
)
def test_wrong_days_and_hours_are_refused(write: Any, keys: str, key: str, problem: str) -> None:
    (found,) = check(write(f"{NIGHT}{keys}\n"))

    assert (found.key, problem in found.message) == (key, True), str(found)


def test_a_route_behind_one_with_hours_has_an_effect(write: Any) -> None:
    hours, more = 'hours = "18:00-09:00"\n', '[[routes]]\nmatch = ["severity=info", "a=b"]\n'

    assert examine({}, config_path=write(NIGHT + hours + more)).warnings == ()
    assert "has no effect" in examine({}, config_path=write(NIGHT + hours + more + hours)).warnings[0].message
    assert "has no effect" in examine({}, config_path=write(NIGHT + more + hours)).warnings[0].message
