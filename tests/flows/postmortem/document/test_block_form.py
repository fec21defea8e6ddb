"""People write the postmortem's main parts in a form in Slack, by the rules of the page."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.flows.postmortem.test_document import PAGE, sends_act
from tests.support.worlds.databases import BOTH_DATABASES
from tests.support.worlds.visitor import Visitor
from tests.support.worlds.world import World, rendered

pytestmark = pytest.mark.world(databases=BOTH_DATABASES)


@pytest.fixture
async def ana(world: World) -> AsyncIterator[Visitor]:
    """Signed in; INC-1 is resolved and has a cause."""
    await world.declares()
    await world.types("oncall", "/incident cause the deploy halved the pool")
    await world.types("oncall", "/incident resolve done")
    await world.finish()
    async with Visitor(world) as visitor:
        await visitor.signs_in("engineer")
        yield visitor


async def opens_form(world: World, user: str) -> dict[str, Any]:
    await world.presses(user, "postmortem_edit")
    return fields_of(world, user)


def fields_of(world: World, user: str) -> dict[str, Any]:
    """The fields of the form that is open, by label: action id and initial text."""
    inputs = [block for block in world.sandbox.views(user)[-1]["blocks"] if block["type"] == "input"]
    return {each["label"]["text"]: (each["block_id"], each["element"].get("initial_value", "")) for each in inputs}


async def test_words_are_saved_and_an_emptied_field_removes_them(world: World, ana: Visitor) -> None:
    fields = await opens_form(world, "dba")
    name, text = fields["Cause"]
    assert "the deploy halved the pool" in text

    await world.submits("dba", **{name: "The deploy of *14:00* halved the pool"})
    await world.finish()

    assert "The deploy of 14:00 halved the pool" in (await ana.opens(PAGE)).words
    name, text = (await opens_form(world, "dba"))["Cause"]
    assert text == "The deploy of *14:00* halved the pool"
    await world.submits("dba", **{name: ""})
    await world.finish()
    assert "removed" in (await ana.opens(f"{PAGE}/versions")).words
    assert "The deploy of 14:00" not in (await ana.opens(PAGE)).words


async def test_what_somebody_changed_meanwhile_is_shown_beside_the_text(world: World, ana: Visitor) -> None:
    name, _ = (await opens_form(world, "dba"))["Cause"]
    await sends_act(ana, "cause/cause/en", "edit", "Written on the page")

    await world.submits("dba", **{name: "Written in Slack"})

    assert "Written on the page" in (await ana.opens(PAGE)).words
    shown = world.sandbox.views("dba")[-1]
    assert "says now:\n>Written on the page" in rendered(shown)
    (again, text) = fields_of(world, "dba")["Your text"]
    assert text == "Written in Slack"
    await world.submits("dba", **{again: "Written in Slack"})
    await world.finish()
    assert "Written in Slack" in (await ana.opens(PAGE)).words
    assert "Return to version 1" in (await ana.opens(f"{PAGE}/versions")).words


async def test_the_command_offers_the_form_until_it_is_published(world: World, ana: Visitor) -> None:
    await world.types("dba", "/incident postmortem edit")
    offered = world.sandbox.ephemerals("dba", world.channel)[-1]
    assert "summary, cause, impact and lessons" in rendered(offered)
    assert "takes no options" in await world.types("dba", "/incident postmortem edit lang:fr")

    await world.types("dba", "/incident postmortem publish")
    await world.finish()

    assert "is published" in await world.types("dba", "/incident postmortem edit")
