"""Alerts that fire on after the end of their incident: when that is announced, and in which words."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.alerts.announcements import GRACE_AFTER_END, is_repetition_news, still_firing_sentence

END = datetime(2026, 11, 18, 14, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("resolved_at", "announced_at", "now", "expected"),
    [
        (None, None, END, False),
        (END, None, END + GRACE_AFTER_END - SECOND, False),
        (END, None, END + GRACE_AFTER_END, True),
        (END, END + GRACE_AFTER_END, END + 9 * GRACE_AFTER_END, False),
        (END, END - SECOND, END + GRACE_AFTER_END, True),
    ],
)
def test_a_repetition_is_announced_once_for_each_end(resolved_at, announced_at, now, expected):
    assert is_repetition_news(resolved_at, announced_at, now) is expected


@pytest.mark.parametrize(
    ("names", "count", "expected"),
    [
        (["Down"], 1, "1 alert still fires: Down."),
        (["Down", "Slow"], 2, "2 alerts still fire: Down, Slow."),
        (["Down", "Down"], 2, "2 alerts still fire: Down."),
        (["a", "b", "c", "d", "e", "f"], 6, "6 alerts still fire: a, b, c, d, e, …"),
        (["Down"], 1_200, "1,200 alerts still fire: Down, …"),
        ([], 1_200, "1,200 alerts still fire."),
    ],
)
def test_alerts_that_still_fire_in_words(names, count, expected):
    assert still_firing_sentence(names, count) == expected
