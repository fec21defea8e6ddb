"""B4: reactions that make messages entries of the timeline, as fast as they can be made durable."""

import asyncio
import time

from bench.harness.figures import Figure, Reference, Target
from bench.harness.limits import bare_http, bare_sqlite, transactions
from bench.harness.requests import Salvo, event
from bench.harness.stage import Stage, staged
from tests.support.servers.postgres import PostgresServer

REACTIONS = 2000
IN_FLIGHT = 16
USERS = ("U0ONCALL", "U0ENGINEER", "U0DBA", "U0DEVELOPER", "U0OPERATOR")
EMOJI = ("mag", "hammer_and_wrench", "thinking_face", "pushpin", "loudspeaker")
TYPED_AT_ONCE = 8


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
    target = Target(500, at_least=True) if server is None else None
    limit = Reference("transactions of one row", await transactions(server))
    return [
        Figure(
            f"{name}: made durable",
            "per s",
            rates,
            place,
            limit,
            target,
            [f"none lost: {REACTIONS:,} entries counted after each run", *shares, *notes],
        ),
        Figure(f"{name}: processor time of the bot each", "ms", costs, place),
        Figure(f"{name}: slowest answer", "ms", slowest, place, target=Target(3000)),
    ]


async def prepared_reactions(stage: Stage) -> list[bytes]:
    """Messages that the bot has heard, and a signed reaction to each."""
    channel = next(each for each in await stage.sandbox.channels() if each["name"].startswith("inc-"))
    numbers = iter(range(REACTIONS))
    written: list[tuple[int, str]] = []

    async def write() -> None:
        for number in numbers:
            user = USERS[number % len(USERS)].removeprefix("U0").lower()
            ts = await stage.sandbox.say(user=user, channel=channel["id"], text=f"What was seen, number {number}")
            written.append((number, str(ts)))

    await asyncio.gather(*(write() for _ in range(TYPED_AT_ONCE)))
    await _until_heard(stage)
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


async def _until_heard(stage: Stage) -> None:
    deadline = time.monotonic() + 120
    while (heard := stage.place.number("SELECT count(*) FROM message WHERE text LIKE 'What was seen%'")) < REACTIONS:
        if time.monotonic() > deadline:
            raise TimeoutError(f"the bot has heard {heard} of {REACTIONS} messages")
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
