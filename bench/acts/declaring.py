"""Declaring an incident: one at a time, and fifty at once."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from bench.harness.figures import Figure, Reference, Target
from bench.harness.limits import importing, one_call
from bench.harness.requests import Salvo
from bench.harness.stage import Call, Stage, staged
from tests.support.servers.postgres import PostgresServer

LATENCY = 0.1
"""Seconds per call of the Web API, as Slack's own answers take."""
SET_UP = (
    "conversations.create",
    "conversations.invite",
    "conversations.setTopic",
    "chat.postMessage",
    "pins.add",
    "chat.postMessage",
)
"""What a declare has to achieve: channel, declarer, topic, card, the card's pin, announcement."""
APART = 1.2
"""
Seconds of silence between declares: announcements go into one channel, where Slack takes one message a second.
"""
LEAST_DECLARES = 5
"""The processor time of fewer is lost in the clock's ticks."""
STORM = 50
PER_MINUTE = 20
"""Channels that Slack lets an app make in a minute."""


@dataclass(frozen=True, slots=True)
class Declared:
    """Seconds from the command to the answer, to the declarer's being in the channel, to the last call's end."""

    answered: float
    invited: float
    set_up: float
    calls: tuple[str, ...]


async def declare(stage: Stage, title: str) -> Declared:
    """
    Declare one incident and wait until the bot has nothing more to tell.

    Raises RuntimeError if something of the set-up is missing or was refused.
    """
    await stage.sandbox.clear_calls()
    salvo = await stage.send([stage.declaration(title)])
    await stage.quiet(APART)
    calls = await stage.calls()
    if refused := [call for call in calls if call.error]:
        raise RuntimeError(f"Slack refused {refused}")
    _check_set_up(calls, 1)
    began = salvo.answers[0].sent_at
    return Declared(
        answered=salvo.answers[0].seconds,
        invited=_end(call for call in calls if call.method == "conversations.invite") - began,
        set_up=_end(calls) - began,
        calls=tuple(call.method for call in calls),
    )


def _check_set_up(calls: Iterable[Call], declares: int) -> None:
    """Raises RuntimeError if something of the set-up is missing or was refused."""
    wanted = Counter(SET_UP * declares)
    granted = Counter(call.method for call in calls if call.error is None)
    if missing := wanted - granted:
        raise RuntimeError(f"not set up, {dict(missing)} missing; granted: {dict(granted)}")


def _end(calls: Iterable[Call]) -> float:
    return max(call.ended_at for call in calls)


async def measured(stage: Stage, runs: int) -> list[Declared]:
    await declare(stage, "a declare that warms up")
    return [await declare(stage, f"checkout is down, run {run}") for run in range(runs)]


def _calls_note(declares: list[Declared]) -> str:
    counts = sorted({len(declare.calls) for declare in declares})
    return f"calls: {' or '.join(map(str, counts))} ({', '.join(declares[-1].calls)})"


async def with_latency(runs: int, server: PostgresServer | None) -> list[Figure]:
    """B1: one declare, while each call of Slack takes 100 ms."""
    async with staged(server) as stage:
        await stage.sandbox.fault(kind="latency", seconds=LATENCY)
        call = await one_call(stage)
        declares = await measured(stage, runs)
        after = await one_call(stage)
    reference = Reference("one Slack call", (call + after) / 2 * 1000)
    name, place = "declare, 100 ms a call", stage.place.name
    return [
        Figure(f"{name}: answer", "ms", [each.answered * 1000 for each in declares], place, reference),
        Figure(
            f"{name}: declarer in the channel",
            "ms",
            [each.invited * 1000 for each in declares],
            place,
            reference,
            Target(2.2 if server is None else 2.5, of_ratio=True),
        ),
        Figure(
            f"{name}: everything set up",
            "ms",
            [each.set_up * 1000 for each in declares],
            place,
            reference,
            Target(3.5, of_ratio=True),
            [_calls_note(declares)],
        ),
    ]


