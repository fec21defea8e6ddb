"""A comment on a block is in a thread of the channel, and an answer there is a comment on the page."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.flows.postmortem.test_document import PAGE, address, block_of, sends_act
from tests.support.worlds.databases import BOTH_DATABASES
from tests.support.worlds.visitor import Answer, Visitor
from tests.support.worlds.world import World, rendered

pytestmark = pytest.mark.world(databases=BOTH_DATABASES)


@pytest.fixture
async def ana(world: World) -> AsyncIterator[Visitor]:
    """Signed in, with a block that says `Restarted the pool`."""
    await world.declares()
    ts = await world.says("dba", "Restarted the pool")
    await world.reacts("dba", ts, "hammer_and_wrench")
    await world.types("oncall", "/incident resolve done")
    await world.finish()
    async with Visitor(world) as visitor:
        await visitor.signs_in("engineer")
        yield visitor


async def comments(world: World, ana: Visitor, text: str) -> str:
    block = block_of(await ana.opens(PAGE), "Restarted the pool")
    await sends_act(ana, block, "comment", text)
    await world.finish()
    return block


async def opened(ana: Visitor, block: str) -> Answer:
    return await ana.opens(address(block))


def thread_of(world: World) -> tuple[str, list[dict[str, Any]]]:
    """The ts of the thread's first message, and the messages in it."""
    found = [each for each in world.sandbox.messages(world.channel, threads=False) if "Comments on" in rendered(each)]
    (head,) = found
    return head["ts"], world.sandbox.thread(world.channel, head["ts"])


async def test_comments_and_answers_are_on_both_sides(world: World, ana: Visitor) -> None:
    block = await comments(world, ana, "When was <!channel> that?")
    await comments(world, ana, "And why?")

    ts, posted = thread_of(world)
    assert [rendered(each).replace("\n", " ") for each in posted if each["ts"] != ts] == [
        "*engineer* >When was &lt;!channel&gt; that?",
        "*engineer* >And why?",
    ]
    answer = await world.says("dba", "At 14:05, <@U0ENGINEER>", thread_ts=ts)
    assert "3 comments" in (await ana.opens(PAGE)).words
    assert "At 14:05, @engineer" in (await opened(ana, block)).words

    await world.edits("dba", answer, "At 14:15")
    assert "At 14:15" in (await opened(ana, block)).words

    await world.deletes("dba", answer)
    assert "2 comments" in (await ana.opens(PAGE)).words
    assert "14:15" not in await world.stored()


async def test_a_redaction_clears_the_thread(world: World, ana: Visitor) -> None:
    block = await comments(world, ana, "the password hunter2, really?")
    ts, _ = thread_of(world)
    await world.says("dba", "hunter2 is changed", thread_ts=ts)

    entry = block.split("/")[1]
    await world.types("oncall", f"/incident redact {entry} a password")
    await world.finish()

    _, posted = thread_of(world)
    assert "_Redacted." in rendered(posted[1])
    page = await opened(ana, block)
    assert "hunter2" not in page.words


async def test_an_archived_channel_gets_nothing_and_the_page_says_so(world: World, ana: Visitor) -> None:
    world.sandbox.archive("oncall", world.channel)
    await world.settle()

    block = await comments(world, ana, "Too late for Slack")

    assert "is archived: comments stay on this page." in (await opened(ana, block)).words
    assert "1 comment" in (await ana.opens(PAGE)).words
    assert not any("Comments on" in rendered(each) for each in world.sandbox.messages(world.channel))
