"""On PostgreSQL too, what nobody waits for lets the other transactions of its process pass, within a limit."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
from sqlalchemy import text
from sqlmodel import Session

from bot.store.database import postgres_database
from bot.store.database.postgres_database import PostgresDatabase
from bot.store.database.session import open_database
from tests.support.servers.postgres import PostgresServer

LOCK = text("SELECT pg_advisory_xact_lock(7)")


@pytest.fixture
async def database(postgres_server: PostgresServer) -> AsyncIterator[PostgresDatabase]:
    url = postgres_server.create_database()
    opened = open_database(url)
    assert isinstance(opened, PostgresDatabase)
    yield opened
    await opened.close()
    postgres_server.drop_database(url)


class Order:
    """The transactions in the order in which they ended. An urgent one waits for a lock of the test's."""

    def __init__(self, database: PostgresDatabase) -> None:
        self.ended: list[str] = []
        self._database = database

    async def play(self, until: Callable[[], bool]) -> None:
        """Let go of the lock once `until` is true."""
        async with self._database.engine.connect() as holder:
            await holder.execute(LOCK)
            urgent = asyncio.ensure_future(self._database.run(self._end, "urgent", LOCK.text))
            await asyncio.sleep(0)
            low = asyncio.ensure_future(self._database.run_low_priority(self._end, "low"))
            async with asyncio.timeout(20):
                while not (await self._is_waiting() and until()):
                    await asyncio.sleep(0.01)
            await holder.rollback()
        await asyncio.gather(urgent, low)

    def _end(self, session: Session, name: str, first: str = "SELECT 1") -> None:
        session.execute(text(first))
        self.ended.append(name)

    async def _is_waiting(self) -> bool:
        waits = "SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event = 'advisory'"
        return await self._database.read(lambda session: bool(session.execute(text(waits)).scalar_one()))


async def test_what_somebody_waits_for_goes_first(database: PostgresDatabase, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(postgres_database, "LOW_PRIORITY_WAIT", 60.0)
    order = Order(database)

    await order.play(until=lambda: True)

    assert order.ended == ["urgent", "low"]


async def test_what_goes_behind_does_not_wait_for_ever(database: PostgresDatabase, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(postgres_database, "LOW_PRIORITY_WAIT", 0.0)
    order = Order(database)

    await order.play(until=lambda: order.ended == ["low"])

    assert order.ended == ["low", "urgent"]
