"""The acts that are counted, and their budgets."""

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from bench.quick.recorder import Counts, Recorder, recording
from tests.support.worlds.world import World

BUDGETS = {
    "sqlite": {
        "declare": Counts(statements=47, transactions=5, rows=56, calls=6),
        "message": Counts(statements=7, transactions=1, rows=2, calls=0),
        "reaction": Counts(statements=19, transactions=3, rows=12, calls=1),
        "command": Counts(statements=26, transactions=3, rows=15, calls=1),
        "alert": Counts(statements=88, transactions=9, rows=84, calls=7),
        "resolve": Counts(statements=204, transactions=26, rows=78, calls=15),
    },
    "postgresql": {
        "declare": Counts(statements=37, transactions=5, rows=62, calls=6),
        "message": Counts(statements=7, transactions=1, rows=2, calls=0),
        "reaction": Counts(statements=15, transactions=3, rows=13, calls=1),
        "command": Counts(statements=21, transactions=3, rows=17, calls=1),
        "alert": Counts(statements=70, transactions=9, rows=92, calls=7),
        "resolve": Counts(statements=188, transactions=26, rows=86, calls=15),
    },
}
"""
The most that an act may cost, by database, until everything is delivered.

That is a little more than it costs. A change that lowers a count lowers its budget.
"""
ROUNDS = 3
MOST_ROUNDS = 9
"""On a machine that is busy, what ends together may take several transactions in each of the first rounds."""
DELIVERED_WITHIN = timedelta(seconds=5)
"""A channel takes one message a second. What is due later, such as a reminder, is no part of the act."""


@dataclass(slots=True)
class Found:
    """The least of all rounds: what runs side by side may take a transaction more. `seconds`: of the processor."""

    counts: Counts
    seconds: float
    statements: Counter[str] = field(default_factory=Counter)
    transactions: Counter[str] = field(default_factory=Counter)


async def play(world: World) -> Mapping[str, Found]:
    """
    Carry out every act `ROUNDS` times, and again while one is over its budget, up to `MOST_ROUNDS` times.

    The first incident, which is not counted, makes people and channels known.
    """
    with recording() as recorder:
        measured = _Measured(world, recorder)
        await _story(measured)
        measured.found.clear()
        for number in range(MOST_ROUNDS):
            if number >= ROUNDS and not over_budget(measured.found, world.bot.database.dialect):
                break
            await _story(measured)
    return measured.found


def over_budget(found: Mapping[str, Found], dialect: str) -> list[str]:
    return [f"{act}: {each}" for act, of in found.items() for each in of.counts.above(BUDGETS[dialect][act])]


class _Measured:
    def __init__(self, world: World, recorder: Recorder) -> None:
        self.world = world
        self.found: dict[str, Found] = {}
        self._recorder = recorder
        self._calls = 0
        self._began = 0.0

    def start(self) -> None:
        self._recorder.clear()
        self._calls = len(self.world.sandbox.calls())
        self._began = time.process_time()

    async def end(self, act: str) -> None:
        """Take the counts of the act, once all of it is delivered; then let later work pass."""
        await deliver(self.world)
        counts = self._recorder.counts(len(self.world.sandbox.calls()) - self._calls)
        seconds = time.process_time() - self._began
        before = self.found.get(act)
        if before is None or counts.statements < before.counts.statements:
            self.found[act] = Found(counts, seconds, +self._recorder.statements, +self._recorder.transactions)
        if before is not None:
            self.found[act].counts = counts.least(before.counts)
            self.found[act].seconds = min(seconds, before.seconds)
        await self.world.advance(seconds=20)

    async def types(self, act: str, words: str, channel: str) -> None:
        self.start()
        await self.world.types("oncall", words, channel)
        await self.end(act)


async def _story(measured: _Measured) -> None:
    world = measured.world
    await measured.types("declare", "/incident start checkout is down sev:2", "ops")
    channel = world.channel
    await world.says("engineer", "I am here")

    measured.start()
    ts = await world.says("engineer", "The proxies answer 502")
    await measured.end("message")

    measured.start()
    await world.reacts("dba", ts, "mag")
    await measured.end("reaction")

    await measured.types("command", "/incident note seen before", channel)
    measured.start()
    status, answer = await world.posts("generic", _alert(channel))
    if status != 200 or not answer["incidents"]:
        raise RuntimeError(f"the alert opened no incident: {answer}")
    await measured.end("alert")

    await measured.types("resolve", "/incident resolve done", channel)
    await world.types("oncall", "/incident resolve done", world.channel)
    await deliver(world)


def _alert(name: str) -> dict[str, Any]:
    return {"title": "5xx above 5 %", "severity": "SEV2", "service": "search", "fingerprint": name, "group": name}


async def deliver(world: World) -> None:
    limit = world.now + DELIVERED_WITHIN
    await world.settle()
    while (due := await world.bot.next_due()) is not None and due <= limit:
        world.clock.move_to(max(due, world.now))
        await world.settle()
