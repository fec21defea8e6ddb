"""
A dead man's switch: an address that is called as long as the bot can do its work.

Whoever listens there (healthchecks, a Prometheus Pushgateway, another monitor) raises the alarm when the calls stop: a
bot that is down cannot say so itself.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta

import aiohttp
from structlog import get_logger

from bot.runtime.metrics import HEARTBEATS
from bot.runtime.supervision import kept_going

log = get_logger(__name__)

CALL_SECONDS = 10.0


class Heartbeat:
    """`problems` says why the bot cannot do its work; while it says anything, nobody is called."""

    def __init__(self, url: str, interval: timedelta, problems: Callable[[], Awaitable[Mapping[str, str]]]) -> None:
        self._url = url
        self._interval = interval
        self._problems = problems
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(kept_going("heartbeat", self._beat), name="heartbeat")

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
        """What came of it. The address may hold a secret, so it stands in no log line."""
        problems = await self._problems()
        if problems:
            log.warning("no heartbeat", problems=dict(problems))
            return "held back"
        try:
            async with session.get(self._url, allow_redirects=False) as answer:
                if answer.status < 300:  # a redirect is not followed: it reached nobody who would miss it
                    return "answered"
                log.warning("the heartbeat was refused", status=answer.status)
                return "refused"
        except (aiohttp.ClientError, TimeoutError, OSError) as problem:
            log.warning("the heartbeat reached nobody", problem=type(problem).__name__)
            return "unreachable"
