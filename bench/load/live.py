"""B21: 200 people watch 50 open incidents: what an event costs, what is missed, and how alerts fare beside it."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from statistics import median

from sqlmodel import Session

from bench.acts.alerting import paced, share_within, webhook
from bench.harness.figures import Figure, Reference, Target
from bench.harness.requests import fire, one_answer
from bench.harness.stage import SERVE, Stage, staged
from bot.services.web_pages.sessions import sign_in
from bot.store.database.session import open_database
from tests.support.servers.postgres import PostgresServer

INCIDENTS = 50
WATCHERS = 200
EVENTS = 10
ALERTS_A_SECOND = 20
ALERTS = 300
TOLD_WITHIN = 10.0
USER = "U0ONCALL"
PROBE = b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n"


class Watcher:
    """A browser on the page Now: one connection for the stream, one for what it fetches after each event."""

    def __init__(self, port: int, token: str) -> None:
        self.port = port
        self.token = token
        self.version = ""
        self.told = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def connect(self) -> None:
        self.told.clear()
        self._task = asyncio.create_task(self._watch())

    async def disconnect(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _watch(self) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        fetched, fetching = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            last = f"Last-Event-ID: {self.version}\r\n" if self.version else ""
            writer.write(self._request("/live", last))
            await reader.readuntil(b"\r\n\r\n")
            while line := await reader.readline():
                if line.startswith(b"id: "):
                    self.version = line[4:].decode().strip()
                    fetching.write(self._request("/live/now", ""))
                    status, body = await one_answer(fetched)
                    if status != 200 or b"INC-" not in body:
                        raise RuntimeError(f"the page was answered with {status}: {body[:200]!r}")
                    self.told.set()
        finally:
            writer.close()
            fetching.close()

    def _request(self, path: str, more: str) -> bytes:
        return f"GET {path} HTTP/1.1\r\nHost: a\r\nCookie: dogwatch-session={self.token}\r\n{more}\r\n".encode()


async def live(runs: int, server: PostgresServer | None) -> list[Figure]:
    costs: list[float] = []
    floors: list[float] = []
    tails: list[float] = []
    idle: list[float] = []
    missed: list[float] = []
    works: list[float] = []
    rests: list[float] = []
    async with staged(server) as stage:
        await stage.bot.restart_as("bench.harness.unrated_serve")
        await stage.send([stage.declaration(f"Incident {number}") for number in range(INCIDENTS)], in_flight=4)
        await stage.quiet(1, timeout=300)
        watchers = [Watcher(stage.bot.port, token) for token in await _sign_in(stage)]
        await fire(stage.bot.port, [webhook("Watched", 0, datetime.now(UTC))], in_flight=1)
        await stage.quiet(1, timeout=120)
        bare = await _cost_of_event(stage, ())
        for run in range(runs):
            tail, worked = await _tail(stage, f"idle {run}")
            idle.append(tail)
            rests.append(worked)
            for each in watchers:
                each.connect()
            await _all_told(watchers)
            costs.append(await _cost_of_event(stage, watchers) - bare)
            floors.append(await _floor(stage))
            tail, worked = await _tail(stage, f"watched {run}")
            tails.append(tail)
            works.append(worked)
            missed.append(await _missed(stage, watchers))
            for each in watchers:
                await each.disconnect()
    place = stage.place.name
    floor = Reference(f"{WATCHERS} answers of /livez", median(floors))
    alone = Reference("the same without watchers", median(idle))
    rest = Reference("the same without watchers", median(rests))
    paces = f"{ALERTS_A_SECOND} alerts a second, {WATCHERS} watchers"
    return [
        Figure(f"one event told to {WATCHERS}: processor time", "ms", costs, place, floor),
        Figure(f"{WATCHERS} reconnect after a change: not told", "", missed, place, target=Target(0)),
        Figure(f"{paces}: 99 of 100 answered within", "ms", tails, place, alone, Target(2, of_ratio=True)),
        Figure(f"{paces}: processor time of the bot each", "ms", works, place, rest),
    ]


async def _sign_in(stage: Stage) -> list[str]:
    """The sessions of all watchers; Slack's rates hold from here on."""
    await stage.bot.stop()
    stage.bot.program = SERVE
    database = open_database(stage.place.url)
    try:
        return await database.run(_start_sessions)
    finally:
        await database.close()
        await stage.bot.start()


def _start_sessions(session: Session) -> list[str]:
    return [sign_in(session, USER, datetime.now(UTC), way="login link") for _ in range(WATCHERS)]


async def _all_told(watchers: Sequence[Watcher]) -> int:
    """The number of those that were not told in time."""
    waiting = [asyncio.wait_for(each.told.wait(), TOLD_WITHIN) for each in watchers]
    return sum(isinstance(each, TimeoutError) for each in await asyncio.gather(*waiting, return_exceptions=True))


async def _cost_of_event(stage: Stage, watchers: Sequence[Watcher]) -> float:
    """Milliseconds for each of EVENTS new incidents, until all watchers have fetched the page."""
    worked = 0.0
    for _ in range(EVENTS):
        for each in watchers:
            each.told.clear()
        before = stage.bot.worked()
        await stage.send([stage.declaration("One more")])
        await _all_told(watchers)
        worked += stage.bot.worked() - before
    return worked / EVENTS * 1000


async def _floor(stage: Stage) -> float:
    before = stage.bot.worked()
    for _ in range(EVENTS):
        await fire(stage.bot.port, [PROBE] * WATCHERS, in_flight=WATCHERS)
    return (stage.bot.worked() - before) / EVENTS * 1000


async def _tail(stage: Stage, name: str) -> tuple[float, float]:
    """99 of 100 answers within, and processor time of the bot for each alert, in ms."""
    requests = [webhook(name, number, datetime.now(UTC)) for number in range(ALERTS)]
    before = stage.bot.worked()
    answers = await paced(stage.bot.port, requests, ALERTS_A_SECOND)
    return share_within(answers, 0.99) * 1000, (stage.bot.worked() - before) / ALERTS * 1000


async def _missed(stage: Stage, watchers: Sequence[Watcher]) -> int:
    """Of those that were away while something changed, the number that was not told after they came back."""
    await asyncio.gather(*(each.disconnect() for each in watchers))
    await stage.send([stage.declaration("While they were away")])
    for each in watchers:
        each.connect()
    return await _all_told(watchers)
