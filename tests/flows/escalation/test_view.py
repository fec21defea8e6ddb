"""A policy in Slack: its message, its pages, and all responses."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.support.worlds.databases import BOTH_DATABASES, SQLITE
from tests.support.worlds.world import World, action_ids, rendered

ON_SQLITE = pytest.mark.world(databases=SQLITE)
"""For tests of messages; the others run on both databases."""

CONFIG = """
[policies.payments]
[[policies.payments.levels]]
targets = ["U0DBA"]
wait = 5
[[policies.payments.levels]]
targets = ["U0DEVELOPER", "U0ENGINEER"]
wait = 5
"""

OF_ALL = """
[policies.payments]
repeat = 1
[[policies.payments.levels]]
targets = ["U0DBA", "U0DEVELOPER"]
acknowledge = "all"
wait = 5
"""

ON_CALL = """
[policies.payments]
[[policies.payments.levels]]
targets = ["U0DBA"]
wait = 5
[[policies.payments.levels]]
targets = ["schedule:payments"]
wait = 5
[schedules.payments]
zone = "UTC"
[[schedules.payments.layers]]
people = ["U0SUPPORT"]
starts = "2026-01-05 09:00"
every = "week"
"""


pytestmark = pytest.mark.world(config=CONFIG)


@pytest.fixture
async def world(world: World) -> World:
    await world.declares()
    await world.types("oncall", "/incident escalate policy:payments the pool is full")
    await world.settle()
    return world


def message(world: World) -> dict[str, Any]:
    """The escalation's message: the first that has its buttons, or had."""
    return next(each for each in world.sandbox.messages(world.channel) if "Policy *payments*" in each["text"])


def escalation_text(world: World) -> str:
    return next(text for text in world.texts() if text.startswith(":mega: Policy *payments*"))


def page(world: World, user: str) -> str:
    return world.texts(world.sandbox.open_dm(user))[-1]


async def chooses_more_time(world: World, user: str, minutes: int) -> None:
    where = world.sandbox.open_dm(user)
    found = next(each for each in world.sandbox.messages(where) if "escalation_more_time" in action_ids(each))
    options = [
        option["value"]
        for block in found["blocks"]
        if block["type"] == "actions"
        for element in block["elements"]
        if element["type"] == "static_select"
        for option in element["options"]
    ]
    chosen = next(value for value in options if value.endswith(f".{minutes}"))
    assert (await world.sandbox.click(user, where, found["ts"], "escalation_more_time", chosen)).ok
    await world.settle()


async def test_the_message_names_paged_people_and_the_next_without_a_mention(world: World) -> None:
    began = world.now
    due = int((began + timedelta(minutes=5)).timestamp())
    posted = next(
        call["args"] for call in world.sandbox.calls("chat.postMessage") if "Policy" in str(call["args"].get("text"))
    )

    assert "<@U0DEVELOPER>" not in str(posted)
    assert "level 1 of 2" in escalation_text(world)
    assert "<@U0DBA> Slack <!date^" in escalation_text(world)
    await world.settle()
    assert "*Next:* level 2 (" in escalation_text(world)
    assert f"due <!date^{due}^" in escalation_text(world)
    assert "If nobody answers by" in page(world, "dba")

    await world.advance(minutes=6)

    assert "level 2 of 2" in escalation_text(world)
    assert "<@U0DBA> no answer" in escalation_text(world)
    assert "<@U0ENGINEER> Slack" in escalation_text(world)
    assert "policy payments to be acknowledged: level 2 of 2" in world.card()
    await world.types("support", "/incident catchup")
    text = world.sandbox.ephemerals("support", world.channel)[-1]
    assert "level 2 of 2" in str(text["blocks"])


@ON_SQLITE
async def test_an_extension_delays_the_next_level(world: World) -> None:
    await chooses_more_time(world, "dba", 15)

    assert "more time was asked for" in escalation_text(world)
    await world.advance(minutes=12)
    assert "level 1 of 2" in escalation_text(world)
    await world.advance(minutes=4)
    assert "level 2 of 2" in escalation_text(world)


