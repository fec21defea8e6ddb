"""Monthly statistics: nights, pages, and times to acknowledge."""

import csv
from datetime import UTC, datetime, timedelta
from io import StringIO
from zoneinfo import ZoneInfo

import pytest

from bot.domain.errors import UserError
from bot.domain.oncall.working_hours import WorkingHours
from bot.domain.paging.statistics import (
    AcknowledgementMonth,
    EscalationOutcome,
    PersonMonth,
    PersonPage,
    acknowledgement_months,
    is_out_of_hours,
    months_until,
    night_of,
    percentile,
    person_months,
)
from bot.export.statistics import neutralize_formula, statistics_csv, statistics_json, statistics_lines
from bot.services.paging.statistics import parse_month

PARIS, NEW_YORK = ZoneInfo("Europe/Paris"), ZoneInfo("America/New_York")
HOURS = WorkingHours(frozenset({"mon", "tue", "wed", "thu", "fri"}), 9 * 60, 18 * 60, PARIS)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def call(text: str, *, user: str = "U1", zone: ZoneInfo = PARIS, outside: bool | None = True) -> PersonPage:
    return PersonPage(user, at(text), zone, outside)


@pytest.mark.parametrize(
    ("moment", "own", "expected"),
    [
        ("2026-11-04 10:00", None, False),  # 11:00 in Paris, where the team is
        ("2026-11-04 10:00", NEW_YORK, True),  # 05:00 where the person is
        ("2026-11-04 20:00", None, True),
        ("2026-11-04 20:00", NEW_YORK, False),  # 15:00 there
        ("2026-11-07 10:00", None, True),  # a Saturday
    ],
)
def test_working_hours_hold_by_the_persons_own_clock(moment: str, own: ZoneInfo | None, expected: bool) -> None:
    assert is_out_of_hours(HOURS, own, at(moment)) is expected


def test_where_nobody_said_when_people_work_nothing_is_known() -> None:
    assert is_out_of_hours(None, PARIS, at("2026-11-04 02:00")) is None


@pytest.mark.parametrize(
    ("moment", "night"),
    [
        ("2026-11-04 20:59", None),
        ("2026-11-04 21:00", "2026-11-04"),  # 22:00 in Paris
        ("2026-11-05 05:59", "2026-11-04"),
        ("2026-11-05 06:00", None),  # 07:00
        ("2026-10-25 05:30", "2026-10-24"),  # 06:30, the clocks went back in the night
    ],
)
def test_a_night_goes_from_evening_to_morning(moment: str, night: str | None) -> None:
    found = night_of(at(moment), PARIS)
    assert (found.isoformat() if found else None) == night


def test_many_pages_in_one_night_are_one_night() -> None:
    calls = [call("2026-11-04 22:30"), call("2026-11-05 02:00"), call("2026-11-05 12:00", outside=False)]
    assert person_months(calls, {"2026-11"}) == [PersonMonth("2026-11", "U1", 3, 2, 0, 1)]


def test_a_month_is_that_of_the_persons_clock() -> None:
    late = "2026-11-01 02:00"  # in New York it is still October
    rows = person_months([call(late), call(late, user="U2", zone=NEW_YORK)], {"2026-10", "2026-11"})
    assert [(row.month, row.user_id) for row in rows] == [("2026-10", "U2"), ("2026-11", "U1")]


def test_who_was_paged_most_out_of_hours_comes_first() -> None:
    calls = [call("2026-11-04 12:00", outside=False)] * 3 + [call("2026-11-04 23:00", user="U2")]
    assert [row.user_id for row in person_months(calls, {"2026-11"})] == ["U2", "U1"]
    assert person_months(calls, {"2026-12"}) == []


def test_hours_that_are_not_known_are_counted_apart() -> None:
    [row] = person_months([call("2026-11-04 12:00", outside=None), call("2026-11-04 23:00")], {"2026-11"})
    assert (row.pages, row.out_of_hours, row.unknown) == (2, 1, 1)


def answer(minutes: float | None, *services: str) -> EscalationOutcome:
    paged = at("2026-11-04 12:00")
    return EscalationOutcome(services, paged, None if minutes is None else paged + timedelta(minutes=minutes), PARIS)


