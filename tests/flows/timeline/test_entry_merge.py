"""Entries are moved, merged, removed and restored."""

import pytest

from tests.flows.timeline.test_amend import FIRST, entry_of, marked, texts
from tests.support.records.entries import acts, listed_for, picks
from tests.support.worlds.databases import BOTH_DATABASES
from tests.support.worlds.world import World, rendered

pytestmark = pytest.mark.world(databases=BOTH_DATABASES)


async def test_an_untimed_entry_is_moved_and_nothing_else_is(world: World) -> None:
    await world.declares()
    for at, text in (("13:10", "one"), ("13:20", "two"), ("13:30", "three"), ("?", "untimed")):
        await world.types("oncall", f"/incident note at:{at} {text}")
    assert [each["text"] for each in await world.timeline()] == ["one", "two", "three", "checkout is down", "untimed"]
    two = (await entry_of(world, "two"))["ref"].removeprefix("entry-")

    await acts(world, "dba", "untimed", "move", place="before", beside=two)

    assert [each["text"] for each in await world.timeline()] == ["one", "untimed", "two", "three", "checkout is down"]
    await world.types("oncall", "/incident note at:13:15 between")
    assert [each["text"] for each in await world.timeline()][:4] == ["one", "between", "untimed", "two"]

    await acts(world, "dba", "untimed", "history", act="undo")
    assert [each["text"] for each in await world.timeline()][-1] == "untimed"


async def test_entries_of_one_minute_are_swapped_and_swapped_back(world: World) -> None:
    await world.declares()
    for text in ("alpha", "beta", "gamma"):
        await world.types("oncall", f"/incident note at:13:10 {text}")
    refs = {text: (await entry_of(world, text))["ref"].removeprefix("entry-") for text in ("alpha", "beta", "gamma")}

    await acts(world, "dba", "gamma", "move", place="before", beside=refs["alpha"])
    assert [each["text"] for each in await world.timeline()][:3] == ["gamma", "alpha", "beta"]

    await acts(world, "dba", "alpha", "move", place="behind", beside=refs["beta"])
    assert [each["text"] for each in await world.timeline()][:3] == ["gamma", "beta", "alpha"]

    await acts(world, "dba", "alpha", "history", act="undo")
    await acts(world, "dba", "gamma", "history", act="undo")
    assert [each["text"] for each in await world.timeline()][:3] == ["alpha", "beta", "gamma"]


async def test_an_entry_alone_in_its_minute_is_not_moved(world: World) -> None:
    await world.declares()
    await world.types("oncall", "/incident note at:13:10 alpha")
    await world.types("dba", "/incident timeline")

    await picks(world, "dba", "alpha", "move")

    assert world.sandbox.views("dba") == []
    assert "entries are sorted by time" in world.sandbox.ephemerals("dba", world.channel)[-1]["text"]


async def test_two_entries_become_one_with_both_sources(world: World) -> None:
    await world.declares()
    first = await marked(world, "payments fail", "boom")
    await world.advance(minutes=3)
    second = await marked(world, "half of all cards are declined", "mag")
    other = await entry_of(world, "payments fail")

    await acts(world, "dba", "half of all", "merge", other=other["ref"].removeprefix("entry-"), texts="both")
    await world.finish()

    [entry] = (await world.timeline())[FIRST:]
    assert entry["text"] == "half of all cards are declined\npayments fail"
    assert entry["kinds"] == ["investigation", "impact began"]
    assert entry["happened_at"] == other["happened_at"]
    assert second.replace(".", "") in entry["link"]
    assert [each["ref"] for each in entry["also"]] == [other["ref"]]
    assert first.replace(".", "") in entry["also"][0]["link"]
    gone = next(each for each in (await world.exported())["timeline"] if each["ref"] == other["ref"])
    assert (gone["merged_into"], gone["withdrawn_by_id"]) == (entry["ref"], "U0DBA")
    assert (await world.exported())["incident"]["sources"]["started_at"]["ref"] == entry["ref"]


async def test_a_merge_is_taken_back(world: World) -> None:
    await world.declares()
    await marked(world, "payments fail", "boom")
    await world.advance(minutes=3)
    await marked(world, "half of all cards are declined", "mag")
    before = (await world.exported())["timeline"]
    other = (await entry_of(world, "payments fail"))["ref"].removeprefix("entry-")
    await acts(world, "dba", "half of all", "merge", other=other, texts="own")

    await acts(world, "support", "half of all", "history", act="undo")

    assert (await world.exported())["timeline"] == before


async def test_a_merged_text_loses_what_was_deleted_and_keeps_the_rest(world: World) -> None:
    await world.declares()
    first = await marked(world, "the secret is hunter2", "mag")
    await marked(world, "the pool is full", "mag")
    other = (await entry_of(world, "hunter2"))["ref"].removeprefix("entry-")
    await acts(world, "dba", "the pool", "merge", other=other, texts="both")

    await world.deletes("engineer", first)

    assert await texts(world) == ["the pool is full"]
    assert "hunter2" not in await world.stored()


async def test_an_amended_merge_loses_all_its_words_with_one_of_its_messages(world: World) -> None:
    """The amended text cannot be split by author."""
    await world.declares()
    first = await marked(world, "the secret is hunter2", "mag")
    await marked(world, "the pool is full", "mag")
    other = (await entry_of(world, "hunter2"))["ref"].removeprefix("entry-")
    await acts(world, "dba", "the pool", "merge", other=other, texts="both")
    await acts(world, "dba", "the pool", "amend", text="pool full, and hunter2 is out")

    await world.deletes("engineer", first)

    assert await texts(world) == [""]
    assert "hunter2" not in await world.stored()


async def test_what_is_the_record_of_its_own_is_not_merged_away(world: World) -> None:
    await world.declares()
    await world.types("oncall", "/incident status identified the pool")
    await marked(world)
    status = next(each for each in await world.timeline() if each["kinds"] == ["status"])

    answer = await acts(world, "dba", "teh pool", "merge", other=status["ref"].removeprefix("entry-"), texts="both")

    assert "must stay" in answer.errors["other"]


async def test_an_entry_is_taken_off_with_a_reason_and_put_back(world: World) -> None:
    await world.declares()
    ts = await marked(world)

    await acts(world, "dba", "teh pool", "remove", act="take off", text="another incident's")
    await world.finish()

    gone = await entry_of(world, "teh pool")
    assert (gone["withdrawn_by_id"], gone["withdrawn_why"]) == ("U0DBA", "another incident's")
    assert not world.is_confirmed(ts)
    await world.types("support", "/incident timeline")
    await world.presses("support", "timeline_removed")
    listed, _ = listed_for(world, "support", "teh pool")
    assert "taken off by @dba: another incident's" in rendered(listed)

    await picks(world, "support", "teh pool", "remove")
    await world.submits("support", act="put back")
    await world.finish()

    back = await entry_of(world, "teh pool")
    assert (back["withdrawn_at"], back["withdrawn_why"]) == (None, None)
    assert world.is_confirmed(ts)
    await world.unreacts("oncall", ts, "mag")
    assert await texts(world) == ["teh pool is full"], "somebody wanted it back"
