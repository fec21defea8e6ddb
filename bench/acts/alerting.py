"""B8: webhooks of monitors, durable before they are answered. B9: a real Alertmanager with 2,000 groups at once."""

import asyncio
import json
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import aiohttp

from bench.harness.figures import Figure, Reference, Target
from bench.harness.limits import bare_postgres, bare_sqlite, transactions
from bench.harness.requests import Answer, Salvo, fire, one_answer
from bench.harness.stage import ALERT_TOKEN, Place, Stage, staged
from tests.support.requests.notifications import a_notification, an_alert, stamp
from tests.support.servers.alertmanager import Alertmanager
from tests.support.servers.postgres import PostgresServer

WEBHOOKS = 2000
CONNECTIONS = 8
HALF_FOR = 5.0
"""Seconds for which half of the load is kept up."""
GROUPS = 2000
ALLOWED = 10
"""Incidents that alerts open before the rest is folded: the default of `[storms] incidents`."""
PATIENCE = 120.0


def webhook(name: str, number: int, at: datetime) -> bytes:
    """A notification of Alertmanager with one alert that is new in the group, ready to send."""
    alert = an_alert(name, at=at, service="checkout", instance=f"web-{number}:9100")
    body = json.dumps(a_notification(alert, group=f"bench {name}")).encode()
    head = (
        "POST /alerts/alertmanager HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {ALERT_TOKEN}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def webhooks(runs: int, server: PostgresServer | None) -> list[Figure]:
    """2,000 notifications for one open incident, one new alert each; then half of that rate."""
    rates, tails, costs, notes, limits = [], [], [], [], []
    for run in range(runs):
        async with staged(server) as stage:
            limits.append(bare_sqlite() if server is None else await bare_postgres(server, at_once=CONNECTIONS))
            at = datetime.now(UTC)
            await fire(stage.bot.port, [webhook("Flood", 0, at)], in_flight=1)
            requests = [webhook("Flood", number, at) for number in range(1, WEBHOOKS + 1)]
            worked = stage.bot.worked()
            salvo = await fire(stage.bot.port, requests, in_flight=CONNECTIONS)
            worked = stage.bot.worked() - worked
            rates.append(salvo.rate)
            costs.append(worked / WEBHOOKS * 1000)
            notes += [f"run {run + 1}: the bot used {worked / salvo.seconds:.2f} of a core", *salvo.notes()]
            count = int(salvo.rate / 2 * HALF_FOR)
            more = [webhook("Flood", WEBHOOKS + number, at) for number in range(1, count + 1)]
            answers = await paced(stage.bot.port, more, salvo.rate / 2)
            tails.append(share_within(answers, 0.99) * 1000)
            _check_kept(stage.place, 1 + WEBHOOKS + count)
    name, place = f"{WEBHOOKS:,} webhooks of 1 alert, {CONNECTIONS} connections", stage.place.name
    limit = Reference("transactions of one row by the bare driver", median(limits))
    own = await transactions(server, at_once=CONNECTIONS)
    notes.append(f"rows a second through the bot's own door, several in one transaction where they can: {own:,.0f}")
    return [
        Figure(
            f"{name}: durable",
            "per s",
            rates,
            place,
            limit,
            Target(0.4, of_ratio=True, at_least=True),
            ["none lost: the alerts were counted after each run", *notes],
        ),
        Figure(f"{name}: processor time of the bot each", "ms", costs, place),
        Figure(
            "webhooks at half that rate: 99 of 100 answered within",
            "ms",
            tails,
            place,
            Reference("the mean answer at the full rate", CONNECTIONS / median(rates) * 1000),
            Target(3, of_ratio=True),
        ),
    ]


async def paced(port: int, requests: Sequence[bytes], rate: float) -> list[Answer]:
    """Send at an even rate, whatever the answers do; each waits from when it was due."""
    waiting = iter(enumerate(requests))
    answers: list[Answer] = []
    connections = [await asyncio.open_connection("127.0.0.1", port) for _ in range(CONNECTIONS)]
    began = time.perf_counter()

    async def work(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for number, request in waiting:
            due = began + number / rate
            if (early := due - time.perf_counter()) > 0:
                await asyncio.sleep(early)
            writer.write(request)
            status, body = await one_answer(reader)
            answers.append(Answer(time.time(), time.perf_counter() - due, status, body))

    await asyncio.gather(*(work(*connection) for connection in connections))
    for _, writer in connections:
        writer.close()
    return answers


def share_within(answers: Sequence[Answer], share: float) -> float:
    taken = sorted(answer.seconds for answer in answers)
    return taken[min(int(len(taken) * share), len(taken) - 1)]


def _check_kept(place: Place, expected: int) -> None:
    kept = place.number("SELECT count(*) FROM alert")
    if kept != expected:
        raise RuntimeError(f"{expected} alerts were answered with success, {kept} are there")


async def alertmanager(runs: int, server: PostgresServer | None) -> list[Figure]:
    """2,000 groups of one alert, posted to a real Alertmanager at once: until the last is in the bot's database."""
    taken, notes, bare = [], [], []
    for run in range(runs):
        async with staged(server) as stage:
            with TemporaryDirectory(prefix="dogwatch-bench-") as folder:
                url = f"http://127.0.0.1:{stage.bot.port}/alerts/alertmanager"
                async with Alertmanager(Path(folder), url, ALERT_TOKEN) as running:
                    taken.append(await _flood(stage, running))
            notes.append(f"run {run + 1}: {await _folded(stage)}")
            bare.append(await _sent_by_hand(stage))
    limit = Reference("the same notifications over 8 connections", median(bare))
    return [
        Figure(
            f"Alertmanager, {GROUPS:,} groups at once: all kept",
            "s",
            taken,
            stage.place.name,
            limit,
            Target(2, of_ratio=True),
            ["none lost: the alerts were counted after each run", *notes],
        )
    ]


async def _flood(stage: Stage, running: Alertmanager) -> float:
    now = stamp(datetime.now(UTC))
    told = [
        {
            "labels": {"alertname": f"High{number}", "service": f"service-{number % 12}"},
            "annotations": {"summary": f"High{number} is too high"},
            "startsAt": now,
        }
        for number in range(GROUPS)
    ]
    began = time.perf_counter()
    async with aiohttp.ClientSession(running.url) as http, http.post("/api/v2/alerts", json=told) as answer:
        answer.raise_for_status()
    while (kept := stage.place.number("SELECT count(DISTINCT group_key) FROM alert")) < GROUPS:
        if time.perf_counter() - began > PATIENCE:
            raise TimeoutError(f"{kept} of {GROUPS} groups are there after {PATIENCE:g} s")
        await asyncio.sleep(0.02)
    return time.perf_counter() - began


async def _folded(stage: Stage) -> str:
    """What became of them. Raises RuntimeError if that is not what the rule says."""
    opened = stage.place.number("SELECT count(*) FROM incident WHERE declared_by IS NULL")
    folded = stage.place.number(
        "SELECT count(*) FROM alert JOIN incident ON incident.id = alert.incident_id WHERE storm_id = incident.id"
    )
    if (opened, folded) != (ALLOWED + 1, GROUPS - ALLOWED):
        raise RuntimeError(f"{opened} incidents were opened, {folded} alerts folded")
    refused = await _refused(stage)
    return (
        f"{ALLOWED} incidents of their own, one storm with {folded:,} alerts; {refused:,} answered 503 and sent again"
    )


async def _refused(stage: Stage) -> int:
    address = f"http://127.0.0.1:{stage.bot.port}/metrics"
    async with aiohttp.ClientSession() as http, http.get(address) as answer:
        lines = (await answer.text()).splitlines()
    return int(sum(float(line.split()[-1]) for line in lines if line.startswith("dogwatch_intake_refused_total")))


async def _sent_by_hand(stage: Stage) -> float:
    at = datetime.now(UTC)
    salvo: Salvo = await fire(
        stage.bot.port, [webhook(f"Hand{number}", number, at) for number in range(GROUPS)], in_flight=CONNECTIONS
    )
    return salvo.seconds
