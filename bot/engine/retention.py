"""
Old rows go, a few at a time and behind what people wait for.

A transaction deletes `BATCH` rows at most and is over in some milliseconds; between two there is a pause. So nobody's
answer waits for more than one of them, however many rows there are.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from structlog import get_logger

from bot.config import Settings
from bot.engine.periodic import again_and_again
from bot.runtime import metrics
from bot.runtime.clock import Clock
from bot.services.privacy import retention as rules
from bot.services.workspace.actor import Origin
from bot.store import outbox
from bot.store.database.session import Database
from bot.store.outbox import cleanup as idle
from bot.store.shared import idempotency as deliveries
from bot.store.upkeep import retention

log = get_logger(__name__)

BATCH = 200
"""Rows that one transaction looks at, at most."""
PAUSE = timedelta(milliseconds=20)
INCIDENTS_AT_ONCE = 50
LANES_AT_ONCE = 5_000
GATES_KEPT = timedelta(days=1)
CHORE = "retention"
EVERY = timedelta(days=1)
LOOK = timedelta(minutes=10)
FIRST_LOOK = timedelta(minutes=1)
"""A start has other things to do."""


@dataclass(frozen=True, slots=True)
class Deleted:
    messages: int = 0
    alerts: int = 0
    sent: int = 0
    deliveries: int = 0


class Retention:
    """`keep` looks after it as long as the bot runs; `run` does all of it once."""

    def __init__(self, database: Database, clock: Clock, settings: Callable[[], Settings]) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings

    async def keep(self) -> None:
        """Runs on real time. Each day one replica begins; what a stop interrupts is done the next day."""
        await again_and_again(CHORE, self.run_if_due, first=FIRST_LOOK, pause=LOOK)

    async def run_if_due(self) -> Deleted | None:
        """None if a run has begun less than a day ago."""
        now = self._clock.now()
        if not await self._database.run_behind(retention.take_chore, CHORE, now, EVERY):
            return None
        return await self.run(now)

    async def run(self, now: datetime, *, origin: Origin = Origin.TIMER) -> Deleted:
        """Delete what is due at `now`, all of it."""
        at = rules.bounds(self._settings(), now)
        messages = await self._messages(at.transcripts) if at.transcripts else 0
        alerts = await self._batches(retention.forget_alerts, at.alerts) if at.alerts else 0
        deleted = Deleted(
            messages,
            alerts,
            await self._batches(outbox.forget_done, now - rules.DONE_ROWS_KEPT),
            await self._batches(deliveries.forget_old, now),
        )
        lanes, gates = await self._lanes(), await self._batches(idle.forget_gates, now - GATES_KEPT)
        await self._database.run_behind(rules.note, now, origin, messages, alerts)
        for table in ("messages", "alerts", "sent", "deliveries"):
            metrics.RETENTION_DELETED.labels(table).inc(getattr(deleted, table))
        log.info(
            "what was old enough was deleted",
            messages=messages,
            alerts=alerts,
            sent=deleted.sent,
            deliveries=deleted.deliveries,
            lanes=lanes,
            gates=gates,
        )
        return deleted

    async def _messages(self, before: datetime) -> int:
        """The transcripts of incidents that are over since before then, channel by channel."""
        count, last, ts = 0, 0, rules.as_ts(before)
        while True:
            found = await self._database.read(
                retention.incidents_to_clear, before, ts, after=last, limit=INCIDENTS_AT_ONCE
            )
            if not found:
                return count
            for incident_id in found:
                count += await self._channel(incident_id, before, ts)
            last = found[-1]

    async def _channel(self, incident_id: int, before: datetime, ts: str) -> int:
        count = 0
        while True:
            step = await self._database.run_behind(retention.forget_messages, incident_id, before, ts, BATCH)
            count += step.messages
            await asyncio.sleep(PAUSE.total_seconds())
            if step.is_done:
                return count

    async def _lanes(self) -> int:
        """Where incidents' rows stood that are gone. They are looked for beside what people wait for."""
        count = 0
        while True:
            found = await self._database.read(idle.idle_lanes, LANES_AT_ONCE)
            gone = 0
            for first in range(0, len(found), BATCH):
                gone += await self._database.run_behind(idle.forget_lanes, found[first : first + BATCH])
                await asyncio.sleep(PAUSE.total_seconds())
            count += gone
            if len(found) < LANES_AT_ONCE or not gone:
                return count

    async def _batches(self, forget: Callable[..., int], *arguments: Any) -> int:
        count = 0
        while True:
            gone = await self._database.run_behind(forget, *arguments, BATCH)
            count += gone
            if gone < BATCH:
                return count
            await asyncio.sleep(PAUSE.total_seconds())