@ON_SQLITE
async def test_a_decline_pages_the_next_level_at_once(world: World) -> None:
    await world.presses("dba", "escalation_decline", channel=world.sandbox.open_dm("dba"))

    assert "level 2 of 2" in escalation_text(world)
    assert "<@U0DBA> cannot" in escalation_text(world)
    assert "You declined." in page(world, "dba")
    assert "You are needed" in page(world, "engineer") or "needs you" in page(world, "engineer")


async def test_somebody_else_can_acknowledge_after_all_declined(world: World) -> None:
    await world.declares()
    await world.types("oncall", "/incident escalate <@U0DBA|dba> the pool is full")
    await world.types("dba", "/incident cannot asleep")
    await world.finish()
    answer = await world.types("engineer", "/incident ack")
    await world.finish()

    assert "You acknowledged" in answer
    assert "Still needed" not in answer
    assert "acknowledged by <@U0ENGINEER>" in "\n".join(world.texts())


async def test_a_reaction_acknowledges_and_removing_it_withdraws(world: World) -> None:
    ts = message(world)["ts"]

    await world.reacts("dba", ts, "white_check_mark")

    assert "acknowledged by <@U0DBA>" in escalation_text(world)
    assert "with a reaction" in escalation_text(world)
    assert "You acknowledged" in page(world, "dba")
    assert "reaction" in str((await world.exported())["escalations"])

    await world.unreacts("dba", ts, "white_check_mark")

    assert "handed it back" in escalation_text(world)
    assert "waiting for an answer" in escalation_text(world)
    assert "Acknowledge" in page(world, "dba")


@pytest.mark.world(databases=BOTH_DATABASES)
@ON_SQLITE
async def test_a_reaction_to_a_page_acknowledges_and_a_second_is_refused(world: World) -> None:
    where = world.sandbox.open_dm("dba")
    ts = world.sandbox.messages(where)[-1]["ts"]

    await world.reacts("dba", ts, "white_check_mark", channel=where)

    assert "acknowledged by <@U0DBA>" in escalation_text(world)
    assert "You acknowledged" in page(world, "dba")

    await world.reacts("oncall", message(world)["ts"], "white_check_mark")
    await world.finish()
    assert "<@U0DBA> acknowledged it already" in world.sandbox.ephemerals("oncall", world.channel)[-1]["text"]
    await world.unreacts("oncall", message(world)["ts"], "white_check_mark")
    assert "acknowledged by <@U0DBA>" in escalation_text(world), "it was not theirs to take back"


@pytest.mark.world(databases=BOTH_DATABASES)
@ON_SQLITE
async def test_eyes_acknowledge_nothing_and_whoever_is_paged_is_told_so_once(world: World) -> None:
    where = world.sandbox.open_dm("dba")
    ts = world.sandbox.messages(where)[-1]["ts"]

    await world.reacts("dba", ts, "eyes", channel=where)
    await world.unreacts("dba", ts, "eyes", channel=where)
    await world.reacts("dba", ts, "eyes", channel=where)
    await world.finish()

    told = [rendered(each) for each in world.sandbox.messages(where) if "*not* acknowledged" in rendered(each)]
    assert len(told) == 1
    assert "waiting for an answer" in escalation_text(world)


@ON_SQLITE
async def test_eyes_of_somebody_who_is_not_paged_are_answered_by_nothing(world: World) -> None:
    await world.reacts("developer", message(world)["ts"], "eyes")
    await world.finish()

    direct = world.sandbox.messages(world.sandbox.open_dm("developer"))
    assert direct == []
    assert world.sandbox.ephemerals("developer", world.channel) == []


@ON_SQLITE
async def test_a_reaction_of_a_guest_is_refused(world: World) -> None:
    world.sandbox.invite("oncall", world.channel, ["guest"])
    await world.reacts("guest", message(world)["ts"], "white_check_mark")
    await world.finish()

    assert "waiting for an answer" in escalation_text(world)
    assert "cannot use commands" in world.sandbox.ephemerals("guest", world.channel)[-1]["text"]


