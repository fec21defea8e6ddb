"""What reads thousands of rows holds up nobody, on either database."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy import text
from sqlmodel import Session

from bot.runtime.log import request_context, request_id
from bot.store.database.session import Database, DatabaseUnavailable, open_database
from tests.support.servers.postgres import PostgresServer
from tests.support.worlds.world import World

PATIENCE = 20.0


@pytest.fixture(params=["sqlite", "postgresql"])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    server: PostgresServer | None = None
    url = f"sqlite:///{tmp_path / 'dogwatch.db'}"
    if request.param == "postgresql":
        server = request.getfixturevalue("postgres_server")
        url = server.create_database()
    opened = open_database(url)
    yield opened
    await opened.close()
    if server is not None:
        server.drop_database(url)


async def test_others_go_on_while_it_computes(database: Database):
    others_went_on = Event()

    def compute(session: Session) -> bool:
        session.execute(text("SELECT 1"))
        return others_went_on.wait(PATIENCE)

    reading = asyncio.create_task(database.read_large(compute))
    await database.read(lambda session: session.execute(text("SELECT 1")).scalar_one())
    others_went_on.set()

    assert await reading


async def test_an_answer_to_slack_does_not_wait_for_them(postgres_server: PostgresServer, tmp_path: Path):
    url = postgres_server.create_database()
    async with World(url, tmp_path) as world:
        is_answered = Event()
        reading = asyncio.create_task(world.bot.database.read_large(lambda _session: is_answered.wait(PATIENCE)))
        answer = await world.sandbox.command("oncall", "ops", "/incident list")
        is_answered.set()

        assert answer.ok
        assert await reading
    postgres_server.drop_database(url)


async def test_it_reads_in_the_context_of_the_caller_and_raises_to_it(database: Database):
    def fail(_session: Session) -> None:
        raise LookupError(request_id())

    with request_context("abc"), pytest.raises(LookupError, match="abc"):
        await database.read_large(fail)


async def test_it_cannot_write(database: Database):
    await database.run(lambda session: session.execute(text("CREATE TABLE things (x INTEGER)")) and None)

    with pytest.raises(Exception, match=r"(?i)read-?\s?only"):
        await database.read_large(lambda session: session.execute(text("INSERT INTO things VALUES (1)")) and None)

    assert (
        await database.read_large(lambda session: session.execute(text("SELECT count(*) FROM things")).scalar_one())
        == 0
    )


async def test_an_outage_of_postgresql_is_told_and_it_reads_again_afterwards(own_postgres_server: PostgresServer):
    opened = open_database(own_postgres_server.create_database())

    def read(session: Session) -> int:
        return int(session.execute(text("SELECT 1")).scalar_one())

    assert await opened.read_large(read) == 1
    own_postgres_server.stop()
    with pytest.raises(DatabaseUnavailable):
        await opened.read_large(read)
    own_postgres_server.start()

    assert await opened.read_large(read) == 1
    await opened.close()


async def test_who_closes_postgresql_does_not_wait_for_a_reading(postgres_server: PostgresServer):
    url = postgres_server.create_database()
    opened = open_database(url)
    sleep = text("SELECT pg_sleep(600)")
    reading = asyncio.create_task(opened.read_large(lambda session: session.execute(sleep) and None))
    waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
    async with asyncio.timeout(PATIENCE):
        while postgres_server.sql(waits) == "0":
            await asyncio.sleep(0.01)
        await opened.close()
        with pytest.raises(asyncio.CancelledError):
            await reading
    postgres_server.drop_database(url)
