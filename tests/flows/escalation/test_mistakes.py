"""Acknowledgements that may be a mistake, and the word to the person who called."""

import pytest

from tests.support.worlds.databases import BOTH_DATABASES
from tests.support.worlds.world import World

GROUP = """
[policies.database]
levels = [{ targets = ["group:S0DATABASE"] }]
"""


def said_to_caller(world: World) -> list[str]:
    return [text for text in world.texts() if "is on it" in text]


async def acknowledged_by(world: World) -> list[str | None]:
    return [each["acknowledged_by_id"] for each in (await world.exported())["escalations"]]


@pytest.fixture
async def paged(world: World) -> World:
    """`oncall` has called @dba."""
    await world.declares()
    await world.types("oncall", "/incident escalate @dba the pool is full")
    await world.finish()
    return world


@pytest.mark.parametrize("user", ["oncall", "engineer"])
async def test_who_was_not_paged_is_asked_before_they_acknowledge(paged: World, user: str) -> None:
    await paged.presses(user, "escalation_acknowledge")
    await paged.finish()

    assert "<@U0DBA> was paged, not you" in str(paged.sandbox.ephemerals(user, paged.channel)[-1])
    assert await acknowledged_by(paged) == [None]

    await paged.presses(user, "escalation_acknowledge_unasked")
    await paged.finish()

    assert await acknowledged_by(paged) == [f"U0{user.upper()}"]
    assert not said_to_caller(paged) if user == "oncall" else said_to_caller(paged)


async def test_who_was_paged_is_not_asked(paged: World) -> None:
    await paged.presses("dba", "escalation_acknowledge")
    await paged.finish()

    assert await acknowledged_by(paged) == ["U0DBA"]


async def test_an_answer_that_comes_before_the_confirmation_stays(paged: World) -> None:
    await paged.presses("oncall", "escalation_acknowledge")
    await paged.presses("dba", "escalation_acknowledge")

    await paged.presses("oncall", "escalation_acknowledge_unasked")
    await paged.finish()

    assert "<@U0DBA> acknowledged it already" in paged.sandbox.ephemerals("oncall", paged.channel)[-1]["text"]
    assert await acknowledged_by(paged) == ["U0DBA"]


@pytest.mark.world(databases=BOTH_DATABASES)
async def test_a_reaction_of_somebody_who_was_not_paged_is_refused(paged: World) -> None:
    [message] = [each for each in paged.sandbox.messages(paged.channel) if "*waiting for an answer*" in str(each)]

    await paged.reacts("oncall", message["ts"], "white_check_mark")
    await paged.finish()

    told = paged.sandbox.ephemerals("oncall", paged.channel)[-1]["text"]
    assert "You were not paged. To acknowledge for yourself, type /incident ack." in told
    assert await acknowledged_by(paged) == [None]

    await paged.types("oncall", "/incident ack")
    assert await acknowledged_by(paged) == ["U0ONCALL"]


@pytest.mark.world(config=GROUP)
@pytest.mark.parametrize(("user", "is_asked"), [("oncall", True), ("engineer", False)])
async def test_of_a_user_group_only_the_caller_is_asked(world: World, user: str, is_asked: bool) -> None:
    await world.declares()
    await world.types("oncall", "/incident escalate policy:database the pool is full")
    await world.finish()

    await world.presses(user, "escalation_acknowledge")
    await world.finish()

    assert await acknowledged_by(world) == [None if is_asked else "U0ENGINEER"]


async def test_the_caller_is_told_once_who_comes(paged: World) -> None:
    await paged.advance(minutes=2)
    await paged.presses("dba", "escalation_acknowledge")
    await paged.finish()

    [line] = said_to_caller(paged)
    assert "<@U0ONCALL> " in line
    assert "<@U0DBA>" not in line, "it notifies the caller alone"
    assert "after the page" in line
    [posted] = [each for each in paged.sandbox.messages(paged.channel) if "is on it" in str(each)]
    [message] = [each for each in paged.sandbox.messages(paged.channel) if "acknowledged by <@U0DBA>" in str(each)]
    assert posted["thread_ts"] == message["ts"]


async def test_a_handover_is_no_help_yet(paged: World) -> None:
    await paged.types("dba", "/incident reassign @engineer it is the network")
    await paged.finish()
    assert not said_to_caller(paged)

    await paged.presses("engineer", "escalation_acknowledge", channel=paged.sandbox.open_dm("engineer"))
    await paged.finish()

    [line] = said_to_caller(paged)
    assert "<@U0DBA> " in line
