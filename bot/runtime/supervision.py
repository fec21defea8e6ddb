"""
Restarts of background workers that fail.

A worker handles the errors it expects. One that ends it is a defect, and without a restart the outbox,
the timers or the maintenance would stop silently.
"""

import asyncio
from collections.abc import Awaitable, Callable

from structlog import get_logger

from bot.runtime.metrics import WORKER_RESTARTS

log = get_logger(__name__)

PAUSE = 1.0
"""Seconds before a restart."""


async def restart_on_failure(name: str, work: Callable[[], Awaitable[None]], *, pause: float = PAUSE) -> None:
    """
    Run `work` until it returns, again if it raises or is cancelled by others.

    A cancellation of this coroutine's own task ends both.
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
        log.error("worker failed; restarting", worker=name, exc_info=problem)
        await asyncio.sleep(pause)
