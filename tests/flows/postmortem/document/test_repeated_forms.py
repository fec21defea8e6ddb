"""A form of the postmortem that is sent twice is carried out once."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.flows.postmortem.test_document import PAGE, address, block_of
from tests.support.worlds.databases import BOTH_DATABASES
from tests.support.worlds.oncall import direct
from tests.support.worlds.visitor import Answer, Visitor
from tests.support.worlds.world import World

pytestmark = pytest.mark.world(databases=BOTH_DATABASES)
WORDS = "Size the pool"


@pytest.fixture
async def ana(world: World) -> AsyncIterator[Visitor]:
    """She reads the postmortem of INC-1, in which a pool was restarted."""
    await world.declares()
    await world.types("oncall", "/incident note kind:action Restarted the pool")
    await world.types("oncall", "/incident resolve done")
    async with Visitor(world) as visitor:
        await visitor.signs_in("engineer")
        yield visitor


async def sends_twice(ana: Visitor, page: Answer, path: str, **fields: str) -> list[Answer]:
    hidden = {name: page.field(name) for name in ("form_token", "submission")}
    answers = await asyncio.gather(*(ana.sends(path, **hidden, **fields) for _ in range(2)))
    await ana.world.finish()
    return answers


async def test_a_new_block_is_added_once(ana: Visitor) -> None:
    page = await ana.opens(PAGE)
    form = {"section": "summary", "language": "en", "text": WORDS}

    first, second = await sends_twice(ana, page, f"{PAGE}/new", **form)
    assert (first.status, second.status) == (303, 303)
    assert first.location == second.location
    assert (await ana.opens(PAGE)).words.count(WORDS) == 1

    await sends_twice(ana, page, f"{PAGE}/new", **{**form, "text": "Measure the load"})
    assert (await ana.opens(PAGE)).words.count("Measure the load") == 1


@pytest.mark.parametrize("act", ["add", "comment"])
async def test_a_block_or_comment_is_added_once(ana: Visitor, act: str) -> None:
    block = block_of(await ana.opens(PAGE), "Restarted the pool")
    page = await ana.opens(address(block))

    first, second = await sends_twice(ana, page, address(block), seen=page.field("seen"), act=act, text=WORDS)

    assert (first.status, first.location) == (303, second.location)
    shown = await ana.opens(address(block) if act == "comment" else PAGE)
    assert shown.words.count(WORDS) == 1


async def test_reviewers_are_asked_once(world: World, ana: Visitor) -> None:
    page = await ana.opens(PAGE)

    answers = await sends_twice(ana, page, f"{PAGE}/review", step="review", reviewer="me", due="2026-03-20")

    assert [each.status for each in answers] == [303, 303]
    assert sum("asks you to review" in each for each in direct(world, "engineer")) == 1


async def test_another_task_of_the_same_form_is_noted(ana: Visitor) -> None:
    page = await ana.opens(PAGE)
    for text in (WORDS, "Measure the load"):
        await sends_twice(ana, page, f"{PAGE}/item", kind="task", text=text, owner="", due="")

    words = (await ana.opens(f"{PAGE}")).words
    assert words.count("Measure the load") == words.count(WORDS) > 0
