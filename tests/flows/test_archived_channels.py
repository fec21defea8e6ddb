"""An incident is reopened whose channel somebody archived."""

from bot.sandbox import messages
from tests.support.world import World


async def archived(world: World) -> str:
    """INC-1, resolved, its channel archived; returns the channel's name."""
    name = await world.declares()
    ts = await world.says("engineer", "the pool is exhausted")
    await world.reacts("engineer", ts, "mag")
    await world.types("oncall", "/incident note the deploy went out")
    await world.types("oncall", "/incident resolve rolled back")
    await world.finish()
    world.sandbox.archive("oncall", name)
    await world.settle()
    return name


async def test_the_answer_says_what_a_person_has_to_do(world: World) -> None:
    await archived(world)

    told = await world.types("oncall", "/incident reopen INC-1 it is back", "ops")
    await world.finish()

    assert "INC-1 is open again" in told
    assert "*Unarchive channel*" in told
    assert "/invite" in told
    assert (await world.exported())["incident"]["status"] == "investigating"


async def test_it_goes_on_in_a_new_channel_with_both_linked_and_both_kept(world: World) -> None:
    old = await archived(world)
    old_id = world.sandbox.channel(old)["id"]
    links = {each["text"]: each["link"] for each in (await world.exported())["timeline"]}
    await world.types("oncall", "/incident reopen INC-1 it is back", "ops")

    await world.presses("oncall", "go_on_elsewhere", channel="ops")
    await world.finish()

    new = world.channel
    assert new != old
    assert any(f"<#{old_id}> is archived" in text for text in world.texts(new))
    assert {"U0ONCALL", "U0ENGINEER"} <= set(world.sandbox.members(new))
    assert "Investigating" in world.card(new)
    ts = await world.says("engineer", "the pool is exhausted again")
    await world.reacts("engineer", ts, "mag")
    await world.types("oncall", "/incident resolve done")
    await world.finish()
    whole = await world.exported()
    now = {each["text"]: each["link"] for each in whole["timeline"]}
    assert now["the pool is exhausted"] == links["the pool is exhausted"]
    assert now["the deploy went out"] == links["the deploy went out"]
    assert "the pool is exhausted again" in now
    assert whole["incident"]["status"] == "resolved"


async def test_a_second_press_opens_no_second_channel(world: World) -> None:
    await archived(world)
    await world.types("oncall", "/incident reopen INC-1 it is back", "ops")
    await world.types("dba", "/incident reopen INC-1 it is back", "ops")
    count = len(world.sandbox.channels())

    await world.presses("oncall", "go_on_elsewhere", channel="ops")
    await world.presses("dba", "go_on_elsewhere", channel="ops")
    await world.finish()

    assert len(world.sandbox.channels()) == count + 1


async def test_a_channel_that_was_opened_again_is_brought_up_to_date(world: World) -> None:
    old = await archived(world)
    await world.types("oncall", "/incident reopen INC-1 it is back", "ops")
    world.sandbox.unarchive("oncall", old)
    world.sandbox.invite("oncall", old, ["U0DOGWATCH"])
    world.sandbox.say("oncall", old, "here again")
    await world.finish()

    assert "Investigating" in world.card(old)


async def test_a_channel_that_somebody_makes_private_takes_its_incident_along(world: World) -> None:
    name = await world.declares("payments of one customer fail")
    assert "lets only people make a channel private" in await world.types("oncall", "/incident private")
    channel = world.sandbox.workspace.channels[world.sandbox.channel(name)["id"]]

    channel.is_private = True
    messages.system(
        world.sandbox.workspace, channel, "U0ONCALL", "channel_convert_to_private", "made private", world.now
    )
    await world.finish()

    assert world.texts("incidents")[-1] == ":lock: This incident was made private."
    assert "There is no INC-1" in await world.types("dba", "/incident show INC-1", "ops")
    assert "INC-1 is private" in await world.types("oncall", "/incident private", name)


async def test_a_refusal_tells_of_an_archive_that_the_bot_did_not_hear_of(world: World) -> None:
    name = await world.declares()
    await world.types("oncall", "/incident resolve rolled back")
    await world.finish()
    world.sandbox.delivery_fault("drop", "message", times=1)
    world.sandbox.archive("oncall", name)
    await world.settle()

    await world.types("oncall", "/incident note INC-1 the deploy went out", "ops")
    await world.finish()

    assert "*Unarchive channel*" in await world.types("oncall", "/incident reopen INC-1 it is back", "ops")
