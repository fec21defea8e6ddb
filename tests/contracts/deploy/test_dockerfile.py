"""The image: what goes into it, who runs in it, and that it works where nothing but its volume may be written."""

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.config.environment import VARIABLES
from bot.sandbox.server import Sandbox
from tests.support.build.dockerfile import Stage, context, is_ignored, stages
from tests.support.build.wheel import ROOT, alone, run_command
from tests.support.servers.ports import free_port
from tests.support.servers.sandbox_client import eventually

BUILD, FINAL = stages()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def test_a_linter_has_nothing_to_object_to():
    run_command(
        [str(Path(sys.executable).parent / "hadolint"), "--failure-threshold", "style", str(ROOT / "Dockerfile")]
    )


@pytest.mark.parametrize("stage", [BUILD, FINAL], ids=["build", "final"])
def test_what_is_copied_is_there_and_not_left_out(stage: Stage):
    for step in stage.all("COPY"):
        if step.flag("from"):
            assert step.flag("from") == BUILD.name
            continue
        for source in step.words[:-1]:
            assert (ROOT / source).exists(), source
            assert not is_ignored(source), f".dockerignore leaves {source} out"


def test_what_the_wheel_is_made_of_is_copied():
    """The build names the folders and files that it packs; a COPY that is missing would break it."""
    wheel = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]
    needed = {*wheel["packages"], *wheel["force-include"], *wheel["shared-data"]}
    needed |= {"pyproject.toml", PROJECT["project"]["readme"], *PROJECT["project"]["license-files"]}

    assert needed <= {source for step in BUILD.all("COPY") for source in step.words[:-1]}


def test_nothing_else_reaches_the_build():
    """No tests, no secrets, no state: neither into a layer nor to the machine that builds."""
    copied = {source for step in BUILD.all("COPY") for source in step.words[:-1]}

    assert {name.split("/")[0] for name in context()} == copied
    for path in (
        ".env",
        "secrets/slack_bot_token",
        "dogwatch.db",
        "dogwatch.toml",
        ".git/config",
        "tests/conftest.py",
        "bot/__pycache__/cli.cpython-311.pyc",
        "bot/domain/__pycache__/terms.cpython-311.pyc",
    ):
        assert is_ignored(path), path
    assert not is_ignored("bot/cli/main.py")


def test_the_base_is_held_to_a_minor_version_that_the_project_is_tried_with():
    assert BUILD.image == FINAL.image, "the environment belongs to one Python"
    minor = re.fullmatch(r"python:(3\.\d+)-slim", BUILD.image)
    assert minor
    assert f"Programming Language :: Python :: {minor[1]}" in PROJECT["project"]["classifiers"]
    assert PROJECT["tool"]["mypy"]["python_version"] == minor[1]


def test_the_final_stage_installs_nothing():
    assert [each.value for each in FINAL.all("RUN") if re.search(r"\b(pip|apt-get|curl|gcc)\b", each.value)] == []
    installs = [part for each in BUILD.all("RUN") for part in each.value.split(" && ") if "install" in part]
    assert all("--require-hashes" in each or "--no-index" in each for each in installs)


def test_it_runs_as_an_unprivileged_user_by_number():
    """By number, so that `runAsNonRoot` can be checked before it starts."""
    uid, gid = (int(each) for each in FINAL.all("USER")[-1].value.split(":"))

    assert uid > 1000
    assert gid > 1000
    assert f"--uid {uid}" in FINAL.all("RUN")[0].value
    assert [each.value for each in FINAL.all("VOLUME")] == ["/var/lib/dogwatch"]


def test_its_environment_holds_what_the_bot_knows_and_no_secret():
    told = {name for name in FINAL.pairs("ENV") if not name.startswith(("PYTHON", "PATH"))}

    assert told <= {each.name for each in VARIABLES}
    assert told == {"DATABASE_URL", "DOGWATCH_HOST"}
    assert FINAL.pairs("ENV")["DATABASE_URL"].startswith("sqlite:////var/lib/dogwatch/"), "a file holds no password"


