"""Policies as people see them: alerts, levels, merges."""

import pytest

from tests.flows.incidents.test_merge import merges
from tests.support.worlds.policies import POLICIES
from tests.support.worlds.world import World

RATED = "[[routes]]\nseverity = 'SEV2'\n"


pytestmark = pytest.mark.world(config=POLICIES + RATED)


def pages(world: World, user: str) -> list[str]:
    return [each for each in world.texts(world.sandbox.open_dm(user)) if ":rotating_light:" in each]


async def test_an_alert_pages_level_by_level(world: World) -> None:
    alert = {"title": "checkout fails", "status": "firing", "service": "checkout"}
    status, _ = await world.posts("generic", alert)
    assert status == 200
    await world.finish()
    assert len(pages(world, "oncall")) == 1
    assert "You are needed" in pages(world, "oncall")[0]

    await world.advance(minutes=5)
    assert len(pages(world, "dba")) == 1
    assert any("Now level 2 of 2 is paged: <@U0DBA> <@U0DEVELOPER>" in text for text in world.texts())
    assert any("Call *PayPlug" in text for text in world.texts())

    await world.presses("dba", "escalation_acknowledge", channel=world.sandbox.open_dm("dba"))
    await world.advance(hours=1)
    [whole] = [each for each in (await world.exported())["escalations"] if not each["external"]]
    assert whole["acknowledged_by_id"] == "U0DBA"
    assert pages(world, "manager") == []


async def test_exhaustion_is_announced_and_survives_a_merge(world: World) -> None:
    await world.declares("checkout is down sev:4 service:checkout")
    await world.types("oncall", "/incident start card payments fail sev:2 service:checkout")
    await world.finish()
    assert len(pages(world, "oncall")) == 1

    await merges(world)
    await world.advance(minutes=30)

    assert len(pages(world, "dba")) == len(pages(world, "manager")) == 1
    texts = [text for room in world.sandbox.workspace.channels for text in world.texts(room)]
    assert [text for text in texts if "nobody acknowledged the policy payments" in text and "INC-1" in text]
