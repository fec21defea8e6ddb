"""Escalation steps under faults: once, in time or marked late, never after an answer."""

import asyncio
import random
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import col, select

from bot.domain.escalation import Position
from bot.services.escalation.responses.acknowledge import acknowledge
from bot.services.escalation.responses.decline import extend_wait
from bot.services.incidents.lifecycle import resolve_incident
from bot.store.database.session import open_database
from bot.store.escalation.escalations import Escalation
from bot.store.escalation.pages import Page
from bot.store.upkeep import clock_check
from tests.support.worlds.services import START, Desk, read

FOUR = """
[policies.four]
at_end = { page = ["U0MANAGER"] }
[[policies.four.levels]]
targets = ["U0ONCALL"]
[[policies.four.levels]]
targets = ["U0DBA"]
[[policies.four.levels]]
targets = ["schedule:always"]
[[policies.four.levels]]
targets = ["U0DEVELOPER"]
wait = 7
[incidents]
policy = "four"
"""
SCHEDULE = """
[schedules.always]
zone = "UTC"
[[schedules.always.layers]]
people = ["U0ENGINEER"]
starts = "2026-01-05 09:00"
every = "week"
"""


@dataclass
class Replicas:
    """Several replicas on PostgreSQL; one on SQLite, used twice concurrently."""

    url: str
    config: Path
    all: list[Desk]

    @property
    def first(self) -> Desk:
        return self.all[0]

    async def tick(self) -> None:
        """Run the due timers of all replicas at the same moment."""
        for each in self.all:
            each.now = self.first.now
        await asyncio.gather(*(each.ticks() for each in (*self.all, *self.all)))

    async def pass_time(self, **length: float) -> None:
        self.first.now += timedelta(**length)
        await self.tick()

    async def close(self) -> None:
        for each in self.all:
            await each.database.close()

    async def open(self) -> None:
        count = 2 if self.url.startswith("postgresql") else 1
        self.all = [Desk(open_database(self.url), read(self.config)) for _ in range(count)]


@pytest.fixture
async def replicas(database_url: str, tmp_path: Path) -> AsyncIterator[Replicas]:
    async with Desk.opened(database_url, tmp_path, SCHEDULE + FOUR):
        pass
    made = Replicas(database_url, tmp_path / "dogwatch.toml", [])
    await made.open()
    yield made
    await made.close()


async def test_killed_between_deciding_and_paging(replicas: Replicas) -> None:
    await replicas.first.opens()
    due = replicas.first.now + timedelta(minutes=5)

    for when, paged in (("before", 1), ("after", 2)):
        await replicas.close()
        command = [sys.executable, "-m", "tests.support.survivors.killed_step", replicas.url, str(replicas.config)]
        ended = await asyncio.to_thread(subprocess.run, [*command, due.isoformat(), when], check=False)
        assert ended.returncode == -signal.SIGKILL
        await replicas.open()
        assert len(await replicas.first.paged()) == paged, when

    replicas.first.now = due
    await replicas.tick()
    assert await replicas.first.paged() == [("U0ONCALL", 1, 0), ("U0DBA", 2, 0)], "once, by whom was killed after it"
    assert await replicas.first.next_step() == due + timedelta(minutes=5)


async def test_down_for_two_hours_over_three_due_steps(replicas: Replicas) -> None:
    await replicas.first.opens()

    await replicas.pass_time(hours=2)

    running = await replicas.first.one()
    assert await replicas.first.paged() == [("U0ONCALL", 1, 0), ("U0DEVELOPER", 4, 0)]
    late = (await replicas.first.steps(running))[-1]
    assert late.passed_over == (
        (Position(2, 0), START + timedelta(minutes=5)),
        (Position(3, 0), START + timedelta(minutes=10)),
    )
    assert (late.due_at, late.paged_at) == (START + timedelta(minutes=15), replicas.first.now)
    assert await replicas.first.posted_events() == ["level"]
    assert running.next_step_at == replicas.first.now + timedelta(minutes=7), "their whole time, from now on"

    await replicas.pass_time(minutes=6.9)
    assert len(await replicas.first.paged()) == 2
    await replicas.pass_time(minutes=0.1)
    assert (await replicas.first.paged())[2:] == [("U0MANAGER", 5, 0)]


