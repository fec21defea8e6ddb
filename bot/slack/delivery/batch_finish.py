"""
Ends of rows are written down together: what ends while others are being written goes with the next.

Each transaction costs its way to the database and to the disk, and in a storm many rows end at once.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from structlog import get_logger

from bot.store.database.session import DatabaseUnavailable
from bot.store.outbox import Claim, Finished

log = get_logger(__name__)

TOGETHER = 24
"""Ends in one transaction."""


@dataclass(slots=True)
class _Ended:
    claim: Claim
    future: asyncio.Future[Finished | None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Ending:
    """`carry_out` is one transaction for several claims; it answers for each, None where one has to go alone."""

    def __init__(self, carry_out: Callable[[Sequence[Claim]], Awaitable[Sequence[Finished | None]]]) -> None:
        self._carry_out = carry_out
        self._waiting: deque[_Ended] = deque()
        self.under_way: asyncio.Task[None] | None = None
        """One transaction at a time: it waits for no lane, and what comes meanwhile goes with the next."""

    async def put(self, claim: Claim) -> Finished | None:
        """Wait until the end is kept. Raises DatabaseUnavailable."""
        ended = _Ended(claim)
        self._waiting.append(ended)
        self._go_on()
        return await ended.future

    def _go_on(self) -> None:
        if self._waiting and self.under_way is None:
            together = [self._waiting.popleft() for _ in range(min(len(self._waiting), TOGETHER))]
            self.under_way = asyncio.create_task(self._write(together), name="end rows")
            self.under_way.add_done_callback(self._written)

    def _written(self, _task: asyncio.Task[None]) -> None:
        self.under_way = None
        self._go_on()

    async def _write(self, together: Sequence[_Ended]) -> None:
        answers: Sequence[Finished | None] = [None] * len(together)
        problem: DatabaseUnavailable | None = None
        try:
            answers = await self._carry_out([each.claim for each in together])
        except DatabaseUnavailable as found:
            problem = found
        except Exception:  # nothing was written: who is to blame shows when each goes alone
            log.exception("rows could not be ended together", rows=[each.claim.row.id for each in together])
        for each, answer in zip(together, answers, strict=True):
            if each.future.done():  # nobody waits for it any more
                continue
            if problem is not None:
                each.future.set_exception(problem)
            else:
                each.future.set_result(answer)
