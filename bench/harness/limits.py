"""The limits that figures are held against, measured in the same run on the same machine."""

import asyncio
import contextlib
import os
import resource
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import asyncpg

from bench.harness.requests import Salvo, fire
from bench.harness.stage import Stage, resident
from bot.slack.api.client import Gateway
from bot.store.database.migrate import migrate
from bot.store.database.session import open_database
from bot.store.shared import idempotency as deliveries
from tests.support.servers.postgres import PostgresServer

STACK = (
    "import aiohttp, alembic, asyncpg, babel, jinja2, markdown_it, prometheus_client, pydantic, "
    "slack_bolt.async_app, sqlalchemy.ext.asyncio, sqlmodel, structlog, yaml"
)
"""What a bot of these libraries imports before its own first line."""


async def one_call(stage: Stage, times: int = 10) -> float:
    """Seconds that one call of the Web API takes through the bot's own client: the median."""
    gateway = Gateway(str(stage.sandbox.info["bot_token"]), str(stage.sandbox.info["api_url"]))
    await gateway.start()
    taken = []
    try:
        await gateway.call("auth.test")  # opens the connection
        for _ in range(times):
            began = time.perf_counter()
            await gateway.call("auth.test")
            taken.append(time.perf_counter() - began)
    finally:
        await gateway.close()
    return median(taken)


async def transactions(server: PostgresServer | None, *, count: int = 2000, at_once: int = 16) -> float:
    """Transactions of one inserted row that the bot's own door to the database commits in a second."""
    with tempfile.TemporaryDirectory(prefix="dogwatch-bench-") as folder:
        url = f"sqlite:///{folder}/limit.db" if server is None else server.create_database()
        database = open_database(url)
        try:
            await migrate(database)
            keys = iter(range(count))

            async def work() -> None:
                for key in keys:
                    await database.run(deliveries.register_delivery, f"bench:{key}", datetime.now(UTC))

            began = time.perf_counter()
            await asyncio.gather(*(work() for _ in range(at_once)))
            return count / (time.perf_counter() - began)
        finally:
            await database.close()
            if server is not None:
                server.drop_database(url)


def bare_sqlite(count: int = 2000) -> float:
    """Transactions of one row in a second by the driver alone: what the disk allows."""
    with (
        tempfile.TemporaryDirectory(prefix="dogwatch-bench-") as folder,
        contextlib.closing(sqlite3.connect(Path(folder) / "limit.db", isolation_level=None)) as connection,
    ):
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("CREATE TABLE limits (key TEXT PRIMARY KEY, at TEXT)")
        began = time.perf_counter()
        for key in range(count):
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("INSERT INTO limits VALUES (?, ?)", (f"bench:{key}", "2026-11-18"))
            connection.execute("COMMIT")
        return count / (time.perf_counter() - began)


async def bare_postgres(server: PostgresServer, count: int = 2000, at_once: int = 8) -> float:
    """The same on a server: `at_once` connections, each with one transaction after the other."""
    url = server.create_database()
    pool = await asyncpg.create_pool(url, min_size=at_once, max_size=at_once)
    try:
        await pool.execute("CREATE TABLE limits (key TEXT PRIMARY KEY, at TEXT)")
        keys = iter(range(count))

        async def work() -> None:
            async with pool.acquire() as connection:
                for key in keys:
                    async with connection.transaction():
                        await connection.execute("INSERT INTO limits VALUES ($1, '2026-11-18')", f"bench:{key}")

        began = time.perf_counter()
        await asyncio.gather(*(work() for _ in range(at_once)))
        return count / (time.perf_counter() - began)
    finally:
        await pool.close()
        server.drop_database(url)


async def bare_http(secret: str, requests: Sequence[bytes], *, in_flight: int) -> Salvo:
    """The same requests, taken by a server that checks signatures and does nothing else."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bench.harness.sink",
        env={**os.environ, "BENCH_SECRET": secret},
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        if process.stdout is None:
            raise RuntimeError("the sink says nothing")
        port = int(await process.stdout.readline())
        return await fire(port, requests, in_flight=in_flight)
    finally:
        process.send_signal(signal.SIGTERM)
        await process.wait()


def processor_seconds(*arguments: str, environment: Mapping[str, str] | None = None) -> float:
    """What a Python of these arguments uses, from its start to its end. Raises CalledProcessError."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *arguments], env=environment, capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


async def importing(times: int = 3) -> float:
    """Processor seconds that importing the libraries takes: the median. A measure of the machine."""
    return median([await asyncio.to_thread(processor_seconds, "-c", STACK) for _ in range(times)])


async def libraries_held() -> float:
    """The MB that a process with the libraries holds."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        f"{STACK}; print(flush=True); input()",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("the process has no pipes")
    await process.stdout.readline()
    held = resident(process.pid)
    process.stdin.write(b"\n")
    await process.wait()
    return held
