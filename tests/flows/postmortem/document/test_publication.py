"""A postmortem is published: its text is frozen and announced, and it can be reopened."""

import hashlib
from collections.abc import AsyncIterator

import pytest

from tests.flows.postmortem.test_document import PAGE, address, block_of, sends_act
from tests.flows.postmortem.test_drafts import runs
from tests.flows.timeline.test_redact import remains
from tests.support.worlds.databases import BOTH_DATABASES
from tests.support.worlds.visitor import Answer, Visitor
from tests.support.worlds.world import World, rendered

PUBLISHED = f"{PAGE}/published?number=1"

pytestmark = pytest.mark.world(databases=BOTH_DATABASES)


async def takes_step(visitor: Visitor, step: str, **fields: str) -> Answer:
    page = await visitor.opens(PAGE)
    answer = await visitor.sends(f"{PAGE}/review", step=step, form_token=page.field("form_token"), **fields)
    await visitor.world.settle()
    return answer


@pytest.fixture
async def ana(world: World) -> AsyncIterator[Visitor]:
    """She reads INC-1, which is resolved."""
    await world.declares("checkout is down")
    await world.types("oncall", "/incident note kind:action Restarted the *pool*")
    await world.types("oncall", "/incident note kind:action Drained the proxies")
    await world.types("oncall", "/incident resolve rolled back")
    await world.finish()
    async with Visitor(world) as visitor:
        await visitor.signs_in("engineer")
        yield visitor


async def test_a_published_text_is_frozen_and_announced(world: World, ana: Visitor) -> None:
    await sends_act(ana, block_of(await ana.opens(PAGE), "Restarted the"), "edit", "We restarted **all** of it.\n\n- a")
    _, exported, _ = await runs(world, "export", "INC-1")

    await world.types("oncall", "/incident postmortem publish")
    await world.finish()

    published = (await ana.opens(f"{PUBLISHED}&format=markdown")).text
    digest = hashlib.sha256(published.encode()).hexdigest()
    line = world.texts(world.channel)[-1]
    assert "published" in line
    assert "Duration of the impact: " in line
    assert digest in line
    page = await ana.opens(PAGE)
    assert f"by oncall, version 1. SHA-256 of the Markdown : {digest}" in page.words
    assert "<strong>all</strong>" in page.text
    assert "Postmortem (published)" in (await ana.opens("/incidents/INC-1")).words
    assert "/postmortem/block?" not in page.text
    (left_out,) = set(exported.splitlines()) - set(published.splitlines())
    assert left_out.startswith("*Questions to the lead: ")

    await world.types("oncall", "/incident note kind:action Wrote to customers")
    assert "Wrote to customers" not in (await ana.opens(PAGE)).words


async def test_a_published_postmortem_is_edited_after_reopening_it(world: World, ana: Visitor) -> None:
    block = block_of(await ana.opens(PAGE), "Restarted the")
    assert (await takes_step(ana, "publish")).status == 303
    shown = await ana.opens(address(block))
    assert "The postmortem is published. Reopen it to edit this block." in shown.words
    assert 'value="edit"' not in shown.text
    refused = await sends_act(ana, block, "edit", "Something else")
    assert refused.status == 422
    assert "press Reopen on its page or type /incident postmortem reopen" in refused.words
    assert "Something else</textarea>" in refused.text
    again = await takes_step(ana, "publish")
    assert (again.status, "is published" in again.words) == (422, True)

    await world.types("oncall", "/incident postmortem reopen")
    await world.finish()

    assert "reopened the postmortem" in world.texts(world.channel)[-1]
    assert (await sends_act(ana, block, "edit", "Something else")).status == 303
    page = await ana.opens(PAGE)
    assert "State: reopened" in page.words
    assert "Something else" in page.words
    first = await ana.opens(PUBLISHED)
    assert "Restarted the pool" in first.words
    assert "Something else" not in first.words
    await takes_step(ana, "publish")
    assert "version 2." in (await ana.opens(PAGE)).words
    assert (await ana.opens(f"{PAGE}/published?number=3")).status == 404


async def test_redacted_words_leave_the_published_text(world: World, ana: Visitor) -> None:
    page = await ana.opens(PAGE)
    entry = block_of(page, "Drained the").split("/")[1]
    await sends_act(ana, block_of(page, "Drained the"), "edit", "Drained with hunter2.\n\n- a hunter2 list")
    await takes_step(ana, "publish")
    assert "hunter2" in (await ana.opens(PAGE)).words

    await world.types("oncall", f"/incident redact {entry} a password")
    await world.finish()

    assert await remains(world) == []
    page = await ana.opens(PAGE)
    assert "hunter2" not in page.words
    assert "Redacted." in page.words
    assert "Words were redacted since" in page.words
    assert "Restarted the pool" in page.words


async def test_a_step_that_is_not_possible_says_why(world: World) -> None:
    await world.declares("checkout is down")

    assert "is still open" in await world.types("oncall", "/incident postmortem publish")
    assert "not published" in await world.types("oncall", "/incident postmortem reopen")
    assert "Leave them out" in await world.types("oncall", "/incident postmortem publish lang:fr")


@pytest.mark.world(config='[postmortem]\npublic_blocked_by = ["task-without-date"]\n')
async def test_a_finding_that_blocks_refuses_the_publication(world: World, ana: Visitor) -> None:
    await world.types("oncall", "/incident task Alert on pool usage @dba")

    refused = await world.types("oncall", "/incident postmortem publish")

    assert "Fix these first" in refused, refused
    assert "State: draft" in (await ana.opens(PAGE)).words


async def test_words_of_a_postmortem_are_found_by_command_and_page(world: World, ana: Visitor) -> None:
    block = block_of(await ana.opens(PAGE), "Restarted the")
    await sends_act(ana, block, "edit", "A forgotten *quokka* flag")

    await world.types("oncall", "/incident find quokka", "ops")
    assert "A forgotten" in rendered(world.sandbox.ephemerals("oncall", "ops")[-1])
    page = await ana.opens("/history?text=quokka")
    assert "<mark>quokka</mark>" in page.text
    assert 'href="/incidents/INC-1/postmortem"' in page.text
    await sends_act(ana, block, "remove")
    assert "<mark>quokka</mark>" not in (await ana.opens("/history?text=quokka")).text

    await sends_act(ana, block, "put back")
    await takes_step(ana, "publish")
    await takes_step(ana, "reopen")
    await sends_act(ana, block, "remove")
    assert "<mark>quokka</mark>" in (await ana.opens("/history?text=quokka")).text
