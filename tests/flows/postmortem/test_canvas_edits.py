"""People write in the postmortem's canvas: their text is in the document, and the canvas follows the record again."""

import re
from urllib.parse import unquote

import pytest

from tests.flows.postmortem.test_document import PAGE, sends_act
from tests.flows.postmortem.test_drafts import runs
from tests.flows.timeline.test_redact import remains
from tests.support.worlds.databases import BOTH_DATABASES, SQLITE
from tests.support.worlds.visitor import Visitor
from tests.support.worlds.world import World

pytestmark = pytest.mark.world(databases=SQLITE)

FORGOTTEN = "We forgot the pager."


def canvas(world: World) -> str:
    [only] = world.sandbox.canvases(world.channel)
    return str(world.sandbox.canvas_content(only["id"]))


def left_messages(world: World) -> list[str]:
    return [text for text in world.texts() if "canvas is unchanged" in text]


def writes(world: World, user: str, before: str, after: str) -> None:
    """Replace words of the canvas, as a person would."""
    content = canvas(world)
    assert before in content
    [only] = world.sandbox.canvases(world.channel)
    world.sandbox.edit_canvas(user, only["id"], content.replace(before, after, 1))


async def has_canvas(world: World) -> None:
    """INC-1 was resolved; its draft has an action and a cause."""
    await world.declares("checkout is down")
    await world.types("oncall", "/incident note kind:action Restarted the pool")
    await world.types("oncall", "/incident cause the deploy halved the pool")
    await world.types("oncall", "/incident resolve rolled back")
    await world.finish()


@pytest.mark.world(databases=BOTH_DATABASES)
async def test_what_a_person_writes_is_in_the_document_and_the_canvas_follows_again(world: World) -> None:
    await has_canvas(world)
    writes(world, "oncall", "Restarted the pool", "Restarted the **whole** pool by hand")
    writes(world, "oncall", "## Conclusion", f"{FORGOTTEN}\n\n## Conclusion")

    await world.advance(minutes=5)

    _, exported, _ = await runs(world, "export", "INC-1")
    assert "Restarted the **whole** pool by hand" in exported
    assert FORGOTTEN in exported
    assert "In the canvas — oncall" in exported
    writings = [each for each in world.sandbox.calls() if each["method"] == "canvases.edit"]

    await world.types("oncall", "/incident note kind:action Rolled back the deploy")
    await world.types("oncall", "/incident postmortem")
    await world.advance(minutes=5)

    shown = canvas(world)
    assert "Rolled back the deploy" in shown
    assert shown.count("Restarted the **whole** pool by hand") == 1
    assert shown.count(FORGOTTEN) == 1
    assert len(writings) == 1, "taken in once"
    assert left_messages(world) == []


async def test_an_edit_on_the_page_at_the_same_time_loses_neither_text(world: World) -> None:
    await has_canvas(world)
    writes(world, "oncall", "the deploy halved the pool", "a deploy with half a pool")

    async with Visitor(world) as ana:
        await ana.signs_in("engineer")
        await sends_act(ana, "summary/root_cause/en", "edit", "The deploy of 13:48.")
        await world.advance(minutes=5)
        page = await ana.opens(PAGE)

    for words in ("The deploy of 13:48.", "a deploy with half a pool"):
        assert words in page.words
        assert words in canvas(world)


ROOT_CAUSE = "summary/root_cause/en"
"""The first block of the canvas with the cause."""
ON_PAGE, IN_CANVAS = "The deploy of 13:48.", "a deploy with half a pool"


