"""Amend a message's entry by its shortcut; long entries and timelines."""

from tests.flows.timeline.test_amend import FIRST, marked, texts
from tests.support.records.entries import acts, listed_for, picks
from tests.support.worlds.story import drafts
from tests.support.worlds.world import World, rendered


async def test_the_shortcut_amends_the_entry_of_a_message(world: World) -> None:
    await world.declares()
    ts = await marked(world)

    await world.sandbox.shortcut("dba", world.channel, ts, "amend_entry")
    await world.submits("dba", text="the pool is full")

    assert await texts(world) == ["the pool is full"]


async def test_the_shortcut_on_the_bot_s_own_line_amends_what_it_tells_of(world: World) -> None:
    await world.declares()
    await world.types("oncall", "/incident note the cahce is cold")
    await world.finish()
    [line] = [each for each in world.sandbox.messages(world.channel) if "cahce" in rendered(each)]

    await world.sandbox.shortcut("dba", world.channel, line["ts"], "amend_entry")
    await world.submits("dba", text="the cache is cold")

    assert await texts(world) == ["the cache is cold"]


async def test_the_shortcut_offers_to_add_what_is_on_no_timeline(world: World) -> None:
    await world.declares()
    ts = await world.says("engineer", "the pool is full")

    await world.sandbox.shortcut("dba", world.channel, ts, "amend_entry")
    await world.submits("dba", kind="cause")

    assert await texts(world) == ["the pool is full"]


async def test_guests_amend_nothing(world: World) -> None:
    await world.declares()
    ts = await marked(world)
    world.sandbox.invite("oncall", world.channel, ["guest"])
    await world.says("guest", "may I?")
    await world.finish()

    await world.sandbox.shortcut("guest", world.channel, ts, "amend_entry")

    assert "cannot use commands" in world.sandbox.ephemerals("guest", world.channel)[-1]["text"]
    assert world.sandbox.views("guest") == []
    assert await texts(world) == ["teh pool is full"]


async def test_a_text_too_long_for_a_form_is_kept_whole(world: World) -> None:
    await world.declares()
    long = "a long line of a log. " * 300
    await marked(world, long.strip())

    await acts(world, "dba", "a long line", "amend", kinds=["cause"])

    [entry] = (await world.timeline())[FIRST:]
    assert (entry["text"], entry["kinds"]) == (long.strip(), ["cause"])


async def test_the_next_draft_says_what_was_amended(world: World) -> None:
    await world.declares()
    await marked(world)
    await world.types("oncall", "/incident resolve")
    await world.finish()
    await acts(world, "dba", "teh pool", "amend", text="the pool is full")

    await world.types("oncall", "/incident postmortem")
    await world.finish()

    texts_of_drafts = drafts(world, world.channel)
    assert ["teh pool" in draft for draft in texts_of_drafts] == [False], "it replaces the older one"
    assert "the pool is full" in texts_of_drafts[-1]


async def test_a_long_timeline_is_read_page_by_page(world: World) -> None:
    await world.declares()
    for number in range(70):
        await world.types("oncall", f"/incident note at:13:{number // 2:02} line {number:02}")

    await world.types("oncall", "/incident timeline")
    seen = [rendered(listed_for(world, "oncall", "line")[0])]
    for _ in range(2):
        await world.presses("oncall", "timeline_older")
        seen.append(rendered(listed_for(world, "oncall", "line")[0]))

    assert [("line 69" in page, "line 30" in page, "line 00" in page) for page in seen] == [
        (True, False, False),
        (False, True, False),
        (False, False, True),
    ]
    assert "Older" not in seen[-1]
    await world.presses("oncall", "timeline_newer")
    assert "line 30" in rendered(listed_for(world, "oncall", "line")[0])


async def test_a_page_keeps_its_place_when_entries_come(world: World) -> None:
    await world.declares()
    for number in range(40):
        await world.types("oncall", f"/incident note line {number:02}")
    await world.types("oncall", "/incident timeline")
    await world.presses("oncall", "timeline_older")
    await world.types("dba", "/incident note something new")

    await picks(world, "oncall", "line 05", "amend")
    await world.submits("oncall", text="line five")

    page = rendered(listed_for(world, "oncall", "line five")[0])
    assert "line 04" in page
    assert "something new" not in page
