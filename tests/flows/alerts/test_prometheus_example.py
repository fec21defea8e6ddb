"""`examples/prometheus/` with a real Prometheus, a real Alertmanager and the sandbox."""

import asyncio
import json
import os
import shutil
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from tests.support.servers.ports import free_port
from tests.support.servers.requirements import program
from tests.support.servers.sandbox_client import SandboxClient

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "examples" / "prometheus"
PATIENCE = 40.0
"""Timeout in seconds."""
SOONER = {
    "prometheus.yml": {"scrape_interval: 15s": "scrape_interval: 200ms", "n_interval: 15s": "n_interval: 200ms"},
    "checkout.rules.yml": {"for: 30s": "for: 400ms"},
    "alertmanager.yml": {"group_wait: 10s": "group_wait: 200ms", "group_interval: 1m": "group_interval: 1s"},
}
"""Shorter times for the test. Everything else of the files stays, but for the ports."""


@asynccontextmanager
async def started(folder: Path, *command: str | Path, ready: str = "") -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a program until the block ends; `ready`: a URL that answers 200 once it is up."""
    log = folder / f"{Path(command[0]).name}.log"
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(*command, cwd=folder, stdout=output, stderr=output)
    try:
        if ready:
            await until(lambda: answers(ready), lambda: log.read_text()[-3000:])
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def answers(url: str) -> bool:
    try:
        async with aiohttp.ClientSession() as session, session.get(url) as answer:
            return answer.status == 200
    except aiohttp.ClientConnectionError:
        return False


async def until(condition: Callable[[], Awaitable[object]], otherwise: Callable[[], str] = lambda: "") -> None:
    try:
        async with asyncio.timeout(PATIENCE):
            while not await condition():
                await asyncio.sleep(0.05)
    except TimeoutError:
        pytest.fail(f"It did not come to it. {otherwise()}")


@asynccontextmanager
async def sandboxed(folder: Path, port: int) -> AsyncIterator[SandboxClient]:
    """`DOGWATCH_PORT=… dogwatch sandbox`, in an empty folder."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        "sandbox",
        "--headless",
        "--port",
        "0",
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "DOGWATCH_PORT": str(port), "PYTHONPATH": str(ROOT)},
    )
    assert process.stdout is not None
    client = SandboxClient(json.loads(await process.stdout.readline()))
    try:
        yield client
    finally:
        await client.close()
        process.terminate()
        assert await process.wait() == 0


def copied(folder: Path, ports: Mapping[int, int]) -> Path:
    """The example's files, with `ports` in place of its own."""
    copy = folder / "prometheus"
    shutil.copytree(EXAMPLE, copy, ignore=shutil.ignore_patterns("data", "dogwatch-token", "__pycache__"))
    for path in copy.glob("*.yml"):
        text = path.read_text()
        for stated, wanted in SOONER[path.name].items():
            assert text.count(stated) == 1, (path.name, stated)
            text = text.replace(stated, wanted)
        for stated_port, wanted_port in ports.items():
            text = text.replace(f"localhost:{stated_port}", f"127.0.0.1:{wanted_port}")
        assert "localhost" not in text, path.name
        path.write_text(text)
    return copy


async def has_message(slack: SandboxClient, words: str) -> bool:
    """True if a message in an incident's channel contains the words, in its text or blocks."""
    for channel in await incident_channels(slack):
        if any(words in json.dumps(message) for message in await slack.messages(channel=channel["id"])):
            return True
    return False


async def incident_channels(slack: SandboxClient) -> list[dict[str, str]]:
    return [each for each in await slack.channels() if each["name"].startswith("inc-")]


async def test_a_service_that_stops_opens_an_incident_and_its_return_is_told(tmp_path: Path) -> None:
    prometheus = program("prometheus", package="prometheus")
    alertmanager = program("prometheus-alertmanager", package="prometheus-alertmanager")
    ports = {stated: free_port() for stated in (3000, 8081, 9090, 9093)}
    bot, checkout, prometheus_port, alertmanager_port = ports.values()
    folder = copied(tmp_path, ports)

    async with AsyncExitStack() as stack:
        slack = await stack.enter_async_context(sandboxed(tmp_path, bot))
        shutil.copy(tmp_path / "dogwatch-data" / "alert-token", folder / "dogwatch-token")
        await stack.enter_async_context(
            started(
                folder,
                alertmanager,
                "--config.file=alertmanager.yml",
                "--storage.path=data/alertmanager",
                f"--web.listen-address=127.0.0.1:{alertmanager_port}",
                "--cluster.listen-address=",
                ready=f"http://127.0.0.1:{alertmanager_port}/-/ready",
            )
        )
        service = (folder, sys.executable, "checkout.py", str(checkout))
        async with started(*service, ready=f"http://127.0.0.1:{checkout}/metrics"):
            await stack.enter_async_context(
                started(
                    folder,
                    prometheus,
                    "--config.file=prometheus.yml",
                    "--storage.tsdb.path=data/prometheus",
                    f"--web.listen-address=127.0.0.1:{prometheus_port}",
                    ready=f"http://127.0.0.1:{prometheus_port}/-/ready",
                )
            )
            await until(lambda: is_watched(prometheus_port, {"checkout", "dogwatch"}))
            assert await incident_channels(slack) == []

        await until(lambda: has_message(slack, "CheckoutDown"))

        (channel,) = await incident_channels(slack)
        assert channel["name"] == "inc-1-checkout-does-not-answer"
        people = {"U0ONCALL", "U0ENGINEER", "U0DEVELOPER", "U0DBA"}
        await until(lambda: has_members(slack, channel["id"], people))

        async with started(*service):
            await until(lambda: has_message(slack, "alert has ended"), lambda: str([]))
            await until(lambda: has_message(slack, "All alerts have ended."))
        assert len(await incident_channels(slack)) == 1


async def is_watched(port: int, jobs: set[str]) -> bool:
    """True if Prometheus has reached a target of each of these jobs."""
    url = f"http://127.0.0.1:{port}/api/v1/targets"
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        targets = (await answer.json())["data"]["activeTargets"]
    return {each["labels"]["job"] for each in targets if each["health"] == "up"} == jobs


async def has_members(slack: SandboxClient, channel: str, people: set[str]) -> bool:
    return people <= set(await slack.members(channel=channel))
