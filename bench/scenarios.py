"""The table of what is measured."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bench import declaring, drafting, reacting, resting
from bench.figures import Figure
from tests.support.postgres import PostgresServer

Measure = Callable[[int, PostgresServer | None], Awaitable[list[Figure]]]
"""Given the number of runs, and the server if the bot is to use PostgreSQL."""
BOTH = ("sqlite", "postgresql")


@dataclass(frozen=True, slots=True)
class Scenario:
    """`databases`: on which it is measured if nobody chooses."""

    what: str
    measure: Measure
    databases: tuple[str, ...] = ("sqlite",)


SCENARIOS = {
    "declare": Scenario("one declare, 100 ms a Slack call", declaring.with_latency),
    "overhead": Scenario("one declare, Slack answers at once", declaring.without_latency, BOTH),
    "storm": Scenario("50 declares at once, with Slack's rate limits", declaring.storm),
    "reactions": Scenario("2,000 reactions in a burst", reacting.reactions, BOTH),
    "draft": Scenario("the draft of 10,000 entries, in each form", drafting.drafting),
    "start": Scenario("start to ready", resting.starting),
    "memory": Scenario("memory at rest", resting.memory),
}
