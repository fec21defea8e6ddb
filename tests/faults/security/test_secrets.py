"""Secrets are marked, everything is used and broken, and no mark appears anywhere."""

import asyncio
import io
import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from structlog import get_logger

from bot.config import Settings, load
from bot.config.crypto import incident_page_link
from bot.runtime import log
from bot.sandbox.server import Sandbox
from bot.store.database.session import DatabaseUnavailable
from tests.support.requests.strangers import FORM, command, send, signed, to_slack
from tests.support.servers.postgres import PostgresServer
from tests.support.servers.serve_process import served
from tests.support.worlds.world import World

ROOT = Path(__file__).parents[3]
MARK = "m4rk3d"
SECRETS = {
    "DOGWATCH_ALERT_TOKEN": f"alert-token-{MARK}-common second-token-{MARK}-common",
    "DOGWATCH_ALERT_TOKEN_GENERIC": f"alert-token-{MARK}-generic",
    "DOGWATCH_ALERT_SECRET_GRAFANA": f"grafana-secret-{MARK}",
    "DOGWATCH_SECRET_KEY": f"secret-key-of-the-pages-{MARK}-0123456789",
    "DOGWATCH_HEARTBEAT_URL": f"http://127.0.0.1:1/{MARK}-heartbeat",
}


@pytest.fixture
def log_output() -> Iterator[io.StringIO]:
    """The log as it is written, from `level` on."""
    stream, kept = io.StringIO(), logging.getLogger().handlers
    log.configure_logging(level="DEBUG")
    handler = logging.getLogger().handlers[0]
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(stream)
    yield stream
    logging.getLogger().handlers = kept
    logging.getLogger().setLevel("INFO")


class Marked(World):
    """Slack's own tokens are marked too."""

    def __init__(self, database_url: str, folder: Path) -> None:
        super().__init__(database_url, folder)
        self.sandbox = Sandbox(
            clock=self.clock,
            bot_token=f"xoxb-{MARK}-bot",
            app_token=f"xapp-{MARK}-app",
            signing_secret=f"signing-secret-{MARK}",
        )

    def settings(self) -> Settings:
        return load(self.environment() | SECRETS)


def marked_places(found: dict[str, Any]) -> list[str]:
    """Places that contain a mark."""
    return [name for name, text in found.items() if MARK in str(text).casefold()]


async def test_no_secret_is_in_any_line_page_message_table_or_file(tmp_path: Path, log_output: io.StringIO) -> None:
    async with Marked(f"sqlite:///{tmp_path / 'dogwatch.db'}", tmp_path) as world:
        answers = await lived(world)
        link = incident_page_link(world.bot.settings, "INC-1")
        pages = {
            path: (await world.gets(path))[1]
            for path in ("/metrics", "/readyz", "/livez", "/nowhere", link[link.index("/incidents") :], "/incidents/x")
        }
        objects = {
            "settings": repr(world.bot.settings) + str(world.bot.settings),
            "credentials": repr(world.bot.settings.credentials("grafana")),
            "settings as JSON": world.bot.settings.model_dump_json(exclude={"own_reactions"}),
            "bot": repr(world.bot),
            "database": repr(world.bot.database),
            "gateway": repr(world.bot.gateway),
        }
        told = {f"call {n}": {**call, "token": None} for n, call in enumerate(world.sandbox.calls())}
        stored = await world.stored()

    assert len(log_output.getvalue().splitlines()) > 12
    assert "[secret]" in log_output.getvalue(), "what was written on purpose was found and taken out"
    assert marked_places({"the log": log_output.getvalue(), "the tables": stored}) == []
    assert marked_places(pages) + marked_places(objects) + marked_places(told) + marked_places(answers) == []
    assert files_with_a_mark(tmp_path) == []


def files_with_a_mark(folder: Path) -> list[str]:
    return [path.name for path in folder.glob("dogwatch.db*") if MARK.encode() in path.read_bytes()]


