"""
Delete old rows in small batches, behind more urgent transactions.

A transaction deletes at most BATCH rows in a few milliseconds, and a longer pause follows it: few requests wait, and
none for more than one of them.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from structlog import get_logger

from bot.config import Settings
from bot.engine.periodic import run_periodically
from bot.lazy_dataclass import dataclass
from bot.runtime import metrics
from bot.runtime.clock import Clock
from bot.services.channel.messages import format_ts
from bot.services.privacy import SENT_ROWS_KEPT, audit_retention, retention_cutoffs
from bot.services.timeline.kept_files import drop_old_files
from bot.services.workspace.actor import Origin
from bot.store import outbox
from bot.store.database.session import Database
from bot.store.outbox import cleanup
from bot.store.shared import idempotency
from bot.store.upkeep import retention

log = get_logger(__name__)

BATCH = 50
"""Rows that one transaction examines, at most."""
PAUSE = timedelta(milliseconds=20)
INCIDENT_BATCH = 50
LANE_BATCH = 5_000
GATES_KEPT = timedelta(days=1)
JOB = "retention"
INTERVAL = timedelta(days=1)
POLL = timedelta(minutes=10)
START_DELAY = timedelta(minutes=1)
"""Leaves the start-up to more urgent work."""


@dataclass(frozen=True, slots=True)
class Deleted:
    messages: int = 0
    alerts: int = 0
    sent: int = 0
    deliveries: int = 0
    files: int = 0


class Retention:
    """`run_forever` runs daily while the bot runs; `run` runs once."""

    def __init__(self, database: Database, clock: Clock, settings: Callable[[], Settings]) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings

    async def run_forever(self) -> None:
        """Run daily on one replica, on real time. An interrupted run continues the next day."""
        await run_periodically(JOB, self.run_if_due, first=START_DELAY, pause=POLL)

    async def run_if_due(self) -> Deleted | None:
        """Run unless one has begun within INTERVAL; then None."""
        now = self._clock.now()
        if not await self._database.run_low_priority(retention.claim_periodic_task, JOB, now, INTERVAL):
            return None
        return await self.run(now)

    async def run(self, now: datetime, *, origin: Origin = Origin.TIMER) -> Deleted:
        """Delete everything that is due at `now`."""
        at = retention_cutoffs(self._settings(), now)
        messages = await self._delete_messages(at.transcripts) if at.transcripts else 0
        alerts = await self._delete_in_batches(retention.delete_alerts, at.alerts) if at.alerts else 0
        files = await self._delete_in_batches(drop_old_files, at.files, now) if at.files else 0
        deleted = Deleted(
            messages,
            alerts,
            await self._delete_in_batches(outbox.delete_finished, now - SENT_ROWS_KEPT),
            await self._delete_in_batches(idempotency.delete_old, now),
            files,
        )
        lanes, gates = (
            await self._delete_idle_lanes(),
            await self._delete_in_batches(cleanup.delete_idle_rate_limits, now - GATES_KEPT),
        )
        await self._database.run_low_priority(audit_retention, now, origin, messages, alerts, files)
        for table in ("messages", "alerts", "files", "sent", "deliveries"):
            metrics.RETENTION_DELETED.labels(table).inc(getattr(deleted, table))
        log.info(
            "retention run finished",
            messages=messages,
            alerts=alerts,
            files=files,
            sent=deleted.sent,
            deliveries=deleted.deliveries,
            lanes=lanes,
            gates=gates,
        )
        return deleted

    async def _delete_messages(self, before: datetime) -> int:
        """Delete transcripts of incidents closed before then, channel by channel."""
        count, last, ts = 0, 0, format_ts(before)
        while True:
            batch = await self._database.read(
                retention.find_incidents_to_purge, before, ts, after=last, limit=INCIDENT_BATCH
            )
            if not batch:
                return count
            for incident_id in batch:
                count += await self._delete_of_channel(incident_id, before, ts)
            last = batch[-1]

    async def _delete_of_channel(self, incident_id: int, before: datetime, ts: str) -> int:
        count = 0
        while True:
            step = await self._database.run_low_priority(retention.purge_messages, incident_id, before, ts, BATCH)
            count += step.messages
            await asyncio.sleep(PAUSE.total_seconds())
            if step.is_done:
                return count

    async def _delete_idle_lanes(self) -> int:
        """Delete outbox lanes whose rows are gone."""
        count = 0
        while True:
            batch = await self._database.read(cleanup.find_idle_lanes, LANE_BATCH)
            deleted = 0
            for first in range(0, len(batch), BATCH):
                deleted += await self._database.run_low_priority(
                    cleanup.delete_idle_lanes, batch[first : first + BATCH]
                )
                await asyncio.sleep(PAUSE.total_seconds())
            count += deleted
            if len(batch) < LANE_BATCH or not deleted:
                return count

    async def _delete_in_batches(self, forget: Callable[..., int], *arguments: Any) -> int:
        count = 0
        while True:
            deleted = await self._database.run_low_priority(forget, *arguments, BATCH)
            count += deleted
            if deleted < BATCH:
                return count
            await asyncio.sleep(PAUSE.total_seconds())
