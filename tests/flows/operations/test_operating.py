"""Observability of a running bot: logs, health and shutdown."""

import asyncio
import re
import signal
import socket
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.sandbox.server import Sandbox
from bot.services.outbox import OutboxKind
from tests.flows.operations.test_serve import ALERTS, environment, incident_channels, reaches
from tests.support.requests.notifications import a_notification, an_alert
from tests.support.servers.ports import free_port
from tests.support.servers.serve_process import Served, served


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox() as built:
        yield built


def lines_of(bot: Served, request_id: str) -> list[dict[str, Any]]:
    return [each for each in bot.events() if each.get("request_id") == request_id]


async def request(
    port: int, path: str, *, method: str = "GET", headers: dict[str, str] | None = None, json: Any = None
) -> tuple[int, str, Mapping[str, str]]:
    async with (
        aiohttp.ClientSession() as http,
        http.request(method, f"http://127.0.0.1:{port}{path}", headers=headers, json=json) as got,
    ):
        return got.status, await got.text(), got.headers


@pytest.mark.parametrize("mode", ["http", "socket"])
async def test_a_command_can_be_followed_by_its_id_to_the_calls_that_it_led_to(
    sandbox: Sandbox, database_url: str, mode: str
) -> None:
    told = {**environment(sandbox, database_url, mode), "DOGWATCH_LOG_LEVEL": "debug"}
    async with served(told) as bot:
        await reaches(sandbox, bot, mode)
        answer = await sandbox.command("oncall", "ops", "/incident start the vault is open private:yes")
        assert answer.ok, answer
        await sandbox.wait_until(lambda: any(sandbox.pins(name) for name in incident_channels(sandbox)), timeout=30)
        assert await bot.stops() == 0

    done = {"http": "request finished", "socket": "envelope handled"}[mode]
    (begun,) = [each for each in bot.events() if each["event"] == done and each.get("incident") == "INC-1"]
    lines = lines_of(bot, begun["request_id"])
    rows = {each["what"]: each for each in lines if each["event"] == "outbox row done"}
    assert {OutboxKind.CREATE_CHANNEL, OutboxKind.CARD, OutboxKind.TOPIC} <= set(rows)
    assert all(each["incident"] == "INC-1" and each["row"] for each in rows.values())
    calls = {each["method"] for each in lines if each["event"] == "slack call finished"}
    assert {"conversations.create", "chat.postMessage", "pins.add"} <= calls
    assert "vault" not in bot.log_text, "an incident has a number in the log, and no words"


async def test_a_request_has_one_line_and_an_id(sandbox: Sandbox, database_url: str) -> None:
    """The id is a proxy's, if valid. Health checks and keys in paths are not logged."""
    async with served(environment(sandbox, database_url)) as bot:
        await reaches(sandbox, bot, "http")
        port, fired = await bot.port(), a_notification(an_alert("Down", at=datetime.now(UTC)), group="Down")
        right = {"Authorization": f"Bearer {ALERTS}", "X-Request-Id": "proxy-17.a_b"}
        _, _, headers = await request(port, "/alerts/alertmanager", method="POST", headers=right, json=fired)
        assert headers["X-Request-Id"] == "proxy-17.a_b"
        for odd in ("short", "x" * 65, "words with blanks", "semi;colon-1"):
            _, _, headers = await request(port, "/incidents/INC-1?key=hush", headers={"X-Request-Id": odd})
            assert re.fullmatch(r"[0-9a-f]{16}", headers["X-Request-Id"])
        await request(port, "/nowhere/hush")
        await sandbox.wait_until(lambda: incident_channels(sandbox), timeout=30)
        assert await bot.stops() == 0

    answered = [each for each in bot.events() if each["event"] == "request finished"]
    assert {each["route"] for each in answered} - {"/slack/events"} == {
        "/alerts/{source}",
        "/incidents/{reference}",
        "unknown",
    }
    (alert,) = [each for each in answered if each["request_id"] == "proxy-17.a_b"]
    assert (alert["method"], alert["status"]) == ("POST", 200)
    assert alert["ms"] > 0
    done = [each for each in lines_of(bot, "proxy-17.a_b") if each["event"] == "outbox row done"]
    assert {each["incident"] for each in done} == {"INC-1"}
    assert "hush" not in bot.log_text


async def test_logs_are_text_where_they_are_asked_to_be(sandbox: Sandbox, database_url: str) -> None:
    async with served({**environment(sandbox, database_url, "socket"), "DOGWATCH_LOG_FORMAT": "text"}) as bot:
        async with asyncio.timeout(30):
            while "dogwatch started" not in bot.log_text:
                await bot.grows()
        assert await bot.stops() == 0

    assert "{" not in bot.logs[-1]
    assert "dogwatch stopped" in bot.logs[-1]


