"""B23: alerts come in while 500 vendors' status pages are read, each of which has changed."""

import asyncio
import json
import signal
import sys
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median

from bench.acts.alerting import paced, share_within, webhook
from bench.harness.figures import Figure, Reference, Target
from bench.harness.requests import fire
from bench.harness.stage import prepared
from tests.support.servers.postgres import PostgresServer

VENDORS = 500
SECONDS = 40
"""Of the 100 in which each page is read once, at the start of each cycle of five minutes."""
SETTLED = 5
"""Seconds from the start of the bot to the first alert that counts."""
ALERTS_A_SECOND = 20


async def vendors(runs: int, server: PostgresServer | None) -> list[Figure]:
    idle: list[float] = []
    tails: list[float] = []
    costs: list[float] = []
    computed: list[float] = []
    traffic: list[float] = []
    notes: list[str] = []
    for run in range(runs):
        alone = await _measure(server, "", None)
        async with _pages() as port:
            beside = await _measure(server, _config(port), port)
        idle.append(alone.tail)
        tails.append(beside.tail)
        costs.append((beside.worked - alone.worked) * VENDORS / beside.looks)
        computed.append(beside.computed * VENDORS / beside.looks)
        traffic.append(beside.received * VENDORS / beside.looks / 1e6)
        share = (beside.worked - alone.worked) / SECONDS
        notes.append(f"run {run + 1}: {beside.looks} looks in {SECONDS} s took {share:.2f} of a core")
    reference = Reference("the same without vendors", median(idle))
    pace = f"{ALERTS_A_SECOND} alerts a second beside looks at {VENDORS} changed pages"
    name, cycle = "PostgreSQL" if server else "SQLite", f"a cycle of {VENDORS} changed pages"
    return [
        Figure(f"{pace}: 99 of 100 answered within", "ms", tails, name, reference, Target(1.2, of_ratio=True), notes),
        Figure(f"{cycle}: processor time of the bot", "s", costs, name),
        Figure(f"{cycle}: processor time of its worker, at nice 10", "s", computed, name),
        Figure(f"{cycle}: received, before compression", "MB", traffic, name),
    ]


@dataclass(frozen=True, slots=True)
class _Load:
    """
    The slowest of 99 in 100 alerts in ms; processor seconds, looks and bytes meanwhile.

    `computed`: processor seconds of the bot's worker.
    """

    tail: float
    worked: float
    computed: float
    looks: int
    received: int


async def _measure(server: PostgresServer | None, config: str, pages: int | None) -> _Load:
    async with prepared(server) as (sandbox, _, bot):
        path = bot.log.parent / "dogwatch.toml"
        path.write_text(config)
        bot.environment["DOGWATCH_CONFIG"] = str(path)
        await bot.start()
        await sandbox.deliver_by_http(url=f"http://127.0.0.1:{bot.port}/slack/events")
        await fire(bot.port, [webhook("Read", 0, datetime.now(UTC))], in_flight=1)
        await asyncio.sleep(SETTLED)
        before, worked, computed = await _count(pages), bot.worked(), bot.worked_beside()
        alerts = [webhook("Read", 1 + number, datetime.now(UTC)) for number in range(ALERTS_A_SECOND * SECONDS)]
        answers = await paced(bot.port, alerts, ALERTS_A_SECOND)
        worked, computed, after = bot.worked() - worked, bot.worked_beside() - computed, await _count(pages)
    return _Load(share_within(answers, 0.99) * 1000, worked, computed, after[0] - before[0], after[1] - before[1])


async def _count(port: int | None) -> tuple[int, int]:
    """Requests and bytes of the vendors' pages so far."""
    if port is None:
        return 0, 0

    def read() -> bytes:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/count", timeout=10) as answer:
            return bytes(answer.read())

    found = json.loads(await asyncio.to_thread(read))
    return found["requests"], found["bytes"]


def _config(port: int) -> str:
    """Each vendor has an address of its own, as one host is asked one thing at a time."""
    return "".join(
        f"[vendors.v{number}]\nallow_http = true\nallow_private = true\n"
        f'feed = "http://127.0.{number // 250}.{number % 250 + 1}:{port}/api/v2/incidents.json"\n'
        for number in range(VENDORS)
    )


@asynccontextmanager
async def _pages() -> AsyncIterator[int]:
    """The port of all pages."""
    command = (sys.executable, "-m", "bench.harness.vendor_pages")
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    if process.stdout is None:
        raise RuntimeError("the pages say nothing")
    try:
        yield int(await process.stdout.readline())
    finally:
        process.send_signal(signal.SIGTERM)
        await process.wait()
