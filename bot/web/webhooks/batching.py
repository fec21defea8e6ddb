"""
Batch concurrent webhooks into one transaction, to share the cost of its commit.

Senders have queues of their own and are served in turn, so that a flood delays its own sender only. A large
notification is split into parts. It is confirmed when all parts are stored; a sender that repeats it causes no
duplicates.

Senders that were just answered send their next notification within milliseconds. So the next transaction waits a moment
for them: without it, the one that came meanwhile would be committed alone, and the others after it, again and again.
"""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import field, replace

from structlog import get_logger

from bot.domain.alerts.events import Batch
from bot.lazy_dataclass import dataclass
from bot.runtime.log import request_context, request_id
from bot.services.alerts.ingest import Receipt
from bot.store.database.session import DatabaseUnavailable

log = get_logger(__name__)

MAX_NOTIFICATIONS = 64
"""In one transaction."""
MAX_ALERTS = 500
"""In one transaction. On SQLite nobody else can write meanwhile."""
MAX_CONCURRENT = 4
"""Concurrent transactions. One is enough while it is quick: newer notifications join the next."""
SLOW_SECONDS = 0.1
"""A transaction that takes longer is blocked: the next one starts beside it."""
MAX_PAUSE = 0.005
"""Longest wait for senders that were just answered, in seconds."""
PAUSE_SHARE = 0.25
"""The same as a share of the last transaction's time."""

Receipts = Sequence[Receipt | None]


@dataclass(slots=True)
class _Pending:
    batch: Batch
    request_id: str | None = field(default_factory=request_id)
    future: asyncio.Future[Receipt | None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class WebhookBatcher:
    """`store`: one transaction for several notifications, which returns a receipt for each."""

    def __init__(self, store: Callable[[Sequence[Batch]], Awaitable[Receipts]]) -> None:
        self._store = store
        self._queues: dict[str, deque[_Pending]] = {}
        self._running: dict[asyncio.Task[None], float] = {}
        self._expected = 0
        self._expected_until = 0.0

    async def submit(self, sender: str, batch: Batch) -> Receipt | None:
        """Wait until the whole notification is stored. Raises the errors of `store`."""
        first, *others = _split_batch(batch)
        receipt = await self._enqueue(sender, _Pending(first))
        for part in others:
            another = await self._enqueue(sender, _Pending(part), is_next=True)
            if receipt is None or another is None:
                return None
            receipt = receipt.with_more(another)
        return receipt

    async def _enqueue(self, sender: str, waiting: _Pending, *, is_next: bool = False) -> Receipt | None:
        queue = self._queues.setdefault(sender, deque())
        if is_next:
            queue.appendleft(waiting)
        else:
            queue.append(waiting)
        self._start_next()
        return await waiting.future

    def _start_next(self) -> None:
        now = time.monotonic()
        waiting = self._count_waiting()
        if not waiting or (waiting < self._expected and now < self._expected_until):
            return
        all_are_slow = all(now - began >= SLOW_SECONDS for began in self._running.values())
        if all_are_slow and len(self._running) < MAX_CONCURRENT:
            task = asyncio.create_task(self._process(self._collect()), name="store alerts")
            self._running[task] = now
            task.add_done_callback(self._on_finished)
            asyncio.get_running_loop().call_later(SLOW_SECONDS, self._start_next)

    def _on_finished(self, task: asyncio.Task[None]) -> None:
        now = time.monotonic()
        pause = min(MAX_PAUSE, (now - self._running.pop(task)) * PAUSE_SHARE)
        self._expected_until = now + pause
        asyncio.get_running_loop().call_later(pause, self._start_next)
        self._start_next()

    def _count_waiting(self) -> int:
        return sum(map(len, self._queues.values()))

    def _collect(self) -> list[_Pending]:
        """Take one notification of each sender in turn, up to the limits."""
        taken: list[_Pending] = []
        alerts = 0
        while self._queues and len(taken) < MAX_NOTIFICATIONS:
            sender, queue = next(iter(self._queues.items()))
            alerts += len(queue[0].batch.events)
            if taken and alerts > MAX_ALERTS:
                break
            del self._queues[sender]
            taken.append(queue.popleft())
            if queue:
                self._queues[sender] = queue  # at the end
        return taken

    async def _process(self, waiting: Sequence[_Pending]) -> None:
        """Run under the first notification's request id; one log line lists all ids."""
        with request_context(waiting[0].request_id):
            if len(waiting) > 1:
                log.info("requests batched", requests=[each.request_id for each in waiting])
            await self._store_all(waiting)

    async def _store_all(self, waiting: Sequence[_Pending]) -> None:
        try:
            receipts = await self._store([each.batch for each in waiting])
        except DatabaseUnavailable as problem:
            for each in waiting:
                _fail(each, problem)
        except Exception as problem:  # noqa: BLE001  each is then tried alone, to find the one at fault
            if len(waiting) == 1:
                _fail(waiting[0], problem)
            else:
                for each in waiting:
                    await self._process([each])
        else:
            self._expected = min(MAX_NOTIFICATIONS, len(waiting) + self._count_waiting())
            for each, receipt in zip(waiting, receipts, strict=True):
                if not each.future.done():
                    each.future.set_result(receipt)


def _split_batch(batch: Batch) -> list[Batch]:
    """Split by MAX_ALERTS, in order. The last part carries the number of truncated alerts."""
    events = batch.events
    if len(events) <= MAX_ALERTS:
        return [batch]
    firsts = range(0, len(events), MAX_ALERTS)
    parts = [replace(batch, events=events[first : first + MAX_ALERTS], truncated=0) for first in firsts]
    return [*parts[:-1], replace(parts[-1], truncated=batch.truncated)]


def _fail(waiting: _Pending, problem: Exception) -> None:
    if not waiting.future.done():
        waiting.future.set_exception(problem)
