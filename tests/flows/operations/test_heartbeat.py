"""The heartbeat: called as long as the bot can do its work, and no longer."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from bot.sandbox.server import Sandbox
from tests.flows.operations.test_serve import environment, reaches
from tests.support.servers.postgres import PostgresServer
from tests.support.servers.serve_process import Served, served

TOKEN = "7f3c-heartbeat-token"


class Listener:
    """HTTP server that counts its calls."""

    def __init__(self) -> None:
        self.calls = 0
        self.status = 200
        self._heard = asyncio.Event()
        self._runner: web.AppRunner | None = None
        self.url = ""

    async def start(self) -> None:
        app = web.Application()
        app.router.add_get(f"/ping/{TOKEN}", self._hear)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/ping/{TOKEN}"

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _hear(self, _request: web.Request) -> web.Response:
        self.calls += 1
        self._heard.set()
        return web.Response(status=self.status)

    async def hears(self, more: int = 1) -> None:
        wanted = self.calls + more
        async with asyncio.timeout(20):
            while self.calls < wanted:
                self._heard.clear()
                await self._heard.wait()


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    listening = Listener()
    await listening.start()
    yield listening
    await listening.stop()


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox() as built:
        yield built


async def test_it_stops_while_the_database_is_away(
    sandbox: Sandbox, listener: Listener, own_postgres_server: PostgresServer
) -> None:
    variables = environment(sandbox, own_postgres_server.create_database())
    async with served({**variables, "DOGWATCH_HEARTBEAT_URL": listener.url, "DOGWATCH_HEARTBEAT_SECONDS": "1"}) as bot:
        await reaches(sandbox, bot, "http")
        await listener.hears(2)

        await asyncio.to_thread(own_postgres_server.stop)
        await until_held_back_for(bot, "database")
        calls = listener.calls
        await own_beats(bot, 2)
        assert listener.calls == calls

        await asyncio.to_thread(own_postgres_server.start)
        await listener.hears()
        assert TOKEN not in bot.log_text


async def until_held_back_for(bot: Served, what: str) -> None:
    """At the start a call may be held back for another reason: the workers have not looked yet."""
    async with asyncio.timeout(20):
        while not any(
            what in each.get("problems", {}) for each in bot.events() if each["event"] == "heartbeat withheld"
        ):
            await bot.grows()


async def own_beats(bot: Served, more: int) -> None:
    """Until the bot has held back so many more of its calls."""
    wanted = held_back(bot) + more
    async with asyncio.timeout(20):
        while held_back(bot) < wanted:
            await bot.grows()


def held_back(bot: Served) -> int:
    return bot.log_text.count('"event": "heartbeat withheld"')


async def test_a_listener_that_refuses_or_is_away_is_logged_without_its_address(
    sandbox: Sandbox, listener: Listener, database_url: str
) -> None:
    listener.status = 404
    variables = environment(sandbox, database_url)
    async with served({**variables, "DOGWATCH_HEARTBEAT_URL": listener.url, "DOGWATCH_HEARTBEAT_SECONDS": "1"}) as bot:
        await reaches(sandbox, bot, "http")
        assert (await bot.says("heartbeat refused"))["status"] == 404

        await listener.stop()
        await bot.says("heartbeat failed")

        assert (await bot.gets("/readyz"))[0] == 200, "who listens is no reason to stop working"
        assert 'dogwatch_heartbeats_total{outcome="refused"}' in (await bot.gets("/metrics"))[1]
    assert TOKEN not in bot.log_text
