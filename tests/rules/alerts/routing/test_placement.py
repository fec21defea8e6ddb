"""What an alert does to incidents: open, join, reopen, or nothing."""

from datetime import timedelta

import pytest

from bot.domain.alerts.placement import Attach, GroupIncident, Ignore, Open, OpenLinked, RecordOnly, Reopen, place_alert
from bot.domain.alerts.routing import RouteAction
from bot.domain.terms import AlertStatus
from tests.support.requests.alert_events import RECEIVED, an_event

FIRING, RESOLVED = AlertStatus.FIRING, AlertStatus.RESOLVED


def ago(**span):
    return RECEIVED - timedelta(**span)


OPEN_7 = GroupIncident(7, is_open=True)
OPEN_9 = GroupIncident(9, is_open=True)
JUST_RESOLVED = GroupIncident(5, is_open=False, resolved_at=ago(minutes=29, seconds=59))
LONG_RESOLVED = GroupIncident(4, is_open=False, resolved_at=ago(minutes=30))
CANCELLED = GroupIncident(6, is_open=False)


@pytest.mark.parametrize(
    ("incidents", "expected"),
    [
        ([], Open()),
        ([OPEN_7], Attach(7)),
        ([OPEN_7, OPEN_9, JUST_RESOLVED], Attach(9)),
        ([OPEN_7, GroupIncident(8, is_open=False, resolved_at=RECEIVED)], Attach(7)),
        ([JUST_RESOLVED], Reopen(5)),
        ([LONG_RESOLVED, JUST_RESOLVED], Reopen(5)),
        ([LONG_RESOLVED], OpenLinked(4)),
        ([CANCELLED], OpenLinked(6)),
        ([CANCELLED, JUST_RESOLVED], OpenLinked(6)),  # the later one was cancelled: its group starts anew
    ],
)
def test_where_a_firing_alert_goes(incidents, expected):
    assert place_alert(an_event(), RouteAction.OPEN, now=RECEIVED, of_group=incidents) == expected


@pytest.mark.parametrize("action", [RouteAction.OPEN, RouteAction.ATTACH])
@pytest.mark.parametrize(
    ("incidents", "expected"),
    [([], RecordOnly()), ([OPEN_7], Attach(7)), ([JUST_RESOLVED], RecordOnly(5)), ([LONG_RESOLVED], RecordOnly(4))],
)
def test_a_resolved_alert_opens_and_reopens_nothing(action, incidents, expected):
    assert place_alert(an_event(status=RESOLVED), action, now=RECEIVED, of_group=incidents) == expected


@pytest.mark.parametrize(
    ("of_group", "of_service", "expected"),
    [
        ([], [], RecordOnly()),
        ([], [OPEN_7], Attach(7)),
        ([OPEN_9], [OPEN_7], Attach(9)),
        ([JUST_RESOLVED], [], RecordOnly()),
        ([JUST_RESOLVED], [CANCELLED], RecordOnly()),
    ],
)
def test_an_attaching_route_never_opens(of_group, of_service, expected):
    placement = place_alert(an_event(), RouteAction.ATTACH, now=RECEIVED, of_group=of_group, of_service=of_service)
    assert placement == expected


def test_only_attaching_looks_at_the_neighbours_of_the_service():
    assert place_alert(an_event(), RouteAction.OPEN, now=RECEIVED, of_service=[OPEN_7]) == Open()


@pytest.mark.parametrize("status", AlertStatus)
def test_an_ignored_alert_leaves_no_trace(status):
    assert place_alert(an_event(status=status), RouteAction.IGNORE, now=RECEIVED, of_group=[OPEN_7]) == Ignore()


@pytest.mark.parametrize("action", [RouteAction.OPEN, RouteAction.ATTACH])
def test_a_test_button_opens_nothing(action):
    placement = place_alert(an_event(is_test=True), action, now=RECEIVED, of_service=[OPEN_7])
    assert placement == RecordOnly()
