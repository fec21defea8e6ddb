"""Alerts of several monitors with the same labels: one incident while they come within the window."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from bot.cli.alert_preview import explain_alert
from tests.support.requests.notifications import a_notification, an_alert
from tests.support.requests.sent_notifications import alerts_kept, sends
from tests.support.worlds.databases import BOTH_DATABASES
from tests.support.worlds.world import World

CONFIG = """
[[routes]]
match = ['cluster=~".+"']
group_by = ["cluster", "service"]
window = "15m"
"""

pytestmark = pytest.mark.world(config=CONFIG, databases=BOTH_DATABASES)


def from_alertmanager(world: World, name: str = "HighCPU", cluster: str = "eu") -> dict[str, Any]:
    return a_notification(an_alert(name, at=world.now, service="checkout", cluster=cluster), group=name)


def from_another(title: str = "Checkout is slow", cluster: str = "eu") -> dict[str, Any]:
    return {"title": title, "id": title, "service": "checkout", "labels": {"cluster": cluster}}


async def test_another_sender_joins_within_the_window(world: World) -> None:
    first = await sends(world, from_alertmanager(world))
    await world.advance(minutes=10)
    joined = await sends(world, from_another(), source="generic")
    await world.advance(minutes=12)
    still = await sends(world, from_alertmanager(world, "DiskFull"))
    elsewhere = await sends(world, from_another("Far away", cluster="us"), source="generic")
    await world.advance(minutes=20)
    later = await sends(world, from_another("Late"), source="generic")
    again = await sends(world, from_another(), source="generic")

    assert [each["incidents"] for each in (first, joined, still)] == [["INC-1"]] * 3
    assert (elsewhere["incidents"], later["incidents"], again["incidents"]) == (["INC-2"], ["INC-3"], ["INC-1"])


async def test_two_senders_at_once_open_one_incident(world: World) -> None:
    """Neither sees the other's incident before it waits for it."""
    answers = await asyncio.gather(
        world.posts("alertmanager", from_alertmanager(world)), world.posts("generic", from_another())
    )
    await world.finish()

    assert [answer["incidents"] for _, answer in answers] == [["INC-1"], ["INC-1"]]
    assert len({each.incident_id for each in await alerts_kept(world)}) == 1


async def test_it_reopens_what_was_resolved_just_before(world: World) -> None:
    await sends(world, from_alertmanager(world))
    await world.types("oncall", "/incident resolve restarted")
    await world.advance(minutes=5)

    answer = await sends(world, from_another(), source="generic")

    assert answer["incidents"] == ["INC-1"]
    assert (await world.exported())["incident"]["status"] == "investigating"


@pytest.mark.world(config=CONFIG, databases=("sqlite",))
async def test_explain_names_the_labels_and_the_incident(world: World, tmp_path: Path) -> None:
    await sends(world, from_alertmanager(world))
    body = tmp_path / "body.json"
    body.write_text(json.dumps([from_another(), from_another("Far", cluster="us"), from_another("Off", cluster="us")]))

    [here, far, off] = (await explain_alert(world.settings(), str(body), "generic", world.now))["alerts"]

    assert (here["grouped_by"], here["incident"], here["flapping"]) == ("cluster=eu, service=checkout", "INC-1", False)
    assert here["outcome"] == "This alert joins the open incident of its labels."
    assert here["resolution"] == "by a person"
    assert (far["outcome"], off["outcome"]) == (
        "This alert opens an incident.",
        "This alert joins the incident that this notification opens.",
    )
