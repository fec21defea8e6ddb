"""
B17: 10,000 open escalations: what a tick of the engine costs, and how late those who are due are paged.

`python -m bench.acts.escalating cycle` is `dogwatch serve` with a clock of five seconds in place of timers: the way in
which GoAlert finds what is due (its documentation calls it the engine cycle). The same work is done, only later.
"""

import asyncio
import re
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from statistics import median

from sqlmodel import Session

from bench.harness import unrated_serve as unrated
from bench.harness.figures import Figure, Reference, Target
from bench.harness.stage import BotProcess, Call, Place, Stage, prepared
from bot.config import Settings
from bot.domain.escalation import Level, PagedLevel, Policy
from bot.domain.escalation import Position as At
from bot.domain.escalation import Target as Whom
from bot.domain.terms import TargetKind
from bot.engine import timers as engine
from bot.engine.runner import BATCH_SIZE, Engine
from bot.services.escalation.state import ESCALATION_STEP
from bot.services.outbox.timer_payloads import EscalationTimer
from bot.store.database.migrate import migrate
from bot.store.database.session import Database, open_database
from bot.store.escalation import progress
from bot.store.escalation.escalations import Escalation
from bot.store.incidents.incidents import Incident
from bot.store.incidents.installations import Installation
from bot.store.shared import timers
from tests.support.servers.postgres import PostgresServer

FEW, MANY = 100, 10_000
PER_INCIDENT = 10
PAGED = 200
"""So many fall due in the measured time, each of them for somebody else."""
SPREAD = 20.0
"""Seconds within which they do."""
AHEAD = timedelta(seconds=30)
"""From the filling of the database to the first that is due: the bots start meanwhile."""
CYCLE = timedelta(seconds=5)
TEAM = "T0HARBOUR"


async def escalations(runs: int, server: PostgresServer | None) -> list[Figure]:
    """Ticks in this process, beside few open escalations and beside many; then pages as a Slack sees them come."""
    figures = await _ticks(runs, server)
    place = "SQLite" if server is None else "PostgreSQL"
    ours = [await _paged(server, replicas=1) for _ in range(runs)]
    theirs = await _paged(server, replicas=1, program="bench.acts.escalating")
    name = f"{MANY:,} open escalations: due to sent"
    cycle = Reference("the same, looked for every 5 s", _percentile([theirs], 0.99))
    figures += [
        Figure(
            f"{name}, median",
            "s",
            [median(each) for each in ours],
            place,
            Reference("the same, looked for every 5 s", median(theirs)),
        ),
        Figure(
            f"{name}, 99th percentile",
            "s",
            [_percentile([each], 0.99) for each in ours],
            place,
            cycle,
            Target(0.4, of_ratio=True),
            notes=[f"{PAGED} pages in {SPREAD:g} s, without Slack's rates; each came once"],
        ),
    ]
    if server is not None:
        two = [await _paged(server, replicas=2) for _ in range(runs)]
        figures.append(
            Figure(
                f"{name}, two replicas, 99th percentile",
                "s",
                [_percentile([each], 0.99) for each in two],
                place,
                Reference("one replica", median(_percentile([each], 0.99) for each in ours)),
                Target(1.5, of_ratio=True),
            )
        )
    return figures


def _percentile(found: Sequence[Sequence[float]], part: float) -> float:
    ordered = sorted(each for some in found for each in some)
    return ordered[min(int(len(ordered) * part), len(ordered) - 1)]


# --- ticks


async def _ticks(runs: int, server: PostgresServer | None) -> list[Figure]:
    idle: dict[int, list[float]] = {FEW: [], MANY: []}
    one: dict[int, list[float]] = {FEW: [], MANY: []}
    every: dict[int, list[float]] = {FEW: [], MANY: []}
    for count in (FEW, MANY):
        for run in range(runs):
            async with _filled(server, count) as database:
                idle[count].append(await _look(database))
                one[count].append(await _tick(database, BATCH_SIZE))
                if run == 0:
                    every[count].append(await _tick(database, count - BATCH_SIZE))
    place = "SQLite" if server is None else "PostgreSQL"

    def against(what: str, found: dict[int, list[float]], limit: float) -> Figure:
        few = Reference(f"beside {FEW}", median(found[FEW]))
        return Figure(what, "ms", found[MANY], place, few, Target(limit, of_ratio=True))

    return [
        against(f"tick with nothing due, {MANY:,} open", idle, MANY / FEW),
        against(f"tick with {BATCH_SIZE} due, {MANY:,} open", one, MANY / FEW),
        against(f"all the others due at once, {MANY - BATCH_SIZE:,}", every, (MANY - BATCH_SIZE) / (FEW - BATCH_SIZE)),
    ]


@asynccontextmanager
async def _filled(server: PostgresServer | None, count: int) -> AsyncIterator[Database]:
    with tempfile.TemporaryDirectory(prefix="dogwatch-bench-") as name:
        url = f"sqlite:///{name}/dogwatch.db" if server is None else server.create_database()
        database = open_database(url)
        try:
            await migrate(database)
            await database.run(lambda session: _fill(session, count, datetime.now(UTC), people=10))
            yield database
        finally:
            await database.close()
            if server is not None:
                server.drop_database(url)


async def _look(database: Database) -> float:
    """Milliseconds until it is known that nothing is due."""
    now = datetime.now(UTC)
    await database.read(timers.summarize_due, now, BATCH_SIZE)
    began = time.perf_counter()
    for _ in range(20):
        await database.read(timers.summarize_due, now, BATCH_SIZE)
    return (time.perf_counter() - began) / 20 * 1000


