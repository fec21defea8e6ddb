"""An alert that comes and goes: announced once, recorded each time, announced again when it is quiet."""

import pytest

from tests.support.requests.notifications import a_notification, an_alert
from tests.support.requests.sent_notifications import messages_with, sends
from tests.support.worlds.databases import BOTH_DATABASES
from tests.support.worlds.world import World

pytestmark = pytest.mark.world(databases=BOTH_DATABASES)


async def fires_and_ends(world: World, name: str = "HighCPU") -> None:
    began = world.now
    await sends(world, a_notification(an_alert(name, at=began, service="checkout")))
    await sends(world, a_notification(an_alert(name, at=began, ended=world.now, service="checkout")))


async def test_it_is_announced_once_and_again_when_it_is_quiet(world: World) -> None:
    for _ in range(4):
        await fires_and_ends(world)
    while_flapping = world.card()
    await world.advance(minutes=45)

    assert len(messages_with(world, "*Alert*")) == 2
    assert len(messages_with(world, "Flapping: HighCPU")) == 1
    assert "1 flapping" in while_flapping
    (quiet,) = messages_with(world, "An alert is no longer flapping")
    assert "HighCPU" in quiet
    assert "flapping" not in world.card()
    kinds = [each["kinds"] for each in await world.timeline()]
    assert (kinds.count(["detection"]), kinds.count(["alert resolved"])) == (4, 4)

    await fires_and_ends(world)
    assert len(messages_with(world, "*Alert*")) == 3


async def test_another_alert_of_the_incident_is_announced(world: World) -> None:
    for _ in range(3):
        await fires_and_ends(world)

    await sends(world, a_notification(an_alert("DiskFull", at=world.now, service="checkout")))

    assert any("DiskFull" in text for text in messages_with(world, "*Alert*"))
