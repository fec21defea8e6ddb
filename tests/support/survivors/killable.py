"""
The bot as a process that can be killed at any point between two effects.

`python -m tests.support.survivors.killable SOCKET` reads all modules once and then forks a bot for each connection to
SOCKET, so that a start costs no imports. The connection is the bot's life: its first line says how to run, answers tell
what happens, and its end means that the process is gone.
"""

import asyncio
import ctypes
import json
import os
import signal
import socket
import sys
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

Point = tuple[str, int]
"""The name of a place where the bot may be killed, and how often it was passed before (from 1)."""
PR_SET_PDEATHSIG = 1
START_SECONDS = 120.0


@dataclass
class Bot:
    """One forked process. `points`: passed since `count`; `died_at`: where it was killed."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    pid: int = 0
    port: int = 0
    refusal: str | None = None
    """Why it did not start, in its own words."""
    points: list[str] = field(default_factory=list)
    died_at: str | None = None
    is_gone: asyncio.Event = field(default_factory=asyncio.Event)
    is_ready: asyncio.Event = field(default_factory=asyncio.Event)
    is_paused: asyncio.Event = field(default_factory=asyncio.Event)

    async def listen(self) -> None:
        while line := await self.reader.readline():
            told = json.loads(line)
            match told.pop("what"):
                case "ready":
                    self.pid, self.port = told["pid"], told["port"]
                    self.is_ready.set()
                case "point":
                    self.points.append(told["name"])
                case "killed":
                    self.died_at = told["name"]
                case "paused":
                    self.is_paused.set()
                case "refused":
                    self.refusal = told["why"]
        self.is_gone.set()
        self.is_ready.set()
        self.writer.close()

    async def stop(self) -> None:
        """Let it end in order."""
        await self._end(signal.SIGTERM)

    async def kill(self) -> None:
        await self._end(signal.SIGKILL)

    def go_on(self) -> None:
        """Wake it from where it was paused."""
        assert self.is_paused.is_set(), "it does not stand still"
        os.kill(self.pid, signal.SIGCONT)

    async def _end(self, by: signal.Signals) -> None:
        if self.is_gone.is_set():
            return
        assert self.pid > 0, "a signal to process 0 would reach the tests themselves"
        with suppress(ProcessLookupError):
            os.kill(self.pid, by)
        await self.is_gone.wait()


@dataclass
class Kennel:
    """Creates bots in a forked server process."""

    path: Path
    listeners: set[asyncio.Task[None]] = field(default_factory=set)

    async def start(
        self,
        environment: Mapping[str, str],
        *,
        kill_at: Point | None = None,
        pause_at: Point | None = None,
        counts: bool = False,
        lease: float = 3.0,
        poll: float = 5.0,
        call_seconds: float = 10.0,
        user_id: int | None = None,
    ) -> Bot:
        """
        Start a bot and wait until it is up, was killed at `kill_at`, or has refused.

        At `pause_at` it stands still until `go_on`. `counts`: tell every point that is passed. `user_id`: run as that
        user of the machine.
        """
        reader, writer = await asyncio.open_unix_connection(str(self.path))
        order = {
            "environment": dict(environment),
            "kill_at": kill_at,
            "pause_at": pause_at,
            "counts": counts,
            "lease": lease,
            "poll": poll,
            "call_seconds": call_seconds,
            "user_id": user_id,
        }
        writer.write(json.dumps(order).encode() + b"\n")
        await writer.drain()
        bot = Bot(reader, writer)
        task = asyncio.create_task(bot.listen())
        self.listeners.add(task)
        task.add_done_callback(self.listeners.discard)
        async with asyncio.timeout(START_SECONDS):
            await bot.is_ready.wait()
        return bot


@asynccontextmanager
async def kennel(folder: Path) -> AsyncIterator[Kennel]:
    """A kennel until the block ends; kills its bots. Their output is in `folder`/bots.log."""
    path = folder / "kennel"
    with (folder / "bots.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.support.survivors.killable",
            str(path),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
            cwd=Path(__file__).parents[3],
            start_new_session=True,
        )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"ready\n", (folder / "bots.log").read_text()[-2000:]
    built = Kennel(path)
    try:
        yield built
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
        await asyncio.gather(*built.listeners)


def die_with_parent() -> None:
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def breed(path: str) -> None:
    """Fork a bot for each connection. Must stay free of threads and event loops."""
    import alembic.command  # noqa: F401  so that no child has to read it
    import asyncpg  # noqa: F401
    import sqlalchemy.dialects.postgresql.asyncpg
    import sqlalchemy.dialects.sqlite.pysqlite  # noqa: F401

    import bot.app
    import bot.runtime.log
    from bot.store.database.migrate import all_tables

    all_tables()
    bot.runtime.log.configure_logging(level="WARNING")
    die_with_parent()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(path)
    listening.listen(64)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while True:
        connection, _ = listening.accept()
        if os.fork() == 0:
            listening.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            die_with_parent()
            try:
                asyncio.run(live(connection))
            finally:
                os._exit(0)
        connection.close()


async def live(connection: socket.socket) -> None:
    """One bot's life."""
    from bot.app import Dogwatch
    from bot.config import load
    from bot.domain.errors import UserError

    order = json.loads(connection.makefile("r").readline())
    if order["user_id"] is not None:
        os.setgroups([])
        os.setuid(order["user_id"])
    passed: Counter[str] = Counter()
    kill_at, pause_at = (tuple(order[name]) if order[name] else None for name in ("kill_at", "pause_at"))

    def send(what: str, **more: Any) -> None:
        connection.sendall(json.dumps({"what": what, **more}).encode() + b"\n")

    def probe(name: str) -> None:
        passed[name] += 1
        if order["counts"]:
            send("point", name=name)
        if kill_at == (name, passed[name]):
            send("killed", name=name)
            os.kill(os.getpid(), signal.SIGKILL)
        if pause_at == (name, passed[name]):
            send("paused", name=name)
            os.kill(os.getpid(), signal.SIGSTOP)

    try:
        dogwatch = Dogwatch(
            load(order["environment"]),
            probe=probe,
            call_seconds=order["call_seconds"],
            lease=timedelta(seconds=order["lease"]),
            poll=timedelta(seconds=order["poll"]),
        )
        await dogwatch.start()
    except UserError as problem:
        send("refused", why=problem.message)
        return
    except Exception as problem:
        send("refused", why=f"{type(problem).__name__}: {problem}")
        raise
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    send("ready", pid=os.getpid(), port=dogwatch.port)
    await ended.wait()
    await dogwatch.stop()


if __name__ == "__main__":
    breed(sys.argv[1])
