"""B16: the page of an incident with 10,000 entries, and who waits meanwhile."""

import asyncio
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import median

from jinja2 import Environment
from pydantic import SecretStr
from sqlalchemy import insert
from sqlmodel import Session

from bench.harness.figures import Figure, Reference, Target
from bench.harness.stage import SECRET_KEY, Stage, staged
from bot.config import Settings
from bot.config.crypto import incident_page_key
from bot.store.database.session import open_database
from bot.store.incidents import incidents
from bot.store.incidents.incidents import Incident
from bot.store.incidents.timeline import TimelineEntry
from tests.support.servers.postgres import PostgresServer

ENTRIES = 10_000
REFERENCE = "INC-1"
TEXT = "Entry number {}: the replica in zone <b> lags by {} seconds & the primary answers, see *pool* and its retries."
FIRST_SCREEN = b'id="entry-'
"""What the reader came for: the first of the timeline's entries."""
LOOKING = 0.005
"""Seconds between two looks whether the bot answers others."""

ROWS = """\
{% for row in rows %}<li id="{{ row.ref }}"><small>{{ row.at.strftime("%H:%M") }} · {{ row.by }} · \
<a href="{{ row.link }}">source</a></small><p class="said">{{ row.text }}</p></li>
{% endfor %}"""
"""The same entries by Jinja2 alone, from rows that somebody else has read."""


@dataclass(frozen=True, slots=True)
class Got:
    """Seconds to the first of the entries and to the last byte, and the slowest answer that others got meanwhile."""

    first: float
    last: float
    others: float
    bytes: int


async def page(runs: int, server: PostgresServer | None) -> list[Figure]:
    """The whole page over HTTP: reading, finding, wording and rendering, while somebody else asks for `/livez`."""
    async with staged(server) as stage:
        await stage.bot.stop()
        await _fill(stage)
        await stage.bot.start()
        before = stage.bot.memory()
        got = [await _get(stage) for _ in range(runs + 1)][1:]
        grown = stage.bot.memory() - before
        place = stage.place.name
    floor = Reference("Jinja2 over the same rows, already read", median(_floor() for _ in range(runs)) * 1000)
    name = f"page of {ENTRIES:,} entries"
    return [
        Figure(
            f"{name}: to the last byte",
            "ms",
            [each.last * 1000 for each in got],
            place,
            floor,
            None,
            [f"{got[-1].bytes:,} bytes"],
        ),
        Figure(f"{name}: to the first entries", "ms", [each.first * 1000 for each in got], place),
        Figure(
            f"{name}: slowest answer to others meanwhile",
            "ms",
            [each.others * 1000 for each in got],
            place,
            floor,
            Target(0.5, of_ratio=True),
        ),
        Figure(f"{name}: growth of memory by {runs + 1} of them", "MB", [grown], place),
    ]


async def _fill(stage: Stage) -> None:
    database = open_database(stage.place.url)
    try:
        await database.run(_add)
    finally:
        await database.close()


def _add(session: Session) -> None:
    incident = incidents.find_by_reference(session, None, REFERENCE)
    began = datetime.now(UTC) - timedelta(hours=9)
    session.execute(insert(TimelineEntry), [entry_row(number, incident, began) for number in range(ENTRIES)])


def entry_row(number: int, incident: Incident, began: datetime) -> dict[str, object]:
    at = began + timedelta(seconds=3 * number)
    entry = TimelineEntry(
        incident_id=incident.key,
        seq=1000 + number,
        kinds=["note"],
        own_text=TEXT.format(number, number % 60),
        happened_at=at,
        precision="exact",
        sort_at=at,
        recorded_at=at,
        source="message",
        author="U0ENGINEER",
        channel_id=incident.channel_id,
        message_ts=f"{at.timestamp():.6f}",
    )
    return entry.model_dump(exclude={"id"})


async def _get(stage: Stage) -> Got:
    """One request, and meanwhile others, one after the other."""
    key = incident_page_key(Settings(secret_key=SecretStr(SECRET_KEY)), REFERENCE)
    is_over = asyncio.Event()
    asking = asyncio.create_task(_ask_beside(stage.bot.port, is_over))
    began = time.perf_counter()
    reader, writer = await asyncio.open_connection("127.0.0.1", stage.bot.port)
    writer.write(f"GET /incidents/{REFERENCE}?key={key} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
    first, body = 0.0, bytearray()
    while piece := await reader.read(1 << 16):
        body += piece
        if not first and FIRST_SCREEN in body:
            first = time.perf_counter() - began
    last = time.perf_counter() - began
    writer.close()
    is_over.set()
    found = body.count(b"Entry number ")
    if found != ENTRIES:
        raise RuntimeError(f"{found} of {ENTRIES} entries are on the page: {bytes(body[:200])!r}")
    return Got(first, last, await asking, len(body))


async def _ask_beside(port: int, is_over: asyncio.Event) -> float:
    """The slowest answer of `/livez`, in seconds."""
    slowest = 0.0
    while not is_over.is_set():
        began = time.perf_counter()
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        await reader.read()
        writer.close()
        slowest = max(slowest, time.perf_counter() - began)
        await asyncio.sleep(LOOKING)
    return slowest


def _floor() -> float:
    template = Environment(autoescape=True).from_string(ROWS)
    began_at = datetime.now(UTC)
    rows = [
        {
            "ref": f"entry-{number}",
            "at": began_at,
            "by": "engineer",
            "text": TEXT.format(number, number % 60),
            "link": f"https://acme.example/archives/C1/p{number}",
        }
        for number in range(ENTRIES)
    ]
    began = time.perf_counter()
    template.render(rows=rows)
    return time.perf_counter() - began
