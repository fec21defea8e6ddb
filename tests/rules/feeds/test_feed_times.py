"""Times as feeds write them."""

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.feeds.entries.document import Entry
from bot.feeds.entries.update_dates import read_dated_updates
from bot.feeds.json_reader import Reading
from bot.feeds.times import parse_time, parse_unix_time


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("2026-11-18T15:08:12.402+01:00", "2026-11-18T15:08:12.402000+01:00"),
        ("2026-11-18T14:08:12Z", "2026-11-18T14:08:12+00:00"),
        ("Wed, 18 Nov 2026 15:56:12 +0100", "2026-11-18T15:56:12+01:00"),
        ("Wed, 18 Nov 2026 14:30:00 GMT", "2026-11-18T14:30:00+00:00"),
        ("Thu, 23 Jul 2026 16:29:09 Z", "2026-07-23T16:29:09+00:00"),
        ("Mon, 17 Aug 2026 21:01:19 PDT", "2026-08-17T21:01:19-07:00"),
        ("Wed, 18 Nov 2026 14:30:00 -0000", "2026-11-18T14:30:00+00:00"),
    ],
)
def test_a_time_keeps_its_offset(text: str, iso: str):
    assert parse_time(text, None).isoformat() == iso


@pytest.mark.parametrize("text", ["2026-11-18 14:08:12", "Wed, 18 Nov 2026 14:30:00"])
def test_a_time_without_a_zone_is_none_or_in_the_zone_given(text: str):
    assert parse_time(text, None) is None
    assert parse_time(text, UTC).utcoffset().total_seconds() == 0


@pytest.mark.parametrize("text", ["", "soon", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-12:00", "2026-02-30"])
def test_anything_else_is_no_time(text: str):
    with pytest.raises(ValueError):
        parse_time(text, UTC)


@given(st.text(max_size=40))
def test_any_text_is_a_time_or_a_value_error(text: str):
    with suppress(ValueError):
        assert parse_time(text, UTC).tzinfo is not None


@pytest.mark.parametrize("number", [1772369485, 1772369485000])
def test_unix_time_in_seconds_and_milliseconds(number: int):
    assert parse_unix_time(number) == datetime(2026, 3, 1, 12, 51, 25, tzinfo=UTC)


@pytest.mark.parametrize("number", [-1, 10**30, 253402300800])
def test_no_unix_time(number: int):
    with pytest.raises(ValueError):
        parse_unix_time(number)


def dated(text: str, published: str) -> tuple[str | None, tuple[str, ...]]:
    """The time of the first update of an entry published then, and the remarks."""
    day, clock, zone = text.rsplit(" ", 2)
    month, number = day.split()
    head = f"<small>{month} <var data-var='date'>{number}</var>, <var data-var='time'>{clock}</var> {zone}</small>"
    content = f"<p>{head}<br><strong>Update</strong> - Words</p>"
    reading = Reading("")
    entry = Entry("entry[0]", "key", content=content, published_at=parse_time(published, None))
    (update,) = read_dated_updates(entry, reading)
    return update.said_at.isoformat() if update.said_at else None, tuple(reading.remarks)


@pytest.mark.parametrize(
    ("text", "published", "iso"),
    [
        ("Nov 18 15:22 CET", "2026-11-18T15:22:31+01:00", "2026-11-18T15:22:00+01:00"),
        ("Dec 31 23:50 UTC", "2027-01-01T00:10:00Z", "2026-12-31T23:50:00+00:00"),
        ("Jan 9 08:00 UTC", "2026-12-31T23:50:00Z", "2026-01-09T08:00:00+00:00"),
        ("Mar 29 01:30 CET", "2026-03-29T03:30:00+02:00", "2026-03-29T01:30:00+01:00"),
        ("Feb 29 10:00 UTC", "2029-01-15T10:00:00Z", "2028-02-29T10:00:00+00:00"),
        ("Nov 18 14:08:12 GMT+0", "2026-11-18T14:08:12Z", "2026-11-18T14:08:12+00:00"),
        ("Nov 18 19:38 IST", "2026-11-18T19:38:00+05:30", "2026-11-18T19:38:00+05:30"),
    ],
)
def test_year_and_offset_follow_from_the_entry(text: str, published: str, iso: str):
    assert dated(text, published) == (iso, ())


@pytest.mark.parametrize(
    ("text", "remark"),
    [
        ("Nov 18 19:40 IST", "no known time zone"),
        ("Foo 18 19:40 UTC", "does not exist"),
        ("Nov 31 19:40 UTC", "does not exist"),
    ],
)
def test_a_time_that_cannot_be_read_is_left_out(text: str, remark: str):
    at, remarks = dated(text, "2026-11-18T20:00:00+05:30")

    assert at is None
    assert remark in remarks[0]
