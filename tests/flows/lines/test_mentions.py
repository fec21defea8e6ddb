"""Messages that mention the bot: help, or the command to type, for their author alone."""

from typing import Any

import pytest

from tests.support.worlds.world import World

BOT = "<@U0DOGWATCH>"


async def told(world: World, user: str, text: str, channel: str = "ops", **more: Any) -> list[dict[str, Any]]:
    """Say something; returns the answers that this person alone sees."""
    if channel == "ops":  # the bot hears only of channels that it is in
        world.sandbox.invite("oncall", channel, ["dogwatch"])
    known = len(world.sandbox.ephemerals(user, channel))
    world.sandbox.say(user, channel, text, raw=True, **more)
    await world.finish()
    return world.sandbox.ephemerals(user, channel)[known:]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"{BOT} help", "`start` Declare an incident"),
        (f"{BOT}", "`/incident help reactions`"),
        (f"{BOT}: help reactions", ":mag: *investigation*"),
        (f"hi {BOT}", "`/incident start hi`"),
        (f"{BOT} help note", "`/incident note [at:TIME] [kind:KIND] [lang:LANG] TEXT`"),
        (f"{BOT} help ntoe", "Did you mean `note`?"),
        (
            f"{BOT} note the pool &amp; the `cache` are full",
            "Type `/incident note the pool &amp; the 'cache' are full`.",
        ),
        (f"{BOT} lead <@U0DBA>", "Type `/incident lead @"),
        (f"{BOT}, checkout is down!\nReally", "type `/incident start checkout is down! Really`"),
    ],
)
async def test_a_mention_is_answered_to_its_author_alone(world: World, text: str, shown: str) -> None:
    [answer] = await told(world, "engineer", text)

    assert shown in answer["text"]
    assert world.sandbox.ephemerals("oncall", "ops") == []
    assert world.channels == [], "a mention does nothing"


async def test_in_an_incident_s_channel_the_text_is_offered_as_a_note(world: World) -> None:
    await world.declares()

    [answer] = await told(world, "engineer", f"{BOT} the pool is full", world.channel)

    assert "type `/incident note the pool is full`" in answer["text"]
    assert len(await world.timeline()) == 1


async def test_in_a_thread_it_is_answered_there(world: World) -> None:
    await world.declares()
    parent = await world.says("engineer", "what now")

    [answer] = await told(world, "engineer", f"{BOT} help", world.channel, thread_ts=parent)

    assert answer["thread_ts"] == parent


async def test_a_mention_that_is_delivered_twice_is_answered_once(world: World) -> None:
    world.sandbox.delivery_fault("duplicate", event="app_mention")

    assert len(await told(world, "engineer", f"{BOT} help")) == 1


async def test_apps_get_no_answer(world: World) -> None:
    """Two apps that answer each other would never stop."""
    await world.declares()
    world.sandbox.clear_calls()
    place = world.sandbox.workspace.channel(world.channel)
    ts = "1772460000.000100"
    said = {"user": "U0ENGINEER", "bot_id": "B0OTHER", "text": f"{BOT} help", "channel": place.id, "ts": ts}

    world.sandbox.workspace.emit({"type": "app_mention", **said, "event_ts": ts}, place)
    await world.finish()

    assert world.sandbox.calls("chat.postEphemeral") == []


async def test_guests_are_told_whom_to_ask(world: World) -> None:
    await world.declares()
    world.sandbox.invite("oncall", world.channel, ["guest"])

    [answer] = await told(world, "guest", f"{BOT} help", world.channel)

    assert answer["text"].startswith(":warning: Guests")


async def test_a_failed_answer_stops_nothing(world: World) -> None:
    await world.declares()
    world.sandbox.fault("error", method="chat.postEphemeral", error="user_not_in_channel", times=1)

    assert await told(world, "engineer", f"{BOT} help", world.channel) == []
    assert len(await told(world, "engineer", f"{BOT} help", world.channel)) == 1
