"""B22: readers open the status page as fast as they can, while alerts come in."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from statistics import median

from bench.acts.alerting import paced, share_within, webhook
from bench.harness.figures import Figure, Reference, Target
from bench.harness.requests import Answer, fire
from bench.harness.stage import prepared
from tests.support.servers.postgres import PostgresServer

CONFIG = """
[status]
title = "Harbour"
url = "https://status.example.test"
[status.components.checkout]
name = "Checkout"
[status.components.search]
name = "Search"
"""
READER = b"GET /status/en/ HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n"
REQUESTS = 2_000
READERS = 8
ALERTS_A_SECOND = 20
ALERTS = 100
RENDERED_WITHIN = 20.0


async def status_page(runs: int, server: PostgresServer | None) -> list[Figure]:
    rates: list[float] = []
    constants: list[float] = []
    tails: list[float] = []
    idle: list[float] = []
    notes: list[str] = []
    async with prepared(server) as (sandbox, place, bot):
        path = bot.log.parent / "dogwatch.toml"
        path.write_text(CONFIG)
        bot.environment["DOGWATCH_CONFIG"] = str(path)
        await bot.start()
        await sandbox.deliver_by_http(url=f"http://127.0.0.1:{bot.port}/slack/events")
        page = await _open_page(bot.port)
        await fire(bot.port, [webhook("Read", 0, datetime.now(UTC))], in_flight=1)
        async with _constant(len(page.body)) as port:
            for run in range(runs):
                bare = await fire(port, [READER] * REQUESTS, in_flight=READERS)
                salvo = await fire(bot.port, [READER] * REQUESTS, in_flight=READERS)
                constants.append(bare.rate)
                rates.append(salvo.rate)
                notes += salvo.notes()
                idle.append(await _tail(bot.port, f"idle {run}"))
                tails.append(await _tail_while_read(bot.port, f"read {run}"))
    constant = Reference(f"aiohttp, a constant of {len(page.body):,} bytes", median(constants))
    alone = Reference("the same without readers", median(idle))
    pace = f"{ALERTS_A_SECOND} alerts a second, {READERS} readers without a pause"
    return [
        Figure("the status page, from memory", "per s", rates, place.name, constant, Target(0.7, True, True), notes),
        Figure(f"{pace}: 99 of 100 answered within", "ms", tails, place.name, alone, Target(2, of_ratio=True)),
    ]


async def _open_page(port: int) -> Answer:
    """The page once it is rendered, which follows the start."""
    async with asyncio.timeout(RENDERED_WITHIN):
        while True:
            try:
                return (await fire(port, [READER], in_flight=1)).answers[0]
            except RuntimeError:
                await asyncio.sleep(0.1)


@asynccontextmanager
async def _constant(size: int) -> AsyncIterator[int]:
    """The port of a server that does nothing but answer."""
    command = (sys.executable, "-m", "bench.harness.constant", str(size))
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    if process.stdout is None:
        raise RuntimeError("the constant says nothing")
    try:
        yield int(await process.stdout.readline())
    finally:
        process.send_signal(signal.SIGTERM)
        await process.wait()


def _alerts(name: str) -> Sequence[bytes]:
    return [webhook(name, number, datetime.now(UTC)) for number in range(ALERTS)]


async def _tail(port: int, name: str) -> float:
    return share_within(await paced(port, _alerts(name), ALERTS_A_SECOND), 0.99) * 1000


async def _tail_while_read(port: int, name: str) -> float:
    """The same while readers open the page again and again."""
    reading = asyncio.create_task(_read_on(port))
    try:
        return await _tail(port, name)
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)


async def _read_on(port: int) -> None:
    while True:
        await fire(port, [READER] * 400, in_flight=READERS)
