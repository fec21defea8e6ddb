"""`/incident drill`: replay a scenario or a past incident."""

import pytest

from bot.sandbox.workspace import messages
from tests.support.requests.notifications import a_notification, an_alert
from tests.support.worlds.world import World


def practice(world: World) -> list[str]:
    return [text for text in world.texts() if "*Practice*" in text]


async def begins(world: World, line: str = "drill checkout-500s speed:100") -> str:
    told = await world.types("oncall", f"/incident {line}", "ops")
    await world.settle()
    return told


async def test_without_a_name_what_can_be_practised_is_listed(world: World) -> None:
    told = await world.types("oncall", "/incident drill", "ops")

    assert "`checkout-500s` Checkout page crashes for some card payments" in told


async def test_a_scenario_is_told_in_order_and_marked_as_practice(world: World) -> None:
    told = await begins(world)
    await world.advance(minutes=10)

    assert "Started the drill *DRILL-1* from " in told
    lines = practice(world)
    assert "an alert:" in lines[0]
    assert "CheckoutHTTP500Spike" in lines[0]
    assert "Engineering alerted" in lines[1]
    assert "The drill has no more events." in world.texts()[-1]
    assert not any("/incident cause" in line for line in lines), "what people typed is theirs to find"
    said = [each for each in world.sandbox.messages(world.channel) if not each.get("subtype")]
    assert {each["user"] for each in said} == {world.sandbox.bot_user_id}


async def test_its_pace_is_that_of_what_happened(world: World) -> None:
    await begins(world, "drill checkout-500s")
    await world.advance(minutes=2)
    assert len(practice(world)) == 1

    await world.advance(minutes=5)

    assert len(practice(world)) == 2


async def test_it_is_marked_everywhere_and_counts_nowhere(world: World) -> None:
    await begins(world)
    await world.advance(minutes=10)

    drill = (await world.exported("DRILL-1"))["incident"]
    assert (drill["drill"], drill["drill_of"]) == (True, "checkout-500s")
    assert "DRILL" in world.card()
    assert "DRILL" in world.sandbox.channel(world.channel)["topic"]["value"]
    assert any("DRILL" in text for text in world.texts("incidents"))
    status, answer = await world.posts("alertmanager", a_notification(an_alert(at=world.now, service="checkout")))
    assert (status, answer["incidents"]) == (200, ["INC-1"])


async def test_nobody_is_called_outside_its_channel(world: World) -> None:
    await begins(world)
    await world.finish()

    told = await world.types("oncall", "/incident escalate @dba the database")
    await world.advance(minutes=30)

    assert not told.startswith(":warning:")
    assert world.sandbox.messages(world.sandbox.open_dm("dba"), "dba") == []
    assert "U0DBA" not in world.sandbox.members(world.channel)


@pytest.mark.parametrize("line", ["resolve enough", "cancel enough"])
async def test_it_stops_when_it_is_over(world: World, line: str) -> None:
    await begins(world, "drill checkout-500s")
    await world.advance(minutes=2)

    await world.types("oncall", f"/incident {line}")
    await world.advance(hours=3)

    assert len(practice(world)) == 1


async def test_a_restart_loses_nothing_of_it(world: World) -> None:
    await begins(world, "drill checkout-500s")
    await world.advance(minutes=2)

    await world.restart()
    await world.advance(hours=3)

    assert len(practice(world)) == 6


async def past(world: World, more: str = "") -> str:
    """Make INC-1, resolved, with a marked message. Returns the message's ts."""
    await world.declares(f"payments fail {more}".strip())
    if "private" in more:
        world.sandbox.invite("oncall", world.channel, ["engineer"])
    ts = await world.says("engineer", "the pool is exhausted")
    await world.reacts("engineer", ts, "mag")
    other = await world.says("engineer", "the password is swordfish")
    await world.reacts("engineer", other, "mag")
    await world.types("oncall", "/incident resolve done")
    await world.finish()
    return other


async def test_a_past_incident_is_told_without_its_people_and_without_what_was_deleted(world: World) -> None:
    secret = await past(world)
    told = await begins(world, "drill INC-1")
    named = next(each["name"] for each in world.sandbox.channels() if each["name"].startswith("inc-1"))
    world.sandbox.delete("engineer", named, secret)
    await world.settle()
    await world.advance(minutes=10)

    assert "DRILL-1" in told
    assert any("the pool is exhausted" in line for line in practice(world))
    assert not any("swordfish" in text for text in world.texts())


REFUSED = {
    "no such scenario": ("drill checkout-500", "checkout-500s"),
    "no such incident": ("drill INC-9", "There is no INC-9"),
    "odd speed": ("drill checkout-500s speed:fast", "is not a speed"),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_what_cannot_be_practised_says_why(world: World, case: str) -> None:
    line, why = REFUSED[case]

    told = await world.types("oncall", f"/incident {line}", "ops")

    assert told.startswith(":warning:")
    assert why in told


async def test_a_private_incident_is_not_practised_anywhere(world: World) -> None:
    await past(world, "private:yes")

    outside = await world.types("oncall", "/incident drill INC-1", "ops")
    inside = await world.types("oncall", "/incident drill INC-1")

    assert "There is no INC-1" in outside
    assert "private" in inside


async def test_what_became_private_is_told_no_more(world: World) -> None:
    await past(world)
    channel = world.sandbox.workspace.channels[world.sandbox.channel(world.channel)["id"]]
    await begins(world, "drill INC-1")
    channel.is_private = True
    messages.post_system_message(
        world.sandbox.workspace, channel, "U0ONCALL", "channel_convert_to_private", "made private", world.now
    )
    await world.advance(minutes=70)

    assert not any("swordfish" in line or "the pool" in line for line in world.texts(world.channel))
    assert "The drill has no more events." in world.texts()[-1]
