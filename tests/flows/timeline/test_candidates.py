"""An incident without reactions: the likely messages are offered, and ticking them puts them on the timeline."""

import re
from typing import Any

import pytest

from tests.support.worlds.story import draft_files
from tests.support.worlds.world import World, action_ids, rendered

CHOOSE = "choose_messages"


async def talk(world: World) -> dict[str, str]:
    """Many messages, three of which matter; returns the ts of these."""
    told = {
        "pool": await world.says(
            "engineer", "the pool has been exhausted since 13:58, see https://grafana.example/d/1"
        ),
        "deploy": await world.says("dba", "`pool_size` was halved by the deploy of this morning"),
        "fixed": await world.says("engineer", "rolled back, payments pass again since 14:40"),
    }
    for _ in range(12):
        world.sandbox.say("developer", world.channel, "ok")
    await world.settle()
    return told


async def opened_form(world: World, user: str = "oncall") -> dict[str, Any]:
    await world.presses(user, CHOOSE)
    return world.sandbox.views(user)[-1]


async def marked(world: World) -> list[dict[str, Any]]:
    """The entries that quote messages."""
    return [entry for entry in await world.timeline() if entry["source"] == "message"]


def boxes(form: dict[str, Any]) -> list[dict[str, Any]]:
    return [option for block in form["blocks"] if block["type"] == "input" for option in block["element"]["options"]]


async def tick(world: World, form: dict[str, Any], *wanted: str, user: str = "oncall") -> Any:
    """Tick the boxes whose words contain one of `wanted`, and send the form."""
    chosen = [box["value"] for box in boxes(form) if any(word in str(box) for word in wanted)]
    answer = await world.sandbox.submit_view(user, form["id"], {"messages_0": chosen})
    await world.finish()
    return answer


def question(world: World) -> str:
    """The message after the resolution that has the button."""
    return next(rendered(each) for each in world.sandbox.messages(world.channel) if CHOOSE in action_ids(each))


async def test_resolving_without_a_mark_says_so_and_offers_the_likely_messages(world: World) -> None:
    await world.declares()
    await talk(world)
    await world.types("oncall", "/incident resolve rolled back")
    await world.finish()
    assert "15 messages in the channel, 0 on the timeline." in question(world)

    form = await opened_form(world)

    shown = [box["text"]["text"] for box in boxes(form)]
    assert len(shown) == 3
    assert shown[0].startswith("14:0")
    assert "engineer: the pool has been exhausted since" in shown[0]


async def test_ticked_messages_are_entries_with_their_own_time_and_the_draft_is_written_again(world: World) -> None:
    await world.declares()
    told = await talk(world)
    await world.advance(minutes=15)
    await world.types("oncall", "/incident resolve rolled back")
    await world.finish()
    before = len(draft_files(world, world.channel))

    answer = await tick(world, await opened_form(world), "exhausted", "rolled back")

    assert answer.ok, answer
    first, second = await marked(world)
    assert [first["text"], second["text"]] == [
        "the pool has been exhausted since 13:58, see https://grafana.example/d/1",
        "rolled back, payments pass again since 14:40",
    ]
    assert [first["kinds"], first["author_id"], first["recorded_by_id"]] == [["note"], "U0ENGINEER", "U0ONCALL"]
    assert world.is_confirmed(told["pool"])
    assert "2 messages are on the timeline now. A new draft follows." in rendered(world.sandbox.views("oncall")[-1])
    drafts = draft_files(world, world.channel)
    assert len(drafts) == before, "the new one replaces it"
    assert b"exhausted since 13:58" in world.sandbox.file_content(drafts[-1]["id"])
    assert "15 messages in the channel, 2 on the timeline." in question(world)


async def test_the_count_follows_a_reaction_after_the_resolution(world: World) -> None:
    await world.declares()
    told = await talk(world)
    await world.types("oncall", "/incident resolve rolled back")
    await world.finish()

    await world.reacts("dba", told["deploy"], "dart")
    await world.finish()

    assert "1 on the timeline." in question(world)


async def test_any_reaction_makes_a_message_a_likely_one(world: World) -> None:
    await world.declares()
    for _ in range(40):
        world.sandbox.say("developer", world.channel, "I think so too")
    await world.settle()
    ts = await world.says("engineer", "it is the pool")
    await world.reacts("dba", ts, "eyes")
    await world.reacts("developer", ts, "tada")
    await world.unreacts("developer", ts, "tada")
    await world.types("oncall", "/incident resolve done")
    await world.finish()

    form = await opened_form(world)

    assert "it is the pool" in str(boxes(form)[-1])
    assert len(boxes(form)) == 30
    assert await marked(world) == [], "eyes are no mark"


async def test_it_is_reached_during_the_incident_from_the_timeline(world: World) -> None:
    await world.declares()
    await talk(world)
    await world.types("dba", "/incident timeline")
    page = world.sandbox.ephemerals("dba", world.channel)[-1]
    assert CHOOSE in action_ids(page)

    answer = await world.sandbox.click("dba", world.channel, page["ts"], CHOOSE)
    await world.settle()
    assert answer.ok, answer
    await tick(world, world.sandbox.views("dba")[-1], "pool_size", user="dba")

    assert [entry["text"] for entry in await marked(world)] == ["`pool_size` was halved by the deploy of this morning"]
    assert draft_files(world, world.channel) == [], "no draft before one was written"


async def test_nothing_ticked_is_refused_at_the_field(world: World) -> None:
    await world.declares()
    await talk(world)
    await world.types("oncall", "/incident resolve done")
    await world.finish()
    form = await opened_form(world)

    answer = await world.sandbox.submit_view("oncall", form["id"], {})

    assert answer.errors == {"messages_0": "Tick at least one message."}


async def test_what_was_marked_or_deleted_meanwhile_is_left_as_it_is(world: World) -> None:
    await world.declares()
    told = await talk(world)
    await world.types("oncall", "/incident resolve done")
    await world.finish()
    form = await opened_form(world)
    await world.reacts("dba", told["deploy"], "dart")
    await world.deletes("engineer", told["pool"])

    answer = await tick(world, form, "exhausted", "pool_size")

    assert "on the timeline already, or were deleted" in str(answer.errors)
    assert [entry["kinds"] for entry in await marked(world)] == [["cause"]]


@pytest.mark.parametrize("says", [[], ["ok", "thanks"]])
async def test_where_nothing_is_left_to_choose_nothing_is_offered(world: World, says: list[str]) -> None:
    await world.declares()
    for text in says:
        await world.says("engineer", text)
    await world.types("oncall", "/incident resolve done")
    await world.finish()

    assert not any(CHOOSE in action_ids(each) for each in world.sandbox.messages(world.channel))
    assert not re.search(r"message\w* in the channel", "\n".join(world.texts()))
