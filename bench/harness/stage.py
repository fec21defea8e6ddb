"""What is measured: a local Slack and the bot, each a process of its own, on a database of its own."""

import asyncio
import os
import signal
import sqlite3
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from bench.harness.requests import Salvo, command, fire
from tests.support.servers.ports import free_port
from tests.support.servers.postgres import PostgresServer
from tests.support.servers.sandbox_client import SandboxClient, spawned_sandbox

READY_SECONDS = 120
SERVE: tuple[str, ...] = ("bot", "serve")
CHANNEL = "ops"
ALERT_TOKEN = "bench" * 4
SECRET_KEY = "b" * 40


@dataclass(frozen=True, slots=True)
class Place:
    """Where a bot keeps its record. `server` is None for SQLite."""

    name: str
    url: str
    server: PostgresServer | None

    def number(self, statement: str) -> int:
        """What a statement that gives one number gives, read beside the bot."""
        if self.server is not None:
            return int(self.server.sql(statement, database=self.url.rpartition("/")[2]))
        connection = sqlite3.connect(f"file:{self.url.removeprefix('sqlite:///')}?mode=ro", uri=True)
        try:
            return int(connection.execute(statement).fetchone()[0])
        finally:
            connection.close()


@dataclass(slots=True)
class Call:
    """One call of the Web API as the local Slack saw it; times are wall-clock seconds."""

    method: str
    args: Mapping[str, Any]
    error: str | None
    began_at: float
    ended_at: float


class Stage:
    """A bot that is ready, and the Slack it speaks to."""

    def __init__(self, sandbox: SandboxClient, place: Place, bot: "BotProcess") -> None:
        self.sandbox = sandbox
        self.place = place
        self.bot = bot

    @property
    def secret(self) -> str:
        return str(self.sandbox.info["signing_secret"])

    @property
    def team_id(self) -> str:
        return str(self.sandbox.info["team_id"])

    def declaration(self, title: str, *, user: str = "U0ONCALL") -> bytes:
        """`/incident start`, ready to send."""
        who = {"user_id": user, "user_name": "oncall", "channel_id": "C0OPS", "channel_name": CHANNEL}
        trigger = f"{time.time_ns()}.{title}"
        return command(self.secret, {**who, "team_id": self.team_id}, f"start {title}", trigger)

    async def send(self, requests: list[bytes], *, in_flight: int = 1) -> Salvo:
        return await fire(self.bot.port, requests, in_flight=in_flight)

    async def calls(self) -> list[Call]:
        """The calls that have ended, the first one first."""
        found = []
        for each in await self.sandbox.calls():
            if "seconds" in each:
                began = datetime.fromisoformat(each["at"]).timestamp()
                found.append(Call(each["method"], each["args"], each["error"], began, began + each["seconds"]))
        return found

    async def quiet(self, seconds: float, *, timeout: float = 60) -> None:  # noqa: ASYNC109
        """Return when the bot has asked Slack nothing for so long."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            before = len(await self.sandbox.calls())
            await asyncio.sleep(seconds)
            calls = await self.sandbox.calls()
            if len(calls) == before and all("seconds" in call for call in calls):
                return
        raise TimeoutError(f"the bot still asks after {timeout:g} s")


class BotProcess:
    """`dogwatch serve`, by HTTP. Its log goes to a file in `folder`."""

    def __init__(self, sandbox: SandboxClient, place: Place, folder: Path) -> None:
        self.port = free_port()
        self.log = folder / "bot.log"
        self.program = SERVE
        self._process: asyncio.subprocess.Process | None = None
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("DOGWATCH_", "SLACK_"))}
        self.environment = inherited | {
            "SLACK_BOT_TOKEN": sandbox.info["bot_token"],
            "SLACK_SIGNING_SECRET": sandbox.info["signing_secret"],
            "SLACK_API_URL": sandbox.info["api_url"],
            "DATABASE_URL": place.url,
            "DOGWATCH_HOST": "127.0.0.1",
            "DOGWATCH_PORT": str(self.port),
            "DOGWATCH_SECRET_KEY": SECRET_KEY,
            "DOGWATCH_ALERT_TOKEN": ALERT_TOKEN,
        }

    @property
    def pid(self) -> int:
        if self._process is None:
            raise RuntimeError("the bot was not started")
        return self._process.pid

    async def start(self) -> float:
        """Seconds from the start of the process until `/readyz` says yes."""
        began = time.perf_counter()
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", *self.program, env=self.environment, stdout=log, stderr=log
            )
        while not await _is_ready(self.port):
            if self._process.returncode is not None or time.perf_counter() - began > READY_SECONDS:
                raise RuntimeError(f"the bot did not come up:\n{self.log.read_text()[-2000:]}")
            await asyncio.sleep(0.01)
        return time.perf_counter() - began

    async def stop(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(signal.SIGTERM)
            await asyncio.wait_for(self._process.wait(), READY_SECONDS)

    async def restart_as(self, *program: str) -> None:
        """Go on as another program: a module, and what it is given."""
        await self.stop()
        self.program = program
        await self.start()

    async def kill(self) -> None:
        """`kill -9`."""
        if self._process is None:
            raise RuntimeError("the bot was not started")
        self._process.kill()
        await self._process.wait()

    def worked(self) -> float:
        """Seconds of processor time that it has used."""
        return worked_by(self.pid)

    def worked_beside(self) -> float:
        """Those of the processes that it has started and that still run."""
        listed = (each.read_text().split() for each in Path(f"/proc/{self.pid}/task").glob("*/children"))
        return sum(worked_by(int(child)) for some in listed for child in some)

    def memory(self) -> float:
        """What it holds in memory (resident), in MB."""
        return resident(self.pid)


def worked_by(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"process {pid} has no memory")


async def _is_ready(port: int) -> bool:
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    try:
        writer.write(b"GET /readyz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        return (await reader.readline()).split()[1:2] == [b"200"]
    finally:
        writer.close()


@asynccontextmanager
async def prepared(server: PostgresServer | None) -> AsyncIterator[tuple[SandboxClient, Place, BotProcess]]:
    """A local Slack, an empty database and a bot that is not yet started, until the block ends."""
    with tempfile.TemporaryDirectory(prefix="dogwatch-bench-") as name:
        folder = Path(name)
        url = f"sqlite:///{folder}/dogwatch.db" if server is None else server.create_database()
        place = Place("SQLite" if server is None else "PostgreSQL", url, server)
        async with spawned_sandbox(state=folder / "slack") as sandbox:
            bot = BotProcess(sandbox, place, folder)
            try:
                yield sandbox, place, bot
            finally:
                await bot.stop()
                if server is not None:
                    server.drop_database(url)


@asynccontextmanager
async def staged(server: PostgresServer | None) -> AsyncIterator[Stage]:
    """A bot that is ready on an empty database, and that has found its incidents channel."""
    async with prepared(server) as (sandbox, place, bot):
        await bot.start()
        await sandbox.deliver_by_http(url=f"http://127.0.0.1:{bot.port}/slack/events")
        stage = Stage(sandbox, place, bot)
        await stage.send([stage.declaration("the first one finds the incidents channel")])
        await stage.quiet(0.5)
        yield stage
