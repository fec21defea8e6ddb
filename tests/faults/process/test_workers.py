"""A worker that dies, hangs or fails each time: it is started again, or the process says that it cannot do its work."""

import asyncio
import json
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Self

import aiohttp
import pytest

from bot.app import Dogwatch
from bot.engine import runner
from bot.engine.heartbeat import Heartbeat
from bot.runtime.metrics import REGISTRY
from bot.runtime.supervision import restart_on_failure
from bot.sandbox.server import Sandbox
from bot.store.database.sqlite_database import SqliteDatabase
from tests.flows.operations.test_heartbeat import Listener
from tests.support.worlds.world import ANSWERED_WITHIN, World

HANGS_AFTER = timedelta(seconds=1)
BEAT = timedelta(seconds=0.1)
PATIENCE = 20


class RealTime(World):
    """A world whose bot follows the real clock, as in earnest, and calls a heartbeat ten times a second."""

    def __init__(self, database_url: str, folder: Path, listener: Listener) -> None:
        super().__init__(database_url, folder)
        self.sandbox = Sandbox(answer_seconds=ANSWERED_WITHIN)
        self.listener = listener

    async def __aenter__(self) -> Self:
        await self.sandbox.start()
        self.bot = Dogwatch(self.settings(), hangs_after=HANGS_AFTER, poll=timedelta(seconds=0.2))
        await self.bot.start()
        self.sandbox.deliver_by_http(f"{self.url}/slack/events")
        self._http = aiohttp.ClientSession()
        self.bot._heartbeat = Heartbeat(self.listener.url, BEAT, self.bot.health.find_problems)
        self.bot._heartbeat.start()
        await self.until_ready(200)
        return self

    async def until_ready(self, status: int) -> str:
        """Wait for that answer of `/readyz`; returns its body."""
        async with asyncio.timeout(PATIENCE):
            while True:
                found, body = await self.gets("/readyz")
                if found == status:
                    return body
                await asyncio.sleep(0.02)

    async def declares_and_sees_it(self, title: str) -> None:
        answer = await self.sandbox.command("oncall", "ops", f"/incident start {title}")
        assert "Declared" in (answer.text or "")
        await self.sandbox.wait_until(
            lambda: any(title.replace(" ", "-") in name and self.sandbox.pins(name) for name in self.channels),
            timeout=PATIENCE,
        )


@pytest.fixture
async def real(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[RealTime]:
    monkeypatch.setattr(runner, "POLL", timedelta(seconds=0.2))
    listener = Listener()
    await listener.start()
    try:
        async with RealTime(f"sqlite:///{tmp_path / 'dogwatch.db'}", tmp_path, listener) as built:
            yield built
    finally:
        await listener.stop()


def restarts(worker: str) -> float:
    return REGISTRY.get_sample_value("dogwatch_worker_restarts_total", {"worker": worker}) or 0.0


def task_named(name: str) -> asyncio.Task[None]:
    """The worker itself, not who watches it."""
    watcher = next(each for each in asyncio.all_tasks() if each.get_name() == name)
    return next(each for each in asyncio.all_tasks() if each is not watcher and each.get_coro().__name__ == WORK[name])


WORK = {"sender": "_work", "timers": "_run_timers", "upkeep": "_run_upkeep"}


@pytest.mark.parametrize("worker", sorted(WORK))
async def test_a_worker_that_is_ended_is_started_again(real: RealTime, worker: str) -> None:
    before = restarts(worker)

    task_named(worker).cancel()
    await real.declares_and_sees_it("checkout is down")

    async with asyncio.timeout(PATIENCE):
        while restarts(worker) == before:
            await asyncio.sleep(0.02)
    await real.until_ready(200)
    assert f'dogwatch_worker_restarts_total{{worker="{worker}"}}' in (await real.gets("/metrics"))[1]


@asynccontextmanager
async def stuck_writer(database: SqliteDatabase) -> AsyncIterator[None]:
    """The one writer of a SQLite file waits for something that does not come, as on a disk that hangs."""
    let_go = threading.Event()
    stuck = asyncio.ensure_future(database.run(lambda _session: let_go.wait(60)))
    try:
        yield
    finally:
        let_go.set()
        await stuck


async def test_a_sender_that_hangs_ends_readiness_and_the_heartbeat(real: RealTime) -> None:
    assert isinstance(real.bot.database, SqliteDatabase)
    await real.listener.hears(2)

    async with stuck_writer(real.bot.database):
        body = await real.until_ready(503)
        assert '"sender": "does not work"' in body
        await asyncio.sleep(2 * BEAT.total_seconds())  # a call that was under way has ended
        calls = real.listener.calls
        held_back = heartbeats("held back")
        async with asyncio.timeout(PATIENCE):
            while heartbeats("held back") < held_back + 3:
                await asyncio.sleep(0.02)
        assert real.listener.calls == calls, "whoever listens for the heartbeat raises the alarm"
        assert (await real.gets("/livez"))[0] == 200

    await real.until_ready(200)
    await real.listener.hears(1)
    await real.declares_and_sees_it("checkout is down")


def heartbeats(outcome: str) -> float:
    return REGISTRY.get_sample_value("dogwatch_heartbeats_total", {"outcome": outcome}) or 0.0


async def test_a_sender_that_fails_each_time_is_no_working_sender(real: RealTime) -> None:
    """It looks for work, and a defect ends each look: that is as good as none."""
    real.bot.sender.leases.duration = None  # what no release should have: a defect of ours
    await real.sandbox.command("oncall", "ops", "/incident start checkout is down")

    body = await real.until_ready(503)

    assert '"sender": "does not work"' in body


async def test_slack_being_away_a_dead_letter_and_a_slow_call_are_no_reasons(real: RealTime) -> None:
    away = real.sandbox.fault("cut_before")
    answer = await real.sandbox.command("oncall", "ops", "/incident start checkout is down")
    assert "Declared" in (answer.text or "")
    began = time.monotonic()
    while time.monotonic() - began < 2 * HANGS_AFTER.total_seconds():
        status, body = await real.gets("/readyz")
        assert status == 200, body
        await asyncio.sleep(0.1)

    real.sandbox.fault("error", "pins.add", error="too_many_pins")
    real.sandbox.fault("latency", "conversations.create", seconds=2 * HANGS_AFTER.total_seconds())
    real.sandbox.clear_fault(away)
    real.sandbox.clear_calls()
    await real.sandbox.wait_until(
        lambda: any(not call.get("ok", True) for call in real.sandbox.calls("pins.add")), timeout=40
    )
    status, body = await real.gets("/readyz")
    assert (status, json.loads(body)["problems"]) == (200, {})


async def test_whoever_is_watched_ends_with_its_watcher() -> None:
    ended = asyncio.Event()
    began = asyncio.Event()

    async def work() -> None:
        try:
            began.set()
            await asyncio.Event().wait()
        finally:
            ended.set()

    watching = asyncio.create_task(restart_on_failure("work", work))
    await began.wait()
    watching.cancel()

    with pytest.raises(asyncio.CancelledError):
        await watching
    assert ended.is_set()


async def test_a_worker_that_raises_is_run_until_it_returns() -> None:
    failures = iter([ValueError("a defect"), KeyError("another"), None])
    before = restarts("trial")

    async def work() -> None:
        problem = next(failures)
        if problem is not None:
            raise problem

    await restart_on_failure("trial", work, pause=0)

    assert restarts("trial") - before == 2
