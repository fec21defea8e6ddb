"""
Notifications that wait are taken into the database together: waiting for the disk is what costs.

Each sender has a queue of its own, and they take turns: one that goes wild waits for itself. A large notification goes
in parts, one after the other, with what others want in between. Nobody is told of success before all of it is kept; if
it breaks off, the sender sends it again, and what is there already is found.
"""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace

from structlog import get_logger

from bot.domain.alerts.routing import Batch
from bot.runtime.log import request_id, unit
from bot.services.alerts.ingest import Receipt
from bot.store.database.session import DatabaseUnavailable

log = get_logger(__name__)

TOGETHER = 64
"""Notifications in one transaction."""
ALERTS_TOGETHER = 500
"""Alerts in one transaction. Nobody else writes meanwhile where there is one writer."""
AT_ONCE = 4
"""Transactions under way. One is enough as long as it is quick: what comes meanwhile goes with the next."""
SLOW = 0.1
"""Seconds after which a transaction is held up by something, and the next one goes beside it."""

Receipts = Sequence[Receipt | None]


@dataclass(slots=True)
class _Waiting:
    batch: Batch
    request_id: str | None = field(default_factory=request_id)
    future: asyncio.Future[Receipt | None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Gathering:
    """`carry_out` is one transaction for several notifications; it answers with a receipt for each."""

    def __init__(self, carry_out: Callable[[Sequence[Batch]], Awaitable[Receipts]]) -> None:
        self._carry_out = carry_out
        self._queues: dict[str, deque[_Waiting]] = {}
        self._under_way: dict[asyncio.Task[None], float] = {}

    async def put(self, sender: str, batch: Batch) -> Receipt | None:
        """Wait until the notification is kept, all of it. Raises what `carry_out` raises."""
        first, *others = _parts(batch)
        receipt = await self._one(sender, _Waiting(first))
        for part in others:
            another = await self._one(sender, _Waiting(part), is_next=True)
            if receipt is None or another is None:
                return None
            receipt = receipt.with_more(another)
        return receipt

    async def _one(self, sender: str, waiting: _Waiting, *, is_next: bool = False) -> Receipt | None:
        queue = self._queues.setdefault(sender, deque())
        if is_next:
            queue.appendleft(waiting)
        else:
            queue.append(waiting)
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
        while self._queues and len(taken) < TOGETHER:
            sender, queue = next(iter(self._queues.items()))
            alerts += len(queue[0].batch.events)
            if taken and alerts > ALERTS_TOGETHER:
                break
            del self._queues[sender]
            taken.append(queue.popleft())
            if queue:
                self._queues[sender] = queue  # behind the others
        return taken

    async def _take(self, waiting: Sequence[_Waiting]) -> None:
        """What it leaves to do bears the first one's id; a line names the others'."""
        with unit(waiting[0].request_id):
            if len(waiting) > 1:
                log.info("requests are taken in together", requests=[each.request_id for each in waiting])
            await self._keep(waiting)

    async def _keep(self, waiting: Sequence[_Waiting]) -> None:
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


def _parts(batch: Batch) -> list[Batch]:
    """At least one, in the order of the alerts. What the monitor left out is told with the last."""
    events = batch.events
    if len(events) <= ALERTS_TOGETHER:
        return [batch]
    firsts = range(0, len(events), ALERTS_TOGETHER)
    parts = [replace(batch, events=events[first : first + ALERTS_TOGETHER], truncated=0) for first in firsts]
    return [*parts[:-1], replace(parts[-1], truncated=batch.truncated)]


def _fail(waiting: _Waiting, problem: Exception) -> None:
    if not waiting.future.done():
        waiting.future.set_exception(problem)
