"""`dogwatch doctor`: each problem by itself, and beside a running bot."""

import asyncio
import json
import os
import sys
from asyncio import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bot.config import load
from bot.doctor import check_configuration, run_checks
from bot.doctor.report import CheckResult, all_passed, report_lines
from bot.runtime.clock import ManualClock
from bot.sandbox.server import Sandbox
from tests.support.records.doctor_faults import (
    ALL,
    FAULTS,
    ROOT,
    SECRET_KEY,
    Patient,
    environment,
    lacks,
    results_of,
    socket_mode,
)
from tests.support.servers.postgres import PostgresServer
from tests.support.servers.serve_process import served
from tests.support.worlds.databases import BOTH_DATABASES
from tests.support.worlds.world import World

pytestmark = pytest.mark.world(databases=BOTH_DATABASES)


@pytest.fixture
async def patient(tmp_path: Path) -> AsyncIterator[Patient]:
    async with Sandbox() as sandbox:
        yield Patient(sandbox, tmp_path, environment(sandbox, tmp_path))


@pytest.mark.parametrize("fault", FAULTS)
async def test_each_fault_is_told_of_with_what_to_do(patient: Patient, fault: str) -> None:
    breaking, check, state, words = FAULTS[fault]
    breaking(patient)

    found = await patient.examined()

    told = [(each, said) for each, said in results_of(found, check) if words in said]
    assert [each for each, _ in told] == [state], results_of(found, check)
    assert all_passed(found) is (state != "failed"), [each for each in found if each.state == "failed"]
    assert all(each.remedy for each in found if each.state != "ok")
    text = "\n".join(report_lines(found))
    assert "check itself failed" not in text
    for secret in ("xox-of-a-person", patient.sandbox.bot_token, patient.sandbox.signing_secret, "word@"):
        assert secret not in text


async def test_a_place_to_begin_with_is_in_order(patient: Patient) -> None:
    patient.sandbox.set_scopes(ALL)
    found = await patient.examined()

    assert all_passed(found)
    assert [each.check for each in found if each.state == "warning"] == ["public address", "signing secret"]
    assert not (patient.folder / "dogwatch.db").exists(), "it only looks"
    assert not list(patient.folder.iterdir())


@pytest.mark.parametrize(
    ("ahead", "state", "words"),
    [
        (0, "ok", "s"),
        (90, "warning", "Synchronise"),
        (-90, "warning", "ahead of Slack's"),
        (400, "failed", "behind Slack's: Slack's requests over HTTP are refused"),
    ],
)
async def test_a_clock_that_is_wrong(tmp_path: Path, ahead: int, state: str, words: str) -> None:
    clock = ManualClock(datetime.now(UTC) + timedelta(seconds=ahead))
    async with Sandbox(clock=clock) as sandbox:
        found = await Patient(sandbox, tmp_path, environment(sandbox, tmp_path)).examined()

    ((told, said),) = results_of(found, "clock")
    assert told == state
    assert words in said


async def test_socket_mode_is_asked_for_and_not_used(patient: Patient) -> None:
    """A connection would be given what people type meanwhile."""
    socket_mode(patient)
    found = await patient.examined()

    assert results_of(found, "Socket Mode")[0][0] == "ok"
    assert patient.sandbox.sockets() == 0
    assert [call["method"] for call in patient.sandbox.calls("apps.connections.open")] == ["apps.connections.open"]


# --- beside a running bot


async def beside(world: World, **changes: str) -> list[CheckResult]:
    environ = {**world.environment(), "DOGWATCH_PORT": str(world.bot.port), **changes}
    settings = load(environ)
    return [*check_configuration(settings, environ), *await run_checks(settings)]


async def test_beside_a_running_bot_all_is_well_and_nothing_changes(world: World) -> None:
    await world.declares()
    before = await world.tables()

    found = await beside(world)

    assert await world.tables() == before
    assert results_of(found, "running bot")[0][0] == "ok"
    assert "accepted" in results_of(found, "signing secret")[-1][1]
    assert "the bot is a member" in results_of(found, "incidents channel")[0][1]
    assert "up to date" in results_of(found, "database")[0][1]
    assert {each.check for each in found if each.state == "failed"} == {"clock"}, "the story's clock stands in March"


async def test_another_signing_secret_than_the_running_bots_is_found(world: World) -> None:
    state, said = results_of(await beside(world, SLACK_SIGNING_SECRET="0" * 32), "signing secret")[-1]

    assert state == "failed"
    assert "refused by the bot at" in said
    later = results_of(await beside(world), "signing secret")
    assert any(told == "warning" and "has refused" in words for told, words in later)


async def test_the_token_of_another_workspace_is_found(world: World) -> None:
    world.sandbox.workspace.team.id = "T0ELSEWHERE"

    ((state, said),) = results_of(await beside(world), "bot token")

    assert state == "failed"
    assert "T0ELSEWHERE" in said
    assert "DATABASE_URL" in said


async def test_what_slack_refused_is_counted(world: World) -> None:
    world.sandbox.fault("error", "pins.add", error="too_many_pins")
    await world.declares()

    ((state, said),) = results_of(await beside(world), "outbox")

    assert state == "warning"
    assert "1 refused by Slack" in said


async def test_what_the_workspace_does_not_offer_is_told(world: World) -> None:
    world.sandbox.fault("error", "pins.add", error="not_allowed_token_type")
    await world.declares()

    ((state, said),) = results_of(await beside(world), "plan")

    assert state == "warning"
    assert "not_allowed_token_type" in said


