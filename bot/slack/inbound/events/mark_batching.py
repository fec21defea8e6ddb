"""
Batch concurrent marks of one channel into one transaction.

Every mark locks its incident, so those of one channel would wait for one another, each with its own commit. The first
one is recorded at once; those that come meanwhile are recorded together after it. After several, the next transaction
waits a moment, because in a burst more come within milliseconds.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import field
from time import monotonic
from typing import Any

from structlog import get_logger

from bot.lazy_dataclass import dataclass
from bot.runtime.log import request_context, request_id
from bot.store.database.session import DatabaseUnavailable

log = get_logger(__name__)

MAX_MARKS = 32
"""In one transaction."""
MAX_PAUSE = 0.005
"""Longest wait for more marks, in seconds."""
PAUSE_SHARE = 0.25
"""The same as a share of the last transaction's time."""

Body = Mapping[str, Any]
"""Payload of an event."""


@dataclass(slots=True)
class _Pending:
    message_ts: str
    body: Body
    request_id: str | None = field(default_factory=request_id)
    future: asyncio.Future[bool] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class MarkBatcher:
    """
    `record`: one transaction for marks of one channel, each on a message of its own.

    It returns for each whether it is new.
    """

    def __init__(self, record: Callable[[Sequence[Body]], Awaitable[Sequence[bool]]]) -> None:
        self._record = record
        self._waiting: dict[str, list[_Pending]] = {}
        self._running: dict[str, asyncio.Task[None]] = {}

    async def submit(self, channel_id: str, message_ts: str, body: Body) -> bool:
        """
        Wait until the mark is recorded.

        Returns False for a redelivered one; raises the errors of `record`.
        """
        pending = _Pending(message_ts, body)
        self._waiting.setdefault(channel_id, []).append(pending)
        if channel_id not in self._running:
            self._running[channel_id] = asyncio.create_task(self._record_waiting(channel_id), name="record marks")
        return await pending.future

    async def _record_waiting(self, channel_id: str) -> None:
        try:
            while taken := self._take(channel_id):
                began = monotonic()
                await self._record_together(taken)
                if len(self._waiting.get(channel_id, ())) < len(taken) > 1:
                    await asyncio.sleep(min(MAX_PAUSE, (monotonic() - began) * PAUSE_SHARE))
        finally:
            del self._running[channel_id]

    def _take(self, channel_id: str) -> list[_Pending]:
        """The first waiting marks; the second one on a message waits until the first is recorded."""
        taken: dict[str, _Pending] = {}
        left = []
        for each in self._waiting.pop(channel_id, []):
            if each.message_ts in taken or len(taken) == MAX_MARKS:
                left.append(each)
            else:
                taken[each.message_ts] = each
        if left:
            self._waiting[channel_id] = left
        return list(taken.values())

    async def _record_together(self, pending: Sequence[_Pending]) -> None:
        """Run under the first mark's request id; one log line lists all ids."""
        with request_context(pending[0].request_id):
            if len(pending) > 1:
                log.info("requests batched", requests=[each.request_id for each in pending])
            try:
                are_new = await self._record([each.body for each in pending])
            except DatabaseUnavailable as problem:
                _fail(pending, problem)
            except Exception as problem:  # noqa: BLE001  each is then tried alone, to find the one at fault
                if len(pending) == 1:
                    _fail(pending, problem)
                else:
                    for each in pending:
                        await self._record_together([each])
            else:
                for each, is_new in zip(pending, are_new, strict=True):
                    if not each.future.done():
                        each.future.set_result(is_new)


def _fail(pending: Sequence[_Pending], problem: Exception) -> None:
    for each in pending:
        if not each.future.done():
            each.future.set_exception(problem)
