"""Commits whose answer never comes, and transactions that the server undoes: nobody is told what is not so."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session

from bot.slack.inbound.modal_opener import OUTCOME_UNKNOWN
from bot.store.database.migrate import migrate
from bot.store.database.session import Database, DatabaseUnavailable, open_database
from tests.faults.database.test_outages import ALERT, send_alert
from tests.support.servers.network_wire import Wire
from tests.support.servers.postgres import PostgresServer
from tests.support.worlds.world import World


@pytest.fixture
async def wire(postgres_server: PostgresServer) -> AsyncIterator[Wire]:
    async with Wire(postgres_server.port) as built:
        yield built


@pytest.fixture
async def world(wire: Wire, postgres_server: PostgresServer, tmp_path: Path) -> AsyncIterator[World]:
    url = postgres_server.create_database()
    async with World(url.replace(str(postgres_server.port), str(wire.port)), tmp_path) as built:
        yield built
    postgres_server.drop_database(url)


async def kinds(world: World) -> Counter[str]:
    return Counter(kind for entry in await world.timeline() for kind in entry["kinds"])


async def test_a_command_that_was_saved_and_not_answered(world: World, wire: Wire) -> None:
    """The person is told that nobody knows; what they look at, and what they then try again, says that it was done."""
    await world.declares("checkout is down")
    wire.lose_answer_to(":command:")

    answer = await world.types("oncall", "/incident severity 1 worse")

    assert OUTCOME_UNKNOWN in answer
    assert wire.lost == 1
    await world.finish()
    assert "SEV1" in world.card()
    assert "already SEV1" in await world.types("oncall", "/incident severity 1 worse")
    await world.finish()
    assert (await kinds(world))["severity"] == 1
    assert len([each for each in world.texts() if "worse" in each]) == 1


async def test_a_press_that_was_saved_and_not_answered(world: World, wire: Wire) -> None:
    await world.declares("checkout is down")
    await world.types("oncall", "/incident escalate @dba the primary is full")
    await world.finish()
    wire.lose_answer_to(":press:")

    await world.presses("dba", "escalation_acknowledge")
    await world.finish()
    told = [each["text"] for each in world.sandbox.ephemerals("dba", world.channel)]

    assert wire.lost == 1
    assert [each for each in told if OUTCOME_UNKNOWN in each], told
    assert (await kinds(world))["acknowledged"] == 1


async def test_an_event_that_was_saved_and_not_answered(world: World, wire: Wire) -> None:
    """Slack delivers it again, and it counts once."""
    await world.declares("checkout is down")
    ts = await world.says("engineer", "Reading the logs of the proxy")
    wire.lose_answer_to(":event:")

    await world.reacts("engineer", ts, "mag")  # until Slack's first repetition is answered too
    await world.finish()

    assert wire.lost == 1
    assert (await kinds(world))["investigation"] == 1
    assert world.is_confirmed(ts)


async def test_an_alert_that_was_saved_and_not_answered(world: World, wire: Wire) -> None:
    """Its sender hears 503 and sends it again: one incident."""
    wire.lose_answer_to(ALERT["title"])

    assert await send_alert(world) == 503
    assert await send_alert(world) == 200
    await world.finish()

    assert wire.lost == 1
    assert len(world.channels) == 1
    assert len(world.texts("incidents")) == 1


async def test_a_row_whose_end_was_saved_and_not_answered(world: World, wire: Wire) -> None:
    """The sender does not know that its row is done: it is not sent again, and its lane goes on."""
    await world.declares("checkout is down")
    world.bot.sender.leases.duration = (
        world.bot.sender.leases.duration / 20
    )  # real seconds that the lane waits for its owner
    wire.lose_answer_to("the cache is cold")  # in the row, which is read back when it is finished

    await world.sandbox.command("oncall", world.channel, "/incident note the cache is cold")
    await world.types("oncall", "/incident note the cache is warm")

    async def are_there() -> bool:
        await world.finish()
        return any("the cache is warm" in each for each in world.texts())

    await world.sandbox.wait_until(are_there, timeout=20)
    for said in ("the cache is cold", "the cache is warm"):
        assert len([each for each in world.texts() if said in each]) == 1


# --- transactions that the server undoes


@pytest.fixture
async def database(postgres_server: PostgresServer) -> AsyncIterator[Database]:
    url = postgres_server.create_database()
    opened = open_database(url)
    await migrate(opened)
    await opened.run(lambda session: add(session, "A") or add(session, "B"))
    yield opened
    await opened.close()
    postgres_server.drop_database(url)


def add(session: Session, team: str) -> None:
    session.execute(text("INSERT INTO counter (team_id, series, value) VALUES (:team, 'INC', 0)"), {"team": team})


def count_up(session: Session, team: str) -> None:
    session.execute(text("UPDATE counter SET value = value + 1 WHERE team_id = :team"), {"team": team})


def values(session: Session) -> list[Any]:
    return [row[0] for row in session.execute(text("SELECT value FROM counter ORDER BY team_id"))]


class Meeting:
    """Two transactions that are both begun before either goes on. What is run again meets nobody any more."""

    def __init__(self) -> None:
        self.tries = 0
        self._both = asyncio.Barrier(2)

    def wait(self, session: Session) -> None:
        """In the middle of a transaction, without holding up the event loop."""
        self.tries += 1
        if self.tries <= 2:
            session.connection().connection.run_async(lambda _driver: self._both.wait())


async def test_a_deadlock_is_undone_and_run_again(database: Database) -> None:
    meeting = Meeting()

    def both(session: Session, first: str, second: str) -> None:
        count_up(session, first)
        meeting.wait(session)
        count_up(session, second)

    await asyncio.gather(database.run(both, "A", "B"), database.run(both, "B", "A"))

    assert meeting.tries == 3, "one of the two was undone"
    assert await database.read(values) == [2, 2]


async def test_a_serialization_failure_is_undone_and_run_again(database: Database) -> None:
    meeting = Meeting()

    def swap(session: Session, read: str, written: str) -> None:
        session.execute(text("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE"))
        found = session.execute(text("SELECT value FROM counter WHERE team_id = :team"), {"team": read}).scalar_one()
        meeting.wait(session)
        session.execute(
            text("UPDATE counter SET value = :value WHERE team_id = :team"), {"value": found + 1, "team": written}
        )

    await asyncio.gather(database.run(swap, "A", "B"), database.run(swap, "B", "A"))

    assert meeting.tries == 3, "one of the two was undone"
    assert sorted(await database.read(values)) == [1, 2], "as if they had come one after the other"


async def test_a_lock_that_is_not_free_within_the_server_s_limit(database: Database) -> None:
    """`lock_timeout`, as administrators set it for a role: an outage that passes, not a defect of what waited."""
    is_held, is_over = asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        is_held.set()
        await is_over.wait()

    def count_and_hold(session: Session) -> None:
        count_up(session, "A")
        session.connection().connection.run_async(lambda _driver: hold())

    def count_in_time(session: Session) -> None:
        session.execute(text("SET LOCAL lock_timeout = '20ms'"))
        count_up(session, "A")

    holding = asyncio.create_task(database.run(count_and_hold))
    await is_held.wait()
    with pytest.raises(DatabaseUnavailable, match="lock timeout"):
        await database.run(count_in_time)
    is_over.set()
    await holding
    await database.run(count_in_time)

    assert await database.read(values) == [2, 0]
