"""An incident's channel is deleted, or the bot is removed from a private one: the incident goes on elsewhere."""

import pytest

from tests.flows.channel.test_archived_channels import sent
from tests.support.requests.strangers import channel_id
from tests.support.worlds.databases import BOTH_DATABASES
from tests.support.worlds.world import World

BOT = "U0DOGWATCH"


async def declared(world: World, text: str = "checkout is down") -> str:
    """An incident whose channel has existed for some time; returns the channel's name."""
    name = await world.declares(text)
    await world.advance(minutes=2)
    return name


def is_gone(world: World, channel: str) -> None:
    world.sandbox.fault("error", "*", channel=channel, error="channel_not_found")


def asked(world: World, user: str) -> list[str]:
    """Direct messages that ask where to continue."""
    return [each for each in world.texts(world.sandbox.open_dm(user)) if "cannot write in" in each]


@pytest.mark.world(databases=BOTH_DATABASES)
async def test_a_person_who_acts_is_told_of_a_deleted_channel_and_goes_on_in_a_new_one(world: World) -> None:
    old = await declared(world)
    is_gone(world, channel_id(world))

    await world.types("engineer", "/incident status INC-1 monitoring the fix is out", "ops")
    await world.types("engineer", "/incident note INC-1 the cache is cold", "ops")
    await world.finish()

    (told,) = asked(world, "engineer")
    assert "INC-1 is open, but Dogwatch cannot write in #inc-1-checkout-is-down" in told
    await world.presses("engineer", "go_on_elsewhere", channel=world.sandbox.open_dm("engineer"))
    await world.finish()
    assert world.channel != old
    assert any("continues here" in each for each in world.texts())
    await world.types("engineer", "/incident severity 1", world.channel)
    await world.finish()
    assert "SEV1" in world.card()


async def test_a_bot_that_was_removed_from_a_private_channel(world: World) -> None:
    name = await declared(world, "checkout is down private:yes")
    world.sandbox.kick("oncall", name, BOT)

    await world.advance(minutes=11)

    (told,) = asked(world, "oncall")
    assert "INC-1 is open, but" in told
    await world.presses("oncall", "go_on_elsewhere", channel=world.sandbox.open_dm("oncall"))
    await world.finish()
    assert world.channel != name
    assert world.sandbox.channel(world.channel)["is_private"]


@pytest.mark.world(databases=BOTH_DATABASES)
@pytest.mark.parametrize("kind", ["channel_deleted", "group_deleted", "group_left"])
async def test_its_event_is_enough(world: World, kind: str) -> None:
    await declared(world)
    channel = channel_id(world)
    event_ts = f"{world.now.timestamp():.6f}"

    await sent(world, {"type": kind, "channel": channel, "event_ts": event_ts})
    await world.finish()

    assert len(asked(world, "oncall")) == 1
    assert "cannot write in" in await world.types("oncall", "/incident reopen INC-1 go on", "ops")


async def test_a_new_channel_that_slack_does_not_know_everywhere_is_not_lost(world: World) -> None:
    await world.types("oncall", "/incident start checkout is down", "ops")
    name = world.channel
    refusal = world.sandbox.fault("error", "*", channel=channel_id(world), error="channel_not_found")
    await world.types("oncall", "/incident note INC-1 the cache is cold", "ops")
    world.sandbox.clear_fault(refusal)

    await world.types("oncall", "/incident note INC-1 the cache is warm", "ops")
    await world.finish()

    assert asked(world, "oncall") == []
    assert any("the cache is warm" in each for each in world.texts(name))


async def test_one_refused_call_does_not_close_a_channel_that_slack_shows(world: World) -> None:
    name = await declared(world)
    refusal = world.sandbox.fault("error", "chat.postMessage", channel=channel_id(world), error="channel_not_found")
    await world.types("oncall", "/incident note INC-1 the cache is cold", "ops")
    await world.finish()
    world.sandbox.clear_fault(refusal)

    await world.types("oncall", "/incident note INC-1 the cache is warm", "ops")
    await world.finish()

    assert asked(world, "oncall") == []
    assert any("the cache is warm" in each for each in world.texts(name))


async def test_an_ended_incident_asks_nobody_until_it_is_reopened(world: World) -> None:
    await declared(world)
    await world.types("oncall", "/incident resolve rolled back")
    await world.finish()
    is_gone(world, channel_id(world))

    await world.types("oncall", "/incident note INC-1 the deploy went out", "ops")
    await world.finish()
    assert asked(world, "oncall") == []

    assert "cannot write in" in await world.types("oncall", "/incident reopen INC-1 it is back", "ops")
