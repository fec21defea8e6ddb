"""Rate limits of Slack calls, by tier, without holding up one incident."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from time import monotonic
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.api.pacing import MAX_WAIT, Pacer
from bot.slack.api.rate_limits import PER_MINUTE, POST_MESSAGE, TIER, call_rates
from bot.store.outbox.rate_limits import _Place

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def place(**changes: object) -> _Place:
    return _Place(SimpleNamespace(**{"arrival_at": NOON, "blocked_until": None, "recent": None} | changes))


def let_through(method: str, asked_at: list[float], channel: str | None = None) -> list[float]:
    """Return the times of calls requested at these seconds, each as soon as allowed."""
    gates = {rate.key: place() for rate in call_rates(method, channel)}
    went, now = [], NOON
    for second in sorted(asked_at):
        now = max(now, NOON + timedelta(seconds=second))
        while (ready := max(gates[rate.key].ready_at(rate, now) for rate in call_rates(method, channel))) > now:
            now = ready
        for rate in call_rates(method, channel):
            gates[rate.key].count(rate, now)
        went.append((now - NOON).total_seconds())
    return went


def most_in_a_minute(went: list[float]) -> int:
    return max(sum(start <= each < start + 60 for each in went) for start in went)


@pytest.mark.parametrize("method", sorted(TIER))
@given(asked_at=st.lists(st.floats(0, 300), min_size=1, max_size=160))
def test_no_minute_has_more_calls_than_the_tier_grants(method: str, asked_at: list[float]) -> None:
    assert most_in_a_minute(let_through(method, asked_at)) <= PER_MINUTE[TIER[method]]


def test_a_burst_and_then_a_steady_flow_keep_to_it_too() -> None:
    """Twenty at once and then one every three seconds would be forty in the first minute."""
    went = let_through("conversations.setTopic", [0.0] * 60)

    assert most_in_a_minute(went) == 20
    assert went[:20] == [0.0] * 20, "one incident, or twenty, do not wait"
    assert went[-1] == pytest.approx(122, abs=1), "and a storm is no slower than Slack"


def test_a_channel_a_minute_is_left_for_the_announcements() -> None:
    """Their call precedes a post, past the gate; without room for it a post would be refused."""
    assert most_in_a_minute(let_through("conversations.create", [0.0] * 60)) == 19


def test_posts_go_one_a_second_and_channel_and_some_hundred_a_minute() -> None:
    in_one = let_through(POST_MESSAGE, [0.0] * 20, "digest")
    anywhere = let_through(POST_MESSAGE, [0.0] * 700)

    assert min(b - a for a, b in pairwise(in_one)) >= 1
    assert in_one[-1] <= 19 * 1.1
    assert most_in_a_minute(anywhere) <= 300


def test_what_was_counted_before_a_clock_was_set_back_holds_nobody_up() -> None:
    (rate,) = call_rates("conversations.create")
    full = place(recent=[(NOON + timedelta(hours=1)).timestamp()] * 20)

    assert full.ready_at(rate, NOON) == NOON


def test_each_method_that_is_held_back_has_one_gate() -> None:
    keys = Counter(rate.key for method in TIER for rate in call_rates(method))
    assert set(keys.values()) == {1}


async def test_posts_that_were_taken_up_too_close_leave_far_enough_apart() -> None:
    pacer = Pacer()
    left: list[tuple[str, float]] = []

    async def posts(channel: str) -> None:
        await pacer.wait(channel)
        left.append((channel, monotonic()))

    await pacer.wait("C1")
    began = monotonic()
    await asyncio.gather(posts("C1"), posts("C2"))

    assert [channel for channel, _ in left] == ["C2", "C1"], "another channel waits for nobody"
    assert left[1][1] - began >= MAX_WAIT - 0.01, "and for one that is far too early the gate is there"
