"""B10 and B11: what waits for Slack, as fast as it can be carried out, and as fast as Slack lets it."""

import asyncio
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlmodel import Session, col, func, select

from bench.harness.figures import Figure, Reference, Target
from bench.harness.limits import transactions
from bench.harness.stage import Call, Stage, staged
from bot.config import Settings
from bot.runtime.clock import SystemClock
from bot.services.outbox import OutboxKind
from bot.services.outbox.payloads import EventPayload
from bot.slack.api.client import Gateway
from bot.slack.delivery.effects import EffectHandler
from bot.slack.delivery.effects.context import EffectContext
from bot.slack.delivery.worker import Sender
from bot.store import outbox
from bot.store.database.migrate import migrate
from bot.store.database.session import Database, open_database
from bot.store.outbox import Claim, Done, OutboxRow, Outcome, Rate, RatesOf, State
from tests.support.servers.postgres import PostgresServer

LANES, ROWS_EACH = 200, 10
AT_ONCE = 8
NO_LIMIT = timedelta(microseconds=1)
DECLARES = 18
"""With the first one of the stage fewer than the channels that Slack lets an app make in a minute."""
PATIENCE = 180.0
OF_OURS = "chat.postMessage"


# --- B10


async def outbox_rate(runs: int, server: PostgresServer | None) -> list[Figure]:
    """2,000 rows in 200 lanes, 8 at once, with a call that does nothing; then with a gate each that is always open."""
    rates, costs, gated = [], [], []
    for _ in range(runs):
        rate, cost = await _carried_out(server, lambda _row: ())
        rates.append(rate)
        costs.append(cost * 1000)
        gated.append((await _carried_out(server, lambda row: (Rate(row.lane, NO_LIMIT, burst=1_000_000),)))[0])
    target = Target(0.15 if server is None else 0.4, of_ratio=True, at_least=True)
    place = "SQLite" if server is None else "PostgreSQL"
    limit = Reference("transactions of one row", await transactions(server))
    rows = LANES * ROWS_EACH
    notes = [f"none lost, none twice: {rows:,} rows counted after each run"]
    return [
        Figure(f"outbox, {AT_ONCE} lanes at once: rows", "per s", rates, place, limit, target, notes),
        Figure(f"outbox, {AT_ONCE} lanes at once: processor time each", "ms", costs, place),
        Figure(f"outbox, {AT_ONCE} lanes at once: rows that pass a rate gate", "per s", gated, place, limit),
    ]


async def _carried_out(server: PostgresServer | None, rates_of: RatesOf) -> tuple[float, float]:
    """Rows a second, and seconds of this process' time for each."""
    with tempfile.TemporaryDirectory(prefix="dogwatch-bench-") as folder:
        url = f"sqlite:///{folder}/dogwatch.db" if server is None else server.create_database()
        database = open_database(url)
        try:
            await migrate(database)
            await database.run(filled)
            return await _emptied(database, rates_of)
        finally:
            await database.close()
            if server is not None:
                server.drop_database(url)


def filled(session: Session) -> None:
    """Put the rows in."""
    now = datetime.now(UTC)
    for number in range(ROWS_EACH):
        for lane in range(LANES):
            outbox.enqueue(
                session,
                lane=f"bench:{lane}",
                kind=OutboxKind.EVENT,
                team_id="T0BENCH",
                at=now,
                priority=30,
                payload=EventPayload("bench", {"row": number}),
            )


async def _emptied(database: Database, rates_of: RatesOf) -> tuple[float, float]:
    ran: Counter[int] = Counter()
    is_over = asyncio.Event()

    async def nothing(_context: EffectContext, claim: Claim) -> Outcome:
        ran[claim.row.key] += 1
        return Done()

    settings = Settings()
    context = EffectContext(database, Gateway("xoxb-bench", settings.slack_api_url), SystemClock(), lambda: settings)
    sender = Sender(
        context, lanes_at_once=AT_ONCE, effects=dict.fromkeys(OutboxKind, EffectHandler(nothing)), rates_of=rates_of
    )
    database.on_commit = lambda _due: sender.wake()
    began, worked = time.perf_counter(), time.process_time()
    sender.start()
    rows = LANES * ROWS_EACH
    while ran.total() < rows:
        if time.perf_counter() - began > PATIENCE:
            raise TimeoutError(f"{ran.total()} of {rows} rows after {PATIENCE:g} s")
        try:
            async with asyncio.timeout(0.01):
                await is_over.wait()
        except TimeoutError:
            continue
    await sender.stop()
    seconds, worked = time.perf_counter() - began, time.process_time() - worked
    done = await database.read(_done)
    if done != rows or max(ran.values()) > 1:
        raise RuntimeError(f"{done} of {rows} rows are done; one ran {max(ran.values())} times")
    return rows / seconds, worked / rows


def _done(session: Session) -> int:
    statement = select(func.count()).select_from(OutboxRow).where(col(OutboxRow.state) == State.DONE)
    return int(session.exec(statement).one())


# --- B11


async def posting_rate(runs: int, server: PostgresServer | None) -> list[Figure]:
    """18 declares at once, while Slack takes one message a second and channel, and its tiers' number a minute."""
    spans, shares, notes, place = [], [], [], ""
    for _ in range(runs):
        async with staged(server) as stage:
            place = stage.place.name
            await stage.sandbox.clear_calls()
            await stage.sandbox.rate_limits(tiers=True, per_channel=True)
            titles = [f"checkout {number} is down" for number in range(DECLARES)]
            salvo = await stage.send([stage.declaration(title) for title in titles], in_flight=DECLARES)
            calls = await _until_announced(stage, min(each.sent_at for each in salvo.answers))
        announced = _announcements(calls)
        refused = Counter(call.method for call in calls if call.error == "ratelimited")
        spans.append(announced[-1].ended_at - announced[0].began_at)
        shares.append(refused.total() / len(calls) * 100)
        notes.append(f"{len(calls)} calls, {refused.total()} of them answered with 429: {dict(refused) or 'none'}")
    ideal = Reference("one a second", float(DECLARES - 1))
    told = [f"none lost: {DECLARES} announcements in one channel, each once, and a card for each incident", *notes]
    return [
        Figure(
            f"{DECLARES} declares: until all are announced", "s", spans, place, ideal, Target(1.1, of_ratio=True), told
        ),
        Figure(f"{DECLARES} declares: calls answered with 429", "%", shares, place, target=Target(2)),
    ]


def _announcements(calls: Sequence[Call]) -> list[Call]:
    """The posts that most incidents share a channel for: that of all incidents."""
    posts = [call for call in calls if call.method == OF_OURS and call.error is None]
    channel = Counter(str(call.args["channel"]) for call in posts).most_common(1)[0][0]
    return sorted((call for call in posts if call.args["channel"] == channel), key=lambda call: call.began_at)


async def _until_announced(stage: Stage, began: float) -> list[Call]:
    """All calls, once every incident is announced and has its card and its pin."""
    while True:
        calls = [call for call in await stage.calls() if call.began_at >= began]
        pinned = sum(call.method == "pins.add" and call.error is None for call in calls)
        if pinned >= DECLARES and len(_announcements(calls)) >= DECLARES:
            break
        if time.time() - began > PATIENCE:
            raise TimeoutError(f"{pinned} of {DECLARES} incidents are set up after {PATIENCE:g} s")
        await asyncio.sleep(0.2)
    if len(_announcements(calls)) != DECLARES:
        raise RuntimeError(f"{len(_announcements(calls))} announcements of {DECLARES} incidents")
    return calls
