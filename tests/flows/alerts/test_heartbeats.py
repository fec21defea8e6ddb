"""Heartbeats over HTTP: silence opens an alert, the next beat ends it, downtime is told apart."""

from datetime import datetime, timedelta
from typing import Any

import aiohttp
import pytest
from sqlmodel import select

from bot.app import Dogwatch
from bot.store.alerts.alerts import Alert
from tests.support.worlds.databases import BOTH_DATABASES
from tests.support.worlds.world import World

TOKEN = "token-of-the-heartbeats"
CONFIG = """
[services.billing]
people = ["U0ENGINEER"]

[heartbeats.backup]
every = "1h"
grace = "10m"
service = "billing"
"""


class HeartbeatWorld(World):
    def environment(self) -> dict[str, str]:
        return super().environment() | {"DOGWATCH_HEARTBEAT_TOKEN": TOKEN}

    async def beats(self, path: str = f"backup/{TOKEN}", *, method: str = "GET", url: str = "") -> tuple[int, Any]:
        async with aiohttp.ClientSession() as http, http.request(method, f"{url or self.url}/heartbeat/{path}") as got:
            status, answer = got.status, await got.json()
        await self.settle()
        return status, answer

    async def alerts(self) -> list[Alert]:
        return await self.bot.database.read(lambda session: list(session.exec(select(Alert).order_by(Alert.id))))


pytestmark = pytest.mark.world(kind=HeartbeatWorld, config=CONFIG, databases=BOTH_DATABASES)


async def test_silence_opens_an_incident_and_the_next_beat_ends_the_alert(world: HeartbeatWorld) -> None:
    began = world.now
    status, answer = await world.beats()
    await world.advance(minutes=69)
    assert await world.alerts() == []

    await world.advance(minutes=2)
    [silent] = await world.alerts()
    await world.finish()
    card = world.card()
    await world.advance(minutes=30)
    await world.beats(method="POST")

    assert (status, answer["next_by"]) == (200, (began + timedelta(minutes=70)).isoformat())
    assert (silent.status, silent.starts_at) == ("firing", began + timedelta(hours=1))
    assert "No heartbeat from backup" in card
    assert "billing" in card
    [ended] = await world.alerts()
    assert (ended.status, ended.ended_at) == ("resolved", world.now)


async def test_a_job_that_reports_in_time_opens_nothing(world: HeartbeatWorld) -> None:
    for _ in range(4):
        await world.beats()
        await world.advance(minutes=65)

    assert await world.alerts() == []


async def test_a_job_that_never_reported_is_not_watched(world: HeartbeatWorld) -> None:
    await world.advance(hours=3)

    assert await world.alerts() == []


async def test_a_bot_that_was_down_gives_one_grace_and_says_so(world: HeartbeatWorld) -> None:
    began = world.now
    await world.beats()
    await world.advance(minutes=30)
    await world.bot.stop()
    world.clock.move_to(began + timedelta(minutes=69))
    await world.starts()

    await world.advance(minutes=9)
    early = await world.alerts()
    await world.advance(minutes=3)

    assert early == []
    [alert] = await world.alerts()
    assert alert.starts_at == began + timedelta(hours=1)
    assert "Dogwatch was down from" in alert.annotations["description"]


async def test_a_bot_that_was_only_started_again_gives_none(world: HeartbeatWorld) -> None:
    await world.beats()
    await world.advance(minutes=69)
    await world.restart()
    await world.advance(minutes=2)

    [alert] = await world.alerts()
    assert alert.annotations["description"].endswith("Expected every 1 h.")


@pytest.mark.world(databases=("postgresql",), config=f"{CONFIG}\n[[routes]]\naction = 'attach'\n")
async def test_two_replicas_count_a_beat_and_a_silence_once(world: HeartbeatWorld) -> None:
    """The alert is only stored: what Slack gets is not the question here."""
    await world.beats()
    other = Dogwatch(world.settings(), clock=world.clock)
    await other.start()
    try:
        await world.advance(minutes=50)
        await world.beats(url=f"http://127.0.0.1:{other.port}")
        await world.advance(minutes=65)
        early = await world.alerts()
        await world.advance(minutes=10)
    finally:
        await other.stop()

    assert early == []
    assert [(each.status, each.count) for each in await world.alerts()] == [("firing", 1)]


@pytest.mark.parametrize(
    ("path", "status"), [("backup/wrong-token-of-16-c", 401), (f"bakup/{TOKEN}", 404), (f"backup/{TOKEN}x", 401)]
)
async def test_a_wrong_token_or_name_counts_for_nothing(world: HeartbeatWorld, path: str, status: int) -> None:
    before = await world.tables()

    got, answer = await world.beats(path)

    assert got == status
    assert TOKEN not in str(answer)
    assert await world.tables() == before


async def test_a_flood_of_beats_is_one_heartbeat(world: HeartbeatWorld) -> None:
    answers = [await world.beats() for _ in range(20)]

    assert {status for status, _ in answers} == {200}
    assert datetime.fromisoformat(answers[-1][1]["next_by"]) == world.now + timedelta(minutes=70)
    assert len((await world.tables())["heartbeat"]) == 1
