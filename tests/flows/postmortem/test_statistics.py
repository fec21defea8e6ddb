"""Paging statistics: pages outside working hours and times to acknowledge."""

import asyncio
import json
import os
import sys
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.services.paging.statistics import PagingStatistics, format_statistics, load_statistics
from tests.support.worlds.databases import SQLITE
from tests.support.worlds.world import World

ON_SQLITE = pytest.mark.world(databases=SQLITE)
"""For tests of texts, which need no second database."""

CONFIG = """
[working_hours]
zone = "Europe/Paris"
[teams.payments]
members = ["U0DBA", "U0DEVELOPER"]
[vendors.payplug]
[schedules.uncovered]
zone = "Europe/Paris"
[[schedules.uncovered.layers]]
people = ["U0MANAGER"]
starts = "2027-01-04 09:00"
every = "week"
[policies.uncovered]
[[policies.uncovered.levels]]
targets = ["schedule:uncovered"]
"""
NIGHT = datetime(2026, 3, 3, 1, 30, tzinfo=UTC)
"""02:30 in Paris."""


pytestmark = pytest.mark.world(config=CONFIG, start=NIGHT)


async def counted(world: World, month: str = "2026-03") -> PagingStatistics:
    return await world.bot.database.read(load_statistics, world.sandbox.workspace.team.id, [month])


async def test_who_was_woken_and_how_fast_they_answered(world: World) -> None:
    await world.declares("checkout is down service:checkout")
    await world.types("oncall", "/incident escalate <@U0DBA|dba> please look")
    await world.types("oncall", "/incident escalate vendor:payplug are you down?")
    await world.types("oncall", "/incident escalate <@U0COMMS|comms> at:1:00 by telephone")
    await world.advance(minutes=6)
    await world.types("dba", "/incident ack")
    await world.finish()

    found = await counted(world)

    [row] = found.people
    assert row.user_id == "U0DBA", "a vendor is nobody, and of a call that was only recorded nobody was paged"
    assert (row.pages, row.out_of_hours, row.nights) == (2, 2, 1), "the page and its reminder, in one night"
    whole, of_service = found.answers
    assert (whole.service, of_service.service) == (None, "checkout")
    assert (whole.escalations, whole.acknowledged) == (1, 1)
    assert whole.median is not None
    assert 360 <= whole.median.total_seconds() < 600
    told = format_statistics(found)
    assert "<@U0DBA>: 2 of 2 pages, woken in 1 night" in told


async def test_a_private_incident_counts_for_the_person_and_for_nothing_else(world: World) -> None:
    await world.declares("payroll leaks private:yes service:payroll")
    await world.types("oncall", "/incident escalate <@U0DBA|dba> please look")
    await world.finish()

    found = await counted(world)

    assert [(row.user_id, row.pages) for row in found.people] == [("U0DBA", 1)]
    assert found.answers == ()
    assert "payroll" not in format_statistics(found)


@pytest.mark.parametrize(
    ("target", "counts"),
    [("<@U0DBA|dba>", False), ("policy:uncovered", False), ("<!subteam^S0DATABASE|@database>", True)],
)
@ON_SQLITE
async def test_an_escalation_counts_where_somebody_was_called(world: World, target: str, counts: bool) -> None:
    await world.types("dba", "/incident mute until:23:00", "ops")
    await world.declares("checkout is down")
    await world.types("oncall", f"/incident escalate {target} please look")
    await world.advance(minutes=6)

    assert len((await world.exported())["escalations"]) == 1
    assert [row.escalations for row in (await counted(world)).answers] == ([1, 1] if counts else [])


@ON_SQLITE
async def test_a_drill_wakes_nobody(world: World) -> None:
    await world.declares("practice drill:yes")
    await world.types("oncall", "/incident escalate <@U0DBA|dba> please look")
    await world.finish()

    assert (await counted(world)).people == ()
    assert (await counted(world)).answers == ()


@ON_SQLITE
async def test_the_command_line_counts_beside_the_bot(world: World) -> None:
    await world.declares("checkout is down")
    await world.types("oncall", "/incident escalate <@U0DBA|dba> please look")
    await world.finish()

    code, told = await dogwatch(world, "figures", "--month", "2026-03", "--json")
    assert code == 0
    assert [row["out_of_hours"] for row in json.loads(told)["people"]] == [1]
    code, told = await dogwatch(world, "figures", "--csv")
    assert told.splitlines()[0].startswith("figure,month,person_id,person,pages")
    code, told = await dogwatch(world, "figures", "--month", "march")
    assert code == 2
    assert "is not a month" in told


async def dogwatch(world: World, *args: str) -> tuple[int | None, str]:
    """Run the command line beside the bot: exit code and output."""
    environment: dict[str, Any] = {**os.environ, **world.environment()}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        *args,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    return process.returncode, said.decode()
