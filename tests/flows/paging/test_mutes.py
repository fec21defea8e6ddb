"""Mutes: set by the person or others, with an end, and announced to the person."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.worlds.databases import BOTH_DATABASES
from tests.support.worlds.world import World

pytestmark = pytest.mark.world(databases=BOTH_DATABASES)

TEAM = """
[paging]
mute_others = "team"

[teams.dba]
members = ["U0DBA", "U0ONCALL"]
"""


@pytest.fixture
async def teams(database_url: str, tmp_path: Path) -> AsyncIterator[World]:
    async with World(database_url, tmp_path, config=TEAM) as built:
        yield built


def direct(world: World, user: str) -> list[str]:
    return world.texts(world.sandbox.open_dm(user))


async def test_one_mutes_oneself_and_ends_it(world: World) -> None:
    muted = await world.types("dba", "/incident mute @me until:in 8 hours asleep after the night", "ops")
    ended = await world.types("dba", "/incident unmute me", "ops")
    again = await world.types("dba", "/incident unmute", "ops")

    assert "You are muted until 2026-03-02 22:00 UTC." in muted
    assert ended == "You are paged again."
    assert "You are not muted" in again
    assert ("U0DBA", "muted themselves") in await world.audited()


async def test_who_is_muted_by_another_is_told_by_whom_and_why(world: World) -> None:
    await world.types("oncall", "/incident mute <@U0DBA|dba> until:18:00 on a plane", "ops")
    await world.types("manager", "/incident unmute <@U0DBA|dba>", "ops")
    await world.finish()

    muted, unmuted = direct(world, "dba")
    assert "<@U0ONCALL> muted your pages until" in muted
    assert "on a plane" in muted
    assert "<@U0MANAGER> ended the mute" in unmuted


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("mute", "A mute needs an end."),
        ("mute <@U0DBA|dba> until:18:00", "Add a reason."),
        ("mute until:yesterday 18:00", "Choose a later time."),
        ("mute until:2027-03-02 18:00", "The maximum is 62 days."),
        ("mute @nobody until:18:00 ill", "choose the person from Slack's list"),
        ("mute until:? ill", "An exact time is needed"),
    ],
)
async def test_what_cannot_be_is_refused_with_a_remedy(world: World, typed: str, told: str) -> None:
    assert told in await world.types("oncall", f"/incident {typed}", "ops")


async def test_where_it_is_kept_to_teams_others_are_refused(teams: World) -> None:
    refused = await teams.types("engineer", "/incident mute <@U0DBA|dba> until:18:00 ill", "ops")
    allowed = await teams.types("oncall", "/incident mute <@U0DBA|dba> until:18:00 ill", "ops")
    ended = await teams.types("engineer", "/incident unmute <@U0DBA|dba>", "ops")

    assert "no team with <@U0DBA>" in refused
    assert "is muted until" in allowed
    assert "no team with" in ended
