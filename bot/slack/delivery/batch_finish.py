"""
Finish outbox rows in batches, to share one transaction and its fsync.

Rows that end while a batch is being written go into the next one. A row waits a moment for others whose calls are under
way, unless its result lets further rows go.
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
GATHER_SECONDS = 0.02
"""Longest wait of a row for others that are under way. Much shorter than one of Slack's calls, which takes 0.1 s."""


@dataclass(slots=True)
class _EndedRow:
    claim: Claim
    outcome: Done
    future: asyncio.Future[FinishResult | None] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )


class BatchFinisher:
    """
    `finish` is one transaction; it returns None for rows that have to be finished alone.

    `count_running`: number of rows that are under way, those that wait here included.
    """

    def __init__(
        self,
        finish: Callable[[Sequence[tuple[Claim, Done]]], Awaitable[Sequence[FinishResult | None]]],
        count_running: Callable[[], int],
    ) -> None:
        self._finish = finish
        self._count_running = count_running
        self._waiting: deque[_EndedRow] = deque()
        self._is_due = False
        """One that waits is urgent, or has waited long enough."""
        self._timer: asyncio.TimerHandle | None = None
        self.under_way: asyncio.Task[None] | None = None
        """At most one transaction at a time."""

    async def finish(self, claim: Claim, outcome: Done, *, is_urgent: bool) -> FinishResult | None:
        """Wait until the row is finished. Raises DatabaseUnavailable."""
        ended = _EndedRow(claim, outcome)
        self._waiting.append(ended)
        if is_urgent:
            self._is_due = True
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(GATHER_SECONDS, self._on_timer)
        self.start_batch()
        return await ended.future

    def start_batch(self) -> None:
        """Write what waits, unless more may end in a moment or a batch is being written."""
        if not self._waiting or self.under_way is not None:
            return
        if self._is_due or len(self._waiting) >= min(self._count_running(), MAX_BATCH):
            batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), MAX_BATCH))]
            self._is_due = bool(self._waiting)
            self._stop_timer()
            self.under_way = asyncio.create_task(self._write(batch), name="finish outbox rows")
            self.under_way.add_done_callback(self._on_batch_end)

    def _on_timer(self) -> None:
        self._timer = None
        self._is_due = True
        self.start_batch()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _on_batch_end(self, _task: asyncio.Task[None]) -> None:
        self.under_way = None
        self.start_batch()

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
