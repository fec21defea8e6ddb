"""Reactions that mark messages: added, removed, late and repeated."""

from typing import Any

import pytest

from tests.flows.timeline.test_entries import FIRST, added, texts
from tests.support.worlds.world import World


async def test_the_last_mark_taken_away_withdraws_the_entry_and_a_new_one_brings_it_back(world: World) -> None:
    await world.declares()
    ts = await world.says("engineer", "rolled back")
    await world.reacts("oncall", ts, "rewind")
    await world.finish()
    assert world.is_confirmed(ts)

    await world.unreacts("oncall", ts, "rewind")
    await world.finish()

    assert await texts(world) == []
    assert not world.is_confirmed(ts)
    withdrawn = (await world.exported())["timeline"][FIRST]
    assert withdrawn["text"] == "rolled back"
    assert withdrawn["withdrawn_at"] is not None

    await world.reacts("dba", ts, "rewind")
    await world.finish()

    [entry] = await added(world)
    assert (entry["text"], entry["recorded_by_id"]) == ("rolled back", "U0DBA")
    assert world.is_confirmed(ts)
    assert len((await world.exported())["timeline"]) == FIRST + 1, "a message has one entry"
    done = [what for _, what in await world.audited()]
    assert [what for what in done if what.startswith(("withdrew", "restored"))] == [
        "withdrew: its last reaction was removed",
        "restored",
    ]


async def test_several_people_and_marks_make_one_entry_that_stays_until_the_last_goes(world: World) -> None:
    await world.declares()
    ts = await world.says("engineer", "pool size was halved by the deploy")
    await world.reacts("oncall", ts, "mag")
    await world.reacts("dba", ts, "dart")
    await world.reacts("developer", ts, "dart")

    [entry] = await added(world)
    assert entry["kinds"] == ["investigation", "cause"]

    await world.unreacts("dba", ts, "dart")
    assert (await added(world))[0]["kinds"] == ["investigation", "cause"]
    await world.unreacts("developer", ts, "dart")
    assert (await added(world))[0]["kinds"] == ["investigation"]
    await world.unreacts("oncall", ts, "mag")
    assert await added(world) == []


@pytest.mark.parametrize(
    ("emoji", "kind"),
    [
        ("rotating_light", "detection"),
        ("boom", "impact began"),
        ("collision", "impact began"),
        ("thinking_face", "hypothesis"),
        ("thinking", "hypothesis"),
        ("fish", "misleading path"),
        ("pencil", "task"),
        ("white_check_mark", "fixed"),
    ],
)
async def test_each_name_of_an_emoji_gives_its_mark(world: World, emoji: str, kind: str) -> None:
    await world.declares()
    ts = await world.says("engineer", "something")

    await world.reacts("oncall", ts, emoji)

    assert [entry["kinds"] for entry in await added(world)] == [[kind]]


async def test_skin_tones_are_one_mark(tmp_path: Any, database_url: str) -> None:
    config = '[reactions]\nraised_hand = "note"\n'
    async with World(database_url, tmp_path, config=config) as world:
        await world.declares()
        ts = await world.says("engineer", "hands up")

        await world.reacts("oncall", ts, "hand::skin-tone-3")
        await world.unreacts("oncall", ts, "hand::skin-tone-3")
        await world.reacts("oncall", ts, "hand::skin-tone-5")

        assert [entry["kinds"] for entry in await added(world)] == [["note"]]


async def test_two_skin_tones_of_one_person_are_taken_away_one_by_one(tmp_path: Any, database_url: str) -> None:
    """Slack lets one person put both tones; the mark is there until both are gone."""
    config = '[reactions]\nhand = "note"\n'
    async with World(database_url, tmp_path, config=config) as world:
        await world.declares()
        ts = await world.says("engineer", "hands up")
        await world.reacts("oncall", ts, "hand::skin-tone-3")
        await world.reacts("oncall", ts, "hand")

        await world.unreacts("oncall", ts, "hand::skin-tone-3")
        assert len(await added(world)) == 1
        await world.unreacts("oncall", ts, "hand")
        assert await added(world) == []


async def test_an_emoji_that_is_in_no_table_does_nothing(world: World) -> None:
    await world.declares()
    ts = await world.says("engineer", "nice")

    await world.reacts("oncall", ts, "tada")

    assert await added(world) == []


async def test_a_reaction_that_overtakes_its_message_is_not_lost(world: World) -> None:
    await world.declares()
    world.sandbox.delivery_fault("delay", event="message", times=1, seconds=0.3)
    ts = world.sandbox.say("engineer", world.channel, "early bird")
    world.sandbox.react("oncall", world.channel, ts, "mag")
    await world.settle()
    await world.finish()

    [entry] = await added(world)
    assert (entry["text"], entry["author_id"]) == ("early bird", "U0ENGINEER")
    assert world.is_confirmed(ts)


async def test_a_mark_removed_before_it_was_added_stays_removed(world: World) -> None:
    await world.declares()
    ts = await world.says("engineer", "twice thought")
    world.sandbox.delivery_fault("delay", event="reaction_added", times=1, seconds=0.3)
    world.sandbox.react("oncall", world.channel, ts, "mag")
    world.sandbox.unreact("oncall", world.channel, ts, "mag")
    await world.settle()

    assert await added(world) == []


