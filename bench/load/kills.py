"""B13: 200 declares while the bot is killed at moments that nobody chose."""

import asyncio
import random
import re
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

from bench.harness.figures import Figure, Reference, Target
from bench.harness.requests import one_answer
from bench.harness.stage import Stage, staged
from bot.slack.delivery.worker import LEASE
from tests.support.servers.postgres import PostgresServer

DECLARES = 200
APART = 0.1
"""Seconds between two of them."""
KILLS = 6
LATENCY = 0.05
SEED = 13
"""The same moments each time, as far as the machine lets it be."""
PATIENCE = 120.0
LOOKING = 0.25
UNFINISHED = "SELECT count(*) FROM outbox WHERE state IN ('waiting', 'running', 'unknown')"
ACCEPTED = b"Declared"
"""What the answer to a declare says that was done."""
AT_STARTS = {"auth.test", "conversations.history"}
"""Calls that a start makes, whatever was under way."""


@dataclass(slots=True)
class Told:
    """What came of the declares, and how long it took to go on after each kill."""

    again: int = 0
    """Typed again, because it was not accepted and nothing of it was in the record."""
    declined: int = 0
    """Answers that said that it was not done."""
    ready: list[float] = field(default_factory=list)
    went_on: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Run:
    told: Told
    lost: list[str]
    doubled: Counter[str]
    done_after: float
    """Seconds from the last start's being ready until all is carried out."""


async def killed(runs: int, server: PostgresServer | None) -> list[Figure]:
    """
    Slack's rates left aside, so that the bot is always in the middle of many things.

    Who gets no answer, or reads that it was not done, waits for the bot, looks, and types it again if nothing came of
    it. At the end every incident has its channel with one card, and one announcement.
    """
    found = []
    for run in range(runs):
        async with staged(server) as stage:
            await stage.bot.restart_as("bench.harness.unrated_serve")
            await stage.sandbox.fault(kind="latency", seconds=LATENCY)
            found.append(await _run(stage, SEED + run))
            place = stage.place.name
    doubled = sum((each.doubled for each in found), Counter[str]())
    again = sum(each.told.again for each in found)
    declined = sum(each.told.declined for each in found)
    ready = [seconds for each in found for seconds in each.told.ready]
    name = f"{DECLARES} declares, {KILLS} times kill -9"
    return [
        Figure(
            f"{name}: lost",
            "",
            [float(len(each.lost)) for each in found],
            place,
            target=Target(0),
            notes=[
                f"{again} of {DECLARES * runs} were typed again: nothing of them was in the record",
                f"{declined} answers said that it was not done, or not for sure",
                *(part for each in found for part in each.lost),
            ],
        ),
        Figure(
            f"{name}: doubled for people to see",
            "",
            [float(each.doubled.total()) for each in found],
            place,
            notes=[f"in all runs: {dict(doubled) or 'nothing'}"],
        ),
        Figure(
            f"{name}: from ready until it goes on, the slowest",
            "s",
            [max(each.told.went_on) for each in found],
            place,
            Reference("start to ready", median(ready)),
            Target(1, of_ratio=True),
            notes=[f"start to ready: {min(ready):.2f} to {max(ready):.2f} s"],
        ),
        Figure(
            f"{name}: from ready until all is done",
            "s",
            [each.done_after for each in found],
            place,
            Reference("a lease", LEASE.total_seconds()),
            notes=["on SQLite a start takes all leases back; on PostgreSQL they run out"],
        ),
    ]


async def _run(stage: Stage, seed: int) -> Run:
    told = Told()
    killing = asyncio.create_task(_kill_now_and_then(stage, told, seed))
    await asyncio.gather(*(_declare(stage, number, told) for number in range(DECLARES)))
    ready_at = await killing
    await _until_done(stage)
    done_after = time.time() - ready_at
    return Run(told, *await _held_against_slack(stage), done_after)


def _title(number: int) -> str:
    return f"outage number {number:03}"


