"""B6 and B7: how soon it is ready, and what it holds while nothing happens."""

import asyncio
from statistics import median

from bench.harness.figures import Figure, Reference, Target
from bench.harness.limits import imports
from bench.harness.stage import prepared
from tests.support.servers.postgres import PostgresServer

REST = 10.0
"""Seconds after which a bot that nobody asks anything is at rest."""


async def starting(runs: int, server: PostgresServer | None) -> list[Figure]:
    """From the start of the process until `/readyz` says yes: on an empty database, and on one it knows."""
    fresh, again, floor = [], [], []
    for _ in range(runs):
        async with prepared(server) as (_sandbox, place, bot):
            floor.append((await imports())[0])
            fresh.append(await bot.start())
            await bot.stop()
            again.append(await bot.start())
    reference = Reference("importing its libraries", median(floor))
    return [
        Figure("start to ready, empty database", "s", fresh, place.name, reference),
        Figure("start to ready", "s", again, place.name, reference, Target(1.3)),
    ]


async def memory(runs: int, server: PostgresServer | None) -> list[Figure]:
    """Resident memory, ten seconds after the start."""
    held, floor = [], []
    for _ in range(runs):
        async with prepared(server) as (_sandbox, place, bot):
            floor.append((await imports())[1])
            await bot.start()
            await asyncio.sleep(REST)
            held.append(bot.memory())
    reference = Reference("a process with its libraries", median(floor))
    return [Figure("memory at rest", "MB", held, place.name, reference, Target(115))]
