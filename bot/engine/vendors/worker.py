"""Compute in a process of its own, so that the answers of the bot do not wait for it."""

import asyncio
import os
import pickle
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import bot
from bot.engine.vendors.worker_process import DONE, HEADER, REFUSED
from bot.feeds import FeedError

Result = TypeVar("Result")

MODULE = "bot.engine.vendors.worker_process"
IDLE_SECONDS = 600.0
"""Without a job for so long, the process ends. The next job starts another one."""
END_SECONDS = 5.0


class Worker:
    """One process, started with the first job. One job at a time."""

    def __init__(self, idle_seconds: float = IDLE_SECONDS) -> None:
        self._idle_seconds = idle_seconds
        self._process: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()
        self._resting: asyncio.Task[None] | None = None

    async def run(self, work: Callable[..., Result], *arguments: Any) -> Result:
        """
        Run a function of a module with arguments that can be pickled.

        Raises FeedError as the function does, and if the process cannot be started or ends. A job that is cancelled
        ends with its process.
        """
        async with self._turn:
            if self._resting is not None:
                self._resting.cancel()
            try:
                state, value = await self._exchange(pickle.dumps((work, arguments)))
            except (OSError, asyncio.IncompleteReadError) as problem:
                await self._kill()
                raise FeedError("", f"The process that reads it has ended ({type(problem).__name__}).") from problem
            except BaseException:
                await self._kill()
                raise
            self._resting = asyncio.create_task(self._rest(), name="vendors' worker")
        if state == REFUSED:
            raise FeedError("", value)
        if state != DONE:
            raise RuntimeError(value)
        result: Result = value
        return result

    async def stop(self) -> None:
        """End the process, if there is one."""
        async with self._turn:
            if self._resting is not None:
                self._resting.cancel()
                self._resting = None
            await self._end()

    async def _exchange(self, job: bytes) -> tuple[str, Any]:
        process = self._process or await self._start()
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("the process has no pipes")
        process.stdin.write(len(job).to_bytes(HEADER) + job)
        await process.stdin.drain()
        length = int.from_bytes(await process.stdout.readexactly(HEADER))
        state, value = pickle.loads(await process.stdout.readexactly(length))  # noqa: S301  from our own process
        return state, value

    async def _start(self) -> asyncio.subprocess.Process:
        path = os.pathsep.join([str(Path(bot.__file__).parent.parent), *filter(None, sys.path)])
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", MODULE),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env={"PYTHONPATH": path},
            start_new_session=True,
        )
        return self._process

    async def _rest(self) -> None:
        await asyncio.sleep(self._idle_seconds)
        async with self._turn:
            await self._end()

    async def _end(self) -> None:
        """Let the process end by closing its input."""
        if self._process is None or self._process.stdin is None:
            return
        self._process.stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), END_SECONDS)
        except TimeoutError:
            await self._kill()
        self._process = None

    async def _kill(self) -> None:
        """End the process in the middle of a job."""
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            process.kill()
            await process.wait()
