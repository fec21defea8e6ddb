"""Gauges of `/metrics`, counted every few seconds instead of at each scrape."""

from datetime import datetime, timedelta
from math import inf

from bot.runtime import metrics
from bot.services.outbox import URGENCIES, urgency_of
from bot.store import outbox
from bot.store.database.session import Database
from bot.store.escalation import calendars
from bot.store.incidents import incident_lists
from bot.store.outbox import State
from bot.store.shared import timers

COUNTED_STATES = (State.WAITING, State.RUNNING, State.UNKNOWN, State.FAILED, State.DEAD)


async def update_gauges(database: Database, now: datetime) -> None:
    """Raises DatabaseUnavailable; the gauges keep their values then."""
    backlog = await database.read(outbox.count_backlog)
    by_class: dict[tuple[State, str], int] = {(state, urgency): 0 for state in COUNTED_STATES for urgency in URGENCIES}
    for (state, what), rows in backlog.rows.items():
        by_class[State(state), urgency_of(what)] += rows
    for (state, urgency), rows in by_class.items():
        metrics.OUTBOX_ROWS.labels(state.value, urgency).set(rows)
    metrics.OUTBOX_WAITING.set(backlog.unfinished)
    metrics.OUTBOX_DEAD.set(backlog.dead)
    metrics.OUTBOX_REFUSED.set(backlog.failed)
    metrics.OUTBOX_OLDEST_SECONDS.set(_age(backlog.oldest_due_at, now))
    metrics.OUTBOX_OLDEST_WAITING_SECONDS.set(_age(backlog.oldest_created_at, now))
    metrics.TIMERS_GIVEN_UP.set(await database.read(timers.count_abandoned))
    await _update_calendar_gauges(database, now)
    metrics.INCIDENTS_OPEN.set(await database.read(incident_lists.count_open))


async def _update_calendar_gauges(database: Database, now: datetime) -> None:
    copies = await database.read(calendars.find_all)
    metrics.CALENDAR_AGE_SECONDS.clear()
    metrics.CALENDAR_BROKEN.clear()
    for name, copy in copies.items():
        metrics.CALENDAR_BROKEN.labels(name).set(copy.problem is not None)
        metrics.CALENDAR_AGE_SECONDS.labels(name).set(
            max((now - copy.fetched_at).total_seconds(), 0.0) if copy.fetched_at else inf
        )


def _age(moment: datetime | None, now: datetime) -> float:
    return max((now - moment) / timedelta(seconds=1), 0.0) if moment else 0.0