async def test_the_clock_is_set_forward_and_back(replicas: Replicas) -> None:
    await replicas.first.opens()
    running = await replicas.first.one()
    await replicas.first.does(extend_wait, running.id, replicas.first.by(), minutes=20)
    database, hour = replicas.first.database, timedelta(hours=1)
    await database.run(clock_check.check_clock, replicas.first.now, timedelta())

    replicas.first.now -= hour
    await database.run(clock_check.check_clock, replicas.first.now, -hour)
    assert (await replicas.first.one()).next_step_at == replicas.first.now + timedelta(minutes=20)
    await replicas.pass_time(minutes=19)
    assert len(await replicas.first.paged()) == 1
    await replicas.pass_time(minutes=1)
    assert [each[1] for each in await replicas.first.paged()] == [1, 2], "nobody waits an hour longer"

    await database.run(clock_check.check_clock, replicas.first.now + hour, hour)
    await replicas.pass_time(hours=1)
    assert [each[1] for each in await replicas.first.paged()] == [1, 2, 4], "early, and once"
    replicas.first.now -= hour
    await database.run(clock_check.check_clock, replicas.first.now, -hour)
    await replicas.pass_time(minutes=6)
    assert len(await replicas.first.paged()) == 3
    await replicas.pass_time(minutes=1)
    assert len(await replicas.first.paged()) == 4


RUNS = 100


async def test_a_clock_set_back_in_a_storm_delays_no_page(replicas: Replicas) -> None:
    database, hour = replicas.first.database, timedelta(hours=1)
    await database.run(clock_check.check_clock, replicas.first.now, timedelta())
    for _ in range(5):
        await replicas.first.opens()

    replicas.first.now -= hour
    await database.run(clock_check.check_clock, replicas.first.now, -hour)
    for _ in range(5):
        await replicas.first.opens()

    rows = await database.read(lambda session: list(session.exec(select(Page).order_by(col(Page.id)))))
    assert all(each.due_at <= replicas.first.now + timedelta(minutes=1) for each in rows[5:] if each.due_at)
    bundles = {each.bundle_key for each in rows[5:] if each.bundle_key}
    assert len(bundles) == 1, "one message"


async def answered_level(desk: Desk, escalation: Escalation) -> int:
    """Level that was paged last before the first acknowledgement."""
    position = (await desk.responses(escalation))[0].position
    return position.level if position else 0


async def test_an_acknowledgement_races_the_next_level(replicas: Replicas) -> None:
    """The level is paged before the acknowledgement, or never."""
    here, there = replicas.first, replicas.all[-1]
    for _ in range(RUNS):
        await here.opens()
    here.now = there.now = START + timedelta(minutes=5)
    order = random.Random(7)

    async def answers(each: Escalation) -> None:
        await asyncio.sleep(order.random() / 500)
        await there.does(acknowledge, each.id, there.by("U0ONCALL"))

    for batch in range(0, RUNS, 10):
        several = (await here.all())[batch : batch + 10]
        await asyncio.gather(here.ticks(10), there.ticks(10), *(answers(each) for each in several))

    await replicas.pass_time(hours=1)
    ended = await here.all()
    assert len(ended) == RUNS
    for each in ended:
        assert each.acknowledged_at is not None
        assert each.next_step_at is None
        seen = await answered_level(here, each)
        steps = await here.steps(each)
        assert [step.position.level for step in steps] == list(range(1, seen + 1)), "nothing after the answer"
    assert len(await here.paged()) == sum([await answered_level(here, each) for each in ended])
    assert await here.next_step() is None


async def test_configuration_people_and_schedules_change_meanwhile(replicas: Replicas) -> None:
    await replicas.first.opens()
    replicas.config.write_text(
        '[schedules.always]\nzone = "UTC"\n[policies.other]\n[[policies.other.levels]]\n'
        'targets = ["U0SUPPORT"]\n[incidents]\npolicy = "other"\n'
    )
    for each in replicas.all:
        each.settings = read(replicas.config)

    await replicas.pass_time(minutes=5)
    await replicas.first.leaves("U0DBA")
    await replicas.pass_time(minutes=5)
    await replicas.first.leaves("U0DEVELOPER")

    running = await replicas.first.one()
    assert await replicas.first.paged() == [("U0ONCALL", 1, 0), ("U0DBA", 2, 0), ("U0DEVELOPER", 4, 0)]
    assert [step.missing for step in await replicas.first.steps(running)] == [(), (), ("schedule:always",), ()]
    await replicas.pass_time(minutes=7)
    assert (await replicas.first.paged())[-1] == ("U0MANAGER", 5, 0), "the end that it began with"
    assert await replicas.first.posted_events() == [
        "level",
        "level empty",
        "level",
        "unanswered",
        "unanswered elsewhere",
        "level",
    ]


async def test_the_end_of_the_incident_races_the_next_level(replicas: Replicas) -> None:
    here, there = replicas.first, replicas.all[-1]
    opened = [await here.opens() for _ in range(10)]
    here.now = there.now = START + timedelta(minutes=5)

    ending = (there.does(resolve_incident, each.key, there.by()) for each in opened)
    await asyncio.gather(here.ticks(5), here.ticks(5), *ending)
    await replicas.pass_time(hours=2)

    assert {each.next_step_at for each in await here.all()} == {None}
    assert {level for _, level, _ in await here.paged()} <= {1, 2}
