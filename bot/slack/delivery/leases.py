"""Leases of the lanes that this process runs."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial

from structlog import get_logger

from bot.runtime.clock import Clock
from bot.slack.api.client import LEASE_CHECK
from bot.store import outbox
from bot.store.database.session import Database, DatabaseUnavailable
from bot.store.outbox import Claim, LostLease

log = get_logger(__name__)

ENDING_SECONDS = 1.0


class LaneLeases:
    """Leases of one `owner`. `duration` is the length of a lease."""

    def __init__(self, database: Database, clock: Clock, owner: str, duration: timedelta) -> None:
        self.duration = duration
        self.expires_at: dict[str, datetime] = {}
        """By lane, in real time."""
        self._database = database
        self._clock = clock
        self._owner = owner

    def add(self, claims: Sequence[Claim], since: datetime) -> None:
        self.expires_at |= {claim.row.lane: since + self.duration for claim in claims}

    def discard(self, lane: str) -> None:
        self.expires_at.pop(lane, None)

    async def run_leased(self, lane: str, run: Callable[[], Awaitable[None]]) -> None:
        """Await `run` and renew the lane's lease meanwhile: a row may take several calls."""
        LEASE_CHECK.set(partial(self._check, lane))
        ended = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._keep(lane, ended))
            try:
                await run()
            finally:
                ended.set()

    def _check(self, lane: str) -> None:
        """Raises LostLease for an expired lease: another worker may have taken the lane."""
        if self.expires_at[lane] < self._clock.lapsed_before():
            raise LostLease(lane)

    async def _keep(self, lane: str, ended: asyncio.Event) -> None:
        while not ended.is_set():
            try:
                async with asyncio.timeout(self.duration.total_seconds() / 3):
                    await ended.wait()
            except TimeoutError:
                if not await self._renew(lane) and not await _ends_soon(ended):
                    log.warning("lane lost while its row ran", lane=lane)

    async def _renew(self, lane: str) -> bool:
        """False if the lane is no longer ours: another worker took it, or its row has just ended."""
        until = self._clock.real_now() + self.duration
        try:
            is_ours = await self._database.run(outbox.renew_lease, lane, self._owner, until)
        except DatabaseUnavailable as problem:
            log.warning("lease renewal failed", lane=lane, problem=str(problem))
            return True
        if is_ours:
            self.expires_at[lane] = until
        return is_ours


async def _ends_soon(ended: asyncio.Event) -> bool:
    """Whether the row has ended: the transaction that ended it may not have told its worker yet."""
    with suppress(TimeoutError):
        async with asyncio.timeout(ENDING_SECONDS):
            await ended.wait()
    return ended.is_set()
