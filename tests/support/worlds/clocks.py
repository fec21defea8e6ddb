"""Clocks that are set while the bot runs: the machine's and the database's."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

from bot.app import Dogwatch
from bot.engine.clock_sync import sync_clock
from bot.runtime.clock import SystemClock
from bot.sandbox.server import Sandbox
from bot.store.database.session import Database
from bot.store.database.sqlite_database import SqliteDatabase
from tests.support.servers.postgres import PostgresServer
from tests.support.worlds.world import ANSWERED_WITHIN, PATIENCE, World

IN_FRONT_OF_ITS_OWN = """
CREATE TABLE clock_set (by_seconds double precision NOT NULL);
INSERT INTO clock_set VALUES (0);
CREATE FUNCTION clock_timestamp() RETURNS timestamptz LANGUAGE sql AS
    $$ SELECT pg_catalog.clock_timestamp() + (SELECT by_seconds FROM clock_set) * interval '1 second' $$;
ALTER DATABASE "{name}" SET search_path = public, pg_catalog;
"""
"""A server's clock that can be set: what stands first in the path hides its own."""


class TheirClock:
    """
    The clock that a database goes by, and the time that passes.

    `set_by` sets it, as people do. `passed` is time that has passed in truth: for every clock and counter.
    """

    def __init__(self, url: str, server: PostgresServer | None) -> None:
        self._server, self._name = server, url.rpartition("/")[2]
        self._set, self._passed = timedelta(), timedelta()
        if server is not None:
            server.sql(IN_FRONT_OF_ITS_OWN.format(name=self._name), database=self._name)

    def counter(self) -> float:
        return time.monotonic() + self._passed.total_seconds()

    def wall(self) -> datetime:
        return datetime.now(UTC) + self._set + self._passed

    def set_by(self, **length: float) -> None:
        self._set += timedelta(**length)
        self._set_database_clock()

    def passed(self, length: timedelta) -> None:
        self._passed += length
        self._set_database_clock()

    def _set_database_clock(self) -> None:
        if self._server is not None:
            seconds = (self._set + self._passed).total_seconds()
            self._server.sql(f"UPDATE clock_set SET by_seconds = {seconds}", database=self._name)

    def stands_beside(self, database: Database) -> None:
        """SQLite's clock is the machine's."""
        if isinstance(database, SqliteDatabase):
            database.wall = self.wall


class SetWorld(World):
    """A world on the clock of `serve`, which follows the database's. Slack's clock is separate."""

    def __init__(self, database_url: str, folder: Path, theirs: TheirClock, *, config: str = "") -> None:
        super().__init__(database_url, folder, config=config)
        self.theirs = theirs
        self.clock = SystemClock(counter=theirs.counter)  # type: ignore[assignment]  this one moves by itself
        self.sandbox = Sandbox(answer_seconds=ANSWERED_WITHIN)

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        self.theirs.stands_beside(self.bot.database)
        return self

    async def starts(self) -> None:
        """Start a new process with a clock of its own."""
        self.clock = SystemClock(counter=self.theirs.counter)  # type: ignore[assignment]
        self.bot = Dogwatch(self.settings(), clock=self.clock)
        self.theirs.stands_beside(self.bot.database)
        await self.bot.start()
        self.sandbox.deliver_by_http(f"{self.url}/slack/events")

    async def looks_at_the_clock(self) -> None:
        """Run the clock check that the bot runs every 15 seconds."""
        await sync_clock(self.bot.database, self.clock)
        self.wakes()
        await self.settle()

    def wakes(self) -> None:
        self.bot.sender.wake()
        self.bot.engine.wake()

    async def settle(self) -> None:
        async with asyncio.timeout(PATIENCE):
            while not (self.sandbox.settled() and await self.bot.is_settled() and self.sandbox.settled()):
                await asyncio.sleep(0.005)

    async def advance_to(self, moment: datetime) -> None:
        while True:
            await self.settle()
            due = await self.bot.next_due()
            if due is None or due > moment:
                break
            self._passes(due - self.now)
        self._passes(moment - self.now)
        await self.settle()

    def _passes(self, length: timedelta) -> None:
        if length > timedelta():
            self.theirs.passed(length)
        self.wakes()
