"""SIGTERM in the middle of everything, and a new process at once: nothing is lost and nothing is there twice."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest

from bot.sandbox.server import Sandbox
from tests.flows.operations.test_serve import ALERTS, confirmed, declares, environment, incident_channels, reaches
from tests.support.requests.notifications import a_notification, an_alert
from tests.support.servers.serve_process import Served, served

MARKED = 8
NOTED = 8
FIRED = 4
PATIENCE = 60.0


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox() as built:
        yield built


@dataclass
class Busy:
    """People and monitors who do not care that there is a stop. `answers`: what was typed, and what came of it."""

    sandbox: Sandbox
    channel: str
    marked: list[str] = field(default_factory=list)
    answers: dict[str, Any] = field(default_factory=dict)
    accepted: set[str] = field(default_factory=set)

    async def type_all(self) -> None:
        async def note(number: int) -> None:
            text = f"looked at part {number:02}"
            self.answers[text] = await self.sandbox.command("oncall", self.channel, f"/incident note {text}")

        await asyncio.gather(*(note(number) for number in range(NOTED)))

    def mark_all(self) -> None:
        for number in range(MARKED):
            ts = self.sandbox.say("engineer", self.channel, f"seen number {number:02}")
            self.sandbox.react("dba", self.channel, ts, "mag")
            self.marked.append(ts)

    async def send_all(self, port: int) -> None:
        """What was accepted already is not sent again."""
        async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {ALERTS}"}) as http:

            async def send(name: str) -> None:
                payload = a_notification(an_alert(name, at=datetime.now(UTC)), group=name)
                try:
                    async with http.post(f"http://127.0.0.1:{port}/alerts/alertmanager", json=payload) as got:
                        if got.status == 200:
                            self.accepted.add(name)
                except aiohttp.ClientError:
                    return

            names = {f"Alert{number}" for number in range(FIRED)} - self.accepted
            await asyncio.gather(*(send(name) for name in sorted(names)))

    def done(self) -> list[str]:
        """The notes that the channel tells of."""
        told = [str(each) for each in self.sandbox.messages(self.channel) if "logged (note)" in str(each)]
        return [text for text in self.answers for each in told if text in each]


@pytest.mark.parametrize("mode", ["http", "socket"])
async def test_a_stop_in_the_middle_of_everything(sandbox: Sandbox, database_url: str, mode: str) -> None:
    """On PostgreSQL the new process is up before the old one is told to stop; a file of SQLite has one at a time."""
    overlaps = database_url.startswith("postgresql")
    async with AsyncExitStack() as stack:
        old = await stack.enter_async_context(served(environment(sandbox, database_url, mode)))
        await reaches(sandbox, old, mode)
        busy = Busy(sandbox, await declares(sandbox))
        new: Served | None = None
        if overlaps:
            new = await stack.enter_async_context(served(environment(sandbox, database_url, mode)))
            await new.becomes_ready()
        sandbox.fault("latency", seconds=0.15)

        typing = asyncio.create_task(busy.type_all())
        busy.mark_all()
        sending = asyncio.create_task(busy.send_all(await old.port()))
        await sandbox.wait_until(lambda: busy.answers)
        assert await old.stops() == 0
        await asyncio.gather(typing, sending)

        if new is None:
            new = await stack.enter_async_context(served(environment(sandbox, database_url, mode)))
        await reaches(sandbox, new, mode)
        sandbox.clear_faults()
        sandbox.retry_now()
        await busy.send_all(await new.port())
        await sandbox.wait_until(lambda: all(confirmed(sandbox, busy.channel, ts) for ts in busy.marked), PATIENCE)
        answered = [text for text, answer in busy.answers.items() if answer.ok and not answer.text]
        await sandbox.wait_until(lambda: len(busy.done()) >= len(answered), PATIENCE)
        await sandbox.wait_until(lambda: len(incident_channels(sandbox)) == 1 + FIRED, PATIENCE)
        assert await new.stops() == 0

    assert busy.accepted == {f"Alert{number}" for number in range(FIRED)}
    assert answered, "the stop came in the middle"
    assert sorted(busy.done()) == sorted(answered), "what was answered is done, once; what was not is not"
    refused = [answer for text, answer in busy.answers.items() if text not in answered]
    assert all(not answer.ok or answer.text for answer in refused), "nobody is left without a word"
    assert len(incident_channels(sandbox)) == 1 + FIRED
