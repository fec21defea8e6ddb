"""Working hours in local time."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.config import Settings, check, load
from bot.domain.oncall.working_hours import DAYS, WorkingHours, hours_from_json, is_outside_hours

PARIS = ZoneInfo("Europe/Paris")
OFFICE = WorkingHours(frozenset(DAYS[:5]), 9 * 60, 18 * 60, PARIS, frozenset({"2026-03-03", "12-25"}))
NIGHT = WorkingHours(frozenset(DAYS[:5]), 22 * 60, 6 * 60, PARIS, frozenset({"2026-03-03"}))


def paris(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=PARIS)


@pytest.mark.parametrize(
    ("moment", "at_work"),
    [
        ("2026-03-02T08:59:59", False),  # a Monday
        ("2026-03-02T09:00", True),
        ("2026-03-02T17:59:59", True),
        ("2026-03-02T18:00", False),
        ("2026-03-03T12:00", False),  # a holiday
        ("2026-12-25T12:00", False),
        ("2028-12-25T12:00", False),
        ("2026-03-07T12:00", False),  # a Saturday
        ("2026-03-30T09:00", True),  # the Monday after the clocks went forward
        ("2026-10-26T17:59", True),  # and back
    ],
)
def test_office_hours(moment: str, at_work: bool) -> None:
    assert OFFICE.contains(paris(moment)) == at_work
    assert OFFICE.contains(paris(moment).astimezone(UTC)) == at_work


@pytest.mark.parametrize(
    ("moment", "at_work"),
    [
        ("2026-03-02T05:00", False),  # Monday morning: the shift of Sunday is none
        ("2026-03-02T22:00", True),
        ("2026-03-03T05:59", True),  # it began on Monday, which is no holiday
        ("2026-03-03T06:00", False),
        ("2026-03-03T23:00", False),
        ("2026-03-04T02:00", False),  # it would have begun on the holiday
        ("2026-03-07T03:00", True),  # Saturday morning, begun on Friday
    ],
)
def test_a_night_shift_belongs_to_the_day_of_its_start(moment: str, at_work: bool) -> None:
    assert NIGHT.contains(paris(moment)) == at_work


@st.composite
def hours(draw: st.DrawFn) -> WorkingHours:
    opens = draw(st.integers(0, 1439))
    closes = draw(st.integers(0, 1440).filter(lambda minute: minute != opens))
    zone = draw(st.sampled_from(["UTC", "Europe/Paris", "America/St_Johns", "Asia/Kathmandu", "Australia/Lord_Howe"]))
    return WorkingHours(frozenset(draw(st.sets(st.sampled_from(DAYS)))), opens, closes, ZoneInfo(zone))


@given(hours(), st.datetimes(datetime(2000, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_only_local_time_counts(given_hours: WorkingHours, moment: datetime) -> None:
    local = moment.astimezone(given_hours.zone)
    elsewhere = WorkingHours(given_hours.days, given_hours.opens, given_hours.closes, ZoneInfo("UTC"))

    assert given_hours.contains(moment) == elsewhere.contains(local.replace(tzinfo=UTC))
    assert hours_from_json(given_hours.as_json()) == given_hours


@settings(max_examples=10)
@given(hours(), st.dates(date(2000, 1, 3), date(2030, 1, 1)))
def test_each_working_day_has_its_hours_once(given_hours: WorkingHours, day: date) -> None:
    """Counted by minutes of a week without a clock change."""
    plain = WorkingHours(given_hours.days, given_hours.opens, given_hours.closes, ZoneInfo("UTC"))
    first = datetime(day.year, day.month, day.day, tzinfo=UTC)
    met = sum(plain.contains(first + timedelta(minutes=minute)) for minute in range(7 * 1440))

    length = (plain.closes - plain.opens) % 1440 or 1440
    assert met == length * len(plain.days)


def test_none_without_hours_or_moment() -> None:
    assert is_outside_hours(None, paris("2026-03-02T03:00")) is None
    assert is_outside_hours(OFFICE, None) is None
    assert is_outside_hours(OFFICE, paris("2026-03-02T03:00")) is True
    assert hours_from_json(None) is None
    assert Settings().working_hours_of(None, ["U1"], ["checkout"], PARIS) is None


CONFIG = """
[working_hours]
to = "17:30"
holidays = [2026-05-01, "12-25"]
[services.checkout.working_hours]
days = ["Saturday", "sun"]
[teams.dba]
members = ["U0DBA"]
working_hours = { from = 22:00:00, to = "06:00", zone = "America/New_York" }
[teams.everyone]
members = ["U0DBA", "U0ANA"]
"""


@pytest.mark.parametrize(
    ("team", "person", "service", "expected"),
    [
        (None, "U0ANA", None, (DAYS[:5], 540, 1050, "Europe/Paris")),
        (None, "U0ANA", "checkout", (("sat", "sun"), 540, 1050, "Europe/Paris")),
        (None, "U0DBA", "checkout", (DAYS[:5], 1320, 360, "America/New_York")),
        ("dba", "U0DBA", "checkout", (DAYS[:5], 1320, 360, "America/New_York")),
        ("everyone", "U0DBA", "checkout", (("sat", "sun"), 540, 1050, "Europe/Paris")),
        (None, "U0NOBODY", "unknown", (DAYS[:5], 540, 1050, "Europe/Paris")),
    ],
)
def test_hours_by_team_person_and_service(tmp_path: Path, team, person, service, expected) -> None:
    path = tmp_path / "dogwatch.toml"
    path.write_text(CONFIG)

    found = load({}, config_path=path).working_hours_of(team, [person], [service] if service else [], PARIS)

    assert found is not None
    stored = found.as_json()
    assert (tuple(stored["days"]), stored["opens"], stored["closes"], stored["zone"]) == expected
    assert stored["holidays"] == ["12-25", "2026-05-01"]


@pytest.mark.parametrize(
    ("text", "key", "message"),
    [
        ('days = ["mo"]', "working_hours.days[0]", "mon, tue"),
        ("days = []", "working_hours.days", "at least one"),
        ('from = "9"', "working_hours.from", '"09:00"'),
        ('from = "24:00"', "working_hours.from", '"09:00"'),
        ('to = "25:00"', "working_hours.to", '"24:00"'),
        ('to = "09:00"', "working_hours.to", "ends when it begins"),
        ('holidays = ["02-30"]', "working_hours.holidays[0]", '"12-25"'),
        ('form = "09:00"', "working_hours.form", "Did you mean `from`"),
    ],
)
def test_invalid_settings(tmp_path: Path, text: str, key: str, message: str) -> None:
    path = tmp_path / "dogwatch.toml"
    path.write_text(f"[working_hours]\n{text}\n")

    (problem,) = check(path)

    assert (problem.key, problem.line) == (key, 2)
    assert message in problem.message
