"""The table of what is measured."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bench.acts import alerting, declaring, drafting, escalating
from bench.acts import incident_page as paging
from bench.acts import reactions as reacting
from bench.harness.figures import Figure
from bench.load import growth as growing
from bench.load import idle as resting
from bench.load import kills as killing
from bench.load import outbox as sending
from bench.load import replicas
from bench.load import retention as forgetting
from bench.load import slow_slack as slowing
from bench.load import timers as timing
from tests.support.servers.postgres import PostgresServer

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
    "declare": Scenario("one declare, 100 ms a Slack call", declaring.with_latency, BOTH),
    "overhead": Scenario("one declare, Slack answers at once", declaring.without_latency, BOTH),
    "storm": Scenario("50 declares at once, with Slack's rate limits", declaring.storm),
    "outbox": Scenario("what waits for Slack, with a call that does nothing", sending.outbox_rate, BOTH),
    "posting rate": Scenario("20 declares at one message a second", sending.posting_rate),
    "reactions": Scenario("2,000 reactions in a burst", reacting.reactions, BOTH),
    "webhooks": Scenario("2,000 webhooks of one alert each", alerting.webhooks, BOTH),
    "alertmanager": Scenario("a real Alertmanager with 2,000 groups at once", alerting.alertmanager, BOTH),
    "timers": Scenario("10,000 timers, 1,000 due in one second", timing.many_timers, BOTH),
    "escalations": Scenario("10,000 open escalations, 200 of them due in 20 seconds", escalating.escalations, BOTH),
    "draft": Scenario("the draft of 10,000 entries, in each form", drafting.drafting),
    "growth": Scenario("the same work beside 100,000 past incidents, and beside 100", growing.growth, BOTH),
    "kill": Scenario("200 declares while the bot is killed", killing.killed, BOTH),
    "replicas": Scenario("two replicas against one", replicas.replicas, ("postgresql",)),
    "burst": Scenario("20 declares at once, 300 ms a Slack call", slowing.burst),
    "slow": Scenario("Slack takes 5 s a call for a minute", slowing.slow),
    "page": Scenario("the page of an incident with 10,000 entries", paging.page, BOTH),
    "retention": Scenario("a million rows go, and people work", forgetting.retention, BOTH),
    "start": Scenario("start to ready", resting.starting),
    "memory": Scenario("memory at rest", resting.memory),
}