async def lived(world: World) -> dict[str, Any]:
    """Use the bot with refusals, faults and an exception; returns all responses."""
    answers: dict[str, Any] = {}
    await world.declares()
    world.sandbox.fault("error", method="chat.postMessage", error="invalid_auth", times=1)
    page = f"<html>{world.sandbox.bot_token}</html>"
    world.sandbox.fault("status", method="chat.update", status=500, body=page, times=1)
    ts = await world.says("engineer", "reading the logs")
    await world.reacts("oncall", ts, "mag")
    await world.types("oncall", "/incident severity 1 worse")
    await world.finish()
    for token in (None, "wrong", SECRETS["DOGWATCH_ALERT_TOKEN_GENERIC"] + "x"):
        answers[f"alert with {token and token[:5]}"] = await world.posts("generic", {"title": "x"}, token=token)
    proof = [("Authorization", f"Bearer {SECRETS['DOGWATCH_ALERT_TOKEN_GENERIC']}")]
    for body in (b"{", b'{"title": 5}', b'{"title": "fine"}'):
        answers[f"alert {body!r}"] = (await send(world, "/alerts/generic", body, proof)).text
    body = command(world, "list", trigger="3.1")
    forged = signed(body, "wrong", kind=FORM)
    answers["forged"] = (await send(world, "/slack/events", body, forged)).text
    answers["malformed"] = (await to_slack(world, b'{"type": "event_callback", "event": {"type": "message"}}')).text
    await breaks(world)
    await world.types("oncall", "/incident resolve rolled back")
    await world.finish()
    return answers


async def breaks(world: World) -> None:
    """Raise and log exceptions with secrets in their message and frames."""
    token, own = world.sandbox.bot_token, get_logger("tests")
    problem = DatabaseUnavailable(f"no connection with {SECRETS['DOGWATCH_SECRET_KEY']} and {token}")
    headers = {"Authorization": f"Bearer {token}"}
    logging.getLogger("slack_sdk").error("failed with headers %s", headers, exc_info=problem)
    logging.getLogger("aiohttp.server").error("refused %r", SECRETS["DOGWATCH_ALERT_TOKEN"].split())
    own.error("deep", values={"a": [SECRETS["DOGWATCH_ALERT_SECRET_GRAFANA"], {"b": world.bot.settings}]})
    event = f"in the event itself: {SECRETS['DOGWATCH_HEARTBEAT_URL']}"
    own.warning(event, exc_info=problem)


WRONG: dict[str, dict[str, str]] = {
    "a database of another kind": {"DATABASE_URL": f"mysql://user:{MARK}-password@host/name"},
    "a database that is not there": {"DATABASE_URL": f"postgresql://user:{MARK}-password@127.0.0.1:1/name"},
    "a port that is none": {"DATABASE_URL": f"postgresql://user:{MARK}-password@127.0.0.1:port/name"},
    "a host that is none": {"DATABASE_URL": f"postgresql://user:{MARK}-password@nowhere.invalid/name"},
    "tokens the wrong way round": {"SLACK_BOT_TOKEN": f"xapp-{MARK}", "SLACK_APP_TOKEN": f"xoxb-{MARK}"},
    "a short key": {"DOGWATCH_SECRET_KEY": MARK},
    "a short token": {"DOGWATCH_ALERT_TOKEN": MARK, "DOGWATCH_ALERT_SECRET_GRAFANA": MARK},
    "a heartbeat that is no address": {"DOGWATCH_HEARTBEAT_URL": f"{MARK} is no address"},
}


AT_THE_DATABASE = ("a database that is not there", "a host that is none")


@pytest.mark.parametrize(
    ("command_line", "wrong"),
    [(["check"], wrong) for wrong in WRONG]
    + [(line, wrong) for line in (["serve"], ["export", "INC-1"]) for wrong in AT_THE_DATABASE],
    ids=lambda value: value[0] if isinstance(value, list) else value,
)
def test_no_command_shows_a_secret_that_is_wrong(command_line: list[str], wrong: str) -> None:
    base = {
        "PATH": os.environ["PATH"],
        "SLACK_BOT_TOKEN": f"xoxb-{MARK}-right",
        "SLACK_APP_TOKEN": f"xapp-{MARK}-right",
        "DOGWATCH_SECRET_KEY": f"secret-key-of-the-pages-{MARK}-0123456789",
        "SLACK_API_URL": "http://127.0.0.1:1/",
    }

    done = run("-m", "bot", *command_line, environment={**base, **WRONG[wrong]})

    assert MARK not in done.stdout + done.stderr
    assert (done.returncode == 0) == (command_line == ["check"] and wrong in AT_THE_DATABASE)
    assert "Traceback" not in done.stderr


