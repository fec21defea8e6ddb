"""The public page as a value: days with their minutes, uptime, current states, months."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.status_page.components import Component, ComponentState, Group, Indicator
from bot.domain.status_page.history import DAYS, compute_uptime
from bot.domain.status_page.publication import PublishedIncident, PublishedState, PublishedUpdate
from bot.domain.status_page.state import PublicState, build_state
from bot.domain.terms import UpdateState

PARIS = ZoneInfo("Europe/Paris")
CHECKOUT = Component("checkout", {"en": "Checkout"})
START = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)  # clocks in Paris change half an hour later
INVESTIGATING, MONITORING, RESOLVED = UpdateState.INVESTIGATING, UpdateState.MONITORING, UpdateState.RESOLVED
OK, DEGRADED, PARTIAL, MAJOR = (
    ComponentState.OPERATIONAL,
    ComponentState.DEGRADED,
    ComponentState.PARTIAL,
    ComponentState.MAJOR,
)


def update(minutes: float, state: UpdateState, component: ComponentState | None = None) -> PublishedUpdate:
    states = {"checkout": PublishedState(component, {"en": "Checkout"})} if component else {}
    at = START + timedelta(minutes=minutes)
    return PublishedUpdate(int(minutes), state, at, {"en": "Text."}, ("en",), states)


def incident(*updates: PublishedUpdate, public_id: str = "a", **more: datetime) -> PublishedIncident:
    return PublishedIncident(public_id, {"en": "Title"}, updates, **more)


def state_after(minutes: float, *incidents: PublishedIncident) -> PublicState:
    return build_state([CHECKOUT], incidents, START + timedelta(minutes=minutes), PARIS)


OUTAGE = incident(update(0, INVESTIGATING, MAJOR), update(60, MONITORING, DEGRADED), update(90, RESOLVED, OK))


def test_the_minutes_behind_a_day_on_which_the_clocks_change() -> None:
    """An hour of an outage is an hour, though the local clock jumps from 2 to 3 in it."""
    day = state_after(120, OUTAGE).components[0].days[-1]

    assert (day.day, day.length) == (date(2026, 3, 29), timedelta(hours=23))
    assert day.minutes == {MAJOR: 60, DEGRADED: 30}
    assert (day.worst, day.public_ids) == (MAJOR, ("a",))


def test_an_impact_over_midnight_is_split_at_the_midnight_of_the_zone() -> None:
    late = incident(update(-150, INVESTIGATING, MAJOR), update(0, RESOLVED, OK))

    days = state_after(10, late).components[0].days

    assert len(days) == DAYS
    assert [each.minutes for each in days[-2:]] == [{MAJOR: 60}, {MAJOR: 90}]
    assert [each.minutes for each in days[:-2]] == [{}] * (DAYS - 2)


def test_only_outages_count_as_downtime_and_overlaps_count_once() -> None:
    other = incident(update(30, INVESTIGATING, PARTIAL), update(90, RESOLVED, OK), public_id="b")

    found = state_after(120, OUTAGE, other).components[0]

    assert found.days[-1].minutes == {MAJOR: 60, PARTIAL: 30}
    total = sum((each.length for each in found.days), timedelta())
    assert found.uptime == pytest.approx(100 * (1 - timedelta(minutes=90) / total))
    assert compute_uptime(state_after(10).components[0].days) == 100


@pytest.mark.parametrize(
    ("minutes", "state", "indicator", "is_open"),
    [(10, MAJOR, Indicator.CRITICAL, True), (70, DEGRADED, Indicator.MINOR, True), (100, OK, Indicator.NONE, False)],
)
def test_the_present_state_follows_the_updates(
    minutes: float, state: ComponentState, indicator: Indicator, is_open: bool
) -> None:
    seen = replace(OUTAGE, updates=tuple(each for each in OUTAGE.updates if each.number <= minutes))

    page = state_after(minutes, seen)

    assert (page.components[0].state, page.indicator, bool(page.open_incidents)) == (state, indicator, is_open)


def test_an_open_incident_without_components_is_no_all_clear() -> None:
    assert state_after(10, incident(update(0, INVESTIGATING))).indicator is Indicator.MINOR


def test_an_ongoing_impact_grows_until_now() -> None:
    assert state_after(25, incident(update(0, INVESTIGATING, PARTIAL))).components[0].days[-1].minutes == {PARTIAL: 25}


def test_a_published_impact_wins_over_the_times_of_the_updates() -> None:
    """Announced after the fact: 13 minutes of impact, told 31 minutes after it began."""
    told = incident(
        update(31, MONITORING, MAJOR),
        update(109, RESOLVED, OK),
        impact_started_at=START,
        impact_ended_at=START + timedelta(minutes=13),
    )

    page = state_after(40, replace(told, updates=told.updates[:1]))
    over = state_after(200, told)

    assert page.components[0].state is OK
    assert over.components[0].days[-1].minutes == {MAJOR: 13}
    assert over.incidents[0].announced_for == timedelta(minutes=78)


def test_a_reopened_incident_is_open_and_its_resolution_is_the_last_one() -> None:
    again = incident(*OUTAGE.updates, update(120, INVESTIGATING, PARTIAL))
    over = incident(*again.updates, update(180, RESOLVED, OK), update(500, UpdateState.POSTMORTEM))

    assert (again.is_open, again.resolved_at) == (True, None)
    assert over.resolved_at == START + timedelta(minutes=180)
    assert over.states == ("investigating", "monitoring", "resolved", "investigating", "resolved", "postmortem")


def test_a_withdrawn_update_counts_for_nothing_and_stays() -> None:
    wrong = replace(update(0, INVESTIGATING, MAJOR), is_withdrawn=True)
    page = state_after(30, incident(wrong))

    assert (page.components[0].state, page.components[0].days[-1].minutes) == (OK, {})
    assert len(page.incidents[0].updates) == 1


def test_a_removed_component_leaves_the_page_and_incidents_keep_its_name() -> None:
    page = build_state([], [OUTAGE], START, PARIS)

    assert page.components == ()
    assert page.incidents[0].components["checkout"].names == {"en": "Checkout"}


def test_components_of_a_group_stand_together() -> None:
    group = Group("pay", {"en": "Payments"})
    parts = [Component(key, {}, of) for key, of in (("a", group), ("b", None), ("c", group))]

    page = build_state(parts, [], START, PARIS)

    assert [(of and of.key, [each.key for each in members]) for of, members in page.groups] == [
        ("pay", ["a", "c"]),
        (None, ["b"]),
    ]


def test_the_history_has_each_month_by_the_day_in_the_zone_of_the_page() -> None:
    """23:30 UTC on 31 March is April in Paris."""
    at_the_end = datetime(2026, 3, 31, 23, 30, tzinfo=UTC)
    late = PublishedIncident("b", {}, (PublishedUpdate(1, INVESTIGATING, at_the_end, {}),))

    page = build_state([], [OUTAGE, late], datetime(2026, 5, 2, tzinfo=UTC), PARIS)

    assert [(month, [each.public_id for each in found]) for month, found in page.months] == [
        (date(2026, 5, 1), []),
        (date(2026, 4, 1), ["b"]),
        (date(2026, 3, 1), ["a"]),
    ]


@given(
    st.lists(st.tuples(st.integers(-200_000, 0), st.sampled_from([*UpdateState]), st.sampled_from([*ComponentState]))),
    st.sampled_from(["UTC", "Europe/Paris", "America/New_York", "Australia/Lord_Howe"]),
)
def test_no_day_has_more_minutes_than_it_lasts(told: list[tuple[int, UpdateState, ComponentState]], zone: str) -> None:
    updates = tuple(update(*each) for each in sorted(told, key=lambda each: each[0]))
    page = build_state([CHECKOUT], [incident(*updates)] if updates else [], START, ZoneInfo(zone))

    component = page.components[0]
    assert all(sum(day.minutes.values()) <= day.length / timedelta(minutes=1) + 5 for day in component.days)
    assert 0 <= component.uptime <= 100
    assert [day.day for day in component.days] == sorted({day.day for day in component.days})
