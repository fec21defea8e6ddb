"""Overload of the webhook: bounded memory, accepted alerts kept, the rest sent again."""

import asyncio
import json
import sqlite3
import threading
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from sqlmodel import Session, func, select

from bench.harness.stage import resident
from bot.sandbox.server import Sandbox
from bot.store.alerts.alerts import Alert
from bot.store.incidents.transcript import Message
from tests.flows.alerts.test_alertmanager import GRAPH, LiveWorld
from tests.support.requests.notifications import a_notification, an_alert
from tests.support.servers.alertmanager import Alertmanager
from tests.support.servers.serve_process import served
from tests.support.worlds.world import TOKEN, World

SMALL = """
[intake]
requests = 8
requests_per_sender = 4
megabytes = 6

[storms]
incidents = 1
"""
HEADERS = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}


@pytest.fixture
async def small(tmp_path: Path) -> AsyncIterator[World]:
    async with World(f"sqlite:///{tmp_path / 'dogwatch.db'}", tmp_path, config=SMALL) as built:
        yield built


@asynccontextmanager
async def nothing_is_written(world: World) -> AsyncIterator[None]:
    """Keep the database's only writer busy until the block ends."""
    started, gate = threading.Event(), threading.Event()

    def hold(_session: Session) -> None:
        started.set()
        gate.wait(20)

    held = asyncio.create_task(world.bot.database.run(hold))
    await asyncio.to_thread(started.wait, 20)
    try:
        yield
    finally:
        gate.set()
        await held


def as_body(payload: Any) -> BytesIO:
    """A file object: the client warns of large bytes."""
    return BytesIO(json.dumps(payload).encode())


class Sender:
    """One monitor, at an address of its own."""

    def __init__(self, world: World, address: str = "127.0.0.1") -> None:
        self._url = f"{world.url}/alerts/alertmanager"
        self._at = world.now
        self._address = address
        self.answers: list[tuple[int, dict[str, Any], str | None]] = []

    def alert(self, number: int, *, bytes_more: int = 0) -> dict[str, Any]:
        told = an_alert(f"High{number}", at=self._at, instance=f"{self._address} {number}")
        told["annotations"]["description"] = "x" * bytes_more
        return a_notification(told, group=f"{self._address} {number}")

    async def send(self, count: int, *, bytes_more: int = 0) -> None:
        connector = aiohttp.TCPConnector(local_addr=(self._address, 0), limit=0)
        async with aiohttp.ClientSession(connector=connector, headers=HEADERS) as http:

            async def one(number: int) -> None:
                async with http.post(self._url, data=as_body(self.alert(number, bytes_more=bytes_more))) as answer:
                    self.answers.append((answer.status, await answer.json(), answer.headers.get("Retry-After")))

            await asyncio.gather(*(one(number) for number in range(count)))

    @property
    def statuses(self) -> Counter[int]:
        return Counter(status for status, _, _ in self.answers)

    @property
    def reasons(self) -> Counter[str]:
        return Counter(body["reason"] for status, body, _ in self.answers if status == 503)


async def alerts_kept(world: World) -> int:
    return await world.bot.database.read(lambda session: session.exec(select(func.count()).select_from(Alert)).one())


async def answered(sender: Sender, count: int) -> None:
    async with asyncio.timeout(20):
        while len(sender.answers) < count:
            await asyncio.sleep(0.01)


async def test_a_wild_sender_is_told_to_come_back_and_leaves_room_for_others(
    small: World, caplog: pytest.LogCaptureFixture
) -> None:
    wild, quiet = Sender(small), Sender(small, "127.0.0.2")
    async with nothing_is_written(small):
        sending = asyncio.create_task(wild.send(40))
        await answered(wild, 36)
        also = asyncio.create_task(quiet.send(3))
        await asyncio.sleep(0)
    await asyncio.gather(sending, also)

    assert wild.statuses == {200: 4, 503: 36}
    assert wild.reasons == {"sender": 36}
    assert {after for status, _, after in wild.answers if status == 503} == {"1"}
    assert all(
        body["ok"] is False and "Try again in a moment" in body["error"] for s, body, _ in wild.answers if s == 503
    )
    assert quiet.statuses == {200: 3}
    assert await alerts_kept(small) == 7, "what was answered with success is there, and nothing else"
    _, metrics = await small.gets("/metrics")
    refused = [line for line in metrics.splitlines() if line.startswith("dogwatch_intake_refused_total")]
    assert any('reason="sender"' in line for line in refused)
    assert caplog.text.count("requests rejected") == 1
    await small.finish()


async def test_there_is_an_end_to_the_bytes_that_are_held(small: World) -> None:
    sender = Sender(small)
    async with nothing_is_written(small):
        sending = asyncio.create_task(sender.send(4, bytes_more=2_500_000))
        await answered(sender, 2)
        assert sender.reasons == {"bytes": 2}
    await sending

    assert sender.statuses == {200: 2, 503: 2}
    assert await alerts_kept(small) == 2
    again = Sender(small)
    await again.send(1, bytes_more=2_500_000)
    assert again.statuses == {200: 1}, "what was held was given back"
    await small.finish()


