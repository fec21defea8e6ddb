"""`dogwatch doctor`: each problem by itself, and beside a running bot."""

import asyncio
import json
import os
import sys
from asyncio import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bot.config import load
from bot.doctor import check_configuration, run_checks
from bot.doctor.report import CheckResult, all_passed, report_lines
from bot.domain.slack_app.scopes import PERMISSIONS
from bot.runtime.clock import ManualClock
from bot.sandbox.server import Sandbox
from tests.support.servers.postgres import PostgresServer
from tests.support.servers.serve_process import served
from tests.support.worlds.world import World

ROOT = Path(__file__).parents[3]
ALL = [each.scope for each in PERMISSIONS]
SECRET_KEY = "a secret key that is long enough for tests"


@dataclass
class Patient:
    """A sandbox, and an environment that tests change."""

    sandbox: Sandbox
    folder: Path
    environ: dict[str, str] = field(default_factory=dict)

    def configured(self, text: str) -> None:
        path = self.folder / "dogwatch.toml"
        path.write_text(text)
        self.environ["DOGWATCH_CONFIG"] = str(path)

    async def examined(self) -> list[CheckResult]:
        settings = load(self.environ)
        return [*check_configuration(settings, self.environ), *await run_checks(settings)]


@pytest.fixture
async def patient(tmp_path: Path) -> AsyncIterator[Patient]:
    async with Sandbox() as sandbox:
        yield Patient(sandbox, tmp_path, environment(sandbox, tmp_path))


def environment(sandbox: Sandbox, folder: Path) -> dict[str, str]:
    return {
        "SLACK_BOT_TOKEN": sandbox.bot_token,
        "SLACK_SIGNING_SECRET": sandbox.signing_secret,
        "SLACK_API_URL": sandbox.api_url,
        "DATABASE_URL": f"sqlite:///{folder / 'dogwatch.db'}",
        "DOGWATCH_PORT": "1",
        "DOGWATCH_ALERT_TOKEN": "token-of-the-alerts",
    }


def socket_mode(patient: Patient) -> None:
    del patient.environ["SLACK_SIGNING_SECRET"]
    patient.environ["SLACK_APP_TOKEN"] = patient.sandbox.app_token


def results_of(found: list[CheckResult], check: str) -> list[tuple[str, str]]:
    return [(each.state.value, f"{each.found} / {each.remedy}") for each in found if each.check == check]


# --- one thing wrong at a time: what is broken, which check tells of it, as what, in which words

Break = Callable[[Patient], object]


def sets(**variables: str | None) -> Break:
    def breaking(patient: Patient) -> None:
        for name, value in variables.items():
            patient.environ.pop(name, None)
            if value is not None:
                patient.environ[name] = value

    return breaking


def lacks(*scopes: str) -> Break:
    return lambda patient: patient.sandbox.set_scopes(sorted(set(ALL) - set(scopes)))


def refuses(method: str, error: str) -> Break:
    return lambda patient: patient.sandbox.fault("error", method, error=error)


def names(toml: str) -> Break:
    return lambda patient: patient.configured(toml)


def both(first: Break, second: Break) -> Break:
    def breaking(patient: Patient) -> None:
        first(patient)
        second(patient)

    return breaking


def by_socket(then: Break) -> Break:
    def breaking(patient: Patient) -> None:
        socket_mode(patient)
        then(patient)

    return breaking


def a_users_token(patient: Patient) -> None:
    patient.sandbox.add_token("xox-of-a-person", "oncall")
    patient.environ["SLACK_BOT_TOKEN"] = "xox-of-a-person"


def archived(patient: Patient) -> None:
    patient.sandbox.add_channel("incidents", members=["oncall"])
    patient.sandbox.archive("oncall", "incidents")


def private(patient: Patient) -> None:
    patient.sandbox.add_channel("incidents", is_private=True, members=["oncall"])


def public(patient: Patient) -> None:
    patient.sandbox.add_channel("incidents", members=["oncall"])


def nobody_may_join(patient: Patient) -> None:
    public(patient)
    lacks("channels:join")(patient)


def deactivated_member(patient: Patient) -> None:
    patient.configured('[teams.payments]\nmembers = ["U0DBA"]\n')
    patient.sandbox.change_user("dba", deleted=True)


