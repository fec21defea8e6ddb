"""Two replicas as processes on one PostgreSQL: started together, killed, paused."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.sandbox.server import Sandbox
from bot.store.database.session import open_database
from tests.faults.slack.test_delivery_faults import CHANNEL
from tests.support.servers.postgres import PostgresServer
from tests.support.survivors.killable import Bot, Kennel, kennel
from tests.support.survivors.survivor import Survivor, unfinished

LEASE = 2.0
"""Seconds, for replicas that are processes of their own."""


@dataclass
class Herd:
    """Replicas that are processes of their own, which can be killed and paused."""

    kennel: Kennel
    slack: Sandbox
    url: str

    async def start(self, **more: Any) -> Bot:
        environment = Survivor(self.kennel, self.slack, self.url).environment
        return await self.kennel.start(environment, lease=LEASE, poll=0.2, **more)

    def listens(self, bot: Bot) -> None:
        self.slack.deliver_by_http(f"http://127.0.0.1:{bot.port}/slack/events")
        self.slack.retry_now()

    async def is_all_done(self) -> None:
        """Until nothing waits in the outbox and at Slack."""
        database = open_database(self.url)

        async def is_done() -> bool:
            self.slack.retry_now()
            return self.slack.settled() and not await database.read(unfinished) and self.slack.settled()

        await self.slack.wait_until(is_done, timeout=30)
        await database.close()

    def texts(self, channel: str) -> list[str]:
        """What the bot has written there, joins and topics left out."""
        messages = self.slack.messages(channel)
        return [each["text"] for each in messages if each.get("user") == "U0DOGWATCH" and not each.get("subtype")]


@pytest.fixture
async def herd(postgres_server: PostgresServer, tmp_path: Path) -> AsyncIterator[Herd]:
    url = postgres_server.create_database()
    async with Sandbox() as slack, kennel(tmp_path) as bots:
        yield Herd(bots, slack, url)
    postgres_server.drop_database(url)


async def counted(bot: Bot, metric: str) -> float:
    """The sum of a counter over its labels."""
    async with aiohttp.ClientSession() as http, http.get(f"http://127.0.0.1:{bot.port}/metrics") as answer:
        lines = (await answer.text()).splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(f"{metric}_total"))


@asynccontextmanager
async def slow_slack(slack: Sandbox, method: str) -> AsyncIterator[None]:
    fault = slack.fault("latency", method, seconds=0.5)
    yield
    slack.clear_fault(fault)


async def declare(herd: Herd, bot: Bot) -> None:
    herd.listens(bot)
    answer = await herd.slack.command("oncall", "ops", "/incident start checkout is down sev:2")
    assert "Declared" in (answer.text or ""), answer


def assert_set_up_once(herd: Herd) -> None:
    made = [each["name"] for each in herd.slack.channels() if str(each.get("name")).startswith("inc-")]
    assert made == [CHANNEL]
    assert len(herd.slack.pins(CHANNEL)) == 1
    assert len(herd.texts("incidents")) == 1
    assert "U0ONCALL" in herd.slack.members(CHANNEL)


async def test_two_that_start_together_on_an_empty_database_both_work(herd: Herd) -> None:
    first, second = await asyncio.gather(herd.start(), herd.start())

    assert (first.refusal, second.refusal) == (None, None)
    await declare(herd, first)
    herd.listens(second)
    await herd.is_all_done()
    assert_set_up_once(herd)


@pytest.mark.parametrize("method", ["conversations.create", "chat.postMessage"])
async def test_one_that_is_killed_leaves_its_work_to_the_other(herd: Herd, method: str) -> None:
    """It dies in the middle of a call of Slack, with its lanes leased."""
    first = await herd.start()
    async with slow_slack(herd.slack, method):
        await declare(herd, first)
        await herd.slack.wait_until(lambda: herd.slack.pending()["requests"] > 0 and herd.slack.calls("auth.test"))
        await first.kill()
    second = await herd.start()
    herd.listens(second)

    await herd.is_all_done()

    assert_set_up_once(herd)


@pytest.mark.parametrize("point", ["after conversations.create", "before chat.postMessage"])
async def test_one_that_is_paused_and_wakes_after_its_lease(herd: Herd, point: str) -> None:
    """What it still believes changes nothing, neither in the record nor in Slack."""
    paused = await herd.start(pause_at=(point, 1))
    herd.listens(paused)
    await herd.slack.command("oncall", "ops", "/incident start checkout is down sev:2")
    await paused.is_paused.wait()
    second = await herd.start()
    herd.listens(second)
    await herd.is_all_done()
    before = Counter(herd.texts(CHANNEL) + herd.texts("incidents"))

    paused.go_on()

    async def is_fenced() -> bool:
        return await counted(paused, "dogwatch_outbox_fenced") >= 1

    await herd.slack.wait_until(is_fenced, timeout=10)
    await herd.is_all_done()
    assert Counter(herd.texts(CHANNEL) + herd.texts("incidents")) == before
    assert_set_up_once(herd)
    answer = await herd.slack.command("oncall", CHANNEL, "/incident severity 1 worse")
    assert (answer.ok, answer.text or "") == (True, "")
    await herd.is_all_done()
    assert "SEV1" in str(herd.slack.pins(CHANNEL)[0])