async def test_a_body_without_a_stated_length_counts_as_it_comes(small: World) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b"x" * 100_000

    async with nothing_is_written(small):
        sender = Sender(small)
        sending = asyncio.create_task(sender.send(3, bytes_more=2_500_000))
        await answered(sender, 1)  # the third of them: two stand in line
        status, answer = await refused(small, pieces())
        assert (status, answer["reason"]) == (503, "bytes")
    await sending
    assert sender.statuses == {200: 2, 503: 1}
    await small.finish()


async def refused(world: World, body: AsyncIterator[bytes]) -> tuple[int, dict[str, Any]]:
    async with (
        aiohttp.ClientSession(headers=HEADERS) as http,
        http.post(f"{world.url}/alerts/alertmanager", data=body) as answer,
    ):
        return answer.status, await answer.json()


async def test_what_slack_tells_comes_again_and_what_people_type_goes_first(small: World) -> None:
    await small.declares("checkout is down")
    channel = small.channel
    async with nothing_is_written(small):
        for number in range(12):
            small.sandbox.say("engineer", channel, f"what was seen {number}")
        await small.sandbox.wait_until(
            lambda: sum(each["status"] == 503 for each in small.sandbox.deliveries("message")) >= 6
        )
        typing = asyncio.create_task(small.sandbox.command("oncall", channel, "/incident note it is the pool"))
        await asyncio.sleep(0)
    answer = await typing
    assert answer.ok, answer

    while small.sandbox.pending()["waiting_retry"]:
        small.sandbox.retry_now()
        await small.sandbox.wait_until(lambda: not small.sandbox.pending()["in_flight"])
    await small.finish()

    def count_messages(session: Session) -> int:
        return len([each for each in session.exec(select(Message)) if each.text.startswith("what was seen")])

    assert await small.bot.database.read(count_messages) == 12


async def test_a_real_alertmanager_delivers_again(tmp_path: Path) -> None:
    """Thirty groups at once, eight places: refused ones come again until all are stored."""

    class Small(LiveWorld):
        def __init__(self) -> None:
            super().__init__(f"sqlite:///{tmp_path / 'dogwatch.db'}", tmp_path)
            self._config = SMALL

    async with Small() as live, Alertmanager(tmp_path, f"{live.url}/alerts/alertmanager", TOKEN) as running:
        began = datetime.now(UTC).replace(microsecond=0)
        async with nothing_is_written(live):
            for number in range(30):
                labels = {"alertname": f"High{number}", "service": "checkout"}
                await running.is_told(labels, summary="too high", began=began, link=GRAPH)
            async with asyncio.timeout(20):
                while "unexpected status code 503" not in running.log:
                    await asyncio.sleep(0.05)
        async with asyncio.timeout(40):
            while await alerts_kept(live) < 30:
                await asyncio.sleep(0.1)

        assert await alerts_kept(live) == 30
        async with asyncio.timeout(40):
            while len(live.channels) < 2:
                await asyncio.sleep(0.1)
        assert "storm" in live.channel


async def test_memory_does_not_grow_with_what_is_sent(tmp_path: Path) -> None:
    """A hundred and twenty megabytes at once, while another program keeps the database locked."""
    path = tmp_path / "dogwatch.db"
    async with Sandbox() as sandbox:
        environment = {
            "SLACK_BOT_TOKEN": sandbox.bot_token,
            "SLACK_SIGNING_SECRET": sandbox.signing_secret,
            "SLACK_API_URL": sandbox.api_url,
            "DATABASE_URL": f"sqlite:///{path}",
            "DOGWATCH_PORT": "0",
            "DOGWATCH_ALERT_TOKEN": TOKEN,
        }
        async with served(environment) as bot:
            await bot.becomes_ready()
            at_rest, most, statuses = resident(bot.process.pid), 0.0, Counter[int]()
            locked = sqlite3.connect(path, isolation_level=None)
            locked.execute("BEGIN IMMEDIATE")
            url = f"http://127.0.0.1:{await bot.port()}/alerts/alertmanager"
            alert = an_alert(at=datetime.now(UTC))
            alert["annotations"]["description"] = "x" * 1_000_000
            async with aiohttp.ClientSession(headers=HEADERS, connector=aiohttp.TCPConnector(limit=0)) as http:

                async def one(number: int) -> None:
                    nonlocal most
                    told = {**alert, "labels": {**alert["labels"], "instance": str(number)}}
                    async with http.post(url, data=as_body(a_notification(told, group=str(number)))) as answer:
                        statuses[answer.status] += 1
                    most = max(most, resident(bot.process.pid))

                sending = [asyncio.create_task(one(number)) for number in range(120)]
                async with asyncio.timeout(60):
                    while statuses[503] < 100:
                        await asyncio.sleep(0.02)
                locked.execute("ROLLBACK")
                locked.close()
                await asyncio.gather(*sending)
            assert statuses[503] >= 100
            assert set(statuses) <= {200, 503}
            assert most - at_rest < 100, f"{at_rest:.0f} MB at rest, {most:.0f} at most"
            with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as reading:
                assert reading.execute("SELECT count(*) FROM alert").fetchone() == (statuses[200],)
            assert await bot.stops() == 0
