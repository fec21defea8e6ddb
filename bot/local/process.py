"""The bot's process: started, watched, started again when it ends, and killed to show that it can be."""

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
LOOK_EVERY = 0.1
BREATH = 1.0
"""Seconds before a bot that died is started again."""
LAST_WORDS = 2_000
"""Characters of the log that are shown when the bot does not come up."""


class Bot:
    def __init__(self, environment: dict[str, str], *, url: str, log_file: Path) -> None:
        self._environment = {**os.environ, **environment, "PYTHONPATH": _our_path()}
        self._url = url
        self._log_file = log_file
        self._process: asyncio.subprocess.Process | None = None
        self._keeper: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Raises UserError if it does not come up."""
        await self._spawn()
        await self.ready()
        self._keeper = asyncio.create_task(self._keep(), name="bot keeper")

    async def _spawn(self) -> None:
        with await asyncio.to_thread(self._log_file.open, "ab") as told:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-P", "-m", "bot", "serve", env=self._environment, stderr=told
            )

    async def _keep(self) -> None:
        while self._process is not None:
            code = await self._process.wait()
            log.warning("the bot ended and is started again", exit_code=code)
            await asyncio.sleep(BREATH)
            await self._spawn()

    def kill(self) -> None:
        """SIGKILL: it gets no chance to put anything in order. The keeper starts it again."""
        if self._process is not None and not self.has_ended:
            self._process.kill()

    def hang_up(self) -> None:
        """SIGHUP: it reads its configuration again."""
        if self._process is not None and not self.has_ended:
            self._process.send_signal(signal.SIGHUP)

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    @property
    def has_ended(self) -> bool:
        return self._process is None or self._process.returncode is not None

    async def ready(self) -> None:
        """Until the bot says that it can work. Raises UserError if it ends or takes too long."""
        async with aiohttp.ClientSession() as session:
            try:
                async with asyncio.timeout(READY_SECONDS):
                    while not await self._is_ready(session):
                        if self.has_ended and self._keeper is None:
                            raise UserError(f"The bot did not start.\n{self._last_words()}")
                        await asyncio.sleep(LOOK_EVERY)
            except TimeoutError as problem:
                raise UserError(
                    f"The bot did not become ready within {READY_SECONDS:g} s.\n{self._last_words()}"
                ) from problem

    async def _is_ready(self, session: aiohttp.ClientSession) -> bool:
        try:
            async with session.get(f"{self._url}/readyz") as answer:
                return answer.status == 200
        except aiohttp.ClientError:
            return False

    def _last_words(self) -> str:
        return self._log_file.read_text(errors="replace")[-LAST_WORDS:]

    async def stop(self) -> None:
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        if self._process is not None and not self.has_ended:
            self._process.terminate()
            await self._process.wait()


def _our_path() -> str:
    """Where this code was found: in the folder in which it is tried, `bot` may be something of somebody else's."""
    ours = str(Path(bot.__file__).parent.parent)
    return os.pathsep.join([ours, *filter(None, [os.environ.get("PYTHONPATH")])])
