"""An incident is reopened whose channel somebody archived."""

import json

import pytest

from bot.sandbox.workspace import messages
from tests.support.requests.strangers import to_slack
from tests.support.worlds.databases import BOTH_DATABASES
from tests.support.worlds.world import World


async def sent(world: World, event: dict[str, str]) -> None:
    """An event as Slack sends it, signed."""
    body = {"type": "event_callback", "team_id": "T0HARBOUR", "event_id": f"Ev{event['event_ts']}", "event": event}
    answer = await to_slack(world, json.dumps(body).encode())
    assert answer.status == 200
    await world.finish()


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
    assert any(f"<#{old_id}> is no longer in use" in text for text in world.texts(new))
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


@pytest.mark.world(databases=BOTH_DATABASES)
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
    messages.post_system_message(
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


async def test_whoever_acts_hears_of_an_archive_that_no_event_told(world: World) -> None:
    name = await world.declares()
    await world.finish()
    world.sandbox.subscribe(["app_home_opened"])
    world.sandbox.archive("oncall", name)
    await world.settle()

    await world.types("engineer", "/incident status INC-1 monitoring the fix is out", "ops")
    await world.finish()

    direct = world.sandbox.open_dm("engineer")
    (told,) = [each for each in world.texts(direct) if "is archived" in each]
    assert "INC-1 is open, but" in told
    assert "*Unarchive channel*" in told
    await world.presses("engineer", "go_on_elsewhere", channel=direct)
    await world.finish()
    assert world.channel != name
    assert any("continues here" in each for each in world.texts(world.channel))


async def test_the_incidents_channel_in_the_archive_says_nothing_of_an_incident(world: World) -> None:
    await world.declares()
    await world.finish()
    world.sandbox.archive("oncall", "incidents")
    await world.types("oncall", "/incident severity sev1 worse")
    await world.finish()

    assert any("SEV1" in each for each in world.texts(world.channel))
    await world.types("oncall", "/incident note still written")
    await world.finish()
    assert any("still written" in each for each in world.texts(world.channel))


@pytest.mark.parametrize(
    ("archive", "unarchive"), [("channel_archive", "channel_unarchive"), ("group_archive", "group_unarchive")]
)
async def test_the_events_of_the_archive_are_heard_without_the_message(
    world: World, archive: str, unarchive: str
) -> None:
    name = await world.declares()
    await world.finish()
    channel = world.sandbox.channel(name)["id"]
    await sent(world, {"type": archive, "channel": channel, "user": "U0ONCALL", "event_ts": "1772467200.000100"})
    await world.types("oncall", "/incident note INC-1 nobody can read this there", "ops")
    await world.finish()
    assert not any("nobody can read this there" in each for each in world.texts(name))

    await sent(world, {"type": unarchive, "channel": channel, "user": "U0ONCALL", "event_ts": "1772467200.000200"})
    await world.types("oncall", "/incident note INC-1 read again", "ops")
    await world.finish()

    assert any("read again" in each for each in world.texts(name))


async def test_the_channel_that_was_left_is_not_taken_for_the_new_one(world: World) -> None:
    old = await archived(world)
    await world.types("oncall", "/incident reopen INC-1 it is back", "ops")
    world.sandbox.subscribe(["app_home_opened"])
    world.sandbox.unarchive("oncall", old)
    world.sandbox.fault("cut_after", method="conversations.create", times=1)

    await world.presses("oncall", "go_on_elsewhere", channel="ops")
    await world.finish()

    assert world.channel != old
    assert any("continues here" in each for each in world.texts(world.channel))


WEEK = pytest.mark.world(config="[incidents]\narchive_after_days = 7\n")


def is_archived(world: World, channel: str) -> bool:
    return bool(world.sandbox.channel(channel)["is_archived"])


@WEEK
async def test_a_quiet_channel_is_archived_and_told_the_day_before(world: World) -> None:
    name = await world.declares("Checkout is down")
    await world.types("oncall", "/incident resolve rolled back")
    await world.advance(days=5)
    assert not any("will be archived" in text for text in world.texts(name))

    await world.advance(days=1, minutes=5)
    assert "This channel will be archived" in world.texts(name)[-1]
    assert not is_archived(world, name)

    await world.advance(days=1, minutes=5)
    assert is_archived(world, name)
    told = await world.types("oncall", "/incident reopen INC-1 it is back", "ops")
    assert "*Unarchive channel*" in told


@pytest.mark.world(config="[incidents]\narchive_after_days = 2\n")
async def test_a_message_keeps_the_channel_and_a_reopened_incident_its_own(world: World) -> None:
    kept = await world.declares("Checkout is down")
    await world.types("oncall", "/incident resolve rolled back")
    reopened = await world.declares("Mail is late")
    await world.types("oncall", "/incident resolve sent")
    await world.advance(days=1, minutes=5)

    world.sandbox.say("dba", kept, "I am still writing the postmortem")
    await world.settle()
    await world.types("oncall", "/incident reopen it is back", reopened)
    await world.advance(days=1, hours=12)
    assert not is_archived(world, kept)

    await world.advance(days=2)
    assert is_archived(world, kept)
    assert not is_archived(world, reopened)


async def test_without_the_setting_no_channel_is_archived(world: World) -> None:
    name = await world.declares("Checkout is down")
    await world.types("oncall", "/incident resolve rolled back")

    await world.advance(days=20)

    assert not is_archived(world, name)
