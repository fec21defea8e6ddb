"""Order of transactions: those that people wait for go before those of low priority."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress

LOW_PRIORITY_WAIT = 0.5
"""Longest wait of a low-priority transaction for others, in seconds."""


class UrgentTransactions:
    """Transactions of this process that people wait for, on a database that runs several at once."""

    def __init__(self) -> None:
        self._running = 0
        self._none = asyncio.Event()
        self._none.set()

    @contextmanager
    def running(self) -> Iterator[None]:
        self._running += 1
        self._none.clear()
        try:
            yield
        finally:
            self._running -= 1
            if not self._running:
                self._none.set()

    async def let_pass(self) -> None:
        """Wait until none runs, at most `LOW_PRIORITY_WAIT`."""
        with suppress(TimeoutError):
            async with asyncio.timeout(LOW_PRIORITY_WAIT):
                await self._none.wait()
