"""The page of a timeline entry: position, duplicates, languages and undo, as in Slack's forms."""

import pytest

from tests.support.worlds.visitor import Answer, Visitor
from tests.support.worlds.world import World

PAGE = "/incidents/INC-1/entries"


async def entry_ids(world: World, *words: str) -> list[int]:
    known = [(each["text"], int(each["ref"].removeprefix("entry-"))) for each in await world.timeline()]
    return [next(number for text, number in known if word in text) for word in words]


async def sends(visitor: Visitor, entry: int, page: Answer | None = None, **fields: str) -> Answer:
    """Send a form of an entry's page as it was opened."""
    page = page or await visitor.opens(f"{PAGE}/entry-{entry}")
    hidden = {each: page.field(each) for each in ("form_token", "seen", "at") if f'name="{each}"' in page.text}
    return await visitor.sends(f"{PAGE}/entry-{entry}", **(hidden | fields))


async def shown_texts(world: World, *words: str) -> list[str]:
    """These words in the order of the timeline."""
    texts = [each["text"] for each in await world.timeline()]
    return [word for text in texts for word in words if word in text]


async def test_an_entry_is_moved_and_back(world: World) -> None:
    await world.declares("checkout is down")
    for text in ("the pool is full", "the cache is cold"):
        await world.types("oncall", f"/incident note at:? {text}")
    pool, cache = await entry_ids(world, "the pool", "the cache")
    async with Visitor(world) as ana:
        await ana.signs_in("engineer")
        refused = await sends(ana, cache, act="move", beside="99999", place="before")
        moved = await sends(ana, cache, act="move", beside=str(pool), place="before")
        after = await shown_texts(world, "the pool", "the cache")
        late = await sends(ana, cache, moved_page := await ana.opens(f"{PAGE}/entry-{cache}"), act="undo")
        stale = await sends(ana, cache, moved_page, act="move", beside=str(pool), place="before")

    assert (refused.status, "Choose another entry of this incident" in refused.words) == (422, True)
    assert (moved.status, after) == (303, ["the cache", "the pool"])
    assert (late.status, await shown_texts(world, "the pool", "the cache")) == (303, ["the pool", "the cache"])
    assert "Undo the last move" in moved_page.words
    assert (stale.status, "Another person changed this entry meanwhile" in stale.words) == (422, True)
    audit = [action for _, action in await world.audited()]
    assert [f"moved before entry-{pool}" in audit, "undid: moved" in audit] == [True, True]


async def test_duplicates_are_merged_and_split_again(world: World) -> None:
    await world.declares("checkout is down")
    await world.types("oncall", "/incident note the pool is full")
    await world.types("dba", "/incident note kind:cause the connections ran out")
    first, second = await entry_ids(world, "the pool", "the connections")
    async with Visitor(world) as ana:
        await ana.signs_in("engineer")
        opened = await ana.opens(f"{PAGE}/entry-{first}")
        nothing = await sends(ana, first, opened, act="merge", other="", texts="both")
        merged = await sends(ana, first, opened, act="merge", other=str(second), texts="both")
        together = await shown_texts(world, "the pool", "the connections")
        kept = next(each for each in await world.timeline() if each["ref"] == f"entry-{first}")
        undone = await sends(ana, first, act="undo")

    assert "the connections ran out" in opened.words, "it is offered"
    assert (nothing.status, "Choose the other entry." in nothing.words) == (422, True)
    assert (merged.status, together) == (303, ["the pool", "the connections"])
    assert kept["kinds"] == ["note", "cause"]
    assert undone.status == 303
    split = [each["text"] for each in await world.timeline()]
    assert {"the pool is full", "the connections ran out"} <= set(split)


@pytest.mark.world(config='[incidents]\nlanguages = ["en", "fr", "de"]\n')
async def test_an_entry_has_words_in_each_language_of_the_documents(world: World) -> None:
    await world.declares("checkout is down")
    await world.types("oncall", "/incident cause lang:en the pool was halved")
    (cause,) = await entry_ids(world, "the pool")
    async with Visitor(world) as ana:
        await ana.signs_in("engineer")
        opened = await ana.opens(f"{PAGE}/entry-{cause}")
        kept = {"act": "amend", "text": "the pool was halved", "language": "en", "kind:cause": "yes"}
        given = await sends(ana, cause, opened, **kept, **{"text:fr": "le pool a été <b>réduit</b>", "text:de": ""})
        known = await ana.opens(f"{PAGE}/entry-{cause}")
        clash = await sends(ana, cause, known, **(kept | {"language": "fr"}), **{"text:fr": "autre", "text:de": ""})
        removed = await sends(ana, cause, known, **kept, **{"text:fr": "", "text:de": "der Pool war halbiert"})

    assert ["Text in French" in opened.words, "Text in German" in opened.words] == [True, True]
    assert "le pool a été &lt;b&gt;réduit&lt;/b&gt;" in known.text
    assert (clash.status, "is in French" in clash.words, "autre" in clash.text) == (422, True, True)
    assert [given.status, removed.status] == [303, 303]
    texts = (await world.exported())["incident"]["cause"]["texts"]
    assert {each["language"]: each["text"] for each in texts} == {
        "en": "the pool was halved",
        "de": "der Pool war halbiert",
    }
