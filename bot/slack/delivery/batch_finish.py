"""
Finish outbox rows in batches, to share one transaction and its fsync.

Rows that end while a batch is being written go into the next one.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import field

from structlog import get_logger

from bot.lazy_dataclass import dataclass
from bot.store.database.session import DatabaseUnavailable
from bot.store.outbox import Claim, Done, FinishResult

log = get_logger(__name__)

MAX_BATCH = 24
"""Rows of one transaction."""


@dataclass(slots=True)
class _EndedRow:
    claim: Claim
    outcome: Done
    future: asyncio.Future[FinishResult | None] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )


class BatchFinisher:
    """`finish` is one transaction; it returns None for rows that have to be finished alone."""

    def __init__(
        self, finish: Callable[[Sequence[tuple[Claim, Done]]], Awaitable[Sequence[FinishResult | None]]]
    ) -> None:
        self._finish = finish
        self._waiting: deque[_EndedRow] = deque()
        self.under_way: asyncio.Task[None] | None = None
        """At most one transaction at a time."""

    async def finish(self, claim: Claim, outcome: Done) -> FinishResult | None:
        """Wait until the row is finished. Raises DatabaseUnavailable."""
        ended = _EndedRow(claim, outcome)
        self._waiting.append(ended)
        self._start_batch()
        return await ended.future

    def _start_batch(self) -> None:
        if self._waiting and self.under_way is None:
            batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), MAX_BATCH))]
            self.under_way = asyncio.create_task(self._write(batch), name="finish outbox rows")
            self.under_way.add_done_callback(self._on_batch_end)

    def _on_batch_end(self, _task: asyncio.Task[None]) -> None:
        self.under_way = None
        self._start_batch()

    async def _write(self, batch: Sequence[_EndedRow]) -> None:
        answers: Sequence[FinishResult | None] = [None] * len(batch)
        problem: DatabaseUnavailable | None = None
        try:
            answers = await self._finish([(each.claim, each.outcome) for each in batch])
        except DatabaseUnavailable as error:
            problem = error
        except Exception:  # nothing was written: each row is finished alone, which shows the defective one
            log.exception("batch of outbox rows could not be finished", rows=[each.claim.row.id for each in batch])
        for each, answer in zip(batch, answers, strict=True):
            if each.future.done():  # the lane was cancelled
                continue
            if problem is not None:
                each.future.set_exception(problem)
            else:
                each.future.set_result(answer)
