import contextlib
from datetime import UTC, datetime
from importlib.resources import files
from zoneinfo import TZPATH, ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.errors import UserError
from bot.domain.times import read_zone
from bot.domain.times.zones import SEVERAL, UNMISTAKABLE, instants, zone_names


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
        ("", "not a time zone"),
        ("Factory", "not a time zone"),
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


@pytest.mark.parametrize("letters", sorted(UNMISTAKABLE))
def test_the_table_of_letters_agrees_with_the_zone_it_names(letters):
    """Each label's offset is one that its place keeps at some time of the year."""
    (offset, place), *others = UNMISTAKABLE[letters]
    hours = [datetime(2025, month, 1, tzinfo=UTC).astimezone(ZoneInfo(place)).utcoffset() for month in range(1, 13)]

    assert not others
    assert offset.utcoffset(None) in hours


def test_letters_are_either_unmistakable_or_asked_about():
    assert not set(UNMISTAKABLE) & set(SEVERAL)
    assert all(len(readings) > 1 for readings in SEVERAL.values())
    assert {place for readings in SEVERAL.values() for _, place in readings} <= set(zone_names().values())


@pytest.mark.parametrize(
    ("local", "count"), [("2025-10-26 02:30", 2), ("2025-03-30 02:30", 0), ("2025-06-01 02:30", 1)]
)
def test_how_often_the_clocks_show_a_time(local, count):
    assert len(instants(datetime.fromisoformat(local), ZoneInfo("Europe/Paris"))) == count
