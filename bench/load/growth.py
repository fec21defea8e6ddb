"""Growth: the same work beside 100,000 past incidents, and beside 100. The two take turns, so that load meets both."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from statistics import median

from bench.harness.figures import Figure, Reference, Target
from bench.harness.history import fill
from bench.harness.requests import Salvo, command, event
from bench.harness.stage import ALERT_TOKEN, Stage, prepared
from tests.support.servers.postgres import PostgresServer

FEW, MANY = 100, 100_000
TURNS = 9
"""Declares and changes beside each, a run."""
SILENCE = 0.4
PATIENCE = 10.0

Work = Callable[[Stage, int], Awaitable[float]]


async def growth(runs: int, server: PostgresServer | None) -> list[Figure]:
    """Seconds in the one and in the other, by what was done; medians of turns, a figure a run."""
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in WORK}
    starts: list[tuple[float, float]] = []
    place = ""
    for _ in range(runs):
        async with AsyncExitStack() as stack:
            few, began_few = await _with_past(stack, server, FEW)
            many, began_many = await _with_past(stack, server, MANY)
            starts.append((began_few, began_many))
            place = many.place.name
            for name, work in WORK.items():
                pairs = [(await work(few, turn), await work(many, turn)) for turn in range(TURNS + 1)][1:]
                found[name].append((median(one for one, _ in pairs), median(other for _, other in pairs)))
    figures = [_figure(name, pairs, place) for name, pairs in found.items()]
    start = Reference(f"with {FEW}", median(one for one, _ in starts))
    many_starts = [other for _, other in starts]
    started = f"start to ready, {MANY:,} past incidents"
    return [*figures, Figure(started, "s", many_starts, place, start, Target(1.2, of_ratio=True))]


def _figure(name: str, pairs: list[tuple[float, float]], place: str) -> Figure:
    reference = Reference(f"with {FEW}", median(one for one, _ in pairs) * 1000)
    what = f"{name}, {MANY:,} past incidents"
    return Figure(what, "ms", [other * 1000 for _, other in pairs], place, reference, Target(1.2, of_ratio=True))


async def _with_past(stack: AsyncExitStack, server: PostgresServer | None, count: int) -> tuple[Stage, float]:
    """A bot that is ready beside `count` past incidents, and the seconds that its start took."""
    sandbox, place, bot = await stack.enter_async_context(prepared(server))
    await bot.start()
    await sandbox.deliver_by_http(url=f"http://127.0.0.1:{bot.port}/slack/events")
    stage = Stage(sandbox, place, bot)
    await stage.send([stage.declaration("the first one finds the incidents channel")])
    await stage.quiet(0.5)
    await bot.stop()
    await asyncio.to_thread(fill, place, stage.team_id, count)
    began = await bot.start()
    await stage.quiet(0.5)
    return stage, began


async def _until_told(stage: Stage, request: bytes) -> float:
    """Seconds from a request to the end of the last call of Slack that came of it."""
    await stage.sandbox.clear_calls()
    salvo = await stage.send([request])
    deadline = time.monotonic() + PATIENCE
    while not await stage.calls():
        if time.monotonic() > deadline:
            raise RuntimeError(f"nothing came of it: {salvo.answers[0].body[:200]!r}")
        await asyncio.sleep(0.02)
    await stage.quiet(SILENCE)
    calls = await stage.calls()
    return max(call.ended_at for call in calls) - salvo.answers[0].sent_at


async def declare(stage: Stage, turn: int) -> float:
    return await _until_told(stage, stage.declaration(f"checkout is down, turn {turn}"))


async def change(stage: Stage, turn: int) -> float:
    """A change of severity, until the card shows it."""
    channel = await _channel(stage)
    return await _until_told(stage, _typed(stage, f"severity {1 + turn % 2} turn {turn}", f"change {turn}", channel))


async def list_them(stage: Stage, turn: int) -> float:
    return _answered(await stage.send([_typed(stage, "list", f"list {turn}")]))


async def react(stage: Stage, turn: int) -> float:
    """A mark on a message, until it is answered: it is an entry then."""
    channel = await _channel(stage)
    ts = await stage.sandbox.say(user="dba", channel=channel, text=f"What was seen, turn {turn}")
    await stage.quiet(SILENCE)
    told = {
        "type": "reaction_added",
        "user": "U0ONCALL",
        "reaction": "mag",
        "item_user": "U0DBA",
        "item": {"type": "message", "channel": channel, "ts": ts},
        "event_ts": f"{time.time():.6f}",
    }
    return _answered(await stage.send([event(stage.secret, stage.team_id, f"EvGROWTH{turn}", told)]))


async def alert(stage: Stage, turn: int) -> float:
    """An alert of an open incident's group, until it is answered."""
    body = json.dumps(
        {
            "title": "5xx above 5 %",
            "severity": "SEV2",
            "service": "checkout",
            "group": "growth",
            "fingerprint": f"growth-{turn}",
        }
    ).encode()
    head = (
        "POST /alerts/generic HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {ALERT_TOKEN}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    seconds = _answered(await stage.send([head.encode() + body]))
    await stage.quiet(SILENCE)
    return seconds


async def _channel(stage: Stage) -> str:
    """The first incident's."""
    return next(str(each["id"]) for each in await stage.sandbox.channels() if each["name"].startswith("inc-1-"))


def _typed(stage: Stage, text: str, trigger: str, channel: str = "C0OPS") -> bytes:
    who = {"user_id": "U0ONCALL", "user_name": "oncall", "channel_id": channel, "channel_name": "any"}
    return command(stage.secret, {**who, "team_id": stage.team_id}, text, f"{time.time_ns()}.{trigger}")


def _answered(salvo: Salvo) -> float:
    answer = salvo.answers[0]
    if answer.status != 200:
        raise RuntimeError(f"answered {answer.status}: {answer.body[:200]!r}")
    return answer.seconds


WORK: dict[str, Work] = {
    "declare, all set up": declare,
    "card update": change,
    "alert, answered": alert,
    "reaction, answered": react,
    "`/incident list`, answered": list_them,
}
