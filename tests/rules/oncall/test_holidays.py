"""When people are at work: their hours, their country's holidays, their clock."""

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.oncall.holidays import at_work, country_of, is_country, usual_hours
from bot.domain.oncall.working_hours import WorkingHours

PARIS, NEW_YORK, DUBAI = ZoneInfo("Europe/Paris"), ZoneInfo("America/New_York"), ZoneInfo("Asia/Dubai")
NIGHTS = WorkingHours(frozenset({"mon"}), 22 * 60, 6 * 60, PARIS)


def local(text: str, zone: ZoneInfo = PARIS) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


@pytest.mark.parametrize(
    ("after", "hours", "country", "expected"),
    [
        ("2026-03-03 00:00", usual_hours(PARIS, "FR"), "FR", "2026-03-03 09:00"),
        ("2026-03-03 03:12", usual_hours(PARIS, "FR"), "FR", "2026-03-03 09:00"),
        ("2026-03-03 14:05", usual_hours(PARIS, "FR"), "FR", "2026-03-03 14:05"),
        ("2026-03-03 18:00", usual_hours(PARIS, "FR"), "FR", "2026-03-04 09:00"),
        ("2026-03-06 20:00", usual_hours(PARIS, "FR"), "FR", "2026-03-09 09:00"),
        ("2026-12-25 10:00", usual_hours(PARIS, "FR"), "FR", "2026-12-28 09:00"),
        ("2026-12-25 10:00", usual_hours(PARIS, None), None, "2026-12-25 10:00"),
        ("2026-07-14 10:00", usual_hours(PARIS, "FR"), "FR", "2026-07-15 09:00"),
        ("2026-07-14 10:00", usual_hours(PARIS, "FR"), "DE", "2026-07-14 10:00"),
        ("2026-01-06 10:00", usual_hours(PARIS, "DE"), "DE", "2026-01-06 10:00"),
        ("2026-01-06 10:00", usual_hours(PARIS, "DE"), "DE-BY", "2026-01-07 09:00"),
        ("2026-03-28 12:00", usual_hours(PARIS, "FR"), "FR", "2026-03-30 09:00"),  # over the change to summer time
        ("2026-03-03 12:00", NIGHTS, None, "2026-03-09 22:00"),
        ("2026-03-10 03:00", NIGHTS, None, "2026-03-10 03:00"),  # Monday's night
        ("2026-03-10 06:00", NIGHTS, None, "2026-03-16 22:00"),
    ],
)
def test_at_work(after, hours, country, expected):
    assert at_work(local(after), hours, country) == local(expected)


def test_holidays_of_the_workspace_are_none_either():
    hours = replace(usual_hours(PARIS, "FR"), holidays=frozenset({"03-03"}))

    assert at_work(local("2026-03-03 10:00"), hours, "FR") == local("2026-03-04 09:00")


def test_a_weekend_is_that_of_the_country():
    assert usual_hours(ZoneInfo("Asia/Riyadh"), "SA").days == {"sun", "mon", "tue", "wed", "thu"}
    assert usual_hours(DUBAI, None).days == {"mon", "tue", "wed", "thu", "fri"}


def test_where_no_day_is_worked_it_is_better_at_a_bad_time_than_never():
    never = WorkingHours(frozenset(), 540, 1080, PARIS)

    assert at_work(local("2026-03-03 03:00"), never, None) == local("2026-03-03 03:00")


@pytest.mark.parametrize(
    ("zone", "country"),
    [
        ("Europe/Paris", "FR"),
        ("America/New_York", "US"),
        ("Asia/Kolkata", "IN"),
        ("Asia/Calcutta", "IN"),
        ("US/Eastern", "US"),
        ("UTC", None),
        ("Etc/UTC", None),
        ("Nowhere/Land", None),
        (None, None),
    ],
)
def test_the_country_of_a_zone(zone, country):
    assert country_of(zone) == country


@pytest.mark.parametrize(
    ("code", "known"), [("FR", True), ("DE-BY", True), ("DE-XX", False), ("XX", False), ("fr", False), ("", False)]
)
def test_countries(code, known):
    assert is_country(code) is known


@given(
    st.integers(1_735_689_600, 1_893_456_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
    st.sampled_from([(PARIS, "FR"), (NEW_YORK, "US"), (ZoneInfo("Asia/Kolkata"), "IN"), (ZoneInfo("UTC"), None)]),
)
def test_it_is_never_at_night_nor_before(after, place):
    zone, country = place
    found = at_work(after, usual_hours(zone, country), country)

    assert found >= after
    assert 9 <= found.astimezone(zone).hour < 18
    assert at_work(found, usual_hours(zone, country), country) == found
