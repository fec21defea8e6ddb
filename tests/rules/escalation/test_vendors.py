"""Vendors: working hours, their wording, and reminders for the case reference."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.escalation.vendors import format_hours, next_case_question, next_opening
from bot.domain.oncall.working_hours import DAYS, WorkingHours

PARIS = ZoneInfo("Europe/Paris")
WEEK = DAYS[:5]


def hours(
    *days: str, opens: int = 9 * 60, closes: int = 18 * 60, zone: ZoneInfo = PARIS, holidays: tuple[str, ...] = ()
) -> WorkingHours:
    return WorkingHours(frozenset(days or WEEK), opens, closes, zone, frozenset(holidays))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (hours(), "Mon–Fri 09:00–18:00"),
        (hours(*DAYS, opens=0, closes=1440), "Mon–Sun all day"),
        (hours("mon", "wed", "thu", "fri"), "Mon, Wed–Fri 09:00–18:00"),
        (hours("sat", "sun"), "Sat, Sun 09:00–18:00"),
        (hours("tue", opens=22 * 60, closes=6 * 60), "Tue 22:00–06:00"),
    ],
)
def test_hours_are_shown_as_people_write_them(found: WorkingHours, expected: str) -> None:
    assert format_hours(found) == expected


@pytest.mark.parametrize(
    ("moment", "found", "expected"),
    [
        ("2026-11-20 19:00", hours(), "2026-11-23 08:00"),  # Friday evening: Monday at 09:00 in Paris
        ("2026-11-20 05:07", hours(), "2026-11-20 08:00"),
        ("2026-10-24 12:00", hours("sun"), "2026-10-25 08:00"),  # the clocks go back in that night
        ("2026-12-24 19:00", hours(holidays=("12-25",)), "2026-12-28 08:00"),
        ("2026-11-20 05:07", hours(opens=9 * 60 + 7), "2026-11-20 08:07"),
    ],
)
def test_when_they_answer_again(moment: str, found: WorkingHours, expected: str) -> None:
    assert next_opening(found, at(moment)) == at(expected)


def test_a_support_that_is_closed_for_weeks_promises_nothing() -> None:
    holidays = tuple((at("2026-11-20 00:00") + timedelta(days=day)).date().isoformat() for day in range(30))
    assert next_opening(hours(*DAYS, holidays=holidays), at("2026-11-20 12:00")) is None


@given(
    st.sets(st.sampled_from(DAYS), min_size=1),
    st.integers(0, 1439),
    st.integers(1, 1440),
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)),  # noqa: DTZ001  the strategy wants them so
    st.sampled_from(["Europe/Paris", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe"]),
)
def test_they_answer_from_the_very_minute(days: set[str], opens: int, closes: int, naive: datetime, zone: str) -> None:
    moment = naive.replace(tzinfo=UTC, second=0, microsecond=0)
    found = hours(*days, opens=opens, closes=closes, zone=ZoneInfo(zone))
    again = next_opening(found, moment)
    if again is None:
        return
    assert again >= moment
    assert found.contains(again)
    assert again == moment or not found.contains(again - timedelta(minutes=1))


def test_the_case_reference_is_asked_for_ever_more_rarely() -> None:
    now, every = at("2026-11-20 12:00"), timedelta(minutes=15)
    pauses = [(next_case_question(asked, every, now) - now) // timedelta(minutes=1) for asked in range(5)]
    assert pauses == [15, 30, 60, 60, 60]
    assert next_case_question(3, timedelta(hours=5), now) - now == timedelta(hours=5), "never sooner than was asked for"