async def _tick(database: Database, count: int) -> float:
    """Milliseconds until `count` steps are carried out, the first of those that wait."""
    settings, later = Settings(), datetime.now(UTC) + timedelta(days=2)
    done, began = 0, time.perf_counter()
    while done < count:
        ran = await database.run(engine.run_due_timers, settings, later, min(BATCH_SIZE, count - done))
        if not ran or any(each.problem for each in ran):
            raise RuntimeError(f"{done} of {count} steps were carried out: {ran[:1]}")
        done += len(ran)
    return (time.perf_counter() - began) * 1000


# --- pages


async def _paged(
    server: PostgresServer | None, *, replicas: int, program: str = "bench.harness.unrated_serve"
) -> list[float]:
    """Seconds from due to the call that pages, of each."""
    async with prepared(server) as (sandbox, place, bot), AsyncExitStack() as stack:
        for number in range(PAGED):
            await sandbox.add_user(handle=f"bench{number}", id=_person(number))
        due = await _filled_place(place)
        bots = [bot]
        for _ in range(replicas - 1):
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="dogwatch-bench-"))
            more = BotProcess(sandbox, place, Path(folder))
            stack.push_async_callback(more.stop)
            bots.append(more)
        for each in bots:
            each.program = (program, "cycle")
            await each.start()
        if time.time() > due:
            raise RuntimeError("the first step fell due before the bots were ready: that would measure the start")
        await asyncio.sleep(due + SPREAD - time.time())
        stage = Stage(sandbox, place, bot)
        await stage.quiet(CYCLE.total_seconds() + 1)
        return _delays(await stage.calls(), due)


async def _filled_place(place: Place) -> float:
    """When the first of those that are paged is due, as wall-clock time."""
    database = open_database(place.url)
    try:
        await migrate(database)
        first = datetime.now(UTC) + AHEAD
        await database.run(lambda session: _fill(session, MANY, first, people=PAGED, paged=PAGED))
    finally:
        await database.close()
    return first.timestamp()


def _delays(calls: Sequence[Call], first: float) -> list[float]:
    """Each page is a message to one person about an incident of its own."""
    found: dict[int, float] = {}
    posts = [call for call in calls if call.method == "chat.postMessage" and str(call.args["channel"]).startswith("D")]
    for post in posts:
        named = re.search(r"INC-([0-9]+)", str(post.args["text"]))
        if named is not None and int(named[1]) <= PAGED:
            found[int(named[1]) - 1] = post.began_at
    if len(found) != PAGED or len(posts) != PAGED:
        raise RuntimeError(f"{len(posts)} pages came about {len(found)} incidents for {PAGED}")
    return [at - (first + number * SPREAD / PAGED) for number, at in found.items()]


# --- rows


def _person(number: int) -> str:
    return f"U0BENCH{number:05}"


def _fill(session: Session, count: int, first: datetime, *, people: int, paged: int = 0) -> None:
    """`paged` of them are due within SPREAD from `first` on, each for somebody of its own; the others a day later."""
    at = datetime.now(UTC) - timedelta(minutes=4)
    session.merge(Installation(team_id=TEAM, bot_user_id="U0DOGWATCH", seen_at=at))
    incidents = [_incident(number + 1, at) for number in range(max(count // PER_INCIDENT, 1))]
    session.add_all(incidents)
    session.flush()
    rows = []
    for number in range(count):
        is_soon = number < paged
        wait = timedelta(seconds=number * SPREAD / PAGED) if is_soon else timedelta(days=1)
        rows.append(_escalation(incidents[number % len(incidents)].key, _person(number % people), at, first + wait))
    session.add_all(rows)
    session.flush()
    first_level = PagedLevel(At(1, 0), at, at, people=("U0DBA",))
    for each in rows:
        progress.init_new(session, each.key)
        progress.save_steps(session, each.key, [first_level])
    by_due = groupby(rows, key=lambda each: each.next_step_at)
    for due, some in by_due:
        of_each = {f"escalation:{each.key}": EscalationTimer(each.key) for each in some}
        timers.set_timers(session, ESCALATION_STEP, of_each, due or first)


def _incident(number: int, at: datetime) -> Incident:
    return Incident(
        team_id=TEAM,
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


def _escalation(incident_id: int, person: str, at: datetime, due: datetime) -> Escalation:
    """Its first level, a person who is silent, was paged; the second is due."""
    first, second = (Whom(TargetKind.PERSON, each, people=(each,)) for each in ("U0DBA", person))
    wait = timedelta(minutes=30)
    policy = Policy("payments", (Level((first,), wait), Level((second,), wait)), repeat=1)
    return Escalation(
        incident_id=incident_id,
        target_kind="policy",
        target_id="payments",
        target_name="payments",
        reason="the queue grows",
        asked_at=at,
        paged_at=at,
        precision="exact",
        members=["U0DBA"],
        policy_name="payments",
        policy=policy.as_json(),
        level=1,
        level_paged_at=at,
        next_step_at=due,
        started_by="policy",
    )


# --- by a cycle


async def _by_cycle(self: Engine) -> datetime | None:
    """What is due, and nothing about when the next is: it is looked for again when the cycle comes round."""
    await _timed(self)
    return None


_timed = Engine._run_due  # noqa: SLF001  the engine as it is, but for when it looks


def _never(_self: Engine) -> None:
    """A commit wakes nobody."""


if __name__ == "__main__":
    if sys.argv[1:] != ["cycle"]:
        raise SystemExit(__doc__)
    Engine._run_due = _by_cycle  # type: ignore[method-assign]  # noqa: SLF001
    Engine.wake = _never  # type: ignore[method-assign, assignment]
    asyncio.run(unrated.serve())
