"""
A process that stands still for long and goes on (SIGSTOP, SIGCONT; a machine that was suspended).

Meanwhile its leases ran out, its connections were ended by Slack, what Slack told was lost, and timers fell due.
"""

import asyncio
import os
import signal
import sqlite3
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot.sandbox.server import Sandbox
from tests.support.servers.postgres import PostgresServer
from tests.support.survivors.killable import Bot, Kennel, kennel

CHANNEL = "inc-1-checkout-is-down"
LEASE = 1.5
PATIENCE = 40.0
OVERDUE = "UPDATE timer SET due_at = '2026-01-01 00:00:00.000000' WHERE key LIKE 'escalation:%'"


@dataclass
class Scene:
    slack: Sandbox
    bot: Bot
    execute: Callable[[str], Any]
    """Runs SQL beside the bot."""
    is_locked: Callable[[], bool]
    """Whether the bot keeps others from writing."""

    async def pause(self) -> None:
        """Stop the process, but not where it alone may write: nobody else could set the scene then."""
        await self._stop()
        while self.is_locked():
            self.go_on()
            await asyncio.sleep(0.01)
            await self._stop()

    def stands_still(self) -> bool:
        return Path(f"/proc/{self.bot.pid}/stat").read_text().rpartition(") ")[2].startswith("T")

    async def _stop(self) -> None:
        os.kill(self.bot.pid, signal.SIGSTOP)
        while not self.stands_still():
            await asyncio.sleep(0.001)

    def go_on(self) -> None:
        os.kill(self.bot.pid, signal.SIGCONT)

    def is_paging(self) -> bool:
        """Whether the channel has the announcement, and the person's page was sent, answered or not."""
        direct = self.slack.open_dm("dba")
        calls = self.slack.calls("chat.postMessage")
        return self.said("the primary is full") == 1 and any(each["args"].get("channel") == direct for each in calls)

    def pages(self) -> int:
        return len([each for each in self.slack.messages(self.slack.open_dm("dba")) if each["user"] == "U0DOGWATCH"])

    def reminders(self) -> int:
        """How often the channel was told: below its announcement, or beside it while that was in doubt."""
        return len([each for each in self.slack.messages(CHANNEL) if "still needed" in each["text"]])

    def said(self, words: str) -> int:
        """How many messages of the bot in the channel itself have these words."""
        return len([each for each in self.slack.messages(CHANNEL, threads=False) if words in each["text"]])

    def is_confirmed(self, ts: str) -> bool:
        message = self.slack.message(CHANNEL, ts) or {}
        return any(each["name"] == "writing_hand" for each in message.get("reactions", []))


@pytest.fixture
async def bots(tmp_path: Path) -> AsyncIterator[Kennel]:
    async with kennel(tmp_path) as built:
        yield built


@pytest.fixture
async def scene(
    bots: Kennel, database_url: str, request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[Scene]:
    async with Sandbox(retry_delays=(0, 0.2, 0.4), answer_seconds=1.0) as slack:
        environment = {
            "SLACK_BOT_TOKEN": slack.bot_token,
            "SLACK_APP_TOKEN": slack.app_token,
            "SLACK_API_URL": slack.api_url,
            "DATABASE_URL": database_url,
            "DOGWATCH_PORT": "0",
            "DOGWATCH_SECRET_KEY": "a secret key that is long enough for tests",
        }
        bot = await bots.start(environment, lease=LEASE, poll=0.3, call_seconds=1.0)
        assert bot.refusal is None, bot.refusal
        await slack.wait_until(lambda: slack.sockets() == 2)
        answer = await slack.command("oncall", "ops", "/incident start checkout is down")
        assert answer.ok, answer
        await slack.wait_until(lambda: slack.channel(CHANNEL) and slack.pins(CHANNEL), PATIENCE)
        await slack.wait_settled(PATIENCE, quiet=0.3)
        yield Scene(slack, bot, execute_on(database_url, request), lambda: is_locked(database_url))
        await bot.stop()


def execute_on(database_url: str, request: pytest.FixtureRequest) -> Callable[[str], Any]:
    if database_url.startswith("sqlite"):

        def execute(statement: str) -> None:
            with sqlite3.connect(database_url.removeprefix("sqlite:///")) as beside:
                assert beside.execute(statement).rowcount == 1

        return execute
    server: PostgresServer = request.getfixturevalue("postgres_server")
    return lambda statement: server.sql(statement, database=database_url.rpartition("/")[2])


def is_locked(database_url: str) -> bool:
    if not database_url.startswith("sqlite"):
        return False
    with sqlite3.connect(database_url.removeprefix("sqlite:///"), timeout=0.1, isolation_level=None) as beside:
        try:
            beside.execute("BEGIN IMMEDIATE")
            beside.execute("ROLLBACK")
        except sqlite3.OperationalError:
            return True
    return False


async def test_it_finds_its_way_back_and_nothing_is_lost_or_doubled(scene: Scene) -> None:
    """It stops while a page is on its way to Slack: the page arrives, its answer does not."""
    slack = scene.slack
    slow = slack.fault("latency", method="chat.postMessage", channel=slack.open_dm("dba"), seconds=0.8)
    answer = await slack.command("oncall", CHANNEL, "/incident escalate @dba the primary is full")
    assert answer.ok, answer
    await slack.wait_until(scene.is_paging, PATIENCE)

    await scene.pause()
    try:
        written = slack.say("engineer", CHANNEL, "the pool is exhausted")
        slack.react("oncall", CHANNEL, written, "mag")
        refused = await slack.command("oncall", CHANNEL, "/incident note while it stood still")
        assert not refused.ok, "the person reads that it did not work"
        await slack.wait_until(lambda: any(each["outcome"] == "lost" for each in slack.deliveries("reaction_added")))
        await slack.drop_sockets()
        await asyncio.sleep(LEASE)  # its leases have to run out
        scene.execute(OVERDUE)
        slack.clear_fault(slow)
    finally:
        scene.go_on()

    await slack.wait_until(lambda: slack.sockets() == 2, PATIENCE)
    await slack.wait_until(lambda: scene.is_confirmed(written), PATIENCE)
    await slack.wait_until(lambda: scene.reminders() == 1 and scene.pages() == 2, PATIENCE)
    answer = await slack.command("oncall", CHANNEL, "/incident note back again")
    assert answer.ok
    assert not answer.text, "the channel says it"
    await slack.wait_until(lambda: scene.said("back again"), PATIENCE)
    await slack.wait_settled(PATIENCE, quiet=1.0)

    assert scene.pages() == 2, "the page and one reminder"
    assert scene.reminders() == 1
    assert len(slack.pins(CHANNEL)) == 1
    assert scene.said("the primary is full") == 1
    assert scene.said("back again") == 1
