"""The tests' own PostgreSQL: what it is trusted with elsewhere is shown here."""

import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.servers.postgres import PostgresServer, has_process_in


def test_each_database_is_empty_and_apart(postgres_server: PostgresServer) -> None:
    first, second = (postgres_server.create_database().rpartition("/")[2] for _ in range(2))
    postgres_server.sql("CREATE TABLE seen (id int)", database=first)

    assert postgres_server.sql("SELECT count(*) FROM pg_tables WHERE tablename = 'seen'", database=second) == "0"


def test_a_template_is_copied_whole(postgres_server: PostgresServer) -> None:
    template = postgres_server.create_database().rpartition("/")[2]
    postgres_server.sql("CREATE TABLE seen AS SELECT 7 AS id", database=template)

    copy = postgres_server.create_database(template=template).rpartition("/")[2]

    assert postgres_server.sql("SELECT id FROM seen", database=copy) == "7"


@pytest.mark.parametrize("mode", ["fast", "immediate", "kill"])
def test_what_was_committed_outlives_a_stop(own_postgres_server: PostgresServer, mode: str) -> None:
    server = own_postgres_server
    address = server.url()
    server.sql("CREATE TABLE seen AS SELECT 7 AS id")

    server.stop(mode)
    assert not server.is_running
    with pytest.raises(RuntimeError, match="refused"):
        server.sql("SELECT id FROM seen")
    server.start()

    assert server.sql("SELECT id FROM seen") == "7"
    assert server.url() == address


def test_the_server_goes_with_the_process_that_started_it(postgres_server: PostgresServer) -> None:
    """`kill -9` of a test run must leave no server behind."""
    program = (
        "import time; from tests.support.servers.postgres import PostgresServer as S\n"
        "s = S(); s.start(); print(s.directory, flush=True); time.sleep(600)"
    )
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[3]) as child:
        directory = Path(child.stdout.readline().strip())
        was_running = has_process_in(directory / "data")
        child.kill()

    deadline = time.monotonic() + 20
    while has_process_in(directory / "data") and time.monotonic() < deadline:
        time.sleep(0.05)
    still_running = has_process_in(directory / "data")
    shutil.rmtree(directory)

    assert was_running
    assert not still_running
