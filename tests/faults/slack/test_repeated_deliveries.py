"""Redelivered, concurrent, reordered and late deliveries."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import permutations
from pathlib import Path
from typing import Any, Self

import pytest

from bot.sandbox.app_link.outcome import Outcome, Outgoing
from tests.faults.slack.test_away import OverSockets
from tests.support.worlds.story import draft_files
from tests.support.worlds.world import World

TIMES = 4


@pytest.fixture
async def either(database_url: str, tmp_path: Path) -> AsyncIterator[World]:
    async with World(database_url, tmp_path) as built:
        yield built


class HeldDeliveries:
    """Hold back Slack's deliveries within the block, for a test to send in any order."""

    def __init__(self, world: World, event: str = "*") -> None:
        self._sandbox, self._event = world.sandbox, event

    def __enter__(self) -> Self:
        self._sandbox.clear_deliveries()
        self._fault = self._sandbox.delivery_fault("drop", event=self._event)
        return self

    def __exit__(self, *_: object) -> None:
        self._sandbox.clear_fault(self._fault)
        self._dropped = [each for each in self._sandbox.deliveries() if each["outcome"] == "dropped"]

    def dropped(self, *types: str) -> list[Outgoing]:
        """In the order in which they happened; of these types, or all."""
        chosen = [each for each in self._dropped if not types or each["type"] in types]
        return [Outgoing(each["kind"], each["payload"]) for each in chosen]

    async def send_again(self, outgoing: Outgoing) -> Outcome:
        again = Outgoing(outgoing.kind, outgoing.payload)
        return await self._sandbox.delivery.link.send(again, 10.0)

    async def send_at_once(self, outgoing: Outgoing) -> list[Outcome]:
        return await asyncio.gather(*(self.send_again(outgoing) for _ in range(TIMES)))


async def entries(world: World) -> list[tuple[str, list[str]]]:
    return [(each["text"], each["kinds"]) for each in await world.timeline() if each["source"] == "message"]


# --- the same thing several times, at the same moment


async def test_a_command_told_four_times_at_once(either: World) -> None:
    world = either
    with HeldDeliveries(world, "slash_commands") as held:
        await world.sandbox.command("oncall", "ops", "/incident start checkout is down")
    [command] = held.dropped("/incident")

    answers = await held.send_at_once(command)
    await world.finish()

    assert world.channels == ["inc-1-checkout-is-down"]
    assert {each.status for each in answers} == {200}
    assert len({str(each.body) for each in answers}) == 1, "each gets the first one's answer"
    assert "Declared" in str(answers[0].body)
    assert len(world.texts("incidents")) == 1


async def test_an_event_told_four_times_at_once(either: World) -> None:
    world = either
    await world.declares()
    with HeldDeliveries(world) as held:
        ts = world.sandbox.say("engineer", world.channel, "the pool is exhausted")
        world.sandbox.react("oncall", world.channel, ts, "mag")
        world.sandbox.edit("engineer", world.channel, ts, "the pool is full")
    events = held.dropped()

    for event in events:
        answers = await held.send_at_once(event)
        assert {each.status for each in answers} == {200}
    await world.finish()

    assert await entries(world) == [("the pool is full", ["investigation"])]
    assert [what for _, what in await world.audited() if "investigation" in what] == ["recorded investigation"]
    assert len(world.sandbox.calls("reactions.add")) == 1


async def test_a_press_told_four_times_at_once(either: World) -> None:
    world = either
    await world.declares()
    await world.types("oncall", "/incident escalate @dba the primary is full")
    await world.finish()
    page = world.sandbox.messages(world.sandbox.open_dm("dba"))[0]
    with HeldDeliveries(world, "interactive") as held:
        await world.sandbox.click("dba", world.sandbox.open_dm("dba"), page["ts"], "escalation_acknowledge")
    [press] = held.dropped()

    answers = await held.send_at_once(press)
    await world.finish()

    assert {each.status for each in answers} == {200}
    [escalation] = (await world.exported())["escalations"]
    assert escalation["acknowledged_by_id"] == "U0DBA"
    assert [what for _, what in await world.audited() if "acknowledged" in what].count("recorded acknowledged") == 1
    told = [each for each in world.sandbox.ephemerals("dba") if each["user"] == "U0DOGWATCH"]
    assert not told, "nobody is told that somebody was before them: it was they"