@pytest.mark.parametrize(
    ("choice", "kept"),
    [("keep text", {ON_PAGE, IN_CANVAS}), ("replace the other text", {IN_CANVAS}), ("take record", {ON_PAGE})],
)
async def test_a_person_chooses_between_the_texts_of_page_and_canvas(choice: str, kept: set[str], world: World) -> None:
    await has_canvas(world)
    writes(world, "oncall", "the deploy halved the pool", IN_CANVAS)
    async with Visitor(world) as ana:
        await ana.signs_in("engineer")
        await sends_act(ana, ROOT_CAUSE, "edit", ON_PAGE)
        await world.advance(minutes=5)
        page = await ana.opens(PAGE)
        [query] = re.findall(r'postmortem/block\?(\S+)"[^>]*>Compare<', page.text)
        block = unquote(query).removeprefix("block=")

        compare = await ana.opens(f"{PAGE}/block?{query}")
        await sends_act(ana, block, choice)
        await world.advance(minutes=5)

        page = await ana.opens(PAGE)
        document = (await runs(world, "export", "INC-1"))[1]
        assert "Two texts" not in page.words
        assert "Compare" not in page.words
    assert "Keep both texts" in compare.words
    assert {words for words in (ON_PAGE, IN_CANVAS) if words in document} == kept
    assert {words for words in (ON_PAGE, IN_CANVAS) if words in canvas(world)} == kept


async def test_a_fact_that_changed_meanwhile_is_compared_with_the_text_of_the_canvas(world: World) -> None:
    await has_canvas(world)
    writes(world, "oncall", "the deploy halved the pool", IN_CANVAS)

    await world.types("oncall", "/incident cause a migration emptied the pool")
    await world.advance(minutes=5)

    async with Visitor(world) as ana:
        await ana.signs_in("engineer")
        page = await ana.opens(PAGE)
        compare = await ana.opens(f"{PAGE}/block?block={ROOT_CAUSE}")
    assert "Compare" in page.words
    assert IN_CANVAS in compare.words
    assert "a migration emptied the pool" in compare.words
    assert "Keep this text" in compare.words


async def test_what_a_person_deletes_stays_away_and_can_be_put_back(world: World) -> None:
    await has_canvas(world)
    line = next(line for line in canvas(world).splitlines() if "Restarted the pool" in line)
    writes(world, "oncall", f"{line}\n", "")

    await world.advance(minutes=5)
    await world.types("oncall", "/incident postmortem")
    await world.advance(minutes=1)

    assert "Restarted the pool" not in canvas(world)
    async with Visitor(world) as ana:
        await ana.signs_in("engineer")
        assert "Removed blocks" in (await ana.opens(PAGE)).words


async def test_text_for_a_published_postmortem_waits_for_its_reopening(world: World) -> None:
    await has_canvas(world)
    async with Visitor(world) as ana:
        await ana.signs_in("engineer")
        await world.types("oncall", "/incident postmortem publish")
        await world.settle()
        writes(world, "oncall", "## Conclusion", f"{FORGOTTEN}\n\n## Conclusion")
        await world.advance(minutes=5)
        assert [text for text in left_messages(world) if "Reopen it" in text]
        assert FORGOTTEN in canvas(world)

        await world.types("oncall", "/incident postmortem reopen")
        await world.advance(minutes=5)

        assert FORGOTTEN in (await ana.opens(PAGE)).words
    assert FORGOTTEN in canvas(world)


@pytest.mark.parametrize(
    ("edited", "is_held_back"),
    [("the password is hunter2, now rotated", False), ("the password\n- is hunter2 and more", True)],
)
async def test_a_redacted_word_does_not_come_back(edited: str, is_held_back: bool, world: World) -> None:
    await world.declares()
    said = await world.says("dba", "the password is hunter2")
    await world.reacts("oncall", said, "mag")
    await world.types("oncall", "/incident resolve rolled back")
    await world.finish()
    writes(world, "oncall", "the password is hunter2", edited)
    writes(world, "oncall", "## Conclusion", f"{FORGOTTEN}\n\n## Conclusion")

    await world.deletes("dba", said)
    await world.advance(minutes=5)

    _, exported, _ = await runs(world, "export", "INC-1")
    assert "hunter2" not in exported
    assert await remains(world, "hunter2") == []
    assert ("hunter2" in canvas(world), FORGOTTEN in exported) == (is_held_back, not is_held_back)
    assert FORGOTTEN in canvas(world)
    assert bool(left_messages(world)) == is_held_back
