"""Who is on call: asked, drawn, changed by those whom it concerns, and told when it changes."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.world import World, rendered

WEEKS = """
[schedules.payments]
zone = "Europe/Paris"
handover_channel = "ops"
[[schedules.payments.layers]]
people = ["U0ONCALL", "U0DBA", "U0ENGINEER"]
starts = "2026-01-05 09:00"
every = "week"
"""
PLATFORM = """
[schedules.platform]
zone = "America/New_York"
[[schedules.platform.layers]]
people = ["U0OPERATOR"]
starts = "2026-03-03 09:00"
every = "week"
length = "3 days"
"""
"""The stories begin on Monday, 2 March 2026, at 15:00 in Paris: U0ENGINEER is on call, then U0ONCALL, then U0DBA."""


@pytest.fixture
async def world(database_url: str, tmp_path: Path) -> AsyncIterator[World]:
    async with World(database_url, tmp_path, config=WEEKS) as built:
        yield built


def direct(world: World, user: str) -> list[str]:
    """What the bot wrote to somebody."""
    return [rendered(each) for each in world.sandbox.messages(world.sandbox.open_dm(user)) if each.get("bot_id")]


def shown(world: World, user: str) -> list[dict]:
    return world.sandbox.ephemerals(user, "ops")


async def test_without_a_schedule_it_says_how_to_make_one(database_url: str, tmp_path: Path) -> None:
    async with World(database_url, tmp_path) as world:
        said = await world.types("oncall", "/incident oncall", "ops")

        assert "there is no schedule yet" in said
        assert "[schedules.payments]" in rendered(shown(world, "oncall")[-1])


async def test_it_says_who_is_on_call_and_draws_two_weeks(world: World) -> None:
    await world.types("support", "/incident oncall", "ops")
    await world.finish()

    words, drawn = shown(world, "support")
    assert "<@U0ENGINEER> until" in rendered(words)
    assert "then <@U0ONCALL>" in rendered(words)
    [picture] = drawn["blocks"]
    assert "Mon 9 Mar 09:00 to Sun 15 Mar 00:00" in picture["alt_text"] or "Mon 9 Mar 09:00 to" in picture["alt_text"]
    assert world.sandbox.file_content(picture["slack_file"]["id"]).startswith(b"\x89PNG")
    await world.advance(days=2)
    assert world.sandbox.files() == []
