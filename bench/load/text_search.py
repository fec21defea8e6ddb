"""Text search over 10,000 incidents with 300,000 entries, beside the bare SQL on the same index."""

import random
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import accumulate
from pathlib import Path
from statistics import median
from typing import Any

from sqlalchemy import insert
from sqlmodel import Session

from bench.harness.figures import Figure, Reference, Target
from bot.config import Settings
from bot.services.views.search import find_incidents
from bot.store.database.migrate import migrate
from bot.store.database.session import open_database
from bot.store.database.tables import table_of
from bot.store.incidents.incidents import Incident
from bot.store.incidents.timeline import TimelineEntry
from bot.store.incidents.visibility import Visibility
from tests.support.servers.postgres import PostgresServer

INCIDENTS, ENTRIES, ENTRY_WORDS = 10_000, 30, 15
BATCH = 500
AT = datetime(2025, 3, 1, 12, tzinfo=UTC)
VOCABULARY = [f"{first}{number:x}" for number in range(5_000) for first in ("ab", "co", "re", "un")]
WEIGHTS = list(accumulate(1 / (place + 1) for place in range(len(VOCABULARY))))
"""Words are as frequent as in a language: the second half as much as the first, and so on."""
SEARCHES = {
    "a frequent word": f'"{VOCABULARY[0]}"',
    "a word of some entries": f'"{VOCABULARY[40]}"',
    "a rare word": f'"{VOCABULARY[9_000]}"',
    "two words": f'"{VOCABULARY[5]}" "{VOCABULARY[12]}"',
    "the beginning of a word": "co1f",
}
TIMES = 5
LIMIT = 2.0
MANY = 1_000
"""Incidents from which on the search itself costs more than the page of eight that shows its result."""

HITS = "SELECT rowid >> 36 AS incident, min(rowid & 68719476735) AS slot FROM search_index WHERE search_index MATCH ?"
PAGE = "SELECT * FROM incident WHERE id IN (SELECT value FROM json_each(?))"
LINES = "SELECT * FROM timeline_entry WHERE id IN (SELECT value FROM json_each(?))"


async def text_search(runs: int, _server: PostgresServer | None) -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "dogwatch.db"
        database = open_database(f"sqlite:///{path}")
        try:
            await migrate(database)
            for batch in _batches():
                await database.run(_insert, *batch)
            return [await database.read(_measure, path, what, searched, runs) for what, searched in SEARCHES.items()]
        finally:
            await database.close()


def _batches() -> Iterator[tuple[list[dict[str, Any]], list[dict[str, Any]]]]:
    chance = random.Random(1)
    for first in range(1, INCIDENTS + 1, BATCH):
        numbers = range(first, first + BATCH)
        yield (
            [_incident(number, chance) for number in numbers],
            [_entry(number, seq, chance) for number in numbers for seq in range(ENTRIES)],
        )


def _words(chance: random.Random, count: int) -> str:
    return " ".join(chance.choices(VOCABULARY, cum_weights=WEIGHTS, k=count))


def _incident(number: int, chance: random.Random) -> dict[str, Any]:
    at = AT + timedelta(minutes=number)
    fixed = {"team_id": "T", "series": "INC", "severity": "SEV3", "status": "resolved", "zone": "UTC"}
    times = dict.fromkeys(("declared_at", "started_at", "detected_at"), at)
    lists = {"titles": {"": _words(chance, 4)}, "services": ["checkout"], "languages": ["en"], "time_sources": {}}
    return {**fixed, **times, **lists, "id": number, "number": number, "template": "classic", "former_channels": []}


def _entry(incident: int, seq: int, chance: random.Random) -> dict[str, Any]:
    fixed = {"kinds": ["note"], "precision": "exact", "source": "message", "details": {}, "files": [], "earlier": []}
    place = {"id": incident * 100 + seq, "incident_id": incident, "seq": seq, "sort_at": AT, "recorded_at": AT}
    return {**fixed, **place, "own_text": _words(chance, ENTRY_WORDS)}


def _insert(session: Session, incidents: list[dict[str, Any]], entries: list[dict[str, Any]]) -> None:
    session.execute(insert(table_of(Incident)), incidents)
    session.execute(insert(table_of(TimelineEntry)), entries)


def _measure(session: Session, path: Path, what: str, searched: str, runs: int) -> Figure:
    """Both take turns, so that load meets both."""
    settings, visibility = Settings(), Visibility("T")
    find = partial(find_incidents, session, settings, visibility, searched)
    with closing(sqlite3.connect(path)) as connection:
        select = partial(_select, connection, _bare_terms(searched))
        count = find().count
        shown = [each.incident_id for each in find().listed]
        if sorted(shown) != sorted(row[0] for row in select()):
            raise RuntimeError(f"the bare SQL finds others than the search: {searched}")
        pairs = [(_processor_time(find), _processor_time(select)) for _ in range(runs)]
    return Figure(
        f"find {what}",
        "ms",
        [ours for ours, _ in pairs],
        reference=Reference("bare SQL on the index", median(bare for _, bare in pairs)),
        target=Target(LIMIT, of_ratio=True) if count >= MANY else None,
        notes=[f"{count:,} of {INCIDENTS:,} incidents; processor time"],
    )


def _processor_time(work: Callable[[], object]) -> float:
    """Milliseconds of one call."""
    began = time.process_time()
    for _ in range(TIMES):
        work()
    return (time.process_time() - began) * 1_000 / TIMES


def _bare_terms(searched: str) -> list[str]:
    return [f'"{word}"' for word in searched.strip('"').split('" "')] if searched.endswith('"') else [f'"{searched}"*']


def _select(connection: sqlite3.Connection, terms: list[str]) -> list[Any]:
    """The incidents of the first page, with the entries to show."""
    joined = " JOIN ".join(f"({HITS} GROUP BY incident) AS hit{place} USING (incident)" for place in range(len(terms)))
    joined = joined.replace(" AS hit0 USING (incident)", " AS hit0")
    titles = " + ".join(f"(hit{place}.slot = 0)" for place in range(len(terms)))
    best = (
        f"SELECT id, hit0.slot FROM {joined} JOIN incident ON id = hit0.incident WHERE NOT is_private AND NOT is_drill"
    )
    found = connection.execute(f"{best} ORDER BY {titles} DESC, declared_at DESC, id DESC", terms).fetchall()[:8]
    connection.execute(LINES, [str([slot for _, slot in found])]).fetchall()
    return connection.execute(PAGE, [str([key for key, _ in found])]).fetchall()
