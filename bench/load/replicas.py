"""
B15: two replicas against one, on one PostgreSQL.

Replicas, load and server share the machine: what a second replica adds is bounded by the cores that the others leave.
`python -m bench.load.replicas URL` is one worker of the outbox; it begins when it reads a line.
"""

import asyncio
import json
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from sqlmodel import Session, col, func, select

from bench.acts.alerting import webhook
from bench.harness.figures import Figure, Reference, Target
from bench.harness.requests import fire
from bench.harness.stage import BotProcess, Stage, staged
from bench.load.outbox import AT_ONCE, LANES, NO_LIMIT, ROWS_EACH, filled
from bot.config import Settings
from bot.runtime.clock import SystemClock
from bot.runtime.log import configure_logging
from bot.services.outbox import OutboxKind
from bot.slack.api.client import Gateway
from bot.slack.delivery.effects import EffectHandler
from bot.slack.delivery.effects.context import EffectContext
from bot.slack.delivery.worker import Sender
from bot.store.database.migrate import migrate
from bot.store.database.session import Database, open_database
from bot.store.outbox import UNFINISHED, Claim, Done, OutboxRow, Outcome, Rate
from tests.support.servers.postgres import PostgresServer

WEBHOOKS = 2000
INCIDENTS = 8
CONNECTIONS = 16
REPLICAS = (1, 2, 4)
ROWS = LANES * ROWS_EACH


async def replicas(runs: int, server: PostgresServer | None) -> list[Figure]:
    """The same 2,000 webhooks, and the same 2,000 rows of the outbox, for one replica and for two."""
    if server is None:
        raise ValueError("replicas need PostgreSQL")
    found: list[dict[int, list[float]]] = [{count: [] for count in REPLICAS} for _ in range(3)]
    taken, sent, used = found
    for _ in range(runs):
        for count in REPLICAS:
            rate, connections = await _webhooks(server, count)
            taken[count].append(rate)
            used[count].append(connections)
            sent[count].append(await _outbox(server, count))
    cores = os.cpu_count() or 1
    notes = [
        f"{cores} cores for the replicas, PostgreSQL and the load together",
        "no double work: counted after each run",
    ]
    return [
        *_pair(f"{WEBHOOKS:,} webhooks for {INCIDENTS} incidents, {CONNECTIONS} connections: durable", taken, notes),
        *_pair(f"outbox, {AT_ONCE} lanes at once in each replica: rows", sent, notes),
        Figure(
            "two replicas: connections to PostgreSQL under load",
            "",
            used[2],
            "PostgreSQL",
            Reference("one replica", median(used[1])),
        ),
    ]


def _pair(what: str, found: dict[int, list[float]], notes: list[str]) -> list[Figure]:
    one, more = Reference("one replica", median(found[1])), Target(1, of_ratio=True, at_least=True)
    return [
        Figure(f"{what}, one replica", "per s", found[1], "PostgreSQL"),
        *(
            Figure(f"{what}, {count} replicas", "per s", found[count], "PostgreSQL", one, more, notes)
            for count in REPLICAS[1:]
        ),
    ]


# --- webhooks


@asynccontextmanager
async def _with_others(stage: Stage, count: int) -> AsyncIterator[list[BotProcess]]:
    """The stage's replica and as many more as it takes."""
    async with AsyncExitStack() as stack:
        bots = [stage.bot]
        for _ in range(count - 1):
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="dogwatch-bench-"))
            bot = BotProcess(stage.sandbox, stage.place, Path(folder))
            stack.push_async_callback(bot.stop)
            await bot.start()
            bots.append(bot)
        yield bots


async def _webhooks(server: PostgresServer, count: int) -> tuple[float, float]:
    """Webhooks a second, and the connections to the server that there were."""
    async with staged(server) as stage, _with_others(stage, count) as bots:
        at = datetime.now(UTC)
        groups = [f"Flood {number}" for number in range(INCIDENTS)]
        await fire(stage.bot.port, [webhook(group, 0, at) for group in groups], in_flight=1)
        requests = [webhook(groups[number % INCIDENTS], number, at) for number in range(1, WEBHOOKS + 1)]
        began = time.perf_counter()
        await asyncio.gather(
            *(fire(bot.port, requests[turn::count], in_flight=CONNECTIONS // count) for turn, bot in enumerate(bots))
        )
        seconds = time.perf_counter() - began
        connections = stage.place.number(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'dogwatch' AND datname = current_database()"
        )
        await stage.quiet(0.5)
        kept = stage.place.number("SELECT count(*) FROM alert")
        opened = stage.place.number("SELECT count(*) FROM incident") - 1
        if (kept, opened) != (WEBHOOKS + INCIDENTS, INCIDENTS):
            raise RuntimeError(f"{kept} alerts and {opened} incidents are there")
        return WEBHOOKS / seconds, float(connections)


# --- the outbox


async def _outbox(server: PostgresServer, count: int) -> float:
    """Rows a second that `count` processes carry out, each once."""
    url = server.create_database()
    database = open_database(url)
    try:
        await migrate(database)
        await database.run(filled)
        workers = [await _worker(url) for _ in range(count)]
        began = time.perf_counter()
        for worker in workers:
            if worker.stdin is None:
                raise RuntimeError("a worker hears nothing")
            worker.stdin.write(b"go\n")
        told = await asyncio.gather(*(worker.communicate() for worker in workers))
        ran = Counter(key for out, _ in told for key in json.loads(out)["ran"])
        seconds = max(json.loads(out)["over"] for out, _ in told) - began
        if ran.total() != ROWS or len(ran) != ROWS:
            raise RuntimeError(f"{len(ran)} of {ROWS} rows ran, {ran.total()} times in all")
        return ROWS / seconds
    finally:
        await database.close()
        server.drop_database(url)


async def _worker(url: str) -> asyncio.subprocess.Process:
    """A process that is ready to begin."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.load.replicas", url, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    if process.stdout is None or await process.stdout.readline() != b"ready\n":
        raise RuntimeError("a worker did not come up")
    return process


async def work(url: str) -> None:
    """Carry out rows until there are none. Tells which, and when it was over (by the machine's counter)."""
    database = open_database(url)
    ran: list[int] = []

    async def nothing(_context: EffectContext, claim: Claim) -> Outcome:
        ran.append(claim.row.key)
        return Done()

    settings = Settings()
    context = EffectContext(database, Gateway("xoxb-bench", settings.slack_api_url), SystemClock(), lambda: settings)
    sender = Sender(
        context,
        lanes_at_once=AT_ONCE,
        effects=dict.fromkeys(OutboxKind, EffectHandler(nothing)),
        rates_of=lambda row: (Rate(row.lane, NO_LIMIT, burst=1_000_000),),
    )
    database.on_commit = lambda _due: sender.wake()
    await database.now()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.readline)
    sender.start()
    while await _is_left(database):  # noqa: ASYNC110  the other worker tells nothing when it has done the last row
        await asyncio.sleep(0.02)
    over = time.perf_counter()
    await sender.stop()
    await database.close()
    sys.stdout.write(json.dumps({"ran": ran, "over": over}))


async def _is_left(database: Database) -> bool:
    def count(session: Session) -> int:
        return session.exec(select(func.count()).where(col(OutboxRow.state).in_(UNFINISHED))).one()

    return bool(await database.read(count))


if __name__ == "__main__":
    configure_logging(level="CRITICAL")
    asyncio.run(work(sys.argv[1]))
