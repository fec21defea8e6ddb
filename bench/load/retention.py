"""Retention over a million messages: what somebody waits for who does something meanwhile."""

import asyncio
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles

from bench.harness.figures import Figure, Reference, Target
from bench.harness.history import fill
from bench.harness.stage import Place
from bot.config import load
from bot.engine.retention import Retention
from bot.runtime.clock import SystemClock
from bot.store.database.migrate import migrate
from bot.store.database.session import Database, open_database
from bot.store.shared import idempotency as deliveries
from tests.support.servers.postgres import PostgresServer

INCIDENTS = 10_000
MESSAGES = 108
"""Of each incident, 8 of which are on its timeline: a million go."""
SECONDS = 20.0
"""How long is looked at a run; all of it takes minutes, because it pauses between its steps."""
EVERY = 0.01


async def retention(runs: int, server: PostgresServer | None) -> list[Figure]:
    """The slowest of the transactions that people make meanwhile, beside the slowest without."""
    with tempfile.TemporaryDirectory(prefix="dogwatch-bench-") as name:
        folder = Path(name)
        url = f"sqlite:///{folder}/dogwatch.db" if server is None else server.create_database()
        place = Place("SQLite" if server is None else "PostgreSQL", url, server)
        (folder / "dogwatch.toml").write_text("[retention]\ntranscripts_days = 30\n")
        database = open_database(url)
        await migrate(database)
        await database.close()
        await asyncio.to_thread(fill, place, "T1", INCIDENTS, message=MESSAGES)
        settings = load(
            {"DATABASE_URL": url, "DOGWATCH_CONFIG": str(folder / "dogwatch.toml"), "DOGWATCH_SECRET_KEY": "b" * 40}
        )
        database = open_database(url)
        alone, beside, gone = [], [], []
        try:
            for run in range(runs):
                alone.append(await _people(database, f"alone {run}", SECONDS / 4))
                before = place.number("SELECT count(*) FROM message")
                working = asyncio.create_task(
                    Retention(database, SystemClock(), lambda: settings).run(datetime.now(UTC))
                )
                beside.append(await _people(database, f"beside {run}", SECONDS))
                working.cancel()
                await asyncio.gather(working, return_exceptions=True)
                gone.append((before - place.number("SELECT count(*) FROM message")) / SECONDS)
        finally:
            await database.close()
            if server is not None:
                server.drop_database(url)
    return _figures(alone, beside, gone, place.name)


async def _people(database: Database, name: str, seconds: float) -> list[float]:
    """One transaction after another for so long: how many ms each took."""
    taken, end, number = [], time.monotonic() + seconds, 0
    while time.monotonic() < end:
        began = time.perf_counter()
        await database.run(deliveries.register_delivery, f"{name} {number}", datetime.now(UTC))
        taken.append((time.perf_counter() - began) * 1000)
        number += 1
        await asyncio.sleep(EVERY)
    return taken


def _figures(alone: list[list[float]], beside: list[list[float]], gone: list[float], place: str) -> list[Figure]:
    def late(taken: list[float]) -> float:
        return quantiles(taken, n=100)[98]

    return [
        Figure(
            "retention over 1,000,000 rows: slowest commit of somebody else",
            "ms",
            [max(each) for each in beside],
            place,
            Reference("without it", median(max(each) for each in alone)),
        ),
        Figure(
            "the same, 99 of 100",
            "ms",
            [late(each) for each in beside],
            place,
            Reference("without it", median(late(each) for each in alone)),
            Target(3, of_ratio=True),
        ),
        Figure("messages that retention deletes", "per s", gone, place),
    ]
