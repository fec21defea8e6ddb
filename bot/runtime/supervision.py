"""
Workers that must not end: one that dies is started again, and counted.

What a worker meets with it handles itself; what ends it all the same is a mistake of ours, and the outbox, the timers
or the upkeep would stand still without a word until somebody restarts the process.
"""

import asyncio
from collections.abc import Awaitable, Callable

from structlog import get_logger

from bot.runtime.metrics import WORKER_RESTARTS

log = get_logger(__name__)

PAUSE = 1.0
"""Seconds before a worker that died is started again."""


async def kept_going(name: str, work: Callable[[], Awaitable[None]], *, pause: float = PAUSE) -> None:
    """
    Run `work` until it returns, again and again if it raises or is cancelled by somebody else.

    Cancelling this coroutine's own task ends both.
    """
    while True:
        task = asyncio.ensure_future(work())
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            raise
        problem = None if task.cancelled() else task.exception()
        if problem is None and not task.cancelled():
            return
        WORKER_RESTARTS.labels(name).inc()
        log.error("a worker died and is started again", worker=name, exc_info=problem)
        await asyncio.sleep(pause)
