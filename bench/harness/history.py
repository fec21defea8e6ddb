"""Incidents that are over, in bulk: as many as a large organisation has after years, with all that belongs to them."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing

from sqlalchemy import ColumnDefault

from bench.harness.stage import Place
from bot.store.database.migrate import all_tables

FIRST = 1_000_000
"""The id and number of the first one: far behind those that are declared meanwhile."""

ONE = {"channel": "'C' || past.id", "team": "'{team}'", "name": "'past-' || past.id"}
TABLES: Mapping[str, tuple[int, Mapping[str, str]]] = {
    "incident": (
        1,
        {
            "id": "past.id",
            "team_id": ONE["team"],
            "series": "'INC'",
            "number": "past.id",
            "titles": "JSON {{}}",
            "severity": "'SEV3'",
            "status": "'resolved'",
            "services": 'JSON ["checkout"]',
            "zone": "'UTC'",
            "languages": 'JSON ["en"]',
            "template": "'classic'",
            "is_private": "false",
            "is_drill": "false",
            "is_retro": "false",
            "former_channels": "JSON []",
            "declared_at": "BEGAN",
            "started_at": "BEGAN",
            "detected_at": "BEGAN",
            "resolved_at": "ENDED",
            "ended_at": "ENDED",
            "time_sources": "JSON {{}}",
            "channel_id": ONE["channel"],
            "channel_name": ONE["name"],
            "next_seq": "9",
        },
    ),
    "timeline_entry": (
        8,
        {
            "id": "past.id * 10 + n.n",
            "incident_id": "past.id",
            "seq": "n.n",
            "kinds": 'JSON ["investigation"]',
            "own_text": "'What was seen then, word by word'",
            "happened_at": "BEGAN",
            "precision": "'exact'",
            "sort_at": "BEGAN",
            "recorded_at": "BEGAN",
            "source": "'message'",
            "author": "'U0DBA'",
            "recorded_by": "'U0ONCALL'",
            "details": "JSON {{}}",
            "channel_id": ONE["channel"],
            "message_ts": "TS",
            "files": "JSON []",
            "earlier": "JSON []",
        },
    ),
    "message": (
        9,
        {
            "team_id": ONE["team"],
            "channel_id": ONE["channel"],
            "ts": "TS",
            "author": "'U0DBA'",
            "is_own": "false",
            "text": "'What was said then, word by word'",
            "files": "JSON []",
            "stored_at": "BEGAN",
        },
    ),
    "alert": (
        1,
        {
            "id": "past.id",
            "team_id": ONE["team"],
            "source": "'generic'",
            "fingerprint": ONE["name"],
            "stated_starts_at": "''",
            "group_key": ONE["name"],
            "name": "'5xx above 5 %'",
            "status": "'resolved'",
            "starts_at": "BEGAN",
            "starts_at_precision": "'exact'",
            "ended_at": "ENDED",
            "first_seen_at": "BEGAN",
            "last_seen_at": "ENDED",
            "count": "1",
            "is_start_recorded": "true",
            "is_end_recorded": "true",
            "labels": 'JSON {{"service": "checkout"}}',
            "annotations": "JSON {{}}",
            "incident_id": "past.id",
        },
    ),
    "alert_group": (
        1,
        {"team_id": ONE["team"], "source": "'generic'", "group_key": ONE["name"], "incident_id": "past.id"},
    ),
    "outbox": (
        8,
        {
            "id": "past.id * 10 + n.n",
            "uuid": "'past-' || (past.id * 10 + n.n)",
            "team_id": ONE["team"],
            "incident_id": "past.id",
            "lane": "'post:' || past.id",
            "kind": "'say'",
            "details": "JSON {{}}",
            "progress": "JSON {{}}",
            "state": "'done'",
            "attempts": "1",
            "unanswered_attempts": "0",
            "defects": "0",
            "waits_for_slack": "false",
            "not_before": "LATELY",
            "created_at": "LATELY",
            "first_attempt_at": "LATELY",
            "done_at": "LATELY",
        },
    ),
    "lane": (3, {"key": "'past-' || n.n || ':' || past.id", "is_open": "true", "priority": "5"}),
    "audit": (
        8,
        {
            "id": "past.id * 10 + n.n",
            "at": "BEGAN",
            "team_id": ONE["team"],
            "incident_id": "past.id",
            "user_id": "'U0DBA'",
            "action": "'recorded note'",
            "origin": "'reaction'",
            "details": "JSON {{}}",
        },
    ),
}
"""By table: how many rows an incident has there, and what is in them. What was to be sent was sent lately."""
SERIAL = ("timeline_entry", "alert", "outbox", "audit")
"""Tables of which new rows get the next number by a counter of the server's."""


def statements(team_id: str, count: int, rows: Mapping[str, int], *, postgresql: bool) -> Iterator[str]:
    """One statement a table."""
    for table, (usual, chosen) in TABLES.items():
        each, columns = rows.get(table, usual), {**_defaults(table), **chosen}
        values = ", ".join(_value(value.format(team=team_id), postgresql=postgresql) for value in columns.values())
        last = FIRST + count - 1
        yield (
            f"INSERT INTO {table} ({', '.join(columns)}) WITH RECURSIVE "
            f"past(id) AS (SELECT {FIRST} UNION ALL SELECT id + 1 FROM past WHERE id < {last}), "
            f"n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {each}) "
            f"SELECT {values} FROM past CROSS JOIN n"
        )


def _defaults(table: str) -> Mapping[str, str]:
    """The columns that may not be empty and have a plain default, with it."""
    found: dict[str, str] = {}
    for column in all_tables().tables[table].columns:
        default = column.default
        if not column.nullable and isinstance(default, ColumnDefault) and default.is_scalar:
            found[column.name] = f"'{default.arg}'" if isinstance(default.arg, str) else str(default.arg).lower()
    return found


def _value(value: str, *, postgresql: bool) -> str:
    """An expression in the database's own words."""
    if value.startswith("JSON "):
        return f"'{value.removeprefix('JSON ')}'" + ("::json" if postgresql else "")
    if value in {"BEGAN", "ENDED"}:
        at = f"2025-03-01 {'12' if value == 'BEGAN' else '13'}:00:00"
        return f"TIMESTAMPTZ '{at}+00'" if postgresql else f"'{at}.000000'"
    if value == "LATELY":
        return "now()" if postgresql else "strftime('%Y-%m-%d %H:%M:%f', 'now') || '000'"
    if value == "TS":
        return "'1740830' || (100 + n.n) || '.' || (100000 + past.id % 900000)"
    return value


def fill(place: Place, team_id: str, count: int, **rows: int) -> None:
    """
    Add `count` past incidents to a bot's database while it does not run.

    `rows`: how many rows an incident has in a table, where it is not as usual.
    """
    made = list(statements(team_id, count, rows, postgresql=place.server is not None))
    if place.server is not None:
        counters = [
            f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), (SELECT max(id) FROM {name}))" for name in SERIAL
        ]
        for statement in [*made, *counters, "ANALYZE"]:
            place.server.sql(statement, database=place.url.rpartition("/")[2])
        return
    with closing(sqlite3.connect(place.url.removeprefix("sqlite:///"), isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        for statement in made:
            connection.execute(statement)
        connection.execute("COMMIT")
        connection.execute("INSERT INTO search_index (search_index) VALUES ('optimize')")  # as a bot leaves it
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
