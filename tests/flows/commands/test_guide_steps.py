"""The steps of the sandbox's guide are ticked when they are done."""

import pytest

from bot.local.progress import ProgressReader
from tests.support.worlds.databases import SQLITE


@pytest.mark.world(databases=SQLITE)
async def test_a_step_stays_done_when_the_next_incident_begins(world):
    progress = ProgressReader(world.settings().sqlite_path, world.sandbox.team_id)
    assert not any(step["done"] for step in await progress.list_steps())

    await world.types("oncall", "/incident start Checkout is down", "ops")
    await world.finish()
    await world.types("oncall", "/incident escalate @dba slow", channel="inc-1-checkout-is-down")
    await world.finish()
    assert [step["done"] for step in await progress.list_steps()] == [True, False, True, False, False, False]

    await world.types("oncall", "/incident start Mail is late", "ops")
    await world.finish()
    assert [step["done"] for step in await progress.list_steps()] == [True, False, True, False, False, False]
    await progress.close()