def on_call(who: str, **changes: bool) -> Break:
    def change(patient: Patient) -> None:
        patient.configured(
            '[schedules.night]\nzone = "UTC"\n[[schedules.night.layers]]\npeople = ["U0DBA"]\n'
            'starts = "2026-01-05 09:00"\nevery = "week"\n'
        )
        patient.sandbox.change_user(who, **changes)

    return change


def an_empty_group(patient: Patient) -> None:
    patient.configured('[teams.payments]\nusergroup = "S0EMPTY"\n')
    patient.sandbox.add_usergroup("nobody", [], id="S0EMPTY")


def a_file_of_something_else(patient: Patient) -> None:
    (patient.folder / "dogwatch.db").write_bytes(b"this is a letter and no database" * 100)


def no_rights(patient: Patient) -> None:
    patient.environ["DATABASE_URL"] = "sqlite:////proc/dogwatch.db"


FAULTS: dict[str, tuple[Break, str, str, str]] = {
    "token unknown": (sets(SLACK_BOT_TOKEN="xoxb-wrong"), "bot token", "failed", "invalid_auth"),
    "token revoked": (refuses("auth.test", "token_revoked"), "bot token", "failed", "OAuth & Permissions"),
    "a user's token": (a_users_token, "bot token", "failed", "a token of the user"),
    "Slack away": (sets(SLACK_API_URL="http://127.0.0.1:1/api/"), "bot token", "failed", "no connection"),
    "Slack broken": (
        lambda patient: patient.sandbox.fault("status", "auth.test", status=503),
        "bot token",
        "failed",
        "HTTP 503",
    ),
    "no page of Slack's": (
        lambda patient: patient.sandbox.fault("truncated", "auth.test"),
        "bot token",
        "failed",
        "does not answer",
    ),
    "nothing set": (
        sets(SLACK_BOT_TOKEN=None, SLACK_SIGNING_SECRET=None),
        "tokens",
        "failed",
        "SLACK_BOT_TOKEN is not set",
    ),
    "no way in": (sets(SLACK_SIGNING_SECRET=None), "tokens", "failed", "Socket Mode"),
    "a scope that is needed": (lacks("channels:manage"), "scopes", "failed", "No incident gets a channel"),
    "a scope to do without": (lacks("pins:write"), "scopes", "warning", "install the app again"),
    "archived channel": (archived, "incidents channel", "failed", "is archived, and keeps its name"),
    "private channel": (private, "incidents channel", "ok", "there is no #incidents that the bot sees"),
    "channel to join": (public, "incidents channel", "ok", "joins it with the first incident"),
    "channel not to join": (nobody_may_join, "incidents channel", "failed", "/invite @Dogwatch"),
    "no such channel id": (
        sets(DOGWATCH_INCIDENTS_CHANNEL="C0NOWHERE"),
        "incidents channel",
        "failed",
        "sees no channel C0NOWHERE",
    ),
    "channels not listed": (
        lambda patient: patient.sandbox.fault("ratelimited", "conversations.list", retry_after=30),
        "incidents channel",
        "warning",
        "in a minute",
    ),
    "unknown person": (names('[teams.a]\nmembers = ["U0NOBODY"]\n'), "people", "failed", "does not know U0NOBODY"),
    "person who left": (deactivated_member, "people", "warning", "is deactivated"),
    "who left and is on call": (on_call("dba", deleted=True), "people", "failed", "called by the schedule night"),
    "a guest on call": (on_call("dba", is_restricted=True), "people", "failed", "could not acknowledge"),
    "unknown in a policy": (
        names('[policies.a]\n[[policies.a.levels]]\ntargets = ["U0NOBODY"]\n'),
        "people",
        "failed",
        "does not know U0NOBODY, and is called by the policy a",
    ),
    "unknown group": (names('[teams.a]\nusergroup = "S0NOBODY"\n'), "people", "failed", "user group S0NOBODY"),
    "empty group": (an_empty_group, "people", "warning", "is empty"),
    "no user groups": (
        lambda patient: (an_empty_group(patient), refuses("usergroups.list", "paid_teams_only")(patient)),
        "people",
        "warning",
        "paid_teams_only",
    ),
    "app token unknown": (
        by_socket(sets(SLACK_APP_TOKEN="xapp-wrong")),
        "Socket Mode",
        "failed",
        "does not accept SLACK_APP_TOKEN",
    ),
    "app token without its scope": (
        by_socket(refuses("apps.connections.open", "missing_scope")),
        "Socket Mode",
        "failed",
        "connections:write",
    ),
    "Socket Mode switched off": (
        by_socket(refuses("apps.connections.open", "socket_mode_not_enabled")),
        "Socket Mode",
        "failed",
        "Switch it on",
    ),
    "file of something else": (a_file_of_something_else, "database", "failed", "no database of SQLite"),
    "no folder": (sets(DATABASE_URL="sqlite:////no/such/folder/x.db"), "database", "failed", "there is no folder"),
    "no server": (
        sets(DATABASE_URL="postgresql://dogwatch:word@127.0.0.1:1/dogwatch", DOGWATCH_SECRET_KEY=SECRET_KEY),
        "database",
        "failed",
        "does not answer",
    ),
    "public address unknown": (
        sets(DOGWATCH_PUBLIC_URL="https://no-such-host.invalid"),
        "public address",
        "warning",
        "does not lead to a bot",
    ),
    "public address without TLS": (
        sets(DOGWATCH_PUBLIC_URL="http://bot.example.org"),
        "public address",
        "failed",
        "https:// addresses only",
    ),
    "odd signing secret": (sets(SLACK_SIGNING_SECRET="not-so"), "signing secret", "warning", "does not look like"),
    "no alert token": (sets(DOGWATCH_ALERT_TOKEN=None), "alerts", "warning", "alerts are refused"),
    "nobody on call": (
        names(
            '[[schedules.payments.layers]]\npeople = ["U0ONCALL"]\nstarts = "2020-01-01 09:00"\n'
            'every = "day"\nlength = "12 hours"\n'
        ),
        "schedules",
        "warning",
        "payments: nobody is on call by it from",
    ),
    "calendar without address": (
        names("[schedules.legacy]\ncalendar = true\n"),
        "schedules",
        "failed",
        "legacy: nobody is on call, as its calendar's address is not set / Set DOGWATCH_CALENDAR_LEGACY",
    ),
    "calendar away": (
        both(names("[schedules.legacy]\ncalendar = true"), sets(DOGWATCH_CALENDAR_LEGACY="http://127.0.0.1:1/hidden")),
        "schedules",
        "failed",
        "legacy: its calendar could not be read: the server cannot be reached",
    ),
    "heartbeat away": (
        sets(DOGWATCH_HEARTBEAT_URL="http://127.0.0.1:1/ping"),
        "heartbeat",
        "warning",
        "cannot be reached",
    ),
}


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
        (400, "failed", "behind Slack's: all that Slack sends over HTTP is refused"),
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
    assert "with the bot in it" in results_of(found, "incidents channel")[0][1]
    assert "of this release" in results_of(found, "database")[0][1]
    assert {each.check for each in found if each.state == "failed"} == {"clock"}, "the story's clock stands in March"


async def test_another_signing_secret_than_the_running_bots_is_found(world: World) -> None:
    state, said = results_of(await beside(world, SLACK_SIGNING_SECRET="0" * 32), "signing secret")[-1]

    assert state == "failed"
    assert "does not accept" in said
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
        (301, {"Location": "https://login.example.org/"}, "sends on to https://login.example.org/"),
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
    assert (empty_state, "never used by Dogwatch" in empty) == ("warning", True)


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
    assert out.startswith("ok       configuration: no mistakes")
    assert out.rstrip().endswith("in order.")

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
    assert "and is ready" in out
    assert "none is needed with Socket Mode" in out


def connected(patient: Patient) -> int:
    return patient.sandbox.sockets()


async def test_what_mends_several_is_said_once(patient: Patient) -> None:
    lacks("pins:write", "reactions:write", "im:write")(patient)

    text = " ".join(" ".join(report_lines(await patient.examined())).split())

    assert text.count("install the app again") == 1
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
    assert 'its calendar says "second@example.com", and nobody knows who that is' in found[0][1]
    assert [state for state, _ in unasked] == ["warning"]
    assert "it cannot be asked of Slack whose the mail addresses" in unasked[0][1]
