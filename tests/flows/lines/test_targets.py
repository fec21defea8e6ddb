"""Whom an escalation calls: several at once, nobody twice unasked, and no bots."""

import asyncio
from functools import partial
from typing import Any

import pytest

from tests.support.worlds.world import World

BOT = "<@U0DOGWATCH|dogwatch>"
TEAM = """
[teams.payments]
members = ["U0ENGINEER", "U0DOGWATCH"]

[policies.payments]
levels = [{ targets = ["team:payments"] }]
"""


def pages(world: World, user: str) -> list[str]:
    """The bot's direct messages to one person that page."""
    return [text for text in world.texts(world.sandbox.open_dm(user)) if "needs you" in text]


def question(world: World, user: str) -> dict[str, Any]:
    """The newest message in the channel that only this person sees."""
    found: dict[str, Any] = world.sandbox.ephemerals(user, world.channel)[-1]
    return found


async def test_everybody_who_is_named_is_paged(world: World) -> None:
    await world.declares()

    answer = await world.types("oncall", "/incident escalate INC-1 @dba and @engineer both of you please", "ops")
    await world.finish()

    assert "Paging <@U0DBA>" in answer
    assert "Paging <@U0ENGINEER>" in answer
    for user in ("dba", "engineer"):
        [page] = pages(world, user)
        assert "both of you please" in page
    assert [each["reason"] for each in (await world.exported())["escalations"]] == ["both of you please"] * 2


async def test_nobody_is_paged_if_one_of_them_is_unknown(world: World) -> None:
    await world.declares()
    before = await world.exported()

    answer = await world.types("oncall", "/incident escalate @dba @nosuch come please")
    await world.finish()

    assert "I do not know `@nosuch`" in answer
    assert await world.exported() == before
    assert not pages(world, "dba")


async def test_several_who_were_called_elsewhere_are_recorded(world: World) -> None:
    await world.declares()

    answer = await world.types("oncall", "/incident escalate INC-1 @dba @engineer at:14:00 by phone", "ops")

    assert "Recorded that <@U0DBA> was called" in answer
    assert "Recorded that <@U0ENGINEER> was called" in answer
    await world.finish()
    assert not pages(world, "dba")


@pytest.mark.parametrize(
    "typed",
    [
        f"escalate {BOT} help",
        "escalate @dogwatch help",
        f"escalate <@U0DBA|dba> {BOT} help",
        f"escalate {BOT} at:14:00 by phone",
        f"lead {BOT}",
        f"handover {BOT}",
        f"mute {BOT} until:18:00 too loud",
        f"task {BOT} renew the certificate",
        f"task renew the certificate owner:{BOT}",
        "escalate <@USLACKBOT|slackbot> help",
    ],
)
async def test_a_bot_is_refused(world: World, typed: str) -> None:
    await world.declares()
    await world.finish()
    before = await world.exported()

    answer = await world.types("oncall", f"/incident {typed}")
    await world.finish()

    assert "is a bot. Name a person." in answer
    assert await world.exported() == before


async def test_a_bot_that_nobody_mentioned_before_is_refused(world: World) -> None:
    await world.declares()
    world.sandbox.change_user("support", is_bot=True)

    answer = await world.types("oncall", "/incident escalate <@U0SUPPORT|support> help")

    assert "<@U0SUPPORT> is a bot. Name a person." in answer


async def test_the_form_refuses_a_bot(world: World) -> None:
    await world.declares()

    await world.presses("oncall", "incident_escalate")
    errors = await world.submits("oncall", person="U0DOGWATCH", text="help")

    assert "is a bot. Name a person." in str(errors)


@pytest.mark.world(config=TEAM)
async def test_a_bot_in_a_team_is_not_paged(world: World) -> None:
    await world.declares(f"{BOT} does not answer")
    await world.finish()

    await world.types("oncall", "/incident escalate policy:payments come please")
    await world.finish()

    [escalation] = (await world.exported())["escalations"]
    assert escalation["acknowledged_by_id"] is None
    assert pages(world, "engineer")
    assert "U0DOGWATCH" not in str(escalation)


async def test_who_is_paged_already_is_paged_again_only_after_a_question(world: World) -> None:
    await world.declares()
    await world.types("oncall", "/incident escalate @dba the pool is full")
    await world.finish()

    answer = await world.types("engineer", "/incident escalate @dba @support where are you")
    await world.finish()

    assert "<@U0DBA> is already paged since" in answer
    assert "Page again?" in answer
    assert len(pages(world, "dba")) == 1
    assert not pages(world, "support")

    asked = question(world, "engineer")
    press = partial(world.sandbox.click, "engineer", world.channel, asked["ts"], "escalation_page_again")
    await asyncio.gather(press(), press())
    await world.finish()

    assert len([page for page in pages(world, "dba") if "where are you" in page]) == 1
    assert "where are you" in pages(world, "support")[0]
    assert len((await world.exported())["escalations"]) == 3, "pressed twice, and done once"


async def test_the_form_asks_as_well(world: World) -> None:
    await world.declares()
    await world.types("oncall", "/incident escalate @dba the pool is full")
    await world.finish()

    await world.presses("oncall", "incident_escalate")
    await world.submits("oncall", person="U0DBA", text="where are you")
    await world.finish()

    assert len(pages(world, "dba")) == 1
    asked = question(world, "oncall")
    assert "<@U0DBA> is already paged since" in str(asked)
    await world.sandbox.click("oncall", world.channel, asked["ts"], "escalation_page_again")
    await world.finish()
    assert [page for page in pages(world, "dba") if "where are you" in page]


@pytest.mark.parametrize("answer", ["ack", "cannot on a train"])
async def test_who_answered_is_paged_again_without_a_question(world: World, answer: str) -> None:
    await world.declares()
    await world.types("oncall", "/incident escalate @dba the pool is full")
    await world.finish()
    await world.types("dba", f"/incident {answer}")

    assert await world.types("oncall", "/incident escalate @dba it is worse") == ""
    await world.finish()
    assert any("it is worse" in page for page in pages(world, "dba"))


async def test_a_request_that_no_button_can_carry_is_refused(world: World) -> None:
    await world.declares()
    await world.types("oncall", "/incident escalate @dba the pool is full")

    assert "give a shorter reason" in await world.types("oncall", f"/incident escalate @dba {'again ' * 400}")
