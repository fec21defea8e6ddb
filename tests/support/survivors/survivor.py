"""
A world for a bot that may be killed at any point.

Users and monitors behave as in reality: a user without a response waits for the bot, looks, and repeats the action if
it had no effect. A monitor repeats what was not answered with 2xx.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
from sqlmodel import Session, select

from bot.sandbox.server import Sandbox
from bot.store import outbox
from bot.store.database.session import Database, DatabaseUnavailable, open_database
from bot.store.outbox import OutboxRow
from bot.store.shared.timers import Timer
from tests.support.requests.notifications import a_notification, an_alert
from tests.support.survivors.killable import Bot, Kennel, Point
from tests.support.survivors.survivor_outcome import record, seen_by_all

CHANNEL = "inc-1-checkout-is-down"
CONFIG = """
[storms]
incidents = 1
minutes = 60
"""
ALERT_TOKEN = "alert-token-of-the-tests"
PATIENCE = 90.0
LEASE = 2.5
"""Seconds that the lanes of a killed bot wait on PostgreSQL. Longer than any call takes here, as it has to be."""
SOON = timedelta(seconds=3)
"""A timer that is due by then belongs to what was done: a card that is shown a second later."""
Act = Callable[["Survivor"], Awaitable[Any]]
Look = Callable[[Session], object]


@dataclass(frozen=True)
class Step:
    """A user's action, and how they check its effect. None: Slack itself retries."""

    act: Act
    has_happened: Look | None = None


@dataclass(frozen=True)
class Story:
    """`begins`: the story before; None: a new workspace. `before`: runs before the bot starts."""

    name: str
    steps: tuple[Step, ...]
    begins: "Story | None" = None
    before: Act | None = None


@dataclass(frozen=True)
class Told:
    """A monitor's view of the response."""

    ok: bool


@dataclass
class Survivor:
    """One play of a story."""

    kennel: Kennel
    slack: Sandbox
    url: str
    points: list[str] = field(default_factory=list)
    was_killed: bool = False
    seen: dict[str, Any] = field(default_factory=dict)
    alerts: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        config = self.kennel.path.with_name("dogwatch.toml")
        if not config.exists():
            config.write_text(CONFIG)
        return {
            "DOGWATCH_CONFIG": str(config),
            "SLACK_BOT_TOKEN": self.slack.bot_token,
            "SLACK_SIGNING_SECRET": self.slack.signing_secret,
            "SLACK_API_URL": self.slack.api_url,
            "DATABASE_URL": self.url,
            "DOGWATCH_PORT": "0",
            "DOGWATCH_HOST": "127.0.0.1",
            "DOGWATCH_PUBLIC_URL": "http://dogwatch.example",
            "DOGWATCH_SECRET_KEY": "a secret key that is long enough for tests",
            "DOGWATCH_ALERT_TOKEN": ALERT_TOKEN,
        }

    async def sends_alert(self, instance: str, *, group: str = "web") -> Told:
        """Send the same notification as Alertmanager at each call."""
        if instance not in self.alerts:
            alert = an_alert(at=datetime.now(UTC), instance=instance)
            self.alerts[instance] = a_notification(alert, group=group)
        return await self.sends(self.alerts[instance])

    async def sends(self, payload: dict[str, Any]) -> Told:
        address = f"http://127.0.0.1:{self.bot.port}/alerts/alertmanager"
        headers = {"Authorization": f"Bearer {ALERT_TOKEN}"}
        try:
            async with aiohttp.ClientSession() as http, http.post(address, json=payload, headers=headers) as got:
                return Told(got.status == 200)
        except aiohttp.ClientError:
            return Told(ok=False)

    async def play(self, story: Story, kill_at: Point | None) -> None:
        if story.before is not None:
            await story.before(self)
        self.bot = await self.kennel.start(self.environment, kill_at=kill_at, counts=kill_at is None, lease=LEASE)
        if self.bot.is_gone.is_set():
            await self.raise_from_the_dead()
        self.listen_to(self.bot)
        self.reading: Database = open_database(self.url, read_only=True)
        try:
            for step in story.steps:
                await self.take(step)
            self.points = self.bot.points
            await self.bot.stop()
            if self.bot.died_at and not self.was_killed:  # after all that could be waited for
                await self.raise_from_the_dead()
                await self.finish()
            lost = [each for each in self.slack.deliveries("events_api") if each["outcome"] == "lost"]
            assert not lost, lost
            self.seen = seen_by_all(self.slack) | {"record": await self.reading.read(record)}
        finally:
            await self.bot.kill()
            await self.reading.close()

    async def take(self, step: Step) -> None:
        answer = await step.act(self)
        if answer is not None and not answer.ok:
            async with asyncio.timeout(PATIENCE):
                await self.bot.is_gone.wait()
        await self.finish()
        if step.has_happened and not answer.ok and not await self.reading.read(step.has_happened):
            assert self.was_killed, answer
            again = await step.act(self)
            assert again.ok, again
            await self.finish()

    async def finish(self) -> None:
        """Wait until all work is done, with a bot that is restarted if it was killed."""
        try:
            await self.slack.wait_until(self.is_finished, PATIENCE)
        except TimeoutError:
            rows = await self.reading.read(unfinished)
            raise TimeoutError(f"Slack {self.slack.pending()}, outbox {rows}") from None

    async def is_finished(self) -> bool:
        if self.bot.is_gone.is_set():
            await self.raise_from_the_dead()
        if self.was_killed and self.slack.pending()["waiting_retry"]:
            self.slack.retry_now()
        if not self.slack.settled():
            return False
        try:
            waiting = await self.reading.read(unfinished)
        except DatabaseUnavailable:
            return False
        return not waiting and self.slack.settled() and not self.bot.is_gone.is_set()

    async def raise_from_the_dead(self) -> None:
        assert self.bot.died_at is not None, f"the bot ended by itself: {self.bot.refusal}"
        assert not self.was_killed, "the bot was killed twice"
        self.was_killed = True
        self.bot = await self.kennel.start(self.environment, lease=LEASE, poll=0.2)
        assert self.bot.refusal is None, self.bot.refusal
        self.listen_to(self.bot)

    def listen_to(self, bot: Bot) -> None:
        address = f"http://127.0.0.1:{bot.port}/slack/events"
        if self.slack.http is None:
            self.slack.deliver_by_http(address)
        self.slack.http.url = address


def unfinished(session: Session) -> list[tuple[str, str, str, str | None]]:
    waiting = session.exec(select(OutboxRow).where(OutboxRow.state.in_(outbox.UNFINISHED)))
    soon = session.exec(select(Timer).where(Timer.due_at < datetime.now(UTC) + SOON))
    return [
        *((row.lane, row.kind, row.state, row.error) for row in waiting),
        *(("timer", each.kind, each.key, None) for each in soon),
    ]


# --- stories
