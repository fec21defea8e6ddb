"""
Notifications that wait are taken into the database together: waiting for the disk is what costs.

Each sender has a queue of its own, and they take turns: one that goes wild waits for itself. Nobody is told of success
before the transaction is kept.
"""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from bot.domain.alerts import Batch
from bot.services.alerts import Receipt
from bot.store.session import DatabaseUnavailable

TOGETHER = 64
"""Notifications in one transaction."""
ALERTS_TOGETHER = 1000
"""Alerts in one transaction, unless a single notification has more."""
AT_ONCE = 4
"""Transactions under way. One is enough as long as it is quick: what comes meanwhile goes with the next."""
SLOW = 0.1
"""Seconds after which a transaction is held up by something, and the next one goes beside it."""

Receipts = Sequence[Receipt | None]


@dataclass(slots=True)
class _Waiting:
    batch: Batch
    future: asyncio.Future[Receipt | None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Gathering:
    """`carry_out` is one transaction for several notifications; it answers with a receipt for each."""

    def __init__(self, carry_out: Callable[[Sequence[Batch]], Awaitable[Receipts]]) -> None:
        self._carry_out = carry_out
        self._queues: dict[str, deque[_Waiting]] = {}
        self._under_way: dict[asyncio.Task[None], float] = {}

    async def put(self, sender: str, batch: Batch) -> Receipt | None:
        """Wait until the notification is kept. Raises what `carry_out` raises."""
        waiting = _Waiting(batch)
        self._queues.setdefault(sender, deque()).append(waiting)
        self._go_on()
        return await waiting.future

    def _go_on(self) -> None:
        now = time.monotonic()
        all_are_slow = all(now - began >= SLOW for began in self._under_way.values())
        if self._queues and all_are_slow and len(self._under_way) < AT_ONCE:
            task = asyncio.create_task(self._take(self._next()), name="take in alerts")
            self._under_way[task] = now
            task.add_done_callback(self._ended)
            asyncio.get_running_loop().call_later(SLOW, self._go_on)

    def _ended(self, task: asyncio.Task[None]) -> None:
        del self._under_way[task]
        self._go_on()

    def _next(self) -> list[_Waiting]:
        """The next of each sender in turn, until it is enough."""
        taken: list[_Waiting] = []
        alerts = 0
        while self._queues and len(taken) < TOGETHER and alerts < ALERTS_TOGETHER:
            sender, queue = next(iter(self._queues.items()))
            del self._queues[sender]
            taken.append(queue.popleft())
            alerts += len(taken[-1].batch.events)
            if queue:
                self._queues[sender] = queue  # behind the others
        return taken

    async def _take(self, waiting: Sequence[_Waiting]) -> None:
        try:
            receipts = await self._carry_out([each.batch for each in waiting])
        except DatabaseUnavailable as problem:
            for each in waiting:
                _fail(each, problem)
        except Exception as problem:  # noqa: BLE001  who is to blame shows when each is tried alone
            if len(waiting) == 1:
                _fail(waiting[0], problem)
            else:
                for each in waiting:
                    await self._take([each])
        else:
            for each, receipt in zip(waiting, receipts, strict=True):
                if not each.future.done():
                    each.future.set_result(receipt)


def _fail(waiting: _Waiting, problem: Exception) -> None:
    if not waiting.future.done():
        waiting.future.set_exception(problem)
