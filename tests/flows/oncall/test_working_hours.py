"""Pages outside working hours in the record, by the hours at that time."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.worlds.databases import SQLITE
from tests.support.worlds.story import drafts
from tests.support.worlds.world import World, rendered

CONFIG = """
[working_hours]
zone = "America/Los_Angeles"
[teams.payments]
members = ["U0DBA"]
working_hours = { zone = "Europe/Paris" }
[vendors.payplug]
"""
"""Tests start on a Monday at 14:00 UTC: 06:00 in Los Angeles, 15:00 in Paris."""


pytestmark = pytest.mark.world(config=CONFIG, databases=SQLITE)


async def marks(world: World) -> list[Any]:
    return [each["out_of_hours"] for each in (await world.exported())["escalations"]]


async def test_a_page_before_working_hours_is_marked(world: World) -> None:
    await world.declares("checkout is down")
    await world.types("oncall", "/incident escalate <@U0COMMS|comms> tell the customers")
    await world.types("oncall", "/incident escalate @payments please look")
    await world.types("oncall", "/incident escalate vendor:payplug are you down?")
    await world.types("oncall", "/incident escalate <@U0COMMS|comms> at:?  called by telephone")
    await world.finish()

    assert await marks(world) == [True, False, None, None]
    answer = await world.sandbox.command("dba", world.channel, "/incident catchup")
    assert rendered(answer.body).count("outside working hours") == 1
    world.bot.configuration.replace(world.bot.settings.model_copy(update={"working_hours": None, "teams": {}}))
    assert await marks(world) == [True, False, None, None], "the hours are those of that moment"

    await world.types("oncall", "/incident resolve all is well")
    await world.finish()

    [draft] = drafts(world, world.channel)
    lines = [line for line in draft.splitlines() if "outside working hours" in line]
    assert lines, "in the group of escalations and by the clock"
    assert all("comms" in line for line in lines)


async def test_no_mark_without_configured_hours(tmp_path: Path) -> None:
    async with World(f"sqlite:///{tmp_path / 'dogwatch.db'}", tmp_path) as plain:
        await plain.declares("checkout is down")
        await plain.types("oncall", "/incident escalate <@U0COMMS|comms> tell the customers")

        assert await marks(plain) == [None]
        assert "working hours" not in await plain.types("dba", "/incident catchup")