async def test_a_form_told_four_times_at_once(either: World) -> None:
    world = either
    await world.sandbox.command("oncall", "ops", "/incident")
    [view] = world.sandbox.views("oncall")
    with HeldDeliveries(world, "interactive") as held:
        await world.sandbox.submit_view("oncall", view["id"], {"title": "checkout is down"})
    [form] = held.dropped("view_submission")

    answers = await held.send_at_once(form)
    await world.finish()

    assert world.channels == ["inc-1-checkout-is-down"]
    assert {(each.status, str(each.body)) for each in answers} == {(200, "{}")}


async def test_an_event_told_over_both_connections(tmp_path: Path) -> None:
    async with OverSockets(f"sqlite:///{tmp_path / 'dogwatch.db'}", tmp_path) as world:
        await world.declares()
        with HeldDeliveries(world) as held:
            ts = world.sandbox.say("engineer", world.channel, "the pool is exhausted")
            world.sandbox.react("oncall", world.channel, ts, "mag")
        before = [each["answered"] for each in world.sandbox.connections()]

        for event in held.dropped():
            answers = await held.send_at_once(event)
            assert {each.status for each in answers} == {200}
        after = [each["answered"] for each in world.sandbox.connections()]
        await world.finish()

        assert all(later - sooner >= 2 for sooner, later in zip(before, after, strict=True))
        assert await entries(world) == [("the pool is exhausted", ["investigation"])]


# --- in any order


def writes_and_corrects(world: World, text: str) -> None:
    """Message, mark, edit."""
    ts = world.sandbox.say("engineer", world.channel, f"{text} with a tpyo")
    world.clock.move_to(world.now + timedelta(seconds=1))
    world.sandbox.react("oncall", world.channel, ts, "mag")
    world.sandbox.edit("engineer", world.channel, ts, text)


def writes_and_deletes(world: World, text: str) -> None:
    """Message, mark, deletion."""
    ts = world.sandbox.say("engineer", world.channel, text)
    world.clock.move_to(world.now + timedelta(seconds=1))
    world.sandbox.react("oncall", world.channel, ts, "mag")
    world.sandbox.delete("engineer", world.channel, ts)


def marks_and_takes_back(world: World, text: str) -> None:
    """Message, mark, the mark taken away."""
    ts = world.sandbox.say("engineer", world.channel, text)
    world.clock.move_to(world.now + timedelta(seconds=1))
    world.sandbox.react("oncall", world.channel, ts, "mag")
    world.clock.move_to(world.now + timedelta(seconds=1))
    world.sandbox.unreact("oncall", world.channel, ts, "mag")


def marks_again(world: World, text: str) -> None:
    """A mark, taken away, put again: three events about the same thing."""
    ts = world.sandbox.say("engineer", world.channel, text)
    for act in (world.sandbox.react, world.sandbox.unreact, world.sandbox.react):
        world.clock.move_to(world.now + timedelta(seconds=1))
        act("oncall", world.channel, ts, "mag")


@pytest.mark.parametrize(
    ("happens", "stands"),
    [(writes_and_corrects, True), (writes_and_deletes, False), (marks_and_takes_back, False), (marks_again, True)],
)
async def test_every_order_of_events_gives_the_same_record(world: World, happens: Any, stands: bool) -> None:
    """The regular look at the channel is not waited for: the events alone have to do."""
    await world.declares()
    await world.says("engineer", "here I am")
    orders = tuple(permutations(range(3 + (happens is marks_again))))
    for number, order in enumerate(orders):
        with HeldDeliveries(world) as held:
            happens(world, f"finding {number:02}")
        events = held.dropped("message", "reaction_added", "reaction_removed")
        assert len(events) == len(order)
        for place in order:
            assert (await held.send_again(events[place])).status == 200
        await world.settle()

    await world.settle()

    expected = [(f"finding {number:02}", ["investigation"]) for number in range(len(orders))] if stands else []
    assert [entry for entry in await entries(world) if entry[0]] == expected
    if happens is writes_and_deletes:
        assert "finding" not in await world.stored()


