"""What falls due happens once: also if nobody was there, if two were there, or if they were in each other's way."""

import asyncio
from collections.abc import AsyncIterator, MutableMapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Self

import pytest
from sqlalchemy import event, text, update
from sqlmodel import Session, col, select
from structlog.testing import capture_logs

from bot.app import Dogwatch
from bot.domain.text.payload import Payload
from bot.engine import timers as engine
from bot.engine.gauges import update_gauges
from bot.runtime.metrics import REGISTRY
from bot.store.database.session import open_database
from bot.store.escalation import escalations
from bot.store.escalation.escalations import Escalation
from bot.store.shared import timers
from bot.store.shared.timers import Timer
from tests.faults.slack.test_delivery_faults import CHANNEL, in_peace, play
from tests.support.servers.postgres import PostgresServer
from tests.support.survivors.survivor_outcome import same
from tests.support.worlds.world import World


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
    """How often the channel was told that nobody answers; the draft, a file, is in a thread too."""
    replies = [each for each in world.sandbox.messages(CHANNEL) if each.get("thread_ts") not in (None, each["ts"])]
    return len([each for each in replies if not each.get("files")])


async def restart(world: World) -> None:
    await world.bot.stop()
    world.bot = Dogwatch(world.settings(), clock=world.clock)
    await world.bot.start()
    listen(world)


def listen(world: World) -> None:
    """Slack finds the bot where it is now."""
    world.sandbox.http.url = f"{world.url}/slack/events"
    world.sandbox.retry_now()  # what was told while nobody listened


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

    await restart(world)
    await world.settle()

    assert (pages(world), reminders(world)) == (2, 1)


ASKED = ("dba", "engineer", "developer", "operator")


def all_pages(world: World) -> list[int]:
    """How often each of those who were asked for was written to."""
    rooms = [world.sandbox.messages(world.sandbox.open_dm(who)) for who in ASKED]
    return [len([each for each in room if each["user"] == "U0DOGWATCH"]) for room in rooms]


async def call_them_all(world: World) -> None:
    """Several calls for help at one moment: their reminders fall due at one moment, too."""
    await world.declares("checkout is down")
    for who in ASKED:
        await world.types("oncall", f"/incident escalate @{who} the primary is full")
    await world.finish()
    assert (all_pages(world), reminders(world)) == ([1, 1, 1, 1], 0)


async def test_what_falls_due_at_one_moment_is_carried_out_side_by_side(either: World) -> None:
    await call_them_all(either)

    await either.advance(minutes=4)

    assert (all_pages(either), reminders(either)) == ([2, 2, 2, 2], 4)


async def test_two_engines_share_what_falls_due_at_one_moment(pair: Pair) -> None:
    await call_them_all(pair)

    await pair.advance(minutes=4)

    assert (all_pages(pair), reminders(pair)) == ([2, 2, 2, 2], 4)


async def test_a_broken_timer_stops_no_other_and_is_given_up(either: World) -> None:
    """It is tried once a minute, then left alone where an operator sees it; a new start tries it again."""
    world = either
    await call_for_help(world)
    with capture_logs() as log:
        await world.bot.database.run(
            timers.set_timer, "broken", world.now, "what this release does not know", Payload()
        )
        await world.settle()
        await world.advance(minutes=2.5)
        assert failures(log) == 3
        await world.advance(minutes=20)

    assert (pages(world), reminders(world)) >= (2, 1), "the reminder was due behind it"
    assert failures(log) == engine.MAX_TRIES
    assert [each["timer"] for each in log if each["event"] == "timer exhausted its tries"] == ["broken"]
    await update_gauges(world.bot.database, world.now)
    assert REGISTRY.get_sample_value("dogwatch_timers_given_up") == 1

    with capture_logs() as log:
        await restart(world)
        await world.settle()
    assert failures(log) == 1


def failures(log: list[MutableMapping[str, Any]]) -> int:
    return len([each for each in log if each["event"] == "timer failed"])


async def test_what_a_failed_timer_did_is_undone(either: World) -> None:
    """It changed the escalation and wrote pages before it failed: nothing of that is kept, and it is tried again."""
    world = either
    await call_for_help(world)
    broken = world.bot.settings.model_copy(update={"teams": {"broken": None}})  # asked for as pages are written
    due = await world.bot.database.read(timers.find_next_due)
    await world.bot.stop()

    world.bot = Dogwatch(world.settings(), clock=world.clock)
    (ran,) = await world.bot.database.run(engine.run_due_timers, broken, due, 1)
    row = await world.bot.database.read(lambda session: session.exec(select(Escalation)).one())
    put_off = await world.bot.database.read(lambda session: session.get(Timer, ran.timer.key))

    assert isinstance(ran.problem, AttributeError)
    assert row.reminders == 0
    assert put_off.due_at == due + engine.RETRY_DELAY
    await world.bot.start()
    listen(world)
    await world.advance(minutes=5)
    assert (pages(world), reminders(world)) == (2, 1)


