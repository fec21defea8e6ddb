"""B14: Slack takes five seconds for each call, for a minute, and people go on. B3: 20 declares while it is slow."""

import asyncio
import time
from collections.abc import Sequence

from bench.acts.reactions import IN_FLIGHT, prepared_reactions
from bench.harness.figures import Figure, Reference, Target
from bench.harness.limits import one_call
from bench.harness.requests import one_answer
from bench.harness.stage import Stage, staged
from tests.support.servers.postgres import PostgresServer

SECONDS, A_SECOND, SLOW = 60, 20, 5.0
EVENTS = SECONDS * A_SECOND
PATIENCE = 300.0
UNFINISHED = "SELECT count(*) FROM outbox WHERE state IN ('waiting', 'running', 'unknown')"
AT_ONCE, LATENCY = 20, 0.3


async def slow(_runs: int, server: PostgresServer | None) -> list[Figure]:
    """
    Once: it takes minutes. Slack's rates left aside, because with them the marks of a minute take it twenty-four.

    The limit is how fast the same bot carries out such rows when Slack is quick, measured right behind.
    """
    async with staged(server) as stage:
        requests = await prepared_reactions(stage)
        await stage.bot.restart_as("bench.harness.unrated_serve")
        await _until_done(stage)
        fault = await stage.sandbox.fault(kind="latency", seconds=SLOW)
        answers = await _one_by_one(stage, requests[:EVENTS])
        await stage.sandbox.clear_fault(id=fault)
        began = time.perf_counter()
        backlog = stage.place.number(UNFINISHED)
        await _until_done(stage)
        drained = time.perf_counter() - began
        limit = await _quick(stage, requests[EVENTS:])
        place = stage.place.name
    name = f"Slack takes {SLOW:g} s a call, {A_SECOND} reactions a second for {SECONDS} s"
    return [
        Figure(
            f"{name}: slowest answer",
            "ms",
            [max(answers) * 1000],
            place,
            Reference("one Slack call", SLOW * 1000),
            Target(0.05, of_ratio=True),
        ),
        Figure(
            f"{name}: what waited then, carried out",
            "s",
            [drained],
            place,
            Reference(
                f"{SLOW:g} s for slow calls under way, and {backlog:,} rows at {limit:,.0f} a second, "
                "as fast as when Slack is quick",
                SLOW + backlog / limit,
            ),
            Target(1.2, of_ratio=True),
        ),
    ]


async def _one_by_one(stage: Stage, requests: Sequence[bytes]) -> list[float]:
    """Sent at their times, whatever becomes of those before. Returns how long each answer took."""

    async def send(number: int, request: bytes) -> float:
        await asyncio.sleep(number / A_SECOND)
        began = time.perf_counter()
        reader, writer = await asyncio.open_connection("127.0.0.1", stage.bot.port)
        writer.write(request)
        status, body = await one_answer(reader)
        writer.close()
        if status != 200:
            raise RuntimeError(f"a reaction was answered with {status}: {body!r}")
        return time.perf_counter() - began

    return await asyncio.gather(*(send(number, request) for number, request in enumerate(requests)))


async def _quick(stage: Stage, requests: list[bytes]) -> float:
    """Rows a second, from the last answer on."""
    await stage.send(requests, in_flight=IN_FLIGHT)
    began, rows = time.perf_counter(), stage.place.number(UNFINISHED)
    await _until_done(stage)
    return rows / (time.perf_counter() - began)


async def _until_done(stage: Stage) -> None:
    deadline = time.monotonic() + PATIENCE
    while left := stage.place.number(UNFINISHED):
        if time.monotonic() > deadline:
            raise TimeoutError(f"{left} rows still wait after {PATIENCE:g} s")
        await asyncio.sleep(0.05)


async def burst(runs: int, server: PostgresServer | None) -> list[Figure]:
    """B3: Slack waits three seconds for an answer; its own calls take 300 ms here, and they must not count."""
    slowest, notes, place, call = [], [], "", 0.0
    for run in range(runs):
        async with staged(server) as stage:
            await stage.sandbox.fault(kind="latency", seconds=LATENCY)
            call = await one_call(stage, times=3)
            requests = [stage.declaration(f"burst {run}, incident {number}") for number in range(AT_ONCE)]
            salvo = await stage.send(requests, in_flight=AT_ONCE)
            in_time = sum(each.seconds < 3 for each in salvo.answers)
            slowest.append(salvo.slowest * 1000)
            notes += [f"{in_time} of {AT_ONCE} answered within Slack's 3 s", *salvo.notes()]
            place = stage.place.name
    return [
        Figure(
            f"{AT_ONCE} declares at once, 300 ms a call: slowest answer",
            "ms",
            slowest,
            place,
            Reference("one Slack call", call * 1000),
            Target(0.7, of_ratio=True),
            notes,
        )
    ]
