"""What falls due happens once: also if nobody was there, if two were there, or if they were in each other's way."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Self

import pytest
from sqlalchemy import text, update
from sqlmodel import Session, col, select

from bot.app import Dogwatch
from bot.engine import timers as engine
from bot.store import escalations, timers
from bot.store.escalations import Escalation
from bot.store.session import open_database
from bot.store.timers import Timer
from tests.faults.test_slack_faults import CHANNEL, in_peace, play
from tests.support.postgres import PostgresServer
from tests.support.survivor import same
from tests.support.world import World


class Pair(World):
    """A world with two replicas on one database. Slack talks to the first; both send and both watch the clock."""

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        self.second = Dogwatch(self.settings(), clock=self.clock)
        await self.second.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.second.stop()
        await super().__aexit__(*_)

    async def settle(self) -> None:
        async with asyncio.timeout(20):
            while True:
                await super().settle()
                if await self.second.is_settled() and await self.bot.is_settled() and self.sandbox.settled():
                    return
                await asyncio.sleep(0.005)


@pytest.fixture
async def pair(postgres_server: PostgresServer, tmp_path: Path) -> AsyncIterator[Pair]:
    url = postgres_server.create_database()
    async with Pair(url, tmp_path) as built:
        yield built
    postgres_server.drop_database(url)


@pytest.fixture
async def either(database_url: str, tmp_path: Path) -> AsyncIterator[World]:
    async with World(database_url, tmp_path) as built:
        yield built


def pages(world: World) -> int:
    """How often the one who was asked for was written to."""
    return len([each for each in world.sandbox.messages(world.sandbox.open_dm("dba")) if each["user"] == "U0DOGWATCH"])


def reminders(world: World) -> int:
    """How often the channel was told that nobody answers."""
    return len([each for each in world.sandbox.messages(CHANNEL) if each.get("thread_ts") not in (None, each["ts"])])


async def call_for_help(world: World) -> None:
    await world.declares("checkout is down")
    await world.types("oncall", "/incident escalate @dba the primary is full")
    await world.finish()
    assert (pages(world), reminders(world)) == (1, 0)


async def test_a_reminder_that_fell_due_while_nobody_ran(either: World) -> None:
    world = either
    await call_for_help(world)
    await world.bot.stop()
    world.clock.move_to(world.now.replace(hour=world.now.hour + 1))

    world.bot = Dogwatch(world.settings(), clock=world.clock)
    await world.bot.start()
    world.sandbox.http.url = f"{world.url}/slack/events"
    world.sandbox.retry_now()  # what was told while nobody listened
    await world.advance(minutes=1)

    assert (pages(world), reminders(world)) == (2, 1)


async def test_a_restart_does_not_remind_again(either: World) -> None:
    world = either
    await call_for_help(world)
    await world.advance(minutes=4)
    assert (pages(world), reminders(world)) == (2, 1)

    await world.bot.stop()
    world.bot = Dogwatch(world.settings(), clock=world.clock)
    await world.bot.start()
    world.sandbox.http.url = f"{world.url}/slack/events"
    world.sandbox.retry_now()  # what was told while nobody listened
    await world.settle()

    assert (pages(world), reminders(world)) == (2, 1)


async def test_two_engines_remind_once(pair: Pair) -> None:
    await call_for_help(pair)

    await pair.advance(minutes=4)

    assert (pages(pair), reminders(pair)) == (2, 1)


async def test_two_replicas_do_everything_once(pair: Pair, tmp_path: Path) -> None:
    expected = await in_peace(tmp_path)

    assert same(expected, await play(pair)) == ""


async def test_a_replica_that_dies_leaves_its_work_to_the_other(pair: Pair) -> None:
    """The first stops in the middle of a declaration, after it has answered."""
    slow = pair.sandbox.fault("latency", seconds=0.3)
    answer = await pair.sandbox.command("oncall", "ops", "/incident start checkout is down sev:2")
    assert "Declared" in (answer.text or "")
    await pair.bot.stop()
    pair.sandbox.clear_fault(slow)
    pair.bot, pair.second = pair.second, Dogwatch(pair.settings(), clock=pair.clock)
    await pair.second.start()
    pair.sandbox.http.url = f"{pair.url}/slack/events"
    pair.sandbox.retry_now()  # what was told while nobody listened

    await pair.finish()

    assert pair.channels == [CHANNEL]
    assert "checkout is down" in pair.card()
    assert len(pair.texts("incidents")) == 1
    assert "U0ONCALL" in pair.sandbox.members(CHANNEL)


async def test_a_reminder_in_the_way_of_an_answer_is_not_put_off(pair: Pair) -> None:
    """Both hold what the other needs. The database undoes one of them: it is run again at once, not in a minute."""
    await call_for_help(pair)
    database = pair.bot.database
    due = await database.read(timers.next_due)
    partner = open_database(pair._url)
    has_locked, may_go = asyncio.Event(), asyncio.Event()

    async def hold_and_touch() -> None:
        async with partner.engine.begin() as connection:
            await connection.execute(text("SET LOCAL deadlock_timeout = '60s'"))  # who looks first is undone
            await connection.run_sync(lambda sync: escalations.lock(Session(sync), 1))
            has_locked.set()
            await may_go.wait()
            await connection.execute(update(Timer).values(what=col(Timer.what)))

    def run_one(session: Session) -> Timer | None:
        session.execute(text("SET LOCAL deadlock_timeout = '3s'"))  # not before the other waits too
        return engine.run_one(session, pair.bot.settings, due)

    holding = asyncio.create_task(hold_and_touch())
    await has_locked.wait()
    reminding = asyncio.create_task(database.run(run_one))
    await pair.sandbox.wait_until(lambda: _is_waiting(partner))
    may_go.set()

    carried_out = await reminding
    await holding
    if carried_out is None:  # run again so soon that the other still held the timer: the engine's next look takes it
        carried_out = await database.run(run_one)
    assert carried_out is not None
    await partner.close()
    row = await database.read(lambda session: session.exec(select(Escalation)).one())
    assert row.reminders == 1


async def _is_waiting(database: object) -> bool:
    """Whether somebody waits for a lock."""
    async with database.engine.connect() as connection:
        found = await connection.exec_driver_sql("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(found.scalar_one())