async def test_an_answer_before_the_call_for_help_was_posted(either: World) -> None:
    """Slack takes no posts for a while; a response before a post is shown by the post."""
    world = either
    await world.declares()
    away = world.sandbox.fault("status", method="chat.postMessage", status=503)
    await world.types("oncall", "/incident escalate @dba the primary is full")
    answer = await world.types("dba", "/incident ack")
    assert "cknowledged" in answer, answer
    world.sandbox.clear_fault(away)

    await world.advance(minutes=30)

    ledger = [text for text in world.texts() if "the primary is full" in text]
    assert any("acknowledged" in text for text in ledger), ledger
    replies = [
        each for each in world.sandbox.messages(world.channel) if each.get("thread_ts") not in (None, each["ts"])
    ]
    assert [each["text"] for each in replies] == [":white_check_mark: <@U0ONCALL> *dba* is on it."], (
        "nobody is reminded"
    )


# --- an hour late


@pytest.mark.parametrize("late", [timedelta(hours=1)])
async def test_events_of_before_the_end_that_come_an_hour_after_it(either: World, late: timedelta) -> None:
    """They are in place on the timeline, and in the next draft."""
    world = either
    await world.declares()
    with HeldDeliveries(world) as held:
        ts = world.sandbox.say("engineer", world.channel, "the deploy halved the pool")
        world.sandbox.react("oncall", world.channel, ts, "dart")
        world.sandbox.edit("engineer", world.channel, ts, "the deploy of 14:00 halved the pool")
    written = world.now
    await world.advance(minutes=5)
    await world.types("oncall", "/incident resolve took the deploy back")
    await world.finish()
    await world.advance_to(written + late)
    assert await entries(world) == []

    for event in held.dropped():
        assert (await held.send_again(event)).status == 200
    await world.finish()

    assert await entries(world) == [("the deploy of 14:00 halved the pool", ["cause"])]
    [entry] = [each for each in await world.timeline() if each["source"] == "message"]
    assert entry["happened_at"] == written.isoformat(timespec="seconds")
    assert world.is_confirmed(ts)
    assert "the deploy of 14:00 halved the pool" in world.card() or "resolved" in world.card().casefold()
    await world.presses("oncall", "incident_draft")
    await world.finish()
    newest = max(draft_files(world), key=lambda each: each["timestamp"])
    assert "the deploy of 14:00 halved the pool" in world.sandbox.file_content(newest["id"]).decode()


async def test_an_archive_that_is_told_after_the_channel_was_unarchived(world: World) -> None:
    """Slack repeats an event for minutes: the channel goes on showing everything."""
    await world.declares()
    with HeldDeliveries(world) as held:
        world.sandbox.archive("manager", world.channel)
    await world.advance(minutes=1)
    world.sandbox.unarchive("manager", world.channel)
    await world.settle()

    for event in held.dropped():
        assert (await held.send_again(event)).status == 200
    await world.types("oncall", "/incident severity 1 all customers")
    await world.finish()

    assert "SEV1" in world.card()
    assert any("all customers" in text for text in world.texts())


async def test_a_message_that_is_told_after_its_channel_was_archived(world: World) -> None:
    """It was written before, so it does not show that the channel is open."""
    await world.declares()
    with HeldDeliveries(world) as held:
        world.sandbox.say("engineer", world.channel, "the pool is exhausted")
    await world.advance(minutes=1)
    world.sandbox.archive("manager", world.channel)
    await world.settle()
    world.sandbox.clear_calls()

    for event in held.dropped("message"):
        assert (await held.send_again(event)).status == 200
    await world.finish()

    refused = [each["method"] for each in world.sandbox.calls() if not each["ok"]]
    assert not refused, "nothing is posted into the archived channel"


async def test_a_profile_that_is_told_after_a_newer_one_is_looked_up(world: World) -> None:
    """Otherwise somebody who has left would be paged again."""
    await world.declares()
    await world.says("dba", "I am looking")
    with HeldDeliveries(world) as held:
        world.sandbox.change_user("dba", real_name="Dana B.")
    await world.advance(minutes=1)
    world.sandbox.change_user("dba", deleted=True)
    await world.settle()

    for event in held.dropped("user_change"):
        assert (await held.send_again(event)).status == 200
    await world.finish()

    answer = await world.types("oncall", "/incident lead <@U0DBA|dba>")
    assert "is no longer a member of this workspace" in answer
