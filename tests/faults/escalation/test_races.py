"""A click on Acknowledge and the next level at the same moment, at two replicas."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from bot.store.escalation import progress
from bot.store.escalation.escalations import Escalation
from bot.store.escalation.pages import Page
from tests.faults.process.test_timers import Pair
from tests.support.servers.postgres import PostgresServer
from tests.support.worlds.world import action_ids

CONFIG = """
[policies.two]
[[policies.two.levels]]
targets = ["U0DBA"]
[[policies.two.levels]]
targets = ["U0ENGINEER"]
"""
ROUNDS = 3


@pytest.fixture
async def pair(postgres_server: PostgresServer, tmp_path: Path) -> AsyncIterator[Pair]:
    url = postgres_server.create_database()
    async with Pair(url, tmp_path, config=CONFIG) as built:
        yield built
    postgres_server.drop_database(url)


async def test_a_click_races_the_next_level(pair: Pair) -> None:
    await pair.declares("checkout is down")
    for _ in range(ROUNDS):
        await pair.types("oncall", "/incident escalate policy:two")
        paged_at = pair.now
        await pair.finish()
        await pair.advance_to(paged_at + timedelta(minutes=4, seconds=59))
        room = pair.sandbox.open_dm("dba")
        [*_, page] = [each for each in pair.sandbox.messages(room) if "escalation_acknowledge" in action_ids(each)]

        pair.clock.move_to(paged_at + timedelta(minutes=5))  # both engines wake up, and the press is on its way
        pressed = await pair.sandbox.click("dba", room, page["ts"], "escalation_acknowledge")
        assert pressed.ok
        await pair.settle()

    await pair.advance(hours=1)
    rows = await pair.bot.database.read(lambda session: list(session.exec(select(Escalation))))
    pages = await pair.bot.database.read(lambda session: list(session.exec(select(Page))))
    assert [each.acknowledged_by for each in rows] == ["U0DBA"] * ROUNDS
    for each in rows:
        [answer, *_] = await pair.bot.database.read(progress.find_responses, each.key)
        seen = answer.position.level if answer.position else 0
        levels = {page.level for page in pages if page.escalation_id == each.id}
        assert levels == set(range(1, seen + 1)), "no level after the answer"
