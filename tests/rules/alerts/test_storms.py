"""Storms: when alerts fold into one, and how many are announced one by one."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.alerts.announcements import (
    ANNOUNCEMENT_LIMIT,
    ANNOUNCEMENT_WINDOW,
    AnnouncementBudget,
    spend_announcement,
)
from bot.domain.alerts.storms import (
    BeginStorm,
    JoinStorm,
    LastStorm,
    OpenSeparately,
    ResumeStorm,
    StormLimits,
    choose_storm_action,
    is_storm_active,
)
from bot.domain.record.facts import MoreAlerts, StormTitle, count_alerts

NOW = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
THREE_IN_FIVE = StormLimits(3, timedelta(minutes=5))


def ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


OPEN_STORM = LastStorm(11, ago(1), is_open=True)


@pytest.mark.parametrize(
    ("minutes", "storm", "expected"),
    [
        ([], None, OpenSeparately()),
        ([1, 2], None, OpenSeparately()),
        ([1, 2, 3], None, BeginStorm()),
        ([1, 2, 6], None, OpenSeparately()),
        ([1, 2, 5], None, OpenSeparately()),
        ([1, 2, 4.9], None, BeginStorm()),
        ([], OPEN_STORM, JoinStorm(11)),
        ([], LastStorm(11, ago(5), is_open=True), OpenSeparately()),
        ([1, 2, 3], LastStorm(11, ago(10), is_open=True), ResumeStorm(11)),
        ([1, 2, 3], LastStorm(11, ago(40), is_open=True), BeginStorm(11)),
        ([], LastStorm(11, ago(1), is_open=False, resolved_at=ago(0.5)), OpenSeparately()),
        ([1, 2, 3], LastStorm(11, ago(1), is_open=False, resolved_at=ago(0.5)), ResumeStorm(11)),
        ([1, 2, 3], LastStorm(11, ago(40), is_open=False, resolved_at=ago(31)), BeginStorm(11)),
        ([1, 2, 3], LastStorm(11, ago(1), is_open=False), BeginStorm(11)),
        ([-0.01, -0.01, -0.01], None, BeginStorm()),
        ([], LastStorm(11, ago(-0.01), is_open=True), JoinStorm(11)),
        ([-60, -60, -60], None, OpenSeparately()),
        ([], LastStorm(11, ago(-60), is_open=True), OpenSeparately()),
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
        "openings that another replica saw a moment ahead",
        "a storm that another replica saw a moment ahead",
        "openings while the clock was an hour ahead",
        "a storm while the clock was an hour ahead",
    ],
)
def test_what_becomes_of_an_alert(minutes, storm, expected):
    assert choose_storm_action(NOW, [ago(each) for each in minutes], storm, THREE_IN_FIVE) == expected


def test_nothing_is_folded_where_it_is_switched_off():
    assert choose_storm_action(NOW, [NOW] * 1000, OPEN_STORM, StormLimits(0)) == OpenSeparately()


@given(st.lists(st.floats(0, 600), max_size=60).map(sorted), st.integers(1, 8), st.integers(1, 120))
def test_never_more_incidents_than_may_be(arrivals, most, seconds):
    """Within any window at most `most` incidents are opened, besides storms."""
    limits, opened, storm = StormLimits(most, timedelta(seconds=seconds)), [], None
    for second in arrivals:
        at = NOW + timedelta(seconds=second)
        match choose_storm_action(at, opened, storm, limits):
            case OpenSeparately():
                opened.append(at)
            case BeginStorm():
                storm = LastStorm(1, at, is_open=True)
            case JoinStorm(incident):
                assert storm is not None
                assert incident == storm.incident
                storm = LastStorm(incident, at, is_open=True)
            case ResumeStorm(incident):
                assert storm is not None
                assert incident == storm.incident
                assert not is_storm_active(storm.last_at, at, limits), "it was over"
                storm = LastStorm(incident, at, is_open=True)
    for first in opened:
        assert sum(first <= at < first + limits.window for at in opened) <= most


@given(st.lists(st.floats(0, 3600), max_size=80).map(sorted))
def test_few_are_told_one_by_one_however_many_come(arrivals):
    told, alone = AnnouncementBudget(), []
    for second in arrivals:
        at = NOW + timedelta(seconds=second)
        once_more = spend_announcement(told, at)
        if once_more is not None:
            told = once_more
            alone.append(at)
    assert alone[:1] == [NOW + timedelta(seconds=arrivals[0])] if arrivals else not alone
    for first in alone:
        assert sum(first <= at < first + ANNOUNCEMENT_WINDOW for at in alone) <= 2 * ANNOUNCEMENT_LIMIT


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
    assert count_alerts(services, MoreAlerts).in_english() == text


def test_the_title_of_a_storm_counts_its_alerts():
    assert StormTitle(0).in_english() == "Alert storm"
    assert count_alerts({"a": 30, "b": 7}, StormTitle).in_english() == "Alert storm: 37 alerts of 2 services"
