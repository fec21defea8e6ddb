"""The counts of the outbox and of incidents for `/metrics`: taken every few seconds, not at each scrape."""

from datetime import datetime, timedelta
from math import inf

from bot.runtime import metrics
from bot.services import outbox as tell
from bot.store import outbox
from bot.store.database.session import Database
from bot.store.escalation import calendars
from bot.store.incidents import incidents
from bot.store.outbox import State
from bot.store.shared import timers

COUNTED = (State.WAITING, State.RUNNING, State.UNKNOWN, State.FAILED, State.DEAD)


async def count(database: Database, now: datetime) -> None:
    """Raises DatabaseUnavailable; the gauges keep what they showed."""
    backlog = await database.read(outbox.backlog)
    by_class: dict[tuple[State, str], int] = {(state, urgency): 0 for state in COUNTED for urgency in tell.URGENCIES}
    for (state, what), rows in backlog.rows.items():
        by_class[State(state), tell.urgency_of(what)] += rows
    for (state, urgency), rows in by_class.items():
        metrics.OUTBOX_ROWS.labels(state.value, urgency).set(rows)
    metrics.OUTBOX_WAITING.set(backlog.unfinished)
    metrics.OUTBOX_DEAD.set(backlog.dead)
    metrics.OUTBOX_REFUSED.set(backlog.failed)
    metrics.OUTBOX_OLDEST_SECONDS.set(_age(backlog.oldest_due_at, now))
    metrics.OUTBOX_OLDEST_WAITING_SECONDS.set(_age(backlog.oldest_created_at, now))
    metrics.TIMERS_GIVEN_UP.set(await database.read(timers.count_given_up))
    await _calendars(database, now)
    metrics.INCIDENTS_OPEN.set(await database.read(incidents.count_open))


async def _calendars(database: Database, now: datetime) -> None:
    found = await database.read(calendars.all_of)
    metrics.CALENDAR_AGE_SECONDS.clear()
    metrics.CALENDAR_BROKEN.clear()
    for name, kept in found.items():
        metrics.CALENDAR_BROKEN.labels(name).set(kept.problem is not None)
        metrics.CALENDAR_AGE_SECONDS.labels(name).set(
            max((now - kept.fetched_at).total_seconds(), 0.0) if kept.fetched_at else inf
        )


def _age(moment: datetime | None, now: datetime) -> float:
    return max((now - moment) / timedelta(seconds=1), 0.0) if moment else 0.0
