"""Work that is done again and again beside everything else, in real time."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

from structlog import get_logger

from bot.store.database.session import DatabaseUnavailable

log = get_logger(__name__)


async def again_and_again(
    name: str, work: Callable[[], Awaitable[object]], *, first: timedelta, pause: timedelta
) -> None:
    """Carry out `work` after `first`, then with a `pause` between. What fails is told of, and tried the next time."""
    await asyncio.sleep(first.total_seconds())
    while True:
        try:
            await work()
        except DatabaseUnavailable as problem:
            log.warning("a chore has to wait", chore=name, problem=str(problem))
        except Exception:
            log.exception("a chore failed", chore=name)
        await asyncio.sleep(pause.total_seconds())
