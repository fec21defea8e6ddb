import contextlib
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from zoneinfo import TZPATH, ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.errors import UserError
from bot.domain.times import read_time, read_zone
from bot.domain.times.zones import AMBIGUOUS_LETTERS, UNAMBIGUOUS_LETTERS, instants_at, zone_names

NAIROBI = ZoneInfo("Africa/Nairobi")
PARIS = ZoneInfo("Europe/Paris")
KOLKATA = ZoneInfo("Asia/Kolkata")
NOW = datetime(2023, 11, 7, 18, 0, tzinfo=UTC)  # Tuesday: 21:00 in Nairobi, 10:00 in Los Angeles, 19:00 in Paris


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Europe/Paris", "Europe/Paris"),
        ("europe/paris", "Europe/Paris"),
        ("paris", "Europe/Paris"),
        ("New York", "America/New_York"),
        ("UTC", "UTC"),
        ("z", "UTC"),
        ("GMT", "UTC"),
    ],
)
def test_read_zone(text, name):
    assert read_zone(text) is ZoneInfo(name)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Europe/Pariss", "Did you mean `Europe/Paris`?"),
        ("Pariss", "Did you mean `Europe/Paris`?"),
        ("PST", "`America/Los_Angeles`"),
        ("CET", "`Europe/Paris`"),
        ("CST", "not a time zone"),
        ("+02:00", "`Europe/Paris`"),
        ("", "not a known time zone"),
        ("Factory", "not a known time zone"),
    ],
)
def test_what_is_no_zone_is_refused_with_one_that_is(text, said):
    with pytest.raises(UserError, match=r".") as refusal:
        read_zone(text)

    assert said in refusal.value.message


@given(st.text(max_size=30))
def test_any_text_is_a_zone_or_a_clear_refusal(text):
    with contextlib.suppress(UserError):
        read_zone(text)


def test_zones_come_from_the_pinned_package_and_not_from_the_machine():
    assert TZPATH == ()
    with files("tzdata").joinpath("zoneinfo", "Europe", "Paris").open("rb") as file:
        pinned = ZoneInfo.from_file(file, key="Europe/Paris")

    summer = datetime(2025, 7, 1, tzinfo=UTC)
    assert summer.astimezone(ZoneInfo("Europe/Paris")).utcoffset() == summer.astimezone(pinned).utcoffset()


@pytest.mark.parametrize("letters", sorted(UNAMBIGUOUS_LETTERS))
def test_the_table_of_letters_agrees_with_the_zone_it_names(letters):
    """An abbreviation's offset is one that its place has at some time of the year."""
    (offset, place), *others = UNAMBIGUOUS_LETTERS[letters]
    hours = [datetime(2025, month, 1, tzinfo=UTC).astimezone(ZoneInfo(place)).utcoffset() for month in range(1, 13)]

    assert not others
    assert offset.utcoffset(None) in hours


def test_letters_are_either_unmistakable_or_asked_about():
    assert not set(UNAMBIGUOUS_LETTERS) & set(AMBIGUOUS_LETTERS)
    assert all(len(readings) > 1 for readings in AMBIGUOUS_LETTERS.values())
    assert {place for readings in AMBIGUOUS_LETTERS.values() for _, place in readings} <= set(zone_names().values())


@pytest.mark.parametrize(
    ("local", "count"), [("2025-10-26 02:30", 2), ("2025-03-30 02:30", 0), ("2025-06-01 02:30", 1)]
)
def test_how_often_the_clocks_show_a_time(local, count):
    assert len(instants_at(datetime.fromisoformat(local), ZoneInfo("Europe/Paris"))) == count


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("12:05PM EAT", "2023-11-07T09:05"),
        ("2023-11-07 08:45 PST", "2023-11-07T16:45"),
        ("2023-07-07 08:45 PST", "2023-07-07T16:45"),
        ("2023-07-07 08:45 PDT", "2023-07-07T15:45"),
        ("2023-07-07 08:45 PT", "2023-07-07T15:45"),
        ("2023-11-07T08:45Z", "2023-11-07T08:45"),
        ("2023-11-07t08:45z", "2023-11-07T08:45"),
        ("20231107T084500Z", "2023-11-07T08:45"),
        ("2023-11-07T08:45:00+01:00", "2023-11-07T07:45"),
        ("2023-11-07T08:45-08:00", "2023-11-07T16:45"),
        ("2023-11-07 08:45 -08:00", "2023-11-07T16:45"),
        ("2023-11-07 08:45 −0800", "2023-11-07T16:45"),
        ("2023-11-07 08:45 UTC-8", "2023-11-07T16:45"),
        ("2023-11-07 08:45 GMT+05:30", "2023-11-07T03:15"),
        ("14:05 UTC", "2023-11-07T14:05"),
        ("14:05UTC", "2023-11-07T14:05"),
        ("14:05 (CET)", "2023-11-07T13:05"),
        ("14:05 cest", "2023-11-07T12:05"),
        ("16:11 Uhr MEZ", "2023-11-07T15:11"),
        ("14:05 Europe/Paris", "2023-11-07T13:05"),
        ("14:05 europe/paris", "2023-11-07T13:05"),
        ("14:05 America/Argentina/Buenos_Aires", "2023-11-07T17:05"),
        ("08:45 PST 2023-11-07", "2023-11-07T16:45"),
        ("02:00 JST", "2023-11-07T17:00"),
    ],
)
def test_named_zones(text, utc):
    when = read_time(text, now=NOW, zone=NAIROBI)

    assert when.at == datetime.fromisoformat(utc).replace(tzinfo=UTC)
    assert when.zone_named


def test_the_day_of_a_clock_time_is_the_one_of_the_zone_it_names():
    """At 18:00 UTC it is the 8th in Tokyo: 02:00 there was an hour ago."""
    assert read_time("02:00 JST", now=NOW, zone=PARIS).at == NOW - timedelta(hours=1)


@pytest.mark.parametrize(
    ("text", "zone", "utc"),
    [
        ("2023-11-07 08:45 IST", KOLKATA, "2023-11-07T03:15"),
        ("2023-07-07 08:45 IST", ZoneInfo("Europe/Dublin"), "2023-07-07T07:45"),
        ("2023-11-07 08:45 CST", ZoneInfo("America/Chicago"), "2023-11-07T14:45"),
        ("2023-11-07 08:45 CST", ZoneInfo("Asia/Shanghai"), "2023-11-07T00:45"),
        ("2023-07-07 08:45 BST", ZoneInfo("Europe/London"), "2023-07-07T07:45"),
        ("2023-11-07 08:45 PST", ZoneInfo("Asia/Manila"), "2023-11-07T00:45"),
        ("2014-10-20 08:45 MSK", ZoneInfo("Europe/Moscow"), "2014-10-20T04:45"),
        ("2014-11-20 08:45 MSK", ZoneInfo("Europe/Moscow"), "2014-11-20T05:45"),
    ],
)
def test_the_incident_zones_own_letters_come_first(text, zone, utc):
    assert read_time(text, now=NOW, zone=zone).at == datetime.fromisoformat(utc).replace(tzinfo=UTC)
