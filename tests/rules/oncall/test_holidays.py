"""Working hours with public holidays and zones."""

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.oncall.holidays import country_of, default_hours, is_country, next_working_moment
from bot.domain.oncall.working_hours import WorkingHours

PARIS, NEW_YORK, DUBAI = ZoneInfo("Europe/Paris"), ZoneInfo("America/New_York"), ZoneInfo("Asia/Dubai")
NIGHTS = WorkingHours(frozenset({"mon"}), 22 * 60, 6 * 60, PARIS)


def local(text: str, zone: ZoneInfo = PARIS) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


@pytest.mark.parametrize(
    ("after", "hours", "country", "expected"),
    [
        ("2026-03-03 00:00", default_hours(PARIS, "FR"), "FR", "2026-03-03 09:00"),
        ("2026-03-03 03:12", default_hours(PARIS, "FR"), "FR", "2026-03-03 09:00"),
        ("2026-03-03 14:05", default_hours(PARIS, "FR"), "FR", "2026-03-03 14:05"),
        ("2026-03-03 18:00", default_hours(PARIS, "FR"), "FR", "2026-03-04 09:00"),
        ("2026-03-06 20:00", default_hours(PARIS, "FR"), "FR", "2026-03-09 09:00"),
        ("2026-12-25 10:00", default_hours(PARIS, "FR"), "FR", "2026-12-28 09:00"),
        ("2026-12-25 10:00", default_hours(PARIS, None), None, "2026-12-25 10:00"),
        ("2026-07-14 10:00", default_hours(PARIS, "FR"), "FR", "2026-07-15 09:00"),
        ("2026-07-14 10:00", default_hours(PARIS, "FR"), "DE", "2026-07-14 10:00"),
        ("2026-01-06 10:00", default_hours(PARIS, "DE"), "DE", "2026-01-06 10:00"),
        ("2026-01-06 10:00", default_hours(PARIS, "DE"), "DE-BY", "2026-01-07 09:00"),
        ("2026-03-04 10:00", default_hours(PARIS, "IN"), "IN", "2026-03-05 09:00"),  # Holi: by the moon
        ("2026-03-28 12:00", default_hours(PARIS, "FR"), "FR", "2026-03-30 09:00"),  # over the change to summer time
        ("2026-03-03 12:00", NIGHTS, None, "2026-03-09 22:00"),
        ("2026-03-10 03:00", NIGHTS, None, "2026-03-10 03:00"),  # Monday's night
        ("2026-03-10 06:00", NIGHTS, None, "2026-03-16 22:00"),
    ],
)
def test_next_working_moment(after, hours, country, expected):
    assert next_working_moment(local(after), hours, country) == local(expected)


def test_configured_holidays_are_excluded():
    hours = replace(default_hours(PARIS, "FR"), holidays=frozenset({"03-03"}))

    assert next_working_moment(local("2026-03-03 10:00"), hours, "FR") == local("2026-03-04 09:00")


def test_weekend_of_the_country():
    assert default_hours(ZoneInfo("Asia/Riyadh"), "SA").days == {"sun", "mon", "tue", "wed", "thu"}
    assert default_hours(DUBAI, None).days == {"mon", "tue", "wed", "thu", "fri"}


def test_without_any_working_day_the_moment_itself():
    never = WorkingHours(frozenset(), 540, 1080, PARIS)

    assert next_working_moment(local("2026-03-03 03:00"), never, None) == local("2026-03-03 03:00")


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
def test_country_of_a_zone(zone, country):
    assert country_of(zone) == country


@pytest.mark.parametrize(
    ("code", "known"), [("FR", True), ("DE-BY", True), ("DE-XX", False), ("XX", False), ("fr", False), ("", False)]
)
def test_is_country(code, known):
    assert is_country(code) is known


@given(
    st.integers(1_735_689_600, 1_893_456_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
    st.sampled_from([(PARIS, "FR"), (NEW_YORK, "US"), (ZoneInfo("Asia/Kolkata"), "IN"), (ZoneInfo("UTC"), None)]),
)
def test_the_result_is_in_working_hours_and_not_earlier(after, place):
    zone, country = place
    found = next_working_moment(after, default_hours(zone, country), country)

    assert found >= after
    assert 9 <= found.astimezone(zone).hour < 18
    assert next_working_moment(found, default_hours(zone, country), country) == found