async def test_what_several_held_is_held_no_more_once_they_are_undone(either: World) -> None:
    """Together they fail, and the database lets go of what they had locked: each alone has to lock its own anew."""
    world = either
    await call_them_all(world)
    broken = world.bot.settings.model_copy(update={"teams": {"broken": None}})  # asked for as pages are written
    due = await world.bot.database.read(timers.find_next_due)

    def fail_and_lock(session: Session) -> tuple[int, int]:
        ran = engine.run_due_timers(session, broken, due, len(ASKED))
        asked: list[object] = []
        event.listen(session, "do_orm_execute", asked.append)
        escalations.lock(session, 1)
        return len([each for each in ran if each.problem]), len(asked)

    assert await world.bot.database.run(fail_and_lock) == (len(ASKED), 1)


async def test_what_several_reminders_write_is_written_at_once(either: World) -> None:
    """In a bad hour hundreds fall due in one second: what each of them sent to the database by itself would add up."""
    world = either
    await call_them_all(world)
    due = await world.bot.database.read(timers.find_next_due)
    sent: list[str] = []

    def remind(session: Session) -> int:
        event.listen(
            session.connection(), "before_cursor_execute", lambda _connection, _cursor, told, *_: sent.append(told)
        )
        return len(engine.run_due_timers(session, world.bot.settings, due, len(ASKED)))

    assert await world.bot.database.run(remind) == len(ASKED)
    assert sum("INSERT INTO lane" in each for each in sent) == 1
    assert sum(each.startswith("INSERT INTO audit") for each in sent) == 1, "on PostgreSQL others go with the lanes"
    assert sum(each.startswith("INSERT INTO timer") for each in sent) == 2, "the next steps; whether the pages went out"
    updates = sum(each.startswith("UPDATE escalation") for each in sent)
    assert updates <= 2, "the first before it is asked who looks at App Home, the others together"


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
    due = await database.read(timers.find_next_due)
    partner = open_database(pair._url)
    has_locked, may_go = asyncio.Event(), asyncio.Event()

    async def hold_and_touch() -> None:
        async with partner.engine.begin() as connection:
            await connection.execute(text("SET LOCAL deadlock_timeout = '60s'"))  # who looks first is undone
            await connection.run_sync(lambda sync: escalations.lock(Session(sync), 1))
            has_locked.set()
            await may_go.wait()
            await connection.execute(update(Timer).values(kind=col(Timer.kind)))

    def run_one(session: Session) -> list[engine.TimerResult]:
        session.execute(text("SET LOCAL deadlock_timeout = '3s'"))  # not before the other waits too
        return engine.run_due_timers(session, pair.bot.settings, due, 1)

    holding = asyncio.create_task(hold_and_touch())
    await has_locked.wait()
    reminding = asyncio.create_task(database.run(run_one))
    await pair.sandbox.wait_until(lambda: _is_waiting(partner))
    may_go.set()

    carried_out = await reminding
    await holding
    if not carried_out:  # run again so soon that the other still held the timer: the engine's next look takes it
        carried_out = await database.run(run_one)
    assert len(carried_out) == 1
    await partner.close()
    row = await database.read(lambda session: session.exec(select(Escalation)).one())
    assert row.reminders == 1


async def _is_waiting(database: object) -> bool:
    """Whether somebody waits for a lock."""
    async with database.engine.connect() as connection:
        found = await connection.exec_driver_sql("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(found.scalar_one())


async def test_what_is_due_and_in_other_hands_is_looked_at_again_once_they_let_go(
    postgres_server: PostgresServer, tmp_path: Path
) -> None:
    """They let go of it without a word, and a clock that stands still brings nobody back."""
    url = postgres_server.create_database()
    async with World(url, tmp_path) as world:
        await world.declares("checkout is down")
        await world.types("oncall", "/incident escalate @dba the pool is full")
        await world.settle()
        before = pages(world)
        bot, later = world.bot, world.now + timedelta(minutes=30)
        async with bot.database.engine.connect() as others:
            await others.execute(text("SELECT * FROM timer FOR UPDATE"))
            world.clock.move_to(later)
            async with asyncio.timeout(20):
                while bot.engine.beat_at != later or bot.engine.is_working:
                    await asyncio.sleep(0.01)
            assert pages(world) == before
        await world.settle()
        assert pages(world) == before + 1
    postgres_server.drop_database(url)