def run(*arguments: str, environment: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, *arguments], env=environment, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )


async def test_a_password_of_the_database_is_in_no_line(own_postgres_server: PostgresServer, tmp_path: Path) -> None:
    """Also while the server is away, whose errors quote addresses."""
    url = own_postgres_server.create_database()
    scheme, rest = url.split("://")
    login, place = rest.split("@") if "@" in rest else ("postgres", rest)
    marked = f"{scheme}://{login.split(':')[0]}:{MARK}-password@{place}"
    async with Sandbox() as sandbox:
        environment = {
            "SLACK_BOT_TOKEN": sandbox.bot_token,
            "SLACK_SIGNING_SECRET": sandbox.signing_secret,
            "SLACK_API_URL": sandbox.api_url,
            "DATABASE_URL": marked,
            "DOGWATCH_PORT": "0",
            "DOGWATCH_SECRET_KEY": f"secret-key-of-the-pages-{MARK}-0123456789",
            "DOGWATCH_ALERT_TOKEN": f"alert-token-{MARK}-common",
        }
        async with served(environment) as running:
            await running.becomes_ready()
            await asyncio.to_thread(own_postgres_server.stop)
            async with asyncio.timeout(20):
                while await running.is_ready():
                    await asyncio.sleep(0.1)
            metrics = (await running.gets("/metrics"))[1]
            ready = (await running.gets("/readyz"))[1]
        assert marked_places({"log": running.log_text, "metrics": metrics, "ready": ready}) == []


CRASHES = {
    "at the top": "raise RuntimeError(f'no answer for {secret}')",
    "in a chain": (
        "try:\n    raise ValueError(secret)\n"
        "except ValueError as problem:\n    raise RuntimeError('failed') from problem"
    ),
    "in a group": "raise ExceptionGroup('several', [ValueError(secret), RuntimeError(repr(secret))])",
    "in a task nobody waited for": (
        "import asyncio, gc\nasync def fails():\n    raise ValueError(secret)\n"
        "async def main():\n    task = asyncio.create_task(fails())\n    await asyncio.sleep(0)\n"
        "    await asyncio.sleep(0)\n    del task\n    gc.collect()\nasyncio.run(main())"
    ),
    "in a thread": (
        "import threading\ndef fails():\n    raise ValueError(secret)\n"
        "t = threading.Thread(target=fails); t.start(); t.join()"
    ),
}


@pytest.mark.parametrize("code", CRASHES.values(), ids=CRASHES)
def test_a_crash_shows_none_either(code: str) -> None:
    """An uncaught exception, as the interpreter prints it."""
    program = (
        "from bot.runtime import log\nfrom bot.config import load\nlog.configure_logging()\n"
        "import os\nsettings = load(os.environ)\nlog.hide_secrets(settings.secret_values())\n"
        f"secret = settings.alert_token.get_secret_value()\n{code}\n"
    )
    environment = {"PATH": os.environ["PATH"], "DOGWATCH_ALERT_TOKEN": f"alert-token-{MARK}-common"}

    done = run("-c", program, environment=environment)

    assert "[secret]" in done.stderr
    assert MARK not in done.stderr
    assert "Traceback" in done.stderr


def test_a_secret_is_found_however_it_is_written() -> None:
    secret = 'pass"word\\with/odd é signs'
    log.hide_secrets([secret])

    for text in (secret, json.dumps(secret), json.dumps(secret, ensure_ascii=False), repr(secret), repr([secret])):
        assert "odd" not in log.scrub_text(f"before {text} after"), text
        assert "before " in log.scrub_text(f"before {text} after")
