"""B4: reactions that make messages entries of the timeline, as fast as they can be made durable."""

import asyncio
import time
from statistics import median

from bench.harness.figures import Figure, Reference, Target
from bench.harness.limits import bare_http, bare_sqlite, importing, transactions
from bench.harness.requests import Salvo, event
from bench.harness.stage import Stage, staged
from tests.support.servers.postgres import PostgresServer

REACTIONS = 2000
IN_FLIGHT = 16
USERS = ("U0ONCALL", "U0ENGINEER", "U0DBA", "U0DEVELOPER", "U0OPERATOR")
EMOJI = ("mag", "hammer_and_wrench", "thinking_face", "pushpin", "loudspeaker")
TYPED_AT_ONCE = 8
ONE_BY_ONE = 100
"""Reactions of a run that is not a burst."""


async def reactions(runs: int, server: PostgresServer | None) -> list[Figure]:
    """2,000 reactions on as many messages that the bot has heard; each answer follows its commit."""
    rates, slowest, costs, shares, notes = [], [], [], [], []
    for run in range(runs):
        async with staged(server) as stage:
            requests = await prepared_reactions(stage)
            worked = stage.bot.worked()
            salvo = await stage.send(requests, in_flight=IN_FLIGHT)
            worked = stage.bot.worked() - worked
            _check_none_lost(stage)
            rates.append(salvo.rate)
            slowest.append(salvo.slowest * 1000)
            costs.append(worked / REACTIONS * 1000)
            notes += [f"run {run + 1}: the bot used {worked / salvo.seconds:.2f} of a core", *salvo.notes()]
            if run == 0:
                shares = await _limits(stage, requests, server)
    name, place = f"{REACTIONS:,} reactions, {IN_FLIGHT} in flight", stage.place.name
    limit = Reference("transactions of one row", await transactions(server))
    libraries = Reference("importing its libraries", await importing() * 1000)
    return [
        Figure(
            f"{name}: made durable",
            "per s",
            rates,
            place,
            limit,
            Target(0.3, of_ratio=True, at_least=True),
            [f"none lost: {REACTIONS:,} entries counted after each run", *shares, *notes],
        ),
        Figure(f"{name}: processor time of the bot each", "ms", costs, place, libraries, Target(0.007, of_ratio=True)),
        Figure(
            f"{name}: slowest answer", "ms", slowest, place, Reference("Slack waits", 3000), Target(1, of_ratio=True)
        ),
    ]


async def one_by_one(runs: int, server: PostgresServer | None) -> list[Figure]:
    """The same reactions one after another, on SQLite and on PostgreSQL in turns: what the way to the server costs."""
    if server is None:
        raise ValueError("the other database is SQLite")
    here, there, costs = [], [], []
    async with staged(None) as sqlite, staged(server) as postgres:
        requests = [await prepared_reactions(each, ONE_BY_ONE * runs) for each in (sqlite, postgres)]
        for run in range(runs):
            part = slice(run * ONE_BY_ONE, (run + 1) * ONE_BY_ONE)
            here.append(_middle(await sqlite.send(requests[0][part])))
            worked = postgres.bot.worked()
            there.append(_middle(await postgres.send(requests[1][part])))
            costs.append((postgres.bot.worked() - worked) / ONE_BY_ONE * 1000)
    floor = Reference("importing its libraries", await importing() * 1000)
    return [
        Figure("one reaction: answer", "ms", here, "SQLite"),
        Figure(
            "one reaction: answer",
            "ms",
            there,
            "PostgreSQL",
            Reference("the same on SQLite", median(here)),
            Target(1.5, of_ratio=True),
        ),
        Figure(
            "one reaction: processor time of the bot", "ms", costs, "PostgreSQL", floor, Target(0.007, of_ratio=True)
        ),
    ]


def _middle(salvo: Salvo) -> float:
    return median(each.seconds for each in salvo.answers) * 1000


async def prepared_reactions(stage: Stage, count: int = REACTIONS) -> list[bytes]:
    """Messages that the bot has heard, and a signed reaction to each."""
    channel = next(each for each in await stage.sandbox.channels() if each["name"].startswith("inc-"))
    numbers = iter(range(count))
    written: list[tuple[int, str]] = []

    async def write() -> None:
        for number in numbers:
            user = USERS[number % len(USERS)].removeprefix("U0").lower()
            ts = await stage.sandbox.say(user=user, channel=channel["id"], text=f"What was seen, number {number}")
            written.append((number, str(ts)))

    await asyncio.gather(*(write() for _ in range(TYPED_AT_ONCE)))
    await _until_heard(stage, count)
    return [
        event(
            stage.secret,
            stage.team_id,
            f"EvBENCH{number}",
            {
                "type": "reaction_added",
                "user": USERS[(number + 1) % len(USERS)],
                "reaction": EMOJI[number % len(EMOJI)],
                "item_user": USERS[number % len(USERS)],
                "item": {"type": "message", "channel": channel["id"], "ts": ts},
                "event_ts": f"{time.time():.6f}",
            },
        )
        for number, ts in written
    ]


async def _until_heard(stage: Stage, count: int) -> None:
    deadline = time.monotonic() + 120
    while (heard := stage.place.number("SELECT count(*) FROM message WHERE text LIKE 'What was seen%'")) < count:
        if time.monotonic() > deadline:
            raise TimeoutError(f"the bot has heard {heard} of {count} messages")
        await asyncio.sleep(0.1)
    await stage.quiet(0.5)


def _check_none_lost(stage: Stage) -> None:
    kept = stage.place.number("SELECT count(*) FROM timeline_entry WHERE source = 'message'")
    if kept != REACTIONS:
        raise RuntimeError(f"{REACTIONS} reactions were answered, {kept} entries are there")


async def _limits(stage: Stage, requests: list[bytes], server: PostgresServer | None) -> list[str]:
    """What the parts could do alone."""
    bare: Salvo = await bare_http(stage.secret, requests, in_flight=IN_FLIGHT)
    told = [f"the same requests, signatures checked and nothing else done: {bare.rate:,.0f} per s"]
    if server is None:
        told.append(f"transactions of one row by the bare driver: {bare_sqlite():,.0f} per s")
    return told
