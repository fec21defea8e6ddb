"""Periodic background jobs, on real time."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

from structlog import get_logger

from bot.store.database.session import DatabaseUnavailable

log = get_logger(__name__)


async def run_periodically(
    name: str, work: Callable[[], Awaitable[object]], *, first: timedelta, pause: timedelta
) -> None:
    """
    Run `work` after `first`, then again after each `pause`.

    A failure is logged and does not end the loop.
    """
    await asyncio.sleep(first.total_seconds())
    while True:
        try:
            await work()
        except DatabaseUnavailable as problem:
            log.warning("periodic job postponed; database unavailable", job=name, problem=str(problem))
        except Exception:
            log.exception("periodic job failed", job=name)
        await asyncio.sleep(pause.total_seconds())