def test_its_labels_say_what_it_is():
    labels = FINAL.pairs("LABEL")

    assert labels["org.opencontainers.image.version"] == PROJECT["project"]["version"]
    assert labels["org.opencontainers.image.licenses"] == PROJECT["project"]["license"]
    assert labels["org.opencontainers.image.description"] == PROJECT["project"]["description"]


NEEDS_NAMESPACES = pytest.mark.skipif(
    os.geteuid() != 0
    or shutil.which("unshare") is None
    or subprocess.run(["unshare", "--mount", "--pid", "--fork", "true"], check=False).returncode != 0,
    reason="needs root and unshare: the steps of the build are carried out in a root of their own",
)


@asynccontextmanager
async def contained(slack: Sandbox, port: int) -> AsyncIterator[asyncio.subprocess.Process]:
    """Built and run by the Dockerfile's own steps: its packages are those of this environment, not downloaded."""
    process = await asyncio.create_subprocess_exec(
        "unshare",
        "--mount",
        "--pid",
        "--fork",
        "--kill-child",
        sys.executable,
        "-m",
        "tests.support.build.container",
        "run",
        cwd=ROOT,
        stderr=asyncio.subprocess.PIPE,
        env=alone(
            PYTHONPATH=str(ROOT),
            SLACK_BOT_TOKEN=slack.bot_token,
            SLACK_APP_TOKEN=slack.app_token,
            SLACK_API_URL=slack.api_url,
            DOGWATCH_PORT=str(port),
            DOGWATCH_HOST="127.0.0.1",
        ),
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def says(process: asyncio.subprocess.Process, words: bytes) -> None:
    assert process.stderr is not None
    told = []
    async with asyncio.timeout(120):
        while line := await process.stderr.readline():
            told.append(line.decode())
            if words in line:
                return
    raise AssertionError("".join(told))


def inside(process: asyncio.subprocess.Process) -> int:
    """Process 1 of the container, by its number out here."""
    return int(Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()[0])


def told_by_kernel(process: asyncio.subprocess.Process, name: str) -> str:
    """Of process 1 of the container."""
    return Path(f"/proc/{inside(process)}/{name}").read_text()


async def healthcheck(process: asyncio.subprocess.Process, port: int) -> int:
    """The exit code of the image's own, run in the container as an engine would."""
    program, *arguments = json.loads(FINAL.all("HEALTHCHECK")[0].value.partition("CMD ")[2])
    asked = await asyncio.create_subprocess_exec(
        "nsenter",
        f"--target={inside(process)}",
        "--mount",
        "--pid",
        "--root",
        "--wd",
        f"/opt/dogwatch/bin/{program}",
        *arguments,
        env={"DOGWATCH_PORT": str(port)},
        stderr=asyncio.subprocess.DEVNULL,
    )
    return await asked.wait()


@NEEDS_NAMESPACES
async def test_its_steps_make_a_bot_that_works_with_a_root_that_may_only_be_read():
    """As process 1, unprivileged; it is asked how it is, and ends when it is told to."""
    port = free_port()
    async with Sandbox() as slack, contained(slack, port) as process:
        await says(process, b"dogwatch started")
        await eventually(lambda: slack.sockets() > 0, timeout=60)
        status = told_by_kernel(process, "status")
        assert re.search(r"^Uid:\s+10001\s", status, re.MULTILINE)
        assert re.search(r"^NSpid:\s+\d+\s+1$", status, re.MULTILINE)
        mounts = told_by_kernel(process, "mounts").splitlines()
        assert {each.split()[1] for each in mounts if each.split()[3].startswith("rw")} - {"/proc"} == {
            "/tmp",
            "/var/lib/dogwatch",
        }

        answer = await slack.command("oncall", "ops", "/incident start checkout is down")
        assert "Declared" in (answer.text or "")
        assert await healthcheck(process, port) == 0
        assert await healthcheck(process, free_port()) != 0, "where nobody answers"

        os.kill(inside(process), 15)
        async with asyncio.timeout(60):
            assert await process.wait() == 0