def test_time_to_acknowledge_of_all_and_of_each_service() -> None:
    rows = acknowledgement_months(
        [answer(2, "api"), answer(4, "api", "web"), answer(None, "api"), answer(30)], {"2026-11"}
    )
    minutes = timedelta(minutes=1)
    assert rows == [
        AcknowledgementMonth("2026-11", None, 4, 3, 4 * minutes, 30 * minutes),
        AcknowledgementMonth("2026-11", "", 1, 1, 30 * minutes, 30 * minutes),
        AcknowledgementMonth("2026-11", "api", 3, 2, 3 * minutes, 4 * minutes),
        AcknowledgementMonth("2026-11", "web", 1, 1, 4 * minutes, 4 * minutes),
    ]


def test_what_nobody_acknowledged_has_no_time_rather_than_none_at_all() -> None:
    [whole, _] = acknowledgement_months([answer(None, "api")], {"2026-11"})
    assert (whole.escalations, whole.acknowledged, whole.median, whole.p90) == (1, 0, None, None)


def test_the_ninetieth_of_a_hundred() -> None:
    waited = [timedelta(minutes=each) for each in range(1, 101)]
    assert percentile(waited, 90) == timedelta(minutes=90)
    assert percentile(waited[:1], 90) == timedelta(minutes=1)


def test_months_go_over_the_turn_of_the_year() -> None:
    assert months_until("2026-02", 4) == ["2025-11", "2025-12", "2026-01", "2026-02"]


@pytest.mark.parametrize("text", ["2026-13", "2026-00", "november", "2026", "26-11", "", "2026-11-01", "٢٠٢٦-١١"])
def test_what_is_no_month_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="is not a month"):
        parse_month(text)


def test_a_month_may_be_written_short() -> None:
    assert parse_month(" 2026-3 ") == "2026-03"


@pytest.mark.parametrize("text", ["=1+1", "+4930123", "-2", "@sum(a1)", "\t=1", " =1", "\r=1"])
def test_no_cell_is_a_formula(text: str) -> None:
    assert neutralize_formula(text) == f"'{text}"


def test_other_cells_stay_as_they_are() -> None:
    assert [neutralize_formula(value) for value in (3, None, "dba", "a=b", "")] == ["3", "", "dba", "a=b", ""]


PEOPLE = [PersonMonth("2026-11", "U1", 3, 2, 0, 1), PersonMonth("2026-11", "U2", 1, 0, 1, 0)]
ANSWERS = [
    AcknowledgementMonth("2026-11", None, 2, 1, timedelta(seconds=90), timedelta(minutes=3)),
    AcknowledgementMonth("2026-11", "=cmd()", 1, 0, None, None),
]
NAMES = {"U1": '=HYPERLINK("x")'}


def test_a_spreadsheet_gets_one_table_without_formulas() -> None:
    rows = list(csv.DictReader(StringIO(statistics_csv(PEOPLE, ANSWERS, NAMES))))
    assert [row["person"] for row in rows] == ['\'=HYPERLINK("x")', "U2", "", ""]
    assert [row["service"] for row in rows] == ["", "", "(all)", "'=cmd()"]
    assert [row["median_seconds"] for row in rows] == ["", "", "90", ""]


def test_json_holds_the_same_as_it_is() -> None:
    whole = statistics_json(["2026-11"], PEOPLE, ANSWERS, NAMES)
    assert whole["people"][0]["person"] == '=HYPERLINK("x")'
    assert [row["service"] for row in whole["time_to_acknowledge"]] == [None, "=cmd()"]


def test_a_terminal_shows_months_and_is_not_steered() -> None:
    months = ["2026-08", "2026-09", "2026-10", "2026-11", "2026-12"]
    told = "\n".join(statistics_lines(months, PEOPLE, ANSWERS, {"U1": "d\x1b[31mba"}))
    assert told.startswith("2026-08 to 2026-10: nobody was paged.\n2026-11: pages by person\n")
    assert told.endswith("\n2026-12: nobody was paged.")
    assert "\x1b" not in told
    assert "1m   3m" in told


def test_months_in_a_row_without_a_page_are_one_line() -> None:
    months = ["2026-08", "2026-09", "2026-10", "2026-11", "2026-12"]

    told = list(statistics_lines(months, PEOPLE, ANSWERS, NAMES))

    assert told[0] == "2026-08 to 2026-10: nobody was paged."
    assert told[-1] == "2026-12: nobody was paged."