async def _declare(stage: Stage, number: int, told: Told) -> None:
    await asyncio.sleep(number * APART)
    while not await _is_accepted(stage, number, told):
        while not await _is_up(stage):  # noqa: ASYNC110  another process tells nobody
            await asyncio.sleep(LOOKING)
        if await asyncio.to_thread(stage.place.number, _count_of(_title(number))):
            return
        told.again += 1


def _count_of(title: str) -> str:
    return f"SELECT count(*) FROM incident WHERE CAST(titles AS TEXT) LIKE '%{title}%'"


async def _is_accepted(stage: Stage, number: int, told: Told) -> bool:
    """Every answer to a person is a 200: what was not done is said in words. One that came late is empty."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", stage.bot.port)
    except OSError:
        return False
    try:
        writer.write(stage.declaration(_title(number)))
        status, answer = await one_answer(reader)
    except (OSError, asyncio.IncompleteReadError):
        return False
    else:
        is_declined = status == 200 and bool(answer) and ACCEPTED not in answer
        told.declined += is_declined
        return status == 200 and not is_declined
    finally:
        writer.close()


async def _is_up(stage: Stage) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", stage.bot.port)
    except OSError:
        return False
    writer.close()
    return True


async def _kill_now_and_then(stage: Stage, told: Told, seed: int) -> float:
    """Returns when the last start was ready."""
    chance, ready_at = random.Random(seed), 0.0
    for _ in range(KILLS):
        await asyncio.sleep(chance.uniform(1.0, 3.0))
        await stage.bot.kill()
        told.ready.append(await stage.bot.start())
        ready_at = time.time()
        if (seconds := await _until_it_goes_on(stage, ready_at)) is not None:
            told.went_on.append(seconds)
    return ready_at


async def _until_it_goes_on(stage: Stage, ready_at: float) -> float | None:
    """Seconds until the first call that carries out what waited; None if nothing waited."""
    while True:
        waiting = stage.place.number(UNFINISHED)
        ended = [each for each in await stage.calls() if each.began_at >= ready_at - 1 and each.method not in AT_STARTS]
        if ended:
            return max(min(each.began_at for each in ended) - ready_at, 0.0)
        if not waiting:
            return None
        if time.time() - ready_at > PATIENCE:
            raise TimeoutError(f"nothing was carried out within {PATIENCE:g} s of a start")
        await asyncio.sleep(0.05)


async def _until_done(stage: Stage) -> None:
    deadline = time.monotonic() + PATIENCE
    while stage.place.number(UNFINISHED):
        if time.monotonic() > deadline:
            raise TimeoutError(f"not everything was carried out within {PATIENCE:g} s")
        await asyncio.sleep(0.5)


async def _held_against_slack(stage: Stage) -> tuple[list[str], Counter[str]]:
    """Which declares lack something, and what stands there more than once."""
    channels = [each for each in await stage.sandbox.channels() if each.get("name", "").startswith("inc-")]
    named = {number: [each for each in channels if _is_of(each["name"], number)] for number in range(DECLARES)}
    incidents = {number: stage.place.number(_count_of(_title(number))) for number in named}
    announced = Counter(_numbers(await stage.sandbox.messages(channel="incidents")))
    doubled: Counter[str] = Counter()
    lost: list[str] = []
    for number, places in named.items():
        cards = [len(await stage.sandbox.pins(channel=each["id"])) for each in places]
        parts = {"incident": incidents[number], "channel": len(places), "card": sum(cards), "post": announced[number]}
        if not all(parts.values()):
            lost.append(f"{_title(number)}: {parts}")
        doubled["incidents"] += max(incidents[number] - 1, 0)
        doubled["channels"] += max(len(places) - 1, 0)
        doubled["cards"] += max(sum(cards) - 1, 0)
        doubled["announcements"] += max(announced[number] - 1, 0)
    return lost, +doubled


def _is_of(channel: str, number: int) -> bool:
    return re.search(rf"outage-number-{number:03}\b", channel) is not None


def _numbers(messages: Sequence[dict[str, object]]) -> list[int]:
    """Of which declares these messages tell."""
    found = [re.search(r"outage number (\d{3})", str(each)) for each in messages if each.get("user") == "U0DOGWATCH"]
    return [int(each[1]) for each in found if each]
