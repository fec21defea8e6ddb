"""What is installed: a wheel that holds all it needs, and works in an empty folder without the checkout."""

import asyncio
import json
import re
import shutil
import signal
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.message import Message
from email.parser import Parser
from pathlib import Path
from typing import Any

import pytest

from bot.sandbox.server import Sandbox
from tests.support.build.wheel import ROOT, alone, build, clean_copy, installed, run_command, tracked
from tests.support.servers.sandbox_client import SandboxClient, eventually

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
INSIDE = ("examples/", "migrations/", "templates/")
"""Folders at the top of the tree that stand inside the package once it is installed."""


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return clean_copy(tmp_path_factory.mktemp("source"))


@pytest.fixture(scope="module")
def wheel(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(source, tmp_path_factory.mktemp("dist"), "wheel")


@pytest.fixture(scope="module")
def programs(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` of an environment in which the wheel is installed."""
    return installed(wheel, tmp_path_factory.mktemp("installed") / "venv")


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    folder = tmp_path / "empty"
    folder.mkdir()
    return folder


def metadata(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as packed:
        name = next(each for each in packed.namelist() if each.endswith(".dist-info/METADATA"))
        return Parser().parsestr(packed.read(name).decode())


def test_the_wheel_holds_everything_that_is_used_when_it_runs(wheel: Path):
    packed = set(zipfile.ZipFile(wheel).namelist())

    expected = {name for name in tracked() if name.startswith(("bot/", "commands/"))}
    expected |= {f"bot/{name}" for name in tracked() if name.startswith(INSIDE)}
    assert expected - packed == set()
    for kind in (
        r"bot/migrations/versions/\w+\.py",
        r"bot/templates/postmortem/.*\.j2",
        r"bot/templates/web/.*\.j2",
        r"bot/examples/.*\.yaml",
        r"bot/sandbox/page/static/.*\.(js|css|html)",
        r"(bot|commands)/py\.typed",
        r"dogwatch-.*/share/dogwatch/dogwatch\.example\.toml",
        r"bot/slack-manifest\.yaml",
    ):
        assert any(re.fullmatch(kind, name) for name in packed), kind


def test_the_wheel_holds_nothing_else(wheel: Path):
    packed = zipfile.ZipFile(wheel).namelist()

    outside = {name for name in packed if not name.startswith(("bot/", "commands/", "dogwatch-"))}
    assert outside == set()
    assert [name for name in packed if name.endswith((".pyc", ".db", ".toml~"))] == []
    assert any(name.endswith("licenses/LICENSE") for name in packed)


def test_the_metadata_says_what_it_is(wheel: Path):
    told = metadata(wheel)

    assert (told["Name"], told["Version"]) == (PROJECT["name"], PROJECT["version"])
    assert told["Summary"] == PROJECT["description"]
    assert (told["License-Expression"], told["License-File"]) == ("Apache-2.0", "LICENSE")
    assert told["Requires-Python"] == PROJECT["requires-python"]
    assert told["Description-Content-Type"] == "text/markdown"
    assert str(told.get_payload()).startswith("# Dogwatch\n")
    assert {"Typing :: Typed", "Framework :: AsyncIO"} <= set(told.get_all("Classifier") or [])
    needed = [each for each in told.get_all("Requires-Dist") or [] if "extra ==" not in each]
    assert len(needed) == len(PROJECT["dependencies"])


def test_the_source_archive_makes_the_same_wheel(source: Path, wheel: Path, tmp_path: Path):
    archive = build(source, tmp_path, "sdist")
    with tarfile.open(archive) as packed:
        packed.extractall(tmp_path, filter="data")

    again = build(tmp_path / archive.name.removesuffix(".tar.gz"), tmp_path, "wheel")

    def content(file: Path) -> dict[str, int]:
        return {each.filename: each.CRC for each in zipfile.ZipFile(file).infolist()}

    assert content(again) == content(wheel)


def test_only_what_was_installed_is_found(programs: Path, empty: Path):
    told = run_command(
        [str(programs / "python"), "-c", "import bot, commands; print(bot.__file__, commands.__file__)"],
        cwd=empty,
        env=alone(),
    )

    assert [Path(each).is_relative_to(programs.parent) for each in told.stdout.split()] == [True, True]


def test_the_commands_that_need_no_slack_work_in_an_empty_folder(programs: Path, empty: Path):
    dogwatch = str(programs / "dogwatch")
    example = next(programs.parent.glob("lib/*/site-packages/bot/examples/checkout-500s.yaml"))

    assert (
        run_command([dogwatch, "--version"], cwd=empty, env=alone()).stdout
        == f"dogwatch, version {PROJECT['version']}\n"
    )
    assert "display_information:" in run_command([dogwatch, "manifest"], cwd=empty, env=alone()).stdout
    assert "No errors" in run_command([dogwatch, "check"], cwd=empty, env=alone()).stdout
    assert "up to date" in run_command([dogwatch, "migrate"], cwd=empty, env=alone()).stdout
    assert (empty / "dogwatch.db").stat().st_size > 0
    run_command([dogwatch, "replay", str(example), "--out", "played"], cwd=empty, env=alone())

    assert any((empty / "played").rglob("*.md"))


def test_the_example_of_a_configuration_comes_with_it(programs: Path, empty: Path):
    shutil.copy(programs.parent / "share" / "dogwatch" / "dogwatch.example.toml", empty / "dogwatch.toml")

    assert (
        "No errors in dogwatch.toml"
        in run_command([str(programs / "dogwatch"), "check"], cwd=empty, env=alone()).stdout
    )


@asynccontextmanager
async def tried_out(programs: Path, folder: Path) -> AsyncIterator[SandboxClient]:
    """`dogwatch sandbox` as somebody starts it who has just installed it."""
    process = await asyncio.create_subprocess_exec(
        str(programs / "dogwatch"),
        "sandbox",
        "--headless",
        "--port",
        "0",
        cwd=folder,
        env=alone(),
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(60):
            told = json.loads(await process.stdout.readline())
        client = SandboxClient(told, process)
        try:
            yield client
        finally:
            await client.close()
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(60):
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def channel_of_first(sandbox: SandboxClient) -> str | None:
    return next((each["name"] for each in await sandbox.channels() if each["name"].startswith("inc-1-")), None)


async def test_the_sandbox_works_in_an_empty_folder(programs: Path, empty: Path):
    """An incident from its declaration to its draft, then its export; a folder `bot` of somebody else is no matter."""
    (empty / "bot").mkdir()
    (empty / "bot" / "__init__.py").write_text("raise RuntimeError('this is not Dogwatch')\n")
    async with tried_out(programs, empty) as sandbox:
        async with sandbox.session.get(sandbox.base_url) as page:
            assert (page.status, "<script" in await page.text()) == (200, True)
        async with sandbox.session.get(f"{sandbox.base_url}/static/app.js") as script:
            assert script.status == 200

        said = await sandbox.command(user="oncall", channel="ops", text="/incident start checkout is down")
        assert "Declared" in said["text"]
        await until(sandbox, lambda: channel_of_first(sandbox))
        channel = await channel_of_first(sandbox)
        assert (await sandbox.command(user="oncall", channel=channel, text="/incident resolve fixed"))["ok"]
        assert (await sandbox.command(user="oncall", channel=channel, text="/incident postmortem"))["ok"]
        await until(sandbox, lambda: sandbox.files(channel=channel))

    database = f"sqlite:///{empty / 'dogwatch-data' / 'dogwatch.db'}"
    draft = run_command(
        [str(programs / "dogwatch"), "export", "INC-1"], cwd=empty, env=alone(DATABASE_URL=database)
    ).stdout
    assert draft.startswith("# ")
    assert "checkout is down" in draft


async def until(sandbox: SandboxClient, look: Any) -> None:
    async with asyncio.timeout(60):
        while not await look():
            await sandbox.wait_settled(timeout=30)


async def test_the_bot_serves_from_an_empty_folder(programs: Path, empty: Path):
    """It makes its database by itself, is ready, and ends when it is told to."""
    async with Sandbox() as slack:
        process = await asyncio.create_subprocess_exec(
            str(programs / "dogwatch"),
            "serve",
            cwd=empty,
            stderr=asyncio.subprocess.PIPE,
            env=alone(
                SLACK_BOT_TOKEN=slack.bot_token,
                SLACK_APP_TOKEN=slack.app_token,
                SLACK_API_URL=slack.api_url,
                DOGWATCH_PORT="0",
            ),
        )
        try:
            assert process.stderr is not None
            async with asyncio.timeout(60):
                while b"dogwatch started" not in await process.stderr.readline():
                    pass
            await eventually(lambda: slack.sockets() > 0, timeout=60)
            assert (await slack.command("oncall", "ops", "/incident help")).ok
            process.terminate()
            async with asyncio.timeout(60):
                assert await process.wait() == 0
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
    assert (empty / "dogwatch.db").stat().st_size > 0


def test_this_environment_has_what_the_lock_says():
    """What is reached by a path above is what a hashed install would bring."""
    listed = run_command([sys.executable, "-m", "pip", "--disable-pip-version-check", "list", "--format=json"]).stdout
    here = {each["name"].lower().replace("_", "-"): each["version"] for each in json.loads(listed)}
    pinned = re.findall(r"^([\w.-]+)==([^\s;]+)", (ROOT / "requirements.lock").read_text(), re.MULTILINE)

    assert {name: here.get(name) for name, _ in pinned} == dict(pinned)
