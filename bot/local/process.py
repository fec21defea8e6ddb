"""The bot as a subprocess, restarted when it ends."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import aiohttp
from structlog import get_logger

import bot
from bot.domain.errors import UserError

log = get_logger(__name__)

READY_SECONDS = 30.0
POLL_SECONDS = 0.1
RESTART_SECONDS = 1.0
"""Pause before a restart."""
LOG_TAIL = 2_000
"""Characters of the log in the error message of a failed start."""


class BotProcess:
    def __init__(self, environment: dict[str, str], *, url: str, log_file: Path) -> None:
        self._environment = {**os.environ, **environment, "PYTHONPATH": _python_path()}
        self._url = url
        self._log_file = log_file
        self._process: asyncio.subprocess.Process | None = None
        self._monitor: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Raises UserError if the bot does not become ready."""
        await self._spawn()
        await self.wait_until_ready()
        self._monitor = asyncio.create_task(self._restart_on_exit(), name="bot monitor")

    async def _spawn(self) -> None:
        with await asyncio.to_thread(self._log_file.open, "ab") as log_stream:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-P", "-m", "bot", "serve", env=self._environment, stderr=log_stream
            )

    async def _restart_on_exit(self) -> None:
        while self._process is not None:
            code = await self._process.wait()
            log.warning("bot exited; restarting", exit_code=code)
            await asyncio.sleep(RESTART_SECONDS)
            await self._spawn()

    def kill(self) -> None:
        """Send SIGKILL. The monitor restarts the bot."""
        if self._process is not None and not self.has_ended:
            self._process.kill()

    def reload(self) -> None:
        """Send SIGHUP, for a reload of the configuration."""
        if self._process is not None and not self.has_ended:
            self._process.send_signal(signal.SIGHUP)

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    @property
    def has_ended(self) -> bool:
        return self._process is None or self._process.returncode is not None

    async def wait_until_ready(self) -> None:
        """Poll `/readyz`. Raises UserError if the bot ends or takes longer than READY_SECONDS."""
        async with aiohttp.ClientSession() as session:
            try:
                async with asyncio.timeout(READY_SECONDS):
                    while not await self._is_ready(session):
                        if self.has_ended and self._monitor is None:
                            raise UserError(f"The bot did not start.\n{self._log_tail()}")
                        await asyncio.sleep(POLL_SECONDS)
            except TimeoutError as problem:
                raise UserError(
                    f"The bot did not become ready within {READY_SECONDS:g} s.\n{self._log_tail()}"
                ) from problem

    async def _is_ready(self, session: aiohttp.ClientSession) -> bool:
        try:
            async with session.get(f"{self._url}/readyz") as answer:
                return answer.status == 200
        except aiohttp.ClientError:
            return False

    def _log_tail(self) -> str:
        return self._log_file.read_text(errors="replace")[-LOG_TAIL:]

    async def stop(self) -> None:
        if self._monitor is not None:
            self._monitor.cancel()
            await asyncio.gather(self._monitor, return_exceptions=True)
        if self._process is not None and not self.has_ended:
            self._process.terminate()
            await self._process.wait()


def _python_path() -> str:
    """PYTHONPATH with this code first: the current folder may contain another `bot`."""
    ours = str(Path(bot.__file__).parent.parent)
    return os.pathsep.join([ours, *filter(None, [os.environ.get("PYTHONPATH")])])
