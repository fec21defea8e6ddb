"""Incidents that end with their alerts: after a quiet time, and only where nobody works on them."""

from datetime import datetime

import pytest

from bot.app import Dogwatch
from tests.support.requests.notifications import a_notification, an_alert
from tests.support.requests.sent_notifications import messages_with, sends
from tests.support.worlds.databases import BOTH_DATABASES
from tests.support.worlds.world import World

CONFIG = """
[[routes]]
match = ['service="batch"']
resolve_after = "10m"
"""
RULE = "Automatically, by Dogwatch: no alert fired for 10 min (resolve_after in [[routes]] 1)"
SUGGESTION = "People work on *INC-1*, so it is not resolved automatically."

pytestmark = pytest.mark.world(config=CONFIG, databases=BOTH_DATABASES)


async def fires_and_ends(world: World, minutes: int = 5) -> datetime:
    """An alert that lasts some minutes. Returns its end; each notification takes two minutes."""
    began = world.now
    await sends(world, a_notification(an_alert(at=began, service="batch")))
    await world.advance(minutes=minutes)
    ended = world.now
    await sends(world, a_notification(an_alert(at=began, ended=ended, service="batch")))
    return ended


async def status(world: World) -> str:
    return str((await world.exported())["incident"]["status"])


async def test_it_resolves_when_the_alerts_stay_ended(world: World) -> None:
    ended = await fires_and_ends(world)
    assert messages_with(world, "unless an alert fires or somebody takes over")
    await world.advance(minutes=7)
    before = await status(world)
    await world.restart()
    await world.advance(minutes=2)
    await world.finish()

    whole = await world.exported()
    assert (before, whole["incident"]["status"]) == ("investigating", "resolved")
    assert datetime.fromisoformat(whole["incident"]["ended_at"]) == ended
    last = next(each for each in whole["timeline"] if each["kinds"] == ["resolved"])
    assert (last["text"], last["author"], last["source"]) == (RULE, None, "system")
    (line,) = messages_with(world, "*Resolved* by Dogwatch")
    assert RULE in line


async def test_a_new_firing_starts_the_time_anew(world: World) -> None:
    await fires_and_ends(world)
    await world.advance(minutes=6)
    await fires_and_ends(world, minutes=4)
    await world.advance(minutes=7)
    before = await status(world)
    await world.advance(minutes=3)

    assert (before, await status(world)) == ("investigating", "resolved")


@pytest.mark.parametrize("act", ["/incident lead", "/incident note it is the disk", "a message"])
async def test_an_incident_that_people_work_on_is_only_suggested_once(world: World, act: str) -> None:
    await fires_and_ends(world)
    if act == "a message":
        await world.says("dba", "I am looking at the disks")
    else:
        await world.types("dba", act)
    await world.advance(minutes=30)
    await world.finish()

    assert await status(world) == "investigating"
    assert len(messages_with(world, SUGGESTION)) == 1


async def test_an_alert_of_another_route_leaves_it_to_people(world: World) -> None:
    await fires_and_ends(world)
    other = an_alert("DiskFull", at=world.now, service="search")
    await sends(world, a_notification(other))
    await sends(world, a_notification(other | {"status": "resolved", "endsAt": (world.now).isoformat()}))
    await world.advance(minutes=30)

    assert await status(world) == "investigating"
    assert messages_with(world, SUGGESTION) == []


@pytest.mark.world(config=CONFIG, databases=("postgresql",))
async def test_two_replicas_resolve_it_once(world: World) -> None:
    other = Dogwatch(world.settings(), clock=world.clock)
    await other.start()
    try:
        await fires_and_ends(world)
        await world.advance(minutes=11)
        await world.finish()
    finally:
        await other.stop()

    assert [each["kinds"] for each in await world.timeline("INC-1")].count(["resolved"]) == 1
    assert len(messages_with(world, "*Resolved* by Dogwatch")) == 1
