from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.text.duration_parser import read_duration
from bot.domain.text.durations import duration_between, format_duration


@pytest.mark.parametrize(
    ("length", "shown"),
    [
        (timedelta(0), "0s"),
        (timedelta(seconds=45), "45s"),
        (timedelta(seconds=59, milliseconds=999), "59s"),
        (timedelta(minutes=13), "13m"),
        (timedelta(minutes=13, seconds=59), "13m"),
        (timedelta(hours=2), "2h 0m"),
        (timedelta(hours=1, minutes=45), "1h 45m"),
        (timedelta(hours=4), "4h 0m"),
        (timedelta(hours=23, minutes=59, seconds=59), "23h 59m"),
        (timedelta(hours=26, minutes=5), "1d 2h 5m"),
        (timedelta(days=2), "2d 0h 0m"),
        (timedelta(days=40), "40d 0h 0m"),
        (timedelta(minutes=-5), "0s"),
    ],
)
def test_format_duration(length, shown):
    assert format_duration(length) == shown


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("45s", timedelta(seconds=45)),
        ("13m", timedelta(minutes=13)),
        ("90 min", timedelta(minutes=90)),
        ("1h30", timedelta(minutes=90)),
        ("1h 45m", timedelta(minutes=105)),
        ("1.5h", timedelta(minutes=90)),
        ("1,5 h", timedelta(minutes=90)),
        ("an hour", timedelta(hours=1)),
        ("half an hour", timedelta(minutes=30)),
        ("Half an Hour", timedelta(minutes=30)),
        ("an hour and a half", timedelta(minutes=90)),
        ("2 hours and 5 minutes", timedelta(minutes=125)),
        ("2 weeks", timedelta(weeks=2)),
        ("1d 2h 5m", timedelta(days=1, hours=2, minutes=5)),
        ("  10   minutes ", timedelta(minutes=10)),
        ("1 h 45 min", timedelta(minutes=105)),
        ("une heure et demie", timedelta(minutes=90)),
        ("une demi-heure", timedelta(minutes=30)),
        ("un quart d’heure", timedelta(minutes=15)),
        ("2 jours", timedelta(days=2)),
        ("mezz'ora", timedelta(minutes=30)),
        ("un'ora e mezza", timedelta(minutes=90)),
        ("2 ore e 5 minuti", timedelta(minutes=125)),
        ("media hora", timedelta(minutes=30)),
        ("una hora y media", timedelta(minutes=90)),
        ("2 horas y 5 minutos", timedelta(minutes=125)),
        ("einer halben Stunde", timedelta(minutes=30)),
        ("2 Std. 5 Min.", timedelta(minutes=125)),
        ("anderthalb Stunden", timedelta(minutes=90)),
        ("uma hora e meia", timedelta(minutes=90)),
        ("2 dias", timedelta(days=2)),
    ],
)
def test_read_duration(text, length):
    assert read_duration(text) == length


@pytest.mark.parametrize(
    "text", ["", "5", "h", "1 30", "1m30", "5m 1h", "1h 1h", "soon", "-5m", "1h30 of it", "5 miles", "am", "at"]
)
def test_what_is_no_duration(text):
    assert read_duration(text) is None


@given(st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=4000)))
def test_what_is_shown_reads_back_to_the_unit_shown(length):
    read = read_duration(format_duration(length))

    unit = timedelta(seconds=1) if length < timedelta(minutes=1) else timedelta(minutes=1)
    assert read is not None
    assert timedelta(0) <= length - read < unit


@given(st.text())
def test_any_text_is_a_duration_or_none(text):
    read_duration(text)


@pytest.mark.parametrize(
    ("start", "end", "shown"),
    [
        ("03:34:50", "03:37:10", "3m"),
        ("03:34:10", "03:37:50", "3m"),
        ("03:34:50", "03:35:20", "30s"),
        ("03:34:59", "03:36:00", "2m"),
        ("12:00:00", "14:00:00", "2h 0m"),
    ],
)
def test_a_length_agrees_with_the_minutes_beside_it(start: str, end: str, shown: str) -> None:
    times = [datetime.fromisoformat(f"2026-03-02T{text}").replace(tzinfo=UTC) for text in (start, end)]

    assert format_duration(duration_between(*times)) == shown