async def test_handover_form(world: World) -> None:
    await world.presses("dba", "escalation_acknowledge", channel=world.sandbox.open_dm("dba"))
    await world.presses("dba", "escalation_hand_over", channel=world.sandbox.open_dm("dba"))
    answer = await world.submits("dba", person="U0SUPPORT", text="the pool needs a restart")
    assert not answer.errors
    await world.settle()

    assert "handed over to <@U0SUPPORT>" in escalation_text(world)
    assert "<@U0DBA> hands this over to you" in page(world, "support")
    assert "the pool needs a restart" in page(world, "support")
    assert "You handed it over" in page(world, "dba")


@ON_SQLITE
async def test_handing_back_with_a_reason_pages_the_next_level(world: World) -> None:
    await world.presses("dba", "escalation_acknowledge")
    await world.presses("dba", "escalation_hand_back")
    answer = await world.submits("dba", text="my train goes")
    assert not answer.errors
    await world.settle()

    assert "<@U0DBA> acknowledged" in escalation_text(world)
    assert "handed it back" in escalation_text(world)
    assert "my train goes" in escalation_text(world)
    assert "level 2 of 2" in escalation_text(world)


@ON_SQLITE
async def test_commands_for_all_responses(world: World) -> None:
    assert "15 min" in await world.types("dba", "/incident moretime 15")
    assert "more time was asked for" in escalation_text(world)
    await world.types("dba", "/incident ack")
    assert "acknowledged by <@U0DBA>" in escalation_text(world)
    assert "is unacknowledged again" in await world.types("dba", "/incident unack pressed by mistake")
    assert "pressed by mistake" in escalation_text(world)
    assert "level 1 of 2" in escalation_text(world)
    assert "Handed over" in await world.types("dba", "/incident reassign @support please")
    assert "handed over to <@U0SUPPORT>" in escalation_text(world)
    assert "Page declined." in await world.types("support", "/incident cannot no laptop")
    await world.finish()
    assert "Nobody acknowledged your handover" in page(world, "dba")


@ON_SQLITE
async def test_a_level_that_needs_all_names_missing_people(database_url: str, tmp_path: Path) -> None:
    async with World(database_url, tmp_path, config=OF_ALL) as world:
        await world.declares()
        await world.types("oncall", "/incident escalate policy:payments the pool is full")
        await world.settle()

        answer = await world.types("dba", "/incident ack")
        await world.advance(minutes=6)
        again = world.texts()
        await world.advance(minutes=6)

        assert "You acknowledged the policy payments. It also needs <@U0DEVELOPER>" in answer
        assert any("Now level 1 of 1 is paged, round 2 of 2" in text for text in again)
        assert any("<@U0ONCALL>, the policy *payments* came to its end: <@U0DEVELOPER> did" in t for t in world.texts())
        assert ":warning: <@U0DEVELOPER> did not answer. Escalate to somebody else." in escalation_text(world)


@ON_SQLITE
async def test_the_next_on_call_person_is_named_without_a_mention(database_url: str, tmp_path: Path) -> None:
    async with World(database_url, tmp_path, config=ON_CALL) as world:
        await world.types("support", "/incident start search is slow", "ops")  # so their name is known
        await world.finish()
        await world.declares("a leak private:yes")
        await world.types("oncall", "/incident escalate policy:payments secrets in the log")
        await world.finish()

        assert "on call for payments), due" in escalation_text(world)
        assert "<@U0SUPPORT>" not in escalation_text(world)
        assert "U0SUPPORT" not in world.sandbox.members(world.channel), "nothing is told before it is their turn"

        await world.advance(minutes=6)

        assert "U0SUPPORT" in world.sandbox.members(world.channel)
        assert "secrets in the log" in page(world, "support"), "a page holds what its reader needs to answer"
        await world.presses("support", "escalation_acknowledge", channel=world.sandbox.open_dm("support"))
        assert "acknowledged by <@U0SUPPORT>" in escalation_text(world)


@ON_SQLITE
async def test_app_home_shows_the_due_time_of_the_next_step(world: World) -> None:
    await world.sandbox.open_home("dba")
    await world.settle()

    text = str(world.sandbox.home("dba"))
    assert "Waiting for your answer" in text
    assert "level 1 of 2" in text
    assert "the next level due" in text
