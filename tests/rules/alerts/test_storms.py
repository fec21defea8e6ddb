"""When alerts fold into a storm, and how many of them are told of one by one."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.alerts.storms import (
    TOLD_AT_ONCE,
    TOLD_FOR,
    Begin,
    Join,
    LastStorm,
    Limits,
    OpenOwn,
    Resume,
    Told,
    fold,
    is_blowing,
    told_once_more,
)
from bot.domain.record import generated_sentences as own_words

NOW = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
THREE_IN_FIVE = Limits(3, timedelta(minutes=5))


def ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


OPEN_STORM = LastStorm(11, ago(1), is_open=True)


@pytest.mark.parametrize(
    ("minutes", "storm", "expected"),
    [
        ([], None, OpenOwn()),
        ([1, 2], None, OpenOwn()),
        ([1, 2, 3], None, Begin()),
        ([1, 2, 6], None, OpenOwn()),
        ([1, 2, 5], None, OpenOwn()),
        ([1, 2, 4.9], None, Begin()),
        ([], OPEN_STORM, Join(11)),
        ([], LastStorm(11, ago(5), is_open=True), OpenOwn()),
        ([1, 2, 3], LastStorm(11, ago(10), is_open=True), Resume(11)),
        ([1, 2, 3], LastStorm(11, ago(40), is_open=True), Begin(11)),
        ([], LastStorm(11, ago(1), is_open=False, resolved_at=ago(0.5)), OpenOwn()),
        ([1, 2, 3], LastStorm(11, ago(1), is_open=False, resolved_at=ago(0.5)), Resume(11)),
        ([1, 2, 3], LastStorm(11, ago(40), is_open=False, resolved_at=ago(31)), Begin(11)),
        ([1, 2, 3], LastStorm(11, ago(1), is_open=False), Begin(11)),
    ],
    ids=[
        "nothing yet",
        "as many as may be",
        "one too many",
        "an old one does not count",
        "nor one at the very end",
        "but one just before",
        "while a storm blows nothing else is asked",
        "a quiet storm is over",
        "it comes back within half an hour",
        "after that it is another",
        "who resolved it ended it",
        "but it goes on if there are too many again",
        "also that for half an hour only",
        "a cancelled one stays so",
    ],
)
def test_what_becomes_of_an_alert(minutes, storm, expected):
    assert fold(NOW, [ago(each) for each in minutes], storm, THREE_IN_FIVE) == expected


def test_nothing_is_folded_where_it_is_switched_off():
    assert fold(NOW, [NOW] * 1000, OPEN_STORM, Limits(0)) == OpenOwn()


@given(st.lists(st.floats(0, 600), max_size=60).map(sorted), st.integers(1, 8), st.integers(1, 120))
def test_never_more_incidents_than_may_be(arrivals, most, seconds):
    """However alerts arrive: within any window at most `most` incidents are opened besides storms."""
    limits, opened, storm = Limits(most, timedelta(seconds=seconds)), [], None
    for second in arrivals:
        at = NOW + timedelta(seconds=second)
        match fold(at, opened, storm, limits):
            case OpenOwn():
                opened.append(at)
            case Begin():
                storm = LastStorm(1, at, is_open=True)
            case Join(incident):
                assert storm is not None
                assert incident == storm.incident
                storm = LastStorm(incident, at, is_open=True)
            case Resume(incident):
                assert storm is not None
                assert incident == storm.incident
                assert not is_blowing(storm.last_at, at, limits), "it was over"
                storm = LastStorm(incident, at, is_open=True)
    for first in opened:
        assert sum(first <= at < first + limits.window for at in opened) <= most


@given(st.lists(st.floats(0, 3600), max_size=80).map(sorted))
def test_few_are_told_one_by_one_however_many_come(arrivals):
    told, alone = Told(), []
    for second in arrivals:
        at = NOW + timedelta(seconds=second)
        once_more = told_once_more(told, at)
        if once_more is not None:
            told = once_more
            alone.append(at)
    assert alone[:1] == [NOW + timedelta(seconds=arrivals[0])] if arrivals else not alone
    for first in alone:
        assert sum(first <= at < first + TOLD_FOR for at in alone) <= 2 * TOLD_AT_ONCE


names = st.none() | st.text("abc :,()0123456789", min_size=1, max_size=8).map(str.strip).filter(bool)


@given(st.dictionaries(names, st.integers(1, 5_000), min_size=1, max_size=9))
def test_what_is_counted_is_read_again(services):
    """Also where a service has an odd name: at worst the sentence is taken for somebody's own, never for another."""
    told = own_words.counted(services)
    for write, read in (
        (own_words.more_alerts, own_words.read_more_alerts),
        (own_words.alerts_ended, own_words.read_alerts_ended),
    ):
        found = read(write(told))
        assert found is not None
        assert found.count == told.count
        assert found.services == (told.services if told.services > 1 else 0) or told.service


@pytest.mark.parametrize(
    ("services", "text"),
    [
        ({"payments": 61}, "61 more alerts of payments in one minute"),
        ({None: 1}, "1 more alert in one minute"),
        ({"a": 2, "b": 3}, "5 more alerts of 2 services in one minute: b 3, a 2"),
        ({"a": 1999, None: 1}, "2,000 more alerts in one minute: a 1,999"),
        (dict.fromkeys("abcdefg", 1), "7 more alerts of 7 services in one minute: a 1, b 1, c 1, d 1, e 1, …"),
    ],
)
def test_alerts_that_are_counted(services, text):
    assert own_words.more_alerts(own_words.counted(services)) == text


def test_a_storm_keeps_its_name_while_its_counts_change():
    title = own_words.storm_title(own_words.counted({"a": 30, "b": 7}))

    assert title == "Alert storm: 37 alerts of 2 services"
    assert own_words.without_count(title) == "Alert storm"
    assert own_words.without_count("Alert storm: what now?") == "Alert storm: what now?"
