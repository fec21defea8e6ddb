"""The record says who was called outside working hours, by the hours that held then."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.worlds.world import World, rendered

CONFIG = """
[working_hours]
zone = "America/Los_Angeles"
[teams.payments]
members = ["U0DBA"]
working_hours = { zone = "Europe/Paris" }
[vendors.payplug]
"""
"""A story begins on a Monday at 14:00 UTC: 06:00 in Los Angeles, 15:00 in Paris."""


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with World(f"sqlite:///{tmp_path / 'dogwatch.db'}", tmp_path, config=CONFIG) as built:
        yield built


async def marks(world: World) -> list[Any]:
    return [each["out_of_hours"] for each in (await world.exported())["escalations"]]


async def test_who_is_called_before_work_is_marked(world: World) -> None:
    await world.declares("checkout is down")
    await world.types("oncall", "/incident escalate <@U0COMMS|comms> tell the customers")
    await world.types("oncall", "/incident escalate @payments please look")
    await world.types("oncall", "/incident escalate vendor:payplug are you down?")
    await world.types("oncall", "/incident escalate <@U0COMMS|comms> at:?  called by telephone")
    await world.finish()

    assert await marks(world) == [True, False, None, None]
    answer = await world.sandbox.command("dba", world.channel, "/incident catchup")
    assert rendered(answer.body).count("outside working hours") == 1
    world.bot.configuration.put(world.bot.settings.model_copy(update={"working_hours": None, "teams": {}}))
    assert await marks(world) == [True, False, None, None], "the hours are those of that moment"

    await world.types("oncall", "/incident resolve all is well")
    await world.finish()

    [draft] = [world.sandbox.file_content(each["id"]).decode() for each in world.sandbox.files(world.channel)]
    told = [line for line in draft.splitlines() if "outside working hours" in line]
    assert told, "in the group of escalations and by the clock"
    assert all("comms" in line for line in told)


async def test_nothing_is_said_where_nobody_said_when_people_work(tmp_path: Path) -> None:
    async with World(f"sqlite:///{tmp_path / 'dogwatch.db'}", tmp_path) as plain:
        await plain.declares("checkout is down")
        await plain.types("oncall", "/incident escalate <@U0COMMS|comms> tell the customers")

        assert await marks(plain) == [None]
        assert "working hours" not in await plain.types("dba", "/incident catchup")
