"""Each Web API method fails in each way: rate limited, broken, silent, cut off."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Self

import aiohttp
import pytest

from bot.app import Dogwatch
from bot.runtime.metrics import REGISTRY
from tests.faults.slack.test_delivery_faults import METHODS, WRITES, in_peace, play
from tests.support.survivors.survivor_outcome import same, seen_by_all
from tests.support.worlds.world import World

CHANNEL = "inc-1-checkout-is-down"
CONFIG = """
[services.checkout]
team = "payments"

[teams.payments]
members = ["U0DBA"]
usergroup = "S0DATABASE"
"""
SELDOM = (
    "conversations.join",
    "usergroups.list",
    "conversations.history",
    "reactions.remove",
    "chat.postEphemeral",
    "files.delete",
    "conversations.replies",
)
ASKED_AGAIN = {"conversations.history", "conversations.replies", "usergroups.list"}
"""Reading calls are GET requests: one whose connection breaks the HTTP client makes again by itself, unnoticed."""
GAVE_UP = 0.3
"""Seconds that a call may take in a world where nobody wants to wait for ten."""
PEACE: dict[str, Any] = {}


class Hasty(World):
    """A world whose bot waits for an answer of Slack for a moment only."""

    async def __aenter__(self) -> Self:
        await self.sandbox.start()
        self.bot = Dogwatch(self.settings(), clock=self.clock, call_seconds=GAVE_UP)
        await self.bot.start()
        self.sandbox.deliver_by_http(f"{self.url}/slack/events")
        self._http = aiohttp.ClientSession()
        return self


pytestmark = pytest.mark.world(config=CONFIG)


@pytest.fixture
async def hasty(tmp_path: Path) -> AsyncIterator[World]:
    async with Hasty(f"sqlite:///{tmp_path / 'dogwatch.db'}", tmp_path) as built:
        yield built


async def play_seldom(world: World) -> dict[str, Any]:
    """A foreign announcement channel, a user group, a removed mark, a missed message."""
    world.sandbox.add_channel("incidents", members=["engineer"], creator="engineer")
    assert "Declared" in await world.types("oncall", "/incident start checkout is down service:checkout", "ops")
    await world.finish()
    marked = await world.says("engineer", "Reading the logs of the proxy")
    await world.reacts("engineer", marked, "mag")
    await world.unreacts("engineer", marked, "mag")
    await world.reacts("engineer", world.sandbox.pins(CHANNEL)[0]["ts"], "mag")
    world.sandbox.delivery_fault("drop", "message", times=2)
    unheard = await world.says("dba", "The primary is full")
    await world.says("dba", "since 14:02", thread_ts=unheard)
    await world.reacts("oncall", unheard, "dart")
    await world.advance(minutes=11)
    await world.types("oncall", "/incident resolve made room")
    await world.finish()
    link = f"{world.sandbox.base_url}/archives/{world.sandbox.channel(CHANNEL)['id']}/p{unheard.replace('.', '')}"
    assert "edacted" in await world.types("dba", f"/incident redact {link} a customer is named")
    await world.finish()
    return seen_by_all(world.sandbox)


async def seldom_in_peace(folder: Path) -> dict[str, Any]:
    if not PEACE:
        place = folder / "peace"
        place.mkdir()
        async with World(f"sqlite:///{place / 'dogwatch.db'}", place, config=CONFIG) as world:
            seen = await play_seldom(world)
            missing = set(SELDOM) - {call["method"] for call in world.sandbox.calls()}
            assert not missing, f"the story does not call {missing}"
        PEACE.update(seen)
    return PEACE


def calls(method: str, outcome: str) -> float:
    return REGISTRY.get_sample_value("dogwatch_slack_calls_total", {"method": method, "outcome": outcome}) or 0.0


@pytest.mark.parametrize(
    ("kind", "params", "outcome"),
    [
        ("ratelimited", {"retry_after": 30}, "ratelimited"),
        ("status", {"status": 429, "body": {"ok": False, "error": "ratelimited"}}, "ratelimited"),
        ("status", {"status": 503}, "away"),
        ("cut_before", {}, "away"),
        ("truncated", {}, "away"),
    ],
    ids=["429-after-30", "429-without-a-word", "503-html", "cut", "half-an-answer"],
)
async def test_the_seldom_methods_fail_once_before_they_work(
    world: World, tmp_path: Path, kind: str, params: dict[str, Any], outcome: str
) -> None:
    expected = await seldom_in_peace(tmp_path)
    counted = [method for method in SELDOM if kind != "cut_before" or method not in ASKED_AGAIN]
    before = {method: calls(method, outcome) for method in counted}
    for method in SELDOM:
        world.sandbox.fault(kind, method, times=1, **params)

    seen = await play_seldom(world)

    assert not world.sandbox.list_faults(), "a method was never called"
    assert same(expected, seen) == ""
    assert {method: calls(method, outcome) - before[method] for method in counted} == dict.fromkeys(counted, 1)


async def test_a_429_that_does_not_say_how_long_is_waited_out(world: World, tmp_path: Path) -> None:
    expected = await in_peace(tmp_path)
    for method in METHODS:
        world.sandbox.fault("status", method, times=1, status=429, body={"ok": False, "error": "ratelimited"})

    assert same(expected, await play(world)) == ""
    assert not world.sandbox.list_faults()


async def test_no_answer_in_time_and_nothing_done(hasty: World, tmp_path: Path) -> None:
    expected = await in_peace(tmp_path)
    for method in METHODS:
        hasty.sandbox.fault("hang", method, times=1, seconds=2 * GAVE_UP)

    seen = await play(hasty)

    assert same(expected, seen) == ""
    assert not hasty.sandbox.list_faults()


async def test_no_answer_in_time_and_all_of_it_done(hasty: World, tmp_path: Path) -> None:
    expected = await in_peace(tmp_path)
    for method in WRITES:
        hasty.sandbox.fault("mute", method, times=1, seconds=2 * GAVE_UP)

    seen = await play(hasty)

    assert same(expected, seen) == ""
    assert not hasty.sandbox.list_faults()
