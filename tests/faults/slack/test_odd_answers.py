"""Answers of Slack that say `ok` and lack what was asked for, and lists whose pages do not end."""

from typing import Any

import pytest

from bot.slack.api.errors import Unreachable
from bot.slack.api.payload_validation import FIELDS, MAX_PAGES, ListCursors, check_answer
from tests.faults.slack.test_delivery_faults import CHANNEL
from tests.faults.slack.test_refusals import backlog, noted
from tests.support.worlds.world import World, rendered

READS = ("conversations.history", "conversations.replies", "conversations.list")


def answer_with(world: World, body: dict[str, Any], *methods: str) -> None:
    for method in methods:
        world.sandbox.fault("status", method, status=200, body={"ok": True, **body})


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"messages": None, "channels": None},
        {"messages": [None, "a"], "channels": [1]},
        {"messages": [], "channels": [], "response_metadata": {"next_cursor": "bmV4dDow"}},
        {"messages": [], "channels": [], "response_metadata": "none"},
    ],
    ids=["nothing", "null", "other lists", "a cursor that leads back", "other metadata"],
)
async def test_a_post_is_not_repeated_because_a_list_is_unreadable(world: World, body: dict[str, Any]) -> None:
    """The answers to a line and to a channel's creation are lost, and what should find them is odd for minutes."""
    await world.declares("checkout is down")
    answer_with(world, body, *READS)
    world.sandbox.fault("cut_after", "chat.postMessage", channel=CHANNEL, times=1)
    world.sandbox.fault("cut_after", "conversations.create", times=1)
    await world.types("oncall", "/incident note the cache is cold", CHANNEL)
    await world.types("oncall", "/incident start payments fail", "ops")
    await world.advance(minutes=3)

    world.sandbox.clear_faults()
    await world.advance(minutes=3)

    assert noted(world, "the cache is cold") == 1
    assert [each["name"] for each in world.sandbox.channels() if "payments" in each.get("name", "")] == [
        "inc-2-payments-fail"
    ]
    assert (await backlog(world)).unfinished == (await backlog(world)).dead == 0


async def test_what_slack_did_not_answer_properly_for_minutes_is_done_afterwards(world: World) -> None:
    """A page among it: nothing is given up."""
    await world.declares("checkout is down")
    answer_with(world, {}, "conversations.open", "conversations.create", "chat.postMessage", "users.info")
    await world.types("oncall", "/incident start payments fail", "ops")
    await world.types("oncall", "/incident escalate @dba the primary is full", CHANNEL)
    await world.advance(minutes=3)

    world.sandbox.clear_faults()
    await world.advance(minutes=3)

    assert any(each.get("name") == "inc-2-payments-fail" for each in world.sandbox.channels())
    pages = world.sandbox.messages(world.sandbox.open_dm("dba"))
    assert any("the primary is full" in rendered(each) for each in pages)
    assert (await backlog(world)).unfinished == (await backlog(world)).dead == 0


@pytest.mark.parametrize(
    "odd",
    [
        {"thread_ts": "a thread"},
        {"user": 7},
        {"edited": "yesterday"},
        {"files": [None]},
        {"blocks": 5, "text": ""},
        {"reactions": [{}]},
        {"subtype": {}},
        {"reply_count": "many"},
    ],
    ids=lambda odd: next(iter(odd)),
)
async def test_a_message_that_cannot_be_read_does_not_hold_up_the_others(world: World, odd: dict[str, Any]) -> None:
    """It is no deletion either."""
    await world.declares("checkout is down")
    known = await world.says("dba", "the primary is full")
    await world.reacts("dba", known, "mag")
    world.sandbox.delivery_fault("drop")
    world.sandbox.react("engineer", CHANNEL, world.sandbox.say("engineer", CHANNEL, "the proxy restarts"), "mag")
    world.sandbox.clear_faults()
    messages = world.sandbox.messages(CHANNEL)[::-1]
    shown = [{**each, **odd} if each["ts"] == known else each for each in messages]
    answer_with(world, {"messages": shown, "has_more": False}, "conversations.history")

    await world.advance(minutes=11)

    entries = [each["text"] for each in (await world.exported("INC-1"))["timeline"]]
    assert "the proxy restarts" in entries
    assert "the primary is full" in entries
    assert (await backlog(world)).dead == 0


@pytest.mark.parametrize("method", FIELDS)
def test_an_answer_without_its_fields_is_none(method: str) -> None:
    with pytest.raises(Unreachable) as raised:
        check_answer(method, {"ok": True})

    assert raised.value.maybe_done


def test_the_pages_of_a_list_end() -> None:
    cursors = ListCursors("conversations.list")
    for number in range(MAX_PAGES):
        assert cursors.find_next({"response_metadata": {"next_cursor": str(number)}}) == str(number)

    with pytest.raises(Unreachable):
        cursors.find_next({"response_metadata": {"next_cursor": "another"}})
    with pytest.raises(Unreachable):
        cursors.find_next({"response_metadata": {"next_cursor": "3"}})
    assert cursors.find_next({"response_metadata": {"next_cursor": ""}}) is None