async def test_an_edit_that_overtakes_a_later_one_does_not_undo_it(world: World) -> None:
    await world.declares()
    ts = await world.says("engineer", "one")
    await world.reacts("oncall", ts, "mag")
    world.sandbox.delivery_fault("delay", event="message", times=1, seconds=0.3)
    world.sandbox.edit("engineer", world.channel, ts, "two")
    world.sandbox.edit("engineer", world.channel, ts, "three")
    await world.settle()

    assert await texts(world) == ["three"]


@pytest.mark.parametrize("fault", ["duplicate", "unheard"])
async def test_events_delivered_twice_count_once(world: World, fault: str) -> None:
    await world.declares()
    world.sandbox.delivery_fault(fault, event="events_api")
    ts = world.sandbox.say("engineer", world.channel, "once")
    world.sandbox.react("oncall", world.channel, ts, "mag")
    await world.settle()
    world.sandbox.unreact("oncall", world.channel, ts, "mag")
    world.sandbox.react("oncall", world.channel, ts, "dart")
    await world.settle()
    world.sandbox.clear_faults()

    assert [entry["kinds"] for entry in await added(world)] == [["cause"]]
    assert len((await world.exported())["timeline"]) == FIRST + 1


async def test_marks_that_come_together_give_what_they_give_one_by_one(world: World) -> None:
    await world.declares()
    plain = [await world.says("engineer", f"seen {number}") for number in range(6)]
    both, taken, changed = [await world.says("engineer", words) for words in ("both", "taken away", "changed")]
    await world.reacts("oncall", taken, "mag")
    await world.reacts("oncall", changed, "mag")
    unheard = world.sandbox.delivery_fault("drop", event="message")
    never_heard = await world.says("engineer", "never heard")
    world.sandbox.clear_fault(unheard)

    world.sandbox.delivery_fault("duplicate", event="reaction_added")
    react = world.sandbox.react
    for number, ts in enumerate(plain):
        react(("dba", "oncall", "developer")[number % 3], world.channel, ts, ("mag", "boom")[number % 2])
    react("oncall", world.channel, both, "mag")
    react("dba", world.channel, both, "dart")
    world.sandbox.unreact("oncall", world.channel, taken, "mag")
    react("dba", world.channel, changed, "dart")
    react("dba", world.channel, never_heard, "pencil")
    react("dba", world.channel, plain[0], "tada")
    await world.settle()
    world.sandbox.clear_faults()
    await world.finish()

    found = await added(world)
    assert {each["text"]: each["kinds"] for each in found} == {
        **{f"seen {number}": [("investigation", "impact began")[number % 2]] for number in range(6)},
        "both": ["investigation", "cause"],
        "changed": ["investigation", "cause"],
        "never heard": ["task"],
    }
    assert [each["recorded_by_id"] for each in found[:3]] == ["U0DBA", "U0ONCALL", "U0DEVELOPER"]
    done = [what for _, what in await world.audited()]
    assert len([what for what in done if what.startswith("recorded ")]) == len(found) + 2, "and the declaration"
    assert all(map(world.is_confirmed, (*plain, both, changed, never_heard)))
    assert not world.is_confirmed(taken)


@pytest.mark.parametrize("where", ["channel", "thread"])
async def test_a_message_that_was_never_heard_is_asked_for(world: World, where: str) -> None:
    await world.declares()
    parent = await world.says("engineer", "parent") if where == "thread" else None
    world.sandbox.delivery_fault("drop", event="message", times=1)
    ts = await world.says("engineer", "while you were away", thread_ts=parent)

    await world.reacts("oncall", ts, "mag")
    await world.finish()

    [entry] = await added(world)
    assert (entry["text"], entry["author_id"]) == ("while you were away", "U0ENGINEER")
    assert world.is_confirmed(ts)


async def test_a_message_that_was_never_heard_and_is_deleted_meanwhile_is_no_failure(world: World) -> None:
    await world.declares()
    world.sandbox.fault("ratelimited", "conversations.history", times=1, retry_after=30)
    unheard = world.sandbox.delivery_fault("drop", event="message")
    ts = await world.says("engineer", "while you were away")
    await world.reacts("oncall", ts, "mag")
    world.sandbox.clear_fault(unheard)
    world.sandbox.delete("engineer", world.channel, ts)

    await world.finish()

    assert await added(world) == []
    assert "Not everything" not in world.card()


async def test_people_of_other_workspaces_and_guests_may_react(world: World) -> None:
    await world.declares()
    world.sandbox.add_user("partner", team_id="T0PARTNER")
    ts = await world.says("partner", "we see it too")
    world.sandbox.invite("oncall", world.channel, ["guest"])

    await world.reacts("partner", ts, "mag")
    await world.reacts("guest", ts, "rotating_light")
    await world.finish()

    [entry] = await added(world)
    assert entry["author"] == "partner"
    assert entry["kinds"] == ["investigation", "detection"]
    assert "T0PARTNER" in await world.stored(), "with their team"


async def test_reactions_outside_incident_channels_do_nothing(world: World) -> None:
    await world.declares()
    ts = world.sandbox.say("engineer", "ops", "not here")

    await world.reacts("oncall", ts, "mag", channel="ops")

    assert await added(world) == []
    assert not world.is_confirmed(ts, "ops")
    assert "not here" not in await world.stored()


async def test_who_marks_the_bot_s_own_message_is_told_and_nothing_is_logged(world: World) -> None:
    await world.declares()
    [card] = world.sandbox.pins(world.channel)

    await world.reacts("oncall", card["ts"], "mag")
    await world.finish()

    assert await added(world) == []
    assert ["own messages" in each["text"] for each in world.sandbox.ephemerals("oncall", world.channel)] == [True]
    assert not world.is_confirmed(card["ts"])