async def without_latency(runs: int, server: PostgresServer | None) -> list[Figure]:
    """B1b: one declare, while Slack answers at once: what the bot itself costs."""
    async with staged(server) as stage:
        call = await one_call(stage)
        await declare(stage, "a declare that warms up")
        worked = stage.bot.worked()
        declares = [await declare(stage, f"checkout is down, run {run}") for run in range(max(runs, LEAST_DECLARES))]
        worked = (stage.bot.worked() - worked) / len(declares)
    libraries = Reference("importing its libraries", await importing() * 1000)
    reference = Reference("one Slack call", call * 1000)
    name, place = "declare, 0 ms a call", stage.place.name
    return [
        Figure(f"{name}: answer", "ms", [each.answered * 1000 for each in declares], place, reference),
        Figure(
            f"{name}: everything set up",
            "ms",
            [each.set_up * 1000 for each in declares],
            place,
            reference,
            notes=[_calls_note(declares)],
        ),
        Figure(
            f"{name}: processor time of the bot, all effects included",
            "ms",
            [worked * 1000],
            place,
            libraries,
            Target(0.019 if server is None else 0.024, of_ratio=True),
        ),
    ]


async def storm(runs: int, server: PostgresServer | None) -> list[Figure]:
    """B2: fifty declares at once, 100 ms a call, with Slack's rate limits in force."""
    slowest, place, notes, call = [], "", [], 0.0
    for _ in range(runs):
        async with staged(server) as stage:
            call = await _stormy_call(stage)
            salvo = await _declare_many(stage)
            slowest.append(salvo.slowest * 1000)
            notes += salvo.notes()
            place = stage.place.name
    reference, target = Reference("one Slack call", call * 1000), Target(3 if server is None else 5, of_ratio=True)
    return [Figure(f"{STORM} declares at once: slowest answer", "ms", slowest, place, reference, target, notes)]


async def storm_overhead(runs: int, server: PostgresServer | None) -> list[Figure]:
    """The bot's work for each of fifty declares at once. Without Slack's rates, which spread them over two minutes."""
    worked = []
    async with staged(server) as stage:
        await stage.bot.restart_as("bench.harness.unrated_serve")
        await stage.sandbox.fault(kind="latency", seconds=LATENCY)
        for _ in range(runs + 1):
            await stage.sandbox.clear_calls()
            before = stage.bot.worked()
            await _declare_many(stage)
            await stage.quiet(APART)
            _check_set_up(await stage.calls(), STORM)
            worked.append((stage.bot.worked() - before) / STORM)
        place = stage.place.name
    return [
        Figure(
            f"{STORM} declares at once: processor time of the bot each, all effects included",
            "ms",
            [each * 1000 for each in worked[1:]],  # the first one warms up
            place,
            Reference("importing its libraries", await importing() * 1000),
            Target(0.019 if server is None else 0.024, of_ratio=True),
        )
    ]


async def channels(_runs: int, server: PostgresServer | None) -> list[Figure]:
    """The same until all channels exist. Once: Slack grants 20 a minute."""
    async with staged(server) as stage:
        await _stormy_call(stage)
        salvo = await _declare_many(stage)
        return [await _until_channels_exist(stage, salvo.answers[0].sent_at)]


async def _stormy_call(stage: Stage) -> float:
    """Let calls take their time and Slack's rates hold; seconds of one call."""
    await stage.sandbox.fault(kind="latency", seconds=LATENCY)
    call = await one_call(stage)
    await stage.sandbox.clear_calls()
    await stage.sandbox.rate_limits(tiers=True, per_channel=True)
    return call


async def _declare_many(stage: Stage) -> Salvo:
    return await stage.send(
        [stage.declaration(f"storm, incident {number}") for number in range(STORM)], in_flight=STORM
    )


async def _until_channels_exist(stage: Stage, began: float) -> Figure:
    """From the first command to the last channel."""
    deadline = time.monotonic() + 400
    while True:
        calls = [call for call in await stage.calls() if call.method == "conversations.create"]
        made = [call for call in calls if call.error is None]
        if len(made) >= STORM:
            break
        if time.monotonic() > deadline:
            raise TimeoutError(f"{len(made)} of {STORM} channels exist after {deadline:g} s")
        await asyncio.sleep(0.2)
    limited = Counter(call.method for call in await stage.calls() if call.error == "ratelimited")
    first = sum(call.ended_at - began < 1 for call in made)
    ideal = (STORM - 1) // PER_MINUTE * 60.0
    return Figure(
        f"{STORM} declares at once: all channels exist",
        "s",
        [_end(made) - began],
        stage.place.name,
        Reference(f"{PER_MINUTE} in any minute, the local Slack's limit", ideal),
        notes=[
            f"{first} of {STORM} channels within the first second; Slack's tier 2 decides over the rest",
            f"calls answered with 429 meanwhile: {dict(limited) or 'none'}",
        ],
    )
