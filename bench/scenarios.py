"""The table of what is measured."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bench.acts import alerting, declaring, drafting, escalating, reading
from bench.acts import incident_page as paging
from bench.acts import reactions as reacting
from bench.harness.figures import Figure
from bench.load import growth as growing
from bench.load import idle as resting
from bench.load import kills as killing
from bench.load import live as watching
from bench.load import outbox as sending
from bench.load import replicas
from bench.load import retention as forgetting
from bench.load import slow_slack as slowing
from bench.load import status_page as showing
from bench.load import text_search as searching
from bench.load import timers as timing
from bench.load import vendors as looking
from tests.support.servers.postgres import PostgresServer

Measure = Callable[[int, PostgresServer | None], Awaitable[list[Figure]]]
"""Given the number of runs, and the server if the bot is to use PostgreSQL."""
SQLITE, POSTGRESQL, BOTH = ("sqlite",), ("postgresql",), ("sqlite", "postgresql")


@dataclass(frozen=True, slots=True)
class Scenario:
    """
    `databases` and `runs`: those of the whole benchmark, if nobody chooses.

    `is_long`: left out of the whole benchmark, which takes a quarter of an hour. By its name, or with --long.
    """

    what: str
    measure: Measure
    databases: tuple[str, ...] = SQLITE
    runs: int = 3
    is_long: bool = False


SCENARIOS = {
    "start": Scenario("start to ready", resting.starting, runs=5),
    "memory": Scenario("memory at rest", resting.memory),
    "commands": Scenario("single commands from cold", resting.commands),
    "declare": Scenario("one declare, 100 ms a Slack call", declaring.with_latency, BOTH),
    "overhead": Scenario("one declare, Slack answers at once", declaring.without_latency, BOTH, runs=6),
    "storm": Scenario("50 declares at once, with Slack's rate limits", declaring.storm, BOTH, runs=2),
    "storm overhead": Scenario("50 declares at once, without Slack's rates", declaring.storm_overhead, BOTH, runs=2),
    "burst": Scenario("20 declares at once, 300 ms a Slack call", slowing.burst, runs=2),
    "reaction": Scenario("one reaction, on PostgreSQL and on SQLite", reacting.one_by_one, POSTGRESQL, runs=2),
    "reactions": Scenario("2,000 reactions in a burst", reacting.reactions, BOTH, runs=1),
    "webhooks": Scenario("2,000 webhooks of one alert each", alerting.webhooks, BOTH, runs=1),
    "alertmanager": Scenario("a real Alertmanager with 2,000 groups at once", alerting.alertmanager, BOTH, runs=1),
    "outbox": Scenario("what waits for Slack, with a call that does nothing", sending.outbox_rate, BOTH, runs=1),
    "posting rate": Scenario("18 declares at one message a second", sending.posting_rate, runs=1),
    "timers": Scenario("10,000 timers, 1,000 due in one second", timing.many_timers, runs=1),
    "growth": Scenario("the same work beside 100,000 past incidents, and beside 100", growing.growth, runs=1),
    "replicas": Scenario("two and four replicas against one", replicas.replicas, POSTGRESQL, runs=1),
    "draft": Scenario("the draft of 10,000 entries, in each form", drafting.drafting),
    "page": Scenario("the page of an incident with 10,000 entries", paging.page, BOTH, runs=2),
    "search": Scenario("text search over 10,000 incidents with 300,000 entries", searching.text_search, runs=1),
    "reading": Scenario("an incident with 5,000 entries in a browser", reading.reading, runs=1),
    "live": Scenario("200 people watch 50 open incidents", watching.live, runs=1),
    "status page": Scenario("readers of the status page while alerts come in", showing.status_page, runs=2),
    "vendors": Scenario("500 vendors' pages are read while alerts come in", looking.vendors, runs=1),
    "retention": Scenario("a million rows go, and people work", forgetting.retention, runs=1),
    "channels": Scenario("50 declares at once, until all channels exist", declaring.channels, is_long=True),
    "escalations": Scenario(
        "10,000 open escalations, 200 of them due in 20 seconds", escalating.escalations, BOTH, runs=1, is_long=True
    ),
    "kill": Scenario("200 declares while the bot is killed", killing.killed, BOTH, runs=1, is_long=True),
    "slow": Scenario("Slack takes 5 s a call for a minute", slowing.slow, is_long=True),
}
