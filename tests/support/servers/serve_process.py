"""`dogwatch serve` as a subprocess, observed over HTTP and its log."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

import aiohttp

START_SECONDS = 30.0


class Served:
    """One process. `logs`: its lines so far; `port` is known once it is ready."""

    def __init__(self, process: asyncio.subprocess.Process, http: aiohttp.ClientSession) -> None:
        self.process = process
        self.logs: list[str] = []
        self._http = http
        self._grew = asyncio.Event()
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self.process.stderr is not None
        while line := await self.process.stderr.readline():
            self.logs.append(line.decode().rstrip("\n"))
            self._grew.set()
        self._grew.set()

    @property
    def log_text(self) -> str:
        return "\n".join(self.logs)

    def events(self) -> list[dict[str, Any]]:
        """The lines as JSON. Raises ValueError if one is none."""
        return [json.loads(line) for line in self.logs]

    async def says(self, words: str) -> dict[str, Any]:
        """The first line whose event begins so; waits for it."""
        async with asyncio.timeout(START_SECONDS):
            while True:
                found = next((line for line in self.logs if f'"event": "{words}' in line), None)
                if found is not None:
                    return dict(json.loads(found))
                await self.grows()

    async def grows(self) -> None:
        """Until there is another line."""
        assert not self._reading.done(), self.log_text
        self._grew.clear()
        await self._grew.wait()

    async def port(self) -> int:
        return int((await self.says("dogwatch started"))["port"])

    async def gets(self, path: str) -> tuple[int, str]:
        async with self._http.get(f"http://127.0.0.1:{await self.port()}{path}") as got:
            return got.status, await got.text()

    async def is_ready(self) -> bool:
        return (await self.gets("/readyz"))[0] == 200

    async def becomes_ready(self) -> None:
        async with asyncio.timeout(START_SECONDS):
            while not await self.is_ready():
                await asyncio.sleep(0.05)

    async def stops(self, by: signal.Signals = signal.SIGTERM) -> int:
        """Tell it to stop, and return its exit code."""
        with suppress(ProcessLookupError):
            self.process.send_signal(by)
        return await self.ends()

    async def ends(self) -> int:
        async with asyncio.timeout(START_SECONDS):
            code = await self.process.wait()
            await self._reading
        return code


@asynccontextmanager
async def served(environment: Mapping[str, str], *, command: str = "serve") -> AsyncIterator[Served]:
    """Run `dogwatch serve` with nothing in its environment but this, until the block ends."""
    base = {key: os.environ[key] for key in ("PATH", "HOME", "LANG", "PYTHONPATH") if key in os.environ}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        command,
        env={**base, **environment},
        cwd="/",
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with aiohttp.ClientSession() as http:
        running = Served(process, http)
        try:
            yield running
        finally:
            if process.returncode is None:
                process.kill()
            await running.ends()
