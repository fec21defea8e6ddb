"""Times as people write them in English, and the day that they are on."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.domain.errors import Ambiguous, UserError
from bot.domain.terms import Precision
from bot.domain.times import format_time, format_unambiguous, is_future, read_time, refuse_future, zone_label

NAIROBI = ZoneInfo("Africa/Nairobi")
PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2023, 11, 7, 18, 0, tzinfo=UTC)  # Tuesday: 21:00 in Nairobi, 10:00 in Los Angeles, 19:00 in Paris


def local_reading(text, zone=NAIROBI, now=NOW, **how):
    """The time in the zone of the one who wrote it, to compare at a glance."""
    at = read_time(text, now=now, zone=zone, **how).at
    return at.astimezone(zone).replace(tzinfo=None).isoformat(" ")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("14:05", "2023-11-07 14:05:00"),
        ("9:05", "2023-11-07 09:05:00"),
        ("14:05:30", "2023-11-07 14:05:30"),
        ("2pm", "2023-11-07 14:00:00"),
        ("2 pm", "2023-11-07 14:00:00"),
        ("2 p.m.", "2023-11-07 14:00:00"),
        ("2:05 PM", "2023-11-07 14:05:00"),
        ("12am", "2023-11-07 00:00:00"),
        ("12pm", "2023-11-07 12:00:00"),
        ("12:30am", "2023-11-07 00:30:00"),
        ("4.23pm", "2023-11-07 16:23:00"),
        ("16.11", "2023-11-07 16:11:00"),
        ("1405", "2023-11-07 14:05:00"),
        ("0905", "2023-11-07 09:05:00"),
        ("1511Z", "2023-11-07 18:11:00"),
        ("1511 UTC", "2023-11-07 18:11:00"),
        ("2h05 PM", "2023-11-07 14:05:00"),
        ("yesterday 2h05pm", "2023-11-06 14:05:00"),
        ("12 noon", "2023-11-07 12:00:00"),
        ("12 midnight", "2023-11-07 00:00:00"),
        ("16h21", "2023-11-07 16:21:00"),
        ("16h", "2023-11-07 16:00:00"),
        ("16 h 21", "2023-11-07 16:21:00"),
        ("16H21", "2023-11-07 16:21:00"),
        ("16h21min", "2023-11-07 16:21:00"),
        ("16h et quart", "2023-11-07 16:15:00"),
        ("16 h et demie", "2023-11-07 16:30:00"),
        ("17h moins le quart", "2023-11-07 16:45:00"),
        ("las 4 y media de la tarde", "2023-11-07 16:30:00"),
        ("le 4 e mezza di pomeriggio", "2023-11-07 16:30:00"),
        ("16:11 Uhr", "2023-11-07 16:11:00"),
        ("16.11 Uhr", "2023-11-07 16:11:00"),
        ("16 Uhr", "2023-11-07 16:00:00"),
        ("16 Uhr 11", "2023-11-07 16:11:00"),
        ("16:11 h", "2023-11-07 16:11:00"),
        ("9 o'clock", "2023-11-07 09:00:00"),
        ("noon", "2023-11-07 12:00:00"),
        ("midnight", "2023-11-07 00:00:00"),
        ("at 14:05", "2023-11-07 14:05:00"),
        ("１４：０５", "2023-11-07 14:05:00"),
    ],
)
def test_clock_times(text, expected):
    assert local_reading(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("now", "2023-11-07 21:00:00"),
        ("10 min ago", "2023-11-07 20:50:00"),
        ("10min ago", "2023-11-07 20:50:00"),
        ("10 Minutes Ago", "2023-11-07 20:50:00"),
        ("an hour ago", "2023-11-07 20:00:00"),
        ("half an hour ago", "2023-11-07 20:30:00"),
        ("1h30 ago", "2023-11-07 19:30:00"),
        ("1h 30m ago", "2023-11-07 19:30:00"),
        ("2 days ago", "2023-11-05 21:00:00"),
        ("45s ago", "2023-11-07 20:59:15"),
        ("in 5 min", "2023-11-07 21:05:00"),
    ],
)
def test_relative_times_count_from_the_moment_of_typing(text, expected):
    assert local_reading(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("yesterday 15:00", "2023-11-06 15:00:00"),
        ("yesterday at 3pm", "2023-11-06 15:00:00"),
        ("15:00 yesterday", "2023-11-06 15:00:00"),
        ("today 9am", "2023-11-07 09:00:00"),
        ("monday 09:00", "2023-11-06 09:00:00"),
        ("Mon 09:00", "2023-11-06 09:00:00"),
        ("09:00 on Monday", "2023-11-06 09:00:00"),
        ("tuesday 09:00", "2023-11-07 09:00:00"),
        ("last tuesday 09:00", "2023-10-31 09:00:00"),
        ("wednesday 09:00", "2023-11-01 09:00:00"),
        ("2023-11-05 08:45", "2023-11-05 08:45:00"),
        ("2023/11/05 08:45", "2023-11-05 08:45:00"),
        ("05.11.2023 08:45", "2023-11-05 08:45:00"),
        ("13/10/2023 08:45", "2023-10-13 08:45:00"),
        ("10/13/2023 08:45", "2023-10-13 08:45:00"),
        ("5/5/2023 08:45", "2023-05-05 08:45:00"),
        ("Nov 5 2023 08:45", "2023-11-05 08:45:00"),
        ("Nov 5, 2023, 8:45 am", "2023-11-05 08:45:00"),
        ("5 Nov 08:45", "2023-11-05 08:45:00"),
        ("5th of November 08:45", "2023-11-05 08:45:00"),
        ("08:45 5 Nov 2023", "2023-11-05 08:45:00"),
        ("31 Dec 2022 23:50", "2022-12-31 23:50:00"),
        ("10 Aug 08:45", "2023-08-10 08:45:00"),
        ("29 Feb 08:45", "2020-02-29 08:45:00"),
        ("Sun, 05 Nov 2023 08:45:12", "2023-11-05 08:45:12"),
    ],
)
def test_days(text, expected):
    assert local_reading(text) == expected


@pytest.mark.parametrize(
    ("now", "text", "expected"),
    [
        ("00:10", "23:50", "2023-11-06 23:50:00"),
        ("23:50", "00:10", "2023-11-07 00:10:00"),
        ("09:00", "22:00", "2023-11-06 22:00:00"),
        ("13:00", "00:30", "2023-11-07 00:30:00"),
        ("13:00", "13:00", "2023-11-07 13:00:00"),
        ("10:00", "21:59", "2023-11-07 21:59:00"),
        ("10:00", "22:00", "2023-11-07 22:00:00"),
        ("10:00", "22:01", "2023-11-06 22:01:00"),
    ],
)
def test_a_time_without_a_day_is_todays_unless_that_is_over_twelve_hours_ahead(now, text, expected):
    at_that_hour = datetime.fromisoformat(f"2023-11-07 {now}").replace(tzinfo=PARIS)

    assert local_reading(text, zone=PARIS, now=at_that_hour) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("18:30", "2023-11-08 18:30:00"),
        ("19:30", "2023-11-07 19:30:00"),
        ("friday 09:00", "2023-11-10 09:00:00"),
        ("1 Mar 09:00", "2024-03-01 09:00:00"),
    ],
)
def test_future_times_are_preferred_where_asked_for(text, expected):
    assert local_reading(text, zone=PARIS, prefer_past=False) == expected


@pytest.mark.parametrize(
    ("text", "precision"),
    [
        ("14:05", Precision.EXACT),
        ("~14:05", Precision.APPROXIMATE),
        ("~ 14:05", Precision.APPROXIMATE),
        ("about 2pm", Precision.APPROXIMATE),
        ("around 14:05", Precision.APPROXIMATE),
        ("ca. 16.11", Precision.APPROXIMATE),
        ("vers 16h21", Precision.APPROXIMATE),
        ("gegen 16 Uhr", Precision.APPROXIMATE),
        ("~10 min ago", Precision.APPROXIMATE),
        ("yesterday around 3pm", Precision.APPROXIMATE),
        ("~yesterday 15:00", Precision.APPROXIMATE),
        ("14:05?", Precision.APPROXIMATE),
        ("?", Precision.UNKNOWN),
    ],
)
def test_precision(text, precision):
    when = read_time(text, now=NOW, zone=NAIROBI)

    assert when.precision is precision
    assert (when.at is None) is (precision is Precision.UNKNOWN)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "missing"),
        ("13pm", "Do you mean `13:00`"),
        ("0pm", "Do you mean `12:00`"),
        ("0am", "Do you mean `00:00`"),
        ("0:30am", "hours go from 1 to 12"),
        ("25:00", "hours go from 0 to 23"),
        ("24:00", "Write `00:00`"),
        ("14:60", "minutes and seconds go up to 59"),
        ("14:05:60", "minutes and seconds go up to 59"),
        ("Feb 30 10:00", "does not exist"),
        ("2023-02-29 10:00", "does not exist"),
        ("2023-13-01 10:00", "does not exist"),
        ("0001-01-01 10:00", "is out of range"),
        ("yesterday", "`yesterday 15:00`"),
        ("14", "minutes"),
        ("soon", "`soon` is not a time"),
        ("14:05 Europe/Pariss", "Did you mean `Europe/Paris`"),
        ("14:05 XYZ", "`XYZ`"),
        ("14:05 +99:00", "`+14:00`"),
        ("10:30-11:00", "looks like two times"),
        ("Mon, 07 Nov 2023 08:45", "is a Tuesday"),
        ("999999 weeks ago", "too far away"),
        ("x" * 5000, "is not a time"),
    ],
)
def test_what_is_no_time_is_refused_with_an_explanation(text, said):
    with pytest.raises(UserError) as refusal:
        read_time(text, now=NOW, zone=NAIROBI)

    assert not isinstance(refusal.value, Ambiguous)
    assert said in refusal.value.message
    assert len(refusal.value.message) < 300


def test_the_future_is_refused_with_both_readings_named():
    now = datetime(2023, 11, 7, 13, 40, tzinfo=PARIS)
    when = read_time("14:05", now=now, zone=PARIS)

    with pytest.raises(UserError) as refusal:
        refuse_future(when, now=now, zone=PARIS)

    assert "`14:05` is 25m from now (2023-11-07 14:05 CET)" in refusal.value.message
    assert "`2023-11-06 14:05 +01:00`" in refusal.value.message


@pytest.mark.parametrize(("seconds", "is_refused"), [(-1, False), (0, False), (60, False), (61, True)])
def test_a_clock_that_is_a_minute_fast_is_no_mistake(seconds, is_refused):
    text = format_unambiguous(NOW + timedelta(seconds=seconds), PARIS)

    assert is_future(read_time(text, now=NOW, zone=PARIS), NOW) is is_refused


def test_an_unknown_time_is_not_in_the_future():
    refuse_future(read_time("?", now=NOW, zone=PARIS), now=NOW, zone=PARIS)


@pytest.mark.parametrize(
    ("zone", "shown", "label"),
    [
        ("America/Los_Angeles", "2023-11-07 10:00 PST", "PST"),
        ("Africa/Nairobi", "2023-11-07 21:00 EAT", "EAT"),
        ("Asia/Kolkata", "2023-11-07 23:30 IST", "IST"),
        ("America/Sao_Paulo", "2023-11-07 15:00 UTC-03:00", "UTC-03:00"),
        ("Asia/Kathmandu", "2023-11-07 23:45 UTC+05:45", "UTC+05:45"),
        ("UTC", "2023-11-07 18:00 UTC", "UTC"),
    ],
)
def test_format_time(zone, shown, label):
    assert format_time(NOW, ZoneInfo(zone)) == shown
    assert zone_label(NOW, ZoneInfo(zone)) == label
    assert format_time(NOW, ZoneInfo(zone), with_date=False, with_zone=False) == shown.split()[1]


@pytest.mark.parametrize(
    ("now", "text", "expected"),
    [
        ("2026-01-01 00:20", "31 Dec 23:50", "2025-12-31 23:50"),
        ("2026-01-01 00:20", "31 décembre 23h50", "2025-12-31 23:50"),
        ("2026-01-01 00:20", "mercredi 31 décembre 23h50", "2025-12-31 23:50"),
        ("2026-01-01 00:20", "23:50", "2025-12-31 23:50"),
        ("2026-01-01 00:20", "31.12. 23:50", "2025-12-31 23:50"),
        ("2026-01-01 00:20", "hier 23:50", "2025-12-31 23:50"),
        ("2025-12-31 23:50", "1 Jan 00:10", "2025-01-01 00:10"),
    ],
)
def test_over_the_end_of_a_year(now, text, expected):
    moment = datetime.fromisoformat(now).replace(tzinfo=PARIS)
    at = read_time(text, now=moment, zone=PARIS).at

    assert at.astimezone(PARIS).strftime("%Y-%m-%d %H:%M") == expected
