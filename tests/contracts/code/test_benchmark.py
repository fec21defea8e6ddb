"""What the benchmark writes by itself fits the tables: it is run too seldom to notice."""

import pytest

from bench.harness.history import TABLES, fill
from bench.harness.stage import Place


def test_past_incidents_are_written(request: pytest.FixtureRequest, database_kind: str, database_url: str) -> None:
    server = request.getfixturevalue("postgres_server") if database_kind == "postgresql" else None
    place = Place("past", database_url, server)

    fill(place, "T1", 2, message=3)

    written = {table: place.number(f"SELECT count(*) FROM {table}") for table in TABLES}
    assert written == {table: 2 * (3 if table == "message" else usual) for table, (usual, _) in TABLES.items()}
