"""Triage: marked everywhere, accepted or declined."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.worlds.world import World

ALERT = {"title": "Pool exhausted", "status": "firing", "service": "payments"}


@pytest.fixture
async def careful(database_url: str, tmp_path: Path) -> AsyncIterator[World]:
    async with World(database_url, tmp_path, config='[incidents]\ntriage = "alerts"\n') as built:
        yield built


async def status(world: World) -> Any:
    return (await world.exported())["incident"]["status"]


def topic(world: World) -> str:
    [channel] = [each for each in world.sandbox.channels() if each.get("name") == world.channel]
    return str(channel["topic"]["value"])


async def test_one_that_begins_in_triage_is_marked_so_and_accepted_with_a_button(world: World) -> None:
    answer = await world.types("oncall", "/incident start checkout is down status:triage", "ops")
    await world.finish()

    assert "(SEV3, in triage)" in answer
    assert "TRIAGE · INC-1" in world.card()
    assert "Decide whether this is an incident." in world.card()
    assert "TRIAGE · INC-1" in world.texts("incidents")[0]
    assert topic(world).startswith("TRIAGE · ")

    await world.presses("dba", "incident_accept")
    await world.finish()

    assert await status(world) == "investigating"
    assert "*dba*" in next(text for text in world.texts() if "accepted it as an incident" in text)
    for shown in (world.card(), world.texts("incidents")[0], topic(world)):
        assert "TRIAGE" not in shown
    entry = (await world.timeline())[-1]
    assert (entry["was"], entry["became"]) == ("triage", "investigating")


async def test_declining_it_asks_why_and_keeps_the_record(world: World) -> None:
    await world.types("oncall", "/incident start checkout is down status:triage", "ops")
    await world.finish()

    await world.presses("dba", "incident_cancel")
    await world.submits("dba", text="a test got out")
    await world.finish()

    assert await status(world) == "cancelled"
    assert "a test got out" in world.card()
    assert "TRIAGE" not in world.card()


async def test_what_alerts_open_waits_to_be_accepted_where_it_is_configured(careful: World) -> None:
    answered, _ = await careful.posts("generic", ALERT)
    assert answered == 200
    await careful.finish()

    assert await status(careful) == "triage"
    await careful.types("oncall", "/incident status investigating it is one")
    await careful.types("oncall", "/incident start search is slow", "ops")
    await careful.finish()

    assert await status(careful) == "investigating"
    assert (await careful.exported("INC-2"))["incident"]["status"] == "investigating"


ROUTES = """
[incidents]
triage = "alerts"
[[routes]]
match = ['team="doubtful"']
triage = true
[[routes]]
match = ['team="sure"']
triage = false
"""


@pytest.mark.parametrize(
    ("config", "team", "begins"),
    [
        (ROUTES, "sure", "investigating"),
        (ROUTES, "other", "triage"),
        (ROUTES.replace('"alerts"', '"none"'), "doubtful", "triage"),
        (ROUTES.replace('"alerts"', '"none"'), "other", "investigating"),
    ],
)
async def test_the_route_that_takes_an_alert_says_whether_it_waits_to_be_accepted(
    database_url: str, tmp_path: Path, config: str, team: str, begins: str
) -> None:
    async with World(database_url, tmp_path, config=config) as world:
        await world.posts("generic", ALERT | {"labels": {"team": team}})
        await world.finish()

        assert await status(world) == begins
        assert ("TRIAGE" in world.card()) is (begins == "triage")


async def test_what_one_route_is_sure_of_is_an_incident(database_url: str, tmp_path: Path) -> None:
    """One notification, alerts of two routes."""
    async with World(database_url, tmp_path, config=ROUTES) as world:
        alerts = [
            {"status": "firing", "labels": {"alertname": "Pool", "team": team}, "startsAt": f"{world.now:%FT%TZ}"}
            for team in ("doubtful", "sure")
        ]
        await world.posts("alertmanager", {"version": "4", "groupKey": "g", "status": "firing", "alerts": alerts})
        await world.finish()

        assert await status(world) == "investigating"


async def test_it_can_be_resolved_at_once(world: World) -> None:
    await world.types("oncall", "/incident start checkout is down status:triage", "ops")
    await world.finish()

    await world.types("oncall", "/incident resolve it was the monitor's own fault")

    assert await status(world) == "resolved"


async def test_it_begins_in_no_other_status(world: World) -> None:
    answer = await world.types("oncall", "/incident start checkout is down status:resolved", "ops")

    assert "`resolved` is not a status" in answer
    assert world.channels == []
