"""A route lets a vendor's incident open one of ours: once, linked to theirs, and resolved by people alone."""

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.engine.vendors.watch import VendorWatch
from bot.services.postmortem.overview import load_overview
from tests.support.servers.vendor_page import CONFIG, VendorWorld, vendor_file
from tests.support.worlds.databases import BOTH_DATABASES

MORNING = datetime(2025, 3, 27, 15, 40, tzinfo=UTC)
EMPTY = {"page": {"id": "p4yplugpage0", "name": "PayPlug", "url": "https://status.example.test"}, "incidents": []}
FIRST = "statuspage/tsr-1532-1-monitoring.json"
RESOLVED = "statuspage/tsr-1532-2-resolved.json"
ROUTE = """
[[routes]]
vendors = ["payplug"]
match = ['impact=~"major|critical"']
severity = "SEV2"
"""

pytestmark = pytest.mark.world(kind=VendorWorld, config=CONFIG + ROUTE, start=MORNING, databases=BOTH_DATABASES)


def page_with(impact: str, name: str = FIRST, **fields: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(vendor_file(name))
    document["incidents"] = [{**each, "impact": impact, **fields} for each in document["incidents"]]
    return document


async def shows_next(world: VendorWorld, page: Any) -> None:
    world.page.shows(page)
    await world.advance(minutes=6)
    await world.looks()


async def test_a_vendors_incident_opens_one_that_people_resolve(world: VendorWorld) -> None:
    """Two replicas look, the bot restarts, and theirs ends and is opened again: there is one of ours."""
    await shows_next(world, EMPTY)
    world.page.shows(page_with("major"))
    await world.advance(minutes=6)
    second = VendorWatch(world.bot.database, world.clock, lambda: world.bot.settings)
    await asyncio.gather(world.bot.engine.vendors.run(), second.run())
    await second.stop()
    await world.finish()

    card, [told] = world.card(), [each for each in world.texts(world.channel) if ":satellite_antenna:" in each]
    assert "PayPlug: " in card
    assert "INC-1 was opened for it, by a route." in told
    opened = await world.exported()
    assert [opened["incident"][key] for key in ("severity", "services", "status")] == [
        "SEV2",
        ["checkout"],
        "investigating",
    ]
    assert [each["first_word_at"] for each in opened["vendor_incidents"]] == ["2025-03-27T15:42:00+00:00"]
    overview = await world.bot.database.read(load_overview, world.bot.settings, 1)
    assert ("Declared by", "a vendor's status page") in overview.facts

    await world.restart()
    await shows_next(world, page_with("critical"))
    await shows_next(world, page_with("critical", RESOLVED))
    assert (await world.exported())["incident"]["status"] == "investigating", "their end is not ours"
    await world.types("oncall", "/incident resolve they fixed it", world.channel)
    await shows_next(world, page_with("critical", status="investigating", resolved_at=""))

    assert len(world.channels) == 1
    actions = [action for _, action in await world.audited()]
    assert actions.count("opened by a vendor's incident") == 1


async def test_what_was_open_at_the_first_look_opens_nothing_later_either(world: VendorWorld) -> None:
    await shows_next(world, page_with("minor"))
    await shows_next(world, page_with("critical"))

    assert len(world.told()) == 1
    assert world.channels == []


async def test_an_incident_that_gets_worse_opens_one_unless_an_open_one_may_be_about_it(world: VendorWorld) -> None:
    await shows_next(world, EMPTY)
    await world.declares("payments fail service:checkout")
    await shows_next(world, page_with("minor"))
    await shows_next(world, page_with("major"))
    assert len(world.channels) == 1, "its channel is asked whether it is them"

    await world.presses("oncall", "vendor_decline")
    await world.finish()
    await shows_next(world, page_with("critical"))

    assert len(world.channels) == 2
    assert [each["state"] for each in (await world.exported("INC-2"))["vendor_incidents"]] == ["monitoring"]


@pytest.mark.world(
    kind=VendorWorld,
    config=CONFIG + '[[routes]]\nvendors = ["*"]\ntriage = true\n',
    start=MORNING,
    databases=("sqlite",),
)
async def test_any_vendor_can_open_one_in_triage(world: VendorWorld) -> None:
    await shows_next(world, EMPTY)
    await shows_next(world, page_with("none"))

    assert (await world.exported())["incident"]["status"] == "triage"


async def test_maintenance_opens_nothing_theirs_nor_ours(world: VendorWorld) -> None:
    """Theirs is announced and begins; then their incident comes in our window, and goes on after it."""
    planned = {"scheduled_for": "2025-03-27T15:50:00Z", "scheduled_until": "2025-03-27T16:00:00Z"}
    theirs = page_with("maintenance", **planned, id="planned")
    await shows_next(world, EMPTY)
    await shows_next(world, theirs)
    await shows_next(world, page_with("maintenance", **planned, id="planned", status="in_progress"))
    assert world.told() == []
    await world.types("oncall", "/incident maintenance checkout to:18:00 tz:UTC new disks", "general")
    await shows_next(world, page_with("major"))
    assert len(world.told()) == 1
    assert world.channels == []

    await world.advance_to(datetime(2025, 3, 27, 18, 1, tzinfo=UTC))
    await shows_next(world, page_with("critical"))

    assert (await world.exported())["incident"]["services"] == ["checkout"]
