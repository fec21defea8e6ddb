"""B12: many timers due in one second, and those that fell due while nobody ran."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlmodel import Session

from bench.harness.figures import Figure, Reference, Target
from bench.harness.limits import transactions
from bench.harness.stage import BotProcess, Place, prepared
from bot.services.escalation.state import ESCALATION_STEP
from bot.services.outbox.timer_payloads import EscalationTimer
from bot.store.database.migrate import migrate
from bot.store.database.session import open_database
from bot.store.escalation.escalations import Escalation
from bot.store.incidents.incidents import Incident
from bot.store.shared import timers
from tests.support.servers.postgres import PostgresServer

TIMERS = 10_000
DUE = 1_000
"""As many fall due within one second, evenly; the others on another day."""
AHEAD = timedelta(seconds=12)
"""From the filling of the database to the first that is due: the bot starts meanwhile."""
LOOK = 0.02
"""Seconds between two looks into the database: how exact a figure is."""
KILLED_AT = DUE // 4
"""So many have been carried out when the bot is killed."""
PATIENCE = 60.0
CARRIED_OUT = "SELECT count(*) FROM escalation WHERE reminders = 1"
TWICE = "SELECT count(*) FROM escalation WHERE reminders > 1"
PAGES = "SELECT count(*) FROM page"


@dataclass(frozen=True, slots=True)
class Seen:
    """`count` reminders were in the database at `at`, a wall-clock time."""

    at: float
    count: int


async def many_timers(runs: int, server: PostgresServer | None) -> list[Figure]:
    """
    Reminders of unanswered escalations, each on an incident of its own: the engine's dearest timer.

    Lateness runs from when the timer was due to when what it does is in the database, read beside the bot.
    """
    half, late, latest, costs, again, notes = [], [], [], [], [], []
    for run in range(runs):
        async with prepared(server) as (_sandbox, place, bot):
            due = await _filled(place)
            await bot.start()
            if time.time() > due:
                raise RuntimeError("the first timer fell due before the bot was ready: that would measure the start")
            worked = bot.worked()
            seen = await _watched(place, until=DUE)
            costs.append((bot.worked() - worked) / DUE * 1000)
            found = _lateness(seen, due)
            half.append(found[DUE // 2])
            late.append(found[DUE * 99 // 100])
            latest.append(found[-1])
            _check_once(place)
        async with prepared(server) as (_sandbox, place, bot):
            again.append(await _after_kill(place, bot))
            notes.append(f"run {run + 1}: {again[-1][1]} of {DUE} were overdue at the start")
    rows = Reference(f"{DUE:,} transactions of one row", DUE / await transactions(server))
    name = f"{TIMERS:,} timers, {DUE:,} due in one second"
    counted = f"each once: {DUE:,} reminders and {DUE:,} pages counted after each run"
    return [
        Figure(f"{name}: median lateness", "s", half, place.name),
        Figure(
            f"{name}: lateness of the 99th percentile", "s", late, place.name, rows, Target(6, of_ratio=True), [counted]
        ),
        Figure(f"{name}: latest", "s", latest, place.name),
        Figure(f"{name}: processor time of the bot each, what it sends included", "ms", costs, place.name),
        Figure(
            "after a kill: overdue timers carried out, from ready",
            "s",
            [seconds for seconds, _ in again],
            place.name,
            rows,
            Target(6, of_ratio=True),
            notes,
        ),
    ]


async def _filled(place: Place) -> float:
    """Open incidents, an unanswered escalation on each, and their timers. When the first is due, as wall-clock time."""
    database = open_database(place.url)
    try:
        await migrate(database)
        first = datetime.now(UTC) + AHEAD
        await database.run(_fill, first)
    finally:
        await database.close()
    return first.timestamp()


def _fill(session: Session, first: datetime) -> None:
    at = first - timedelta(minutes=5)
    incidents = [_incident(number + 1, at) for number in range(DUE)]
    session.add_all(incidents)
    session.flush()
    escalations = [_escalation(incident.key, at) for incident in incidents]
    session.add_all(escalations)
    session.flush()
    for place, each in enumerate(escalations):
        due = first + timedelta(seconds=place / DUE)
        timers.set_timer(session, f"escalation:{each.key}", due, ESCALATION_STEP, EscalationTimer(each.key))
    for number in range(TIMERS - DUE):
        timers.set_timer(
            session, f"later:{number}", first + timedelta(days=1, seconds=number), ESCALATION_STEP, EscalationTimer(0)
        )


def _incident(number: int, at: datetime) -> Incident:
    return Incident(
        team_id="T0HARBOUR",
        series="INC",
        number=number,
        titles={"": f"checkout is slow, number {number}"},
        severity="SEV2",
        status="investigating",
        services=[],
        zone="UTC",
        languages=["en"],
        template="classic",
        declared_by="U0ONCALL",
        declared_at=at,
        started_at=at,
        detected_at=at,
        channel_id="C0OPS",
        channel_name="ops",
    )


def _escalation(incident_id: int, at: datetime) -> Escalation:
    return Escalation(
        incident_id=incident_id,
        target_kind="person",
        target_id="U0DBA",
        target_name="dba",
        reason="the queue grows",
        asked_by="U0ONCALL",
        asked_at=at,
        paged_at=at,
        precision="exact",
        members=["U0DBA"],
    )


async def _watched(place: Place, *, until: int) -> list[Seen]:
    """How many reminders were there when, until there are as many."""
    seen: list[Seen] = []
    ends_at = time.monotonic() + PATIENCE
    while not seen or seen[-1].count < until:
        if time.monotonic() > ends_at:
            raise TimeoutError(f"{seen[-1].count} of {until} timers were carried out in {PATIENCE:g} s")
        await asyncio.sleep(LOOK)
        count = await asyncio.to_thread(place.number, CARRIED_OUT)
        seen.append(Seen(time.time(), count))
    return seen


def _lateness(seen: Sequence[Seen], first: float) -> list[float]:
    """
    Seconds by which each was late, in order.

    The longest due goes first, so that the one that was due as the nth is at the latest the nth that was seen. What is
    seen a moment after it was there counts as that much later.
    """
    late, looks = [], iter(seen)
    look = next(looks)
    for place in range(DUE):
        while look.count <= place:
            look = next(looks)
        late.append(max(look.at - (first + place / DUE), 0.0))
    return sorted(late)


async def _after_kill(place: Place, bot: BotProcess) -> tuple[float, int]:
    """Kill the bot amid the second, start it when all are overdue: seconds from ready to the last, and how many."""
    due = await _filled(place)
    await bot.start()
    await _watched(place, until=KILLED_AT)
    await bot.kill()
    await asyncio.sleep(max(due + 1 - time.time(), 0))
    left = DUE - place.number(CARRIED_OUT)
    await bot.start()
    ready_at = time.time()
    seen = await _watched(place, until=DUE)
    _check_once(place)
    return seen[-1].at - ready_at, left


def _check_once(place: Place) -> None:
    twice, pages = place.number(TWICE), place.number(PAGES)
    if twice or pages != DUE:
        raise RuntimeError(f"{twice} reminders came twice, {pages} pages were written for {DUE}")