@pytest.mark.parametrize(
    ("status", "headers", "words"),
    [
        (404, {}, "answers 404"),
        (502, {}, "answers 502"),
        (301, {"Location": "https://login.example.org/"}, "redirects to https://login.example.org/"),
        (200, {}, "answers 200"),
    ],
)
async def test_a_proxy_that_does_not_forward_is_found(
    world: World, status: int, headers: Mapping[str, str], words: str
) -> None:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(status=status, headers=headers, text="<h1>Welcome</h1>")

    async with a_server(answer) as url:
        found = await beside(world, DOGWATCH_PUBLIC_URL=url, SLACK_APP_TOKEN=world.sandbox.app_token)
        ((state, said),) = results_of(found, "public address")
        assert state == "warning"
        assert words in said


class a_server:  # noqa: N801  reads as what it is
    def __init__(self, handler: Callable[[web.Request], Awaitable[web.Response]]) -> None:
        site = web.Application()
        site.router.add_route("*", "/{any:.*}", handler)
        self._runner = web.AppRunner(site, access_log=None)

    async def __aenter__(self) -> str:
        await self._runner.setup()
        listening = web.TCPSite(self._runner, "127.0.0.1", 0)
        await listening.start()
        return f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()


async def test_a_server_that_refuses_the_login_is_told_of(patient: Patient, postgres_server: PostgresServer) -> None:
    url = postgres_server.create_database()
    patient.environ["DOGWATCH_SECRET_KEY"] = SECRET_KEY
    try:
        patient.environ["DATABASE_URL"] = url + "_that_is_not_there"
        ((state, said),) = results_of(await patient.examined(), "database")
        patient.environ["DATABASE_URL"] = url
        ((empty_state, empty),) = results_of(await patient.examined(), "database")
    finally:
        postgres_server.drop_database(url)

    assert state == "failed"
    assert "does not exist" in said
    assert "DATABASE_URL" in said
    assert (empty_state, "This database has no Dogwatch tables." in empty) == ("warning", True)


# --- as typed


async def typed(environ: Mapping[str, str], *arguments: str) -> tuple[int, str, str]:
    base = {key: os.environ[key] for key in ("PATH", "HOME", "LANG", "PYTHONPATH") if key in os.environ}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        "doctor",
        *arguments,
        cwd=ROOT,
        env={**base, **environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    out, err = await process.communicate()
    return int(process.returncode or 0), out.decode(), err.decode()


async def test_exit_codes_and_both_forms(patient: Patient) -> None:
    code, out, err = await typed(patient.environ)
    assert (code, err) == (0, "")
    assert out.startswith("ok       configuration: no errors")
    assert out.rstrip().endswith("passed.")

    code, out, _ = await typed({**patient.environ, "SLACK_BOT_TOKEN": "xoxb-wrong"}, "--json")
    told: dict[str, Any] = json.loads(out)
    assert (code, told["ok"]) == (1, False)
    assert {"check", "state", "found", "remedy"} == told["findings"][0].keys()
    assert "xoxb-wrong" not in out

    code, out, err = await typed({**patient.environ, "SLACK_BOT_TOKEN": "xapp-1", "DOGWATCH_PORT": "many"})
    assert (code, err) == (2, "")
    assert out.count("FAILED   configuration") == 2

    code, out, err = await typed({"DOGWATCH_PORT": "1"})
    assert (code, err) == (1, "")
    assert "dogwatch sandbox" in out


async def test_beside_a_bot_that_serves_by_socket_mode(patient: Patient) -> None:
    socket_mode(patient)
    async with served({**patient.environ, "DOGWATCH_PORT": "0"}) as bot:
        await bot.becomes_ready()
        code, out, err = await typed({**patient.environ, "DOGWATCH_PORT": str(await bot.port())})
        assert connected(patient) == 2
        assert await bot.stops() == 0

    assert (code, err) == (0, ""), out
    assert "running bot: ready at http" in out
    assert "not needed in Socket Mode" in out


def connected(patient: Patient) -> int:
    return patient.sandbox.sockets()


async def test_what_mends_several_is_said_once(patient: Patient) -> None:
    lacks("pins:write", "reactions:write", "im:write")(patient)

    text = " ".join(" ".join(report_lines(await patient.examined())).split())

    assert text.count("reinstall the app") == 1
    assert all(f"{scope} is missing" in text for scope in ("pins:write", "reactions:write", "im:write"))


async def test_a_calendar_is_fetched_and_slack_is_asked_whose_its_addresses_are(patient: Patient) -> None:
    text = (ROOT / "tests" / "data" / "calendars" / "opsgenie.ics").read_text()
    text = (
        text.replace("20261116", "20200101")
        .replace("P7D", "P40000D")
        .replace("first@example.com", "oncall@harbour.example")
    )
    (patient.folder / "oncall.ics").write_text(text.replace("20261130", "20991130"))
    patient.configured('[schedules.legacy]\ncalendar = "oncall.ics"\n')

    found = results_of(await patient.examined(), "schedules")
    patient.sandbox.set_scopes(sorted(set(ALL) - {"users:read.email"}))
    unasked = results_of(await patient.examined(), "schedules")

    assert [state for state, _ in found] == ["warning"]
    assert 'its calendar has the unknown name "second@example.com"' in found[0][1]
    assert [state for state, _ in unasked] == ["warning"]
    assert "slack cannot look up the mail addresses" in unasked[0][1]
