"""`/incident update`: public status updates in the record and in the postmortem."""

import pytest

from tests.support.records.entries import removes
from tests.support.worlds.story import drafts
from tests.support.worlds.world import World


async def test_one_state_in_several_languages_is_one_update(world: World) -> None:
    await world.declares()
    answer = await world.types("oncall", "/incident update monitoring lang:en It is better.")
    await world.types("engineer", "/incident update monitoring lang:fr Cela va mieux.")
    await world.advance(minutes=5)
    await world.types("oncall", "/incident update resolved lang:en It is over.")
    await world.finish()

    assert answer == "Dogwatch does not publish it: post it where your customers read it."
    whole = await world.exported()
    first, second = whole["updates"]
    assert first["texts"] == {"en": "It is better.", "fr": "Cela va mieux."}
    assert first["languages"] == ["en", "fr"]
    assert (first["state"], first["by_id"], len(first["refs"])) == ("monitoring", "U0ONCALL", 2)
    assert all("/archives/" in link for link in first["links"])
    assert (second["state"], second["texts"]) == ("resolved", {"en": "It is over."})
    entries = [entry for entry in whole["timeline"] if entry["kinds"] == ["communication"]]
    assert [(entry["public"], entry["language"], entry["ref"]) for entry in entries] == [
        ("monitoring", "en", first["refs"][0]),
        ("monitoring", "fr", first["refs"][1]),
        ("resolved", "en", second["refs"][0]),
    ]
    told = [text for text in world.texts() if "The public was told" in text]
    assert "monitoring* (en)" in told[0]
    assert "It is better." in told[0]


async def test_an_update_of_earlier_stands_at_its_time(world: World) -> None:
    await world.declares()

    await world.types("oncall", "/incident update investigating at:13:50 We look into it.")
    await world.finish()

    update = (await world.exported())["updates"][0]
    assert update["published_at"].startswith("2026-03-02T13:50:00")
    assert (update["texts"], update["languages"]) == ({"": "We look into it."}, [])


async def test_the_draft_is_written_in_the_languages_in_which_it_is_published(world: World) -> None:
    await world.declares()
    await world.types("oncall", "/incident edit lang:en,fr,it")
    await world.types("oncall", "/incident resolve rolled back")
    await world.finish()

    answer = await world.types("oncall", "/incident update postmortem lang:fr,en")
    await world.types("oncall", "/incident postmortem")
    await world.types("oncall", "/incident postmortem lang:it")
    await world.finish()

    assert "`/incident postmortem` uses French and English from now on." in answer
    update = (await world.exported())["updates"][0]
    assert (update["state"], update["texts"], update["languages"]) == ("postmortem", {}, ["fr", "en"])
    first, published, asked = (
        [position_of(draft, word) for word in ("Chronologie", "Timeline", "Cronologia")] for draft in drafts(world)
    )
    assert None not in first
    assert published[0] < published[1]
    assert published[2] is None
    assert (asked[0], asked[1]) == (None, None)


def position_of(draft: str, word: str) -> int | None:
    found = draft.find(word)
    return found if found >= 0 else None


async def test_a_published_postmortem_without_languages_leaves_the_draft_in_the_incidents(world: World) -> None:
    await world.declares()

    answer = await world.types("oncall", "/incident update postmortem Read it on our page.")

    assert answer.startswith("Dogwatch does not publish it")
    update = (await world.exported())["updates"][0]
    assert (update["texts"], update["languages"]) == ({"": "Read it on our page."}, [])


@pytest.mark.parametrize(
    ("line", "refusal"),
    [
        ("monitoring", "Add the published text"),
        ("monitoring lang:fr,en It is better", "A text has one language."),
        ("monitorring It is better", "Did you mean `monitoring`?"),
        ("", "`/incident update` needs"),
        ("resolved at:23:59 It is over", "Only past times can be recorded"),
    ],
)
async def test_what_cannot_be_an_update_is_refused(world: World, line: str, refusal: str) -> None:
    await world.declares()
    before = await world.tables()

    answer = await world.types("oncall", f"/incident update {line}")

    assert answer.startswith(":warning:")
    assert refusal in answer
    assert await world.tables() == before


async def test_an_update_that_is_taken_off_the_timeline_was_not_told(world: World) -> None:
    await world.declares()
    await world.types("oncall", "/incident update identified lang:en We know why.")

    await world.types("oncall", "/incident timeline")
    await removes(world, "oncall", "We know why.")

    assert (await world.exported())["updates"] == []
