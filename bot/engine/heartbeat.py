"""
Heartbeat: a URL that is called while the bot can work.

The monitor behind it (Healthchecks, a Prometheus Pushgateway) alerts when the calls stop.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta

import aiohttp
from structlog import get_logger

from bot.runtime.metrics import HEARTBEATS
from bot.runtime.supervision import restart_on_failure

log = get_logger(__name__)

CALL_SECONDS = 10.0


class Heartbeat:
    """`problems`: why the bot cannot work; the URL is not called while there are any."""

    def __init__(self, url: str, interval: timedelta, problems: Callable[[], Awaitable[Mapping[str, str]]]) -> None:
        self._url = url
        self._interval = interval
        self._problems = problems
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(restart_on_failure("heartbeat", self._beat), name="heartbeat")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _beat(self) -> None:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=CALL_SECONDS)) as session:
            while True:
                outcome = await self._call(session)
                HEARTBEATS.labels(outcome).inc()
                await asyncio.sleep(self._interval.total_seconds())

    async def _call(self, session: aiohttp.ClientSession) -> str:
        """Call once and return the outcome. The URL may contain a secret, so it is never logged."""
        problems = await self._problems()
        if problems:
            log.warning("heartbeat withheld", problems=dict(problems))
            return "held back"
        try:
            async with session.get(self._url, allow_redirects=False) as answer:
                if answer.status < 300:  # a redirect did not reach the monitor
                    return "answered"
                log.warning("heartbeat refused", status=answer.status)
                return "refused"
        except (aiohttp.ClientError, TimeoutError, OSError) as problem:
            log.warning("heartbeat failed", problem=type(problem).__name__)
            return "unreachable"