async def test_it_tells_how_it_is_while_it_starts(sandbox: Sandbox, database_url: str) -> None:
    """Alive and not ready; what wants something of it has to come again."""
    sandbox.fault("latency", method="auth.test", seconds=2.0)
    port = free_port()
    async with served({**environment(sandbox, database_url), "DOGWATCH_PORT": str(port)}) as bot:
        async with asyncio.timeout(30):
            while True:
                try:
                    assert (await request(port, "/livez"))[0] == 200
                    break
                except aiohttp.ClientConnectorError:
                    await asyncio.sleep(0.02)
        status, body, _ = await request(port, "/readyz")
        assert (status, "it is starting" in body) == (503, True)
        right = {"Authorization": f"Bearer {ALERTS}"}
        status, _, headers = await request(port, "/alerts/alertmanager", method="POST", headers=right, json={})
        assert (status, headers["Retry-After"]) == (503, "1")

        await reaches(sandbox, bot, "http")
        assert await bot.stops() == 0
    assert [each["event"] for each in bot.events() if each["event"] in {"ready", "not ready"}] == ["not ready", "ready"]


async def test_told_to_stop_it_is_not_ready_at_once_and_serves_until_others_have_noticed(
    sandbox: Sandbox, database_url: str
) -> None:
    told = {**environment(sandbox, database_url), "DOGWATCH_DRAIN_SECONDS": "3"}
    async with served(told) as bot:
        await reaches(sandbox, bot, "http")
        port = await bot.port()
        bot.process.send_signal(signal.SIGTERM)
        assert (await bot.says("dogwatch stopping"))["listens_for"] == 3

        status, body, _ = await request(port, "/readyz")
        assert (status, "it is stopping" in body) == (503, True)
        assert (await request(port, "/livez"))[0] == 200
        fired = a_notification(an_alert("Late", at=datetime.now(UTC)), group="Late")
        right = {"Authorization": f"Bearer {ALERTS}"}
        assert (await request(port, "/alerts/alertmanager", method="POST", headers=right, json=fired))[0] == 200
        await sandbox.wait_until(lambda: incident_channels(sandbox), timeout=30)
        assert await bot.ends() == 0

    async with served(environment(sandbox, database_url)) as after:
        await reaches(sandbox, after, "http")
        assert await after.stops() == 0
    assert len(incident_channels(sandbox)) == 1


@pytest.mark.parametrize(("by", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
async def test_told_a_second_time_it_ends_where_it_stands(
    sandbox: Sandbox, database_url: str, by: signal.Signals, code: int
) -> None:
    told = {**environment(sandbox, database_url, "socket"), "DOGWATCH_DRAIN_SECONDS": "300"}
    async with served(told) as bot:
        await bot.becomes_ready()
        bot.process.send_signal(signal.SIGTERM)
        await bot.says("dogwatch stopping")

        assert await bot.stops(by) == code


async def test_a_call_under_way_is_waited_for_no_longer_than_was_asked(sandbox: Sandbox, database_url: str) -> None:
    """The next process looks up the interrupted call, and there is one channel."""
    told = {**environment(sandbox, database_url, "socket"), "DOGWATCH_STOP_SECONDS": "1"}
    async with served(told) as bot:
        await reaches(sandbox, bot, "socket")
        sandbox.fault("latency", method="conversations.create", seconds=9.0)
        answer = await sandbox.command("oncall", "ops", "/incident start checkout is down")
        assert answer.ok
        await sandbox.wait_until(lambda: sandbox.pending()["requests"] > 0)
        async with asyncio.timeout(8):
            assert await bot.stops() == 0
        assert (await says_of(bot, "worker stopped during calls"))["level"] == "warning"

    sandbox.clear_faults()
    async with served(environment(sandbox, database_url, "socket")) as after:
        await reaches(sandbox, after, "socket")
        await sandbox.wait_until(lambda: any(sandbox.pins(name) for name in incident_channels(sandbox)), timeout=60)
        assert await after.stops() == 0
    assert incident_channels(sandbox) == ["inc-1-checkout-is-down"]


async def says_of(bot: Served, words: str) -> dict[str, Any]:
    return next(each for each in bot.events() if each["event"].startswith(words))


async def test_systemd_is_told_when_it_is_ready_lives_and_stops(
    sandbox: Sandbox, database_url: str, tmp_path: Path
) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
        told.bind(str(tmp_path / "notify"))
        told.setblocking(False)
        loop, heard = asyncio.get_running_loop(), []

        async def hears(words: str) -> None:
            async with asyncio.timeout(30):
                while words not in heard:
                    heard.extend((await loop.sock_recv(told, 4096)).decode().splitlines())

        more = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "400000"}
        async with served({**environment(sandbox, database_url, "socket"), **more}) as bot:
            await hears("READY=1")
            assert f"STATUS=Listening on port {await bot.port()}" in heard
            heard.clear()
            await hears("WATCHDOG=1")
            bot.process.send_signal(signal.SIGTERM)
            await hears("STOPPING=1")
            assert await bot.ends() == 0
