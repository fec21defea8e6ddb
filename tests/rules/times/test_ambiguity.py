"""Texts with two readings."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.domain.errors import Ambiguous, UserError
from bot.domain.times import read_time, refuse_future

PARIS = ZoneInfo("Europe/Paris")
FRIDAY = datetime(2025, 3, 28, 18, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "zone", "candidates"),
    [
        ("2025-10-26 02:30", PARIS, ["2025-10-26 02:30 +02:00", "2025-10-26 02:30 +01:00"]),
        ("2025-03-30 02:30", PARIS, ["2025-03-30 01:30 +01:00", "2025-03-30 03:30 +02:00"]),
        ("2023-11-05 01:30 PT", PARIS, ["2023-11-05 01:30 -07:00", "2023-11-05 01:30 -08:00"]),
        ("~2025-10-26 02:30", PARIS, ["~2025-10-26 02:30 +02:00", "~2025-10-26 02:30 +01:00"]),
        (
            "2023-11-07 08:45 CST",
            PARIS,
            ["2023-11-07 08:45 -06:00", "2023-11-07 08:45 +08:00", "2023-11-07 08:45 -05:00"],
        ),
        (
            "2023-11-07 08:45 IST",
            PARIS,
            ["2023-11-07 08:45 +05:30", "2023-11-07 08:45 +01:00", "2023-11-07 08:45 +02:00"],
        ),
        ("07/11/2023 08:45 EAT", PARIS, ["2023-11-07 08:45 +03:00", "2023-07-11 08:45 +03:00"]),
        ("yesterday midnight", PARIS, ["2025-12-31 00:00 +01:00", "2026-01-01 00:00 +01:00"]),
    ],
)
def test_two_readings_are_asked_about(text, zone, candidates):
    now = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)

    with pytest.raises(Ambiguous) as question:
        read_time(text, now=now, zone=zone)

    assert list(question.value.candidates) == candidates
    assert question.value.about == text
    for candidate in candidates:
        assert read_time(candidate, now=now, zone=zone).at is not None


def test_an_hour_that_comes_twice_is_clear_while_the_second_is_in_the_future():
    between = datetime(2025, 10, 26, 0, 45, tzinfo=UTC)  # 02:45, for the first time

    assert read_time("02:30", now=between, zone=PARIS).at == datetime(2025, 10, 26, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "text", "earlier"),
    [
        ("2025-10-26 02:20 +02:00", "02:50", "2025-10-25 02:50 +02:00"),
        ("2025-10-26 01:20 +02:00", "02:30", "2025-10-25 02:30 +02:00"),
        ("2025-10-25 13:00 +02:00", "26 Oct 02:30", "2024-10-26 02:30 +02:00"),
        ("2025-03-30 01:20 +01:00", "02:30", "2025-03-29 02:30 +01:00"),
        ("2025-10-25 13:00 +02:00", "2025-10-26 02:30", None),
        ("2025-03-29 13:00 +01:00", "tomorrow 02:30", None),
    ],
)
def test_a_night_of_changing_clocks_that_is_still_to_come_is_refused_without_a_question(now, text, earlier):
    now = datetime.fromisoformat(now)

    when = read_time(text, now=now, zone=PARIS)

    assert when.at > now
    assert when.earlier == (datetime.fromisoformat(earlier) if earlier else None)
    with pytest.raises(UserError, match="Only past times can be recorded"):
        refuse_future(when, now=now, zone=PARIS)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2025-10-26 01:50 +02:00", None),
        ("2025-10-26 02:50 +02:00", "2025-10-26 02:30 +01:00"),
        ("2025-10-26 02:50 +01:00", "2025-10-27 02:30 +01:00"),
    ],
)
def test_a_time_to_come_that_comes_twice_is_the_second_one_after_the_first(now, expected):
    now = datetime.fromisoformat(now)

    if expected is None:
        with pytest.raises(Ambiguous, match="came twice"):
            read_time("02:30", now=now, zone=PARIS, prefer_past=False)
    else:
        assert read_time("02:30", now=now, zone=PARIS, prefer_past=False).at == datetime.fromisoformat(expected)


@pytest.mark.parametrize(
    ("text", "candidates"),
    [
        ("03/02/2025 10:00", ["2025-02-03 10:00 +01:00", "2025-03-02 10:00 +01:00"]),
        ("03-02-2025 10:00", ["2025-02-03 10:00 +01:00", "2025-03-02 10:00 +01:00"]),
        ("3/2 10:00", ["2025-02-03 10:00 +01:00", "2025-03-02 10:00 +01:00"]),
        ("~03/02/2025 10:00", ["~2025-02-03 10:00 +01:00", "~2025-03-02 10:00 +01:00"]),
        ("vers le 03/02/2025 10:00", ["~2025-02-03 10:00 +01:00", "~2025-03-02 10:00 +01:00"]),
        (
            "03/02/2025 10:00 CST",
            [
                "2025-02-03 10:00 -06:00",
                "2025-03-02 10:00 -06:00",
                "2025-02-03 10:00 +08:00",
                "2025-03-02 10:00 +08:00",
                "2025-02-03 10:00 -05:00",
                "2025-03-02 10:00 -05:00",
            ],
        ),
        ("last night 2am", ["2025-03-27 02:00 +01:00", "2025-03-28 02:00 +01:00"]),
        ("gestern Nacht 2:00", ["2025-03-27 02:00 +01:00", "2025-03-28 02:00 +01:00"]),
        ("ieri a mezzanotte", ["2025-03-27 00:00 +01:00", "2025-03-28 00:00 +01:00"]),
        ("27 octobre 2024 2h30", ["2024-10-27 02:30 +02:00", "2024-10-27 02:30 +01:00"]),
        ("31 mars 2024 à 2h30", ["2024-03-31 01:30 +01:00", "2024-03-31 03:30 +02:00"]),
    ],
)
def test_two_readings_in_any_language_are_asked_about(text, candidates):
    with pytest.raises(Ambiguous) as question:
        read_time(text, now=FRIDAY, zone=PARIS)

    assert list(question.value.candidates) == candidates
    assert question.value.about == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("13/02/2025 10:00", "2025-02-13 10:00"),
        ("02/13/2025 10:00", "2025-02-13 10:00"),
        ("03/04/2025 10:00", "2025-03-04 10:00"),
        ("03/03/2025 10:00", "2025-03-03 10:00"),
        ("Thu 06/03/2025 10:00", "2025-03-06 10:00"),
        ("Mon 03/02/2025 10:00", "2025-02-03 10:00"),
        ("sonntag 03/02/2025 10:00", "2025-03-02 10:00"),
    ],
)
def test_figures_that_can_be_one_day_only_are_that_day(text, expected):
    """The other one is in no calendar, lies in the future, or was no such weekday."""
    at = read_time(text, now=FRIDAY, zone=PARIS).at

    assert at.astimezone(PARIS).strftime("%Y-%m-%d %H:%M") == expected
