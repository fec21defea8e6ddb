"""A real Alertmanager, from the alert to the draft, on the machine's clock."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.config import Settings
from bot.runtime.clock import SystemClock
from bot.sandbox.server import Sandbox
from tests.flows.conftest import CONFIG
from tests.support.servers.alertmanager import OPSGENIE, PAGERDUTY, Alertmanager
from tests.support.servers.ports import free_port
from tests.support.worlds.story import draft_files
from tests.support.worlds.world import EVERYTHING, TOKEN, World

LABELS = {"alertname": "CheckoutErrors", "service": "checkout", "severity": "critical"}
SUMMARY = "Checkout answers with errors"
GRAPH = "https://prometheus.example.test/graph?g0.expr=checkout_errors"
LONG = 40.0
"""Timeout in seconds. Alertmanager pauses longer with each attempt."""


class LiveWorld(World):
    """A world on the machine's clock: a real Alertmanager has no other."""

    def __init__(self, database_url: str, folder: Path) -> None:
        super().__init__(database_url, folder, config=CONFIG)
        self.clock = SystemClock()  # type: ignore[assignment]  nothing here moves it
        self.sandbox = Sandbox()
        self.port = free_port()

    def settings(self) -> Settings:
        return super().settings().model_copy(update={"port": self.port})

    async def finish(self) -> None:
        """Wait until the outbox is empty."""
        async with asyncio.timeout(LONG):
            while (due := await self._due()) is not None and due < self.now + EVERYTHING:
                await asyncio.sleep(0.05)

    async def _due(self) -> datetime | None:
        await self.settle()
        return await self.bot.next_due()

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait for a condition that depends on Alertmanager."""
        async with asyncio.timeout(LONG):
            while not condition():
                await asyncio.sleep(0.05)
        await self.finish()


@pytest.fixture
async def live(database_url: str, tmp_path: Path) -> AsyncIterator[LiveWorld]:
    async with LiveWorld(database_url, tmp_path) as built:
        yield built


@pytest.fixture
async def alertmanager(live: LiveWorld, tmp_path: Path) -> AsyncIterator[Alertmanager]:
    async with Alertmanager(tmp_path, f"{live.url}/alerts/alertmanager", TOKEN) as running:
        yield running


async def test_from_the_alert_to_the_draft(live: LiveWorld, alertmanager: Alertmanager) -> None:
    began = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=3)

    await alertmanager.is_told(LABELS, summary=SUMMARY, began=began, link=GRAPH)
    await live.until(lambda: live.channels)

    assert live.channel == "inc-1-checkout-answers-with-errors"
    assert {"U0ENGINEER", "U0DBA", "U0DEVELOPER"} <= set(live.sandbox.members(live.channel))
    assert "1 of 1 firing" in live.card()

    await live.types("dba", "/incident lead")
    seen = await live.says("engineer", "All connections of the pool are in use")
    cause = await live.says("dba", "A migration holds a lock on the orders table")
    await live.says("developer", "lunch anyone?")
    await live.reacts("dba", seen, "mag")
    await live.reacts("engineer", cause, "dart")
    await live.types("dba", "/incident resolve Stopped the migration")
    await live.finish()

    (file,) = draft_files(live, live.channel)
    draft = live.sandbox.file_content(file["id"]).decode()
    for words in (
        SUMMARY,
        "All connections of the pool are in use",
        "lock on the orders table",
        "Stopped the migration",
    ):
        assert words in draft
    assert "lunch" not in draft
    assert GRAPH in draft
    for entry in await live.timeline():
        assert entry["link"], entry
        assert entry["link"] in draft, entry
    whole = await live.exported()
    assert datetime.fromisoformat(whole["incident"]["started_at"]) == began
    assert whole["incident"]["sources"]["detected_at"]["link"] == GRAPH

    ended = datetime.now(UTC).replace(microsecond=0)
    await alertmanager.is_told(LABELS, summary=SUMMARY, began=began, ended=ended, link=GRAPH)
    await live.until(lambda: any("alert has ended" in text.lower() for text in live.texts()))

    whole = await live.exported()
    assert datetime.fromisoformat(whole["alerts"][0]["ended_at"]) == ended
    assert [entry["text"] for entry in await live.timeline() if entry["kinds"] == ["alert resolved"]] == [
        f"CheckoutErrors: {SUMMARY} ended"
    ]
    assert whole["incident"]["status"] == "resolved"
    assert len(live.channels) == 1


async def test_an_alert_that_fires_while_the_bot_is_down_opens_its_incident_once_it_is_up(
    live: LiveWorld, alertmanager: Alertmanager
) -> None:
    began = datetime.now(UTC).replace(microsecond=0)
    await live.bot.stop()

    await alertmanager.is_told(LABELS, summary=SUMMARY, began=began, link=GRAPH)
    async with asyncio.timeout(LONG):
        while "connection refused" not in alertmanager.log:
            await asyncio.sleep(0.05)
    await live.restart()
    await live.until(lambda: live.channels)

    assert len(live.channels) == 1
    assert datetime.fromisoformat((await live.exported())["incident"]["started_at"]) == began


@pytest.mark.parametrize(
    ("path", "receiver"), [("pagerduty/v2/enqueue", PAGERDUTY), ("opsgenie/", OPSGENIE)], ids=["pagerduty", "opsgenie"]
)
async def test_a_tool_that_pages_a_service_pages_dogwatch_instead(
    live: LiveWorld, tmp_path: Path, path: str, receiver: str
) -> None:
    began = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=3)
    async with Alertmanager(tmp_path, f"{live.url}/alerts/{path}", TOKEN, receiver) as running:
        await running.is_told(LABELS, summary=SUMMARY, began=began, link=GRAPH)
        await live.until(lambda: live.channels)
        await running.is_told(LABELS, summary=SUMMARY, began=began, ended=datetime.now(UTC), link=GRAPH)
        await live.until(lambda: any("alert has ended" in text.lower() for text in live.texts()))

    assert SUMMARY in live.card()
    [alert] = (await live.exported())["alerts"]
    assert alert["ended_at"]
