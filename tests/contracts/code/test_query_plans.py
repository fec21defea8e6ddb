"""
No statement of an incident's course reads a whole table that grows: a hundred thousand past incidents cost nothing.

A story is played, and the database is asked of each statement how it would carry it out.
"""

import json
import re
import sqlite3
from collections.abc import Collection, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from bot.config.crypto import incident_page_link
from bot.store.database.migrate import all_tables, migrate
from bot.store.database.session import open_database
from tests.support.servers.postgres import PostgresServer
from tests.support.worlds.visitor import Visitor
from tests.support.worlds.world import World

SMALL = {
    "installation": "one row a workspace",
    "calendar": "one row for each calendar of the configuration",
    "periodic_task": "a handful of rows",
    "clock_mark": "one row",
    "storm_watch": "one row a workspace",
    "heartbeat": "one row for each heartbeat of the configuration",
    "schedule_watch": "one row for each schedule of the configuration",
    "web_session": "those of signed-in browsers: ended ones are deleted at each sign-in",
    "counter": "one row for each series of incidents' numbers",
    "rate_limit": "those of the last day: older ones are deleted",
    "missing_permission": "one row for each thing that the workspace lacks",
    "timer": "what is still to come",
    "person": "read by its key alone; as many as there are people",
}
"""Tables that do not grow with the number of incidents, and why."""
PARTIAL = ("ix_outbox_unfinished", "ix_outbox_troubled", "uq_outbox_waiting_view", "ix_lane_leased", "ix_audit_erasure")
"""Indexes of what is under way, in trouble or rare: all of one may be read."""

SCAN = re.compile(r"\bSCAN (\w+)|\bSEARCH (\w+) USING (?:COVERING )?INDEX \w+ \(team_id=\?\)$")
"""An installation has one workspace: whatever is looked for by that alone is read whole."""


class Recorder:
    """Every statement that the process carries out, once, with the values of one time."""

    def __init__(self) -> None:
        self.statements: dict[str, Any] = {}

    def heard(self, _connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.lstrip().upper().startswith(("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")):
            self.statements.setdefault(statement, parameters)


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    found = Recorder()
    event.listen(Engine, "before_cursor_execute", found.heard)
    yield found
    event.remove(Engine, "before_cursor_execute", found.heard)


async def play(world: World) -> None:
    """What happens every day: by command, by reaction, by alert, at a restart, by the clock, when old rows go."""
    await world.declares("checkout is down sev:2 service:checkout")
    ts = await world.says("engineer", "The proxies answer 502")
    await world.reacts("dba", ts, "mag")
    await world.edits("engineer", ts, "The proxies answer 503")
    other = await world.says("support", "Wrong window")
    await world.deletes("support", other)
    await world.types("oncall", "/incident escalate @dba the primary is full")
    await world.advance(minutes=6)
    await world.types("dba", "/incident ack")
    for words in ("severity 1 worse", "cause a full disk", "task clean up @dba", "note seen before", "list", "catchup"):
        await world.types("oncall", f"/incident {words}")
    alert = {"title": "5xx above 5 %", "severity": "SEV2", "service": "search", "fingerprint": "a"}
    await world.posts("generic", alert)
    await world.posts("generic", {**alert, "status": "resolved"})
    await world.advance(minutes=11)
    await world.restart()
    await world.finish()
    await world.types("oncall", "/incident resolve done", world.channels[0])
    await world.finish()
    await world.types("oncall", "/incident reopen it is back", world.channels[0])
    await world.finish()
    await world.bot.engine.retention.run_if_due()
    await world.bot.engine.retention.run(world.now)
    await world.gets(incident_page_link(world.bot.settings, "INC-1").removeprefix(world.url))
    await world.exported("INC-1")
    await world.gets("/metrics")


KEEPS_A_DAY = "[retention]\ntranscripts_days = 1\npayloads_days = 1\n"


async def test_nothing_reads_a_whole_table_that_grows(recorder: Recorder, tmp_path: Path):
    path = tmp_path / "dogwatch.db"
    async with World(f"sqlite:///{path}", tmp_path, config=KEEPS_A_DAY) as world:
        recorder.statements.clear()  # making the database is done once; each start comes with the restart
        await play(world)

    assert len(recorder.statements) > 80
    assert not (found := find_scans(recorder, path)), "\n\n".join(found)


VIEWS = (
    "/history",
    "/history?month=2026-03&severity=SEV2&lead=U0ONCALL&cause=no",
    "/history?findings=yes",
    "/history?like=INC-1",
    "/history.csv?service=checkout",
    "/history?figure=nights&month=2026-03",
    "/history?figure=acknowledge&month=2026-03",
    "/history?figure=follow-ups",
    "/figures",
    "/figures/vendors?month=2026-03",
)
"""Without a text: its search reads the timelines of all incidents, as `/incident find` does."""


async def test_history_and_figures_read_no_whole_table_but_that_of_incidents(recorder: Recorder, tmp_path: Path):
    """The history counts all incidents; of their entries, pages and tasks it reads those that it shows or counts."""
    path = tmp_path / "dogwatch.db"
    async with World(f"sqlite:///{path}", tmp_path) as world, Visitor(world) as ana:
        await world.declares("checkout is down sev:2 service:checkout")
        await ana.signs_in("engineer")
        recorder.statements.clear()
        answers = [await ana.opens(each) for each in VIEWS]

    assert {answer.status for answer in answers} == {200}
    assert len(recorder.statements) > 25
    assert not (found := find_scans(recorder, path, besides={"incident"})), "\n\n".join(found)


async def test_postgresql_ranks_no_rows_anew_for_each_row(
    recorder: Recorder, postgres_server: PostgresServer, tmp_path: Path
):
    """
    In the first minute of a storm the server has no statistics yet.

    The plans are those of a database without rows: the other gets statistics whenever the server likes.
    """
    url = postgres_server.create_database()
    async with World(url, tmp_path, config=KEEPS_A_DAY) as world, Visitor(world) as ana:
        recorder.statements.clear()
        await play(world)
        await ana.signs_in("engineer")
        for each in VIEWS:
            await ana.opens(each)
        played = len(recorder.statements)
    new = postgres_server.create_database()
    database = open_database(new)
    await migrate(database)
    await database.close()
    name = new.rpartition("/")[2]
    plans = {each: postgres_plan(postgres_server, name, each) for each in tuple(recorder.statements)[:played]}
    for each in (url, new):
        postgres_server.drop_database(each)

    assert len(plans) > 80
    assert not (found := [statement for statement, plan in plans.items() if ranks_per_row(plan)]), "\n\n".join(found)


def find_scans(recorder: Recorder, path: Path, *, besides: Collection[str] = ()) -> list[str]:
    """Tables that a statement reads whole, with the statement and its plan."""
    found = []
    with closing(sqlite3.connect(path)) as connection:
        for statement, parameters in recorder.statements.items():
            plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", first(parameters))]
            if scanned := scans(statement, plan) - set(besides):
                found.append(f"{sorted(scanned)}\n{statement}\n{plan}")
    return found


def postgres_plan(server: PostgresServer, database: str, statement: str) -> dict[str, Any]:
    """The plan for whatever values."""
    count = max(map(int, re.findall(r"\$(\d+)", statement)), default=0)
    values = f"({', '.join(['NULL'] * count)})" if count else ""
    lines = [
        "SET plan_cache_mode = force_generic_plan",
        f"PREPARE asked AS {statement}",
        f"EXPLAIN (FORMAT JSON) EXECUTE asked{values}",
    ]
    return json.loads(server.sql(";\n".join(lines), database=database))[0]["Plan"]


RANKING = frozenset({"WindowAgg", "Aggregate", "Sort", "Unique"})


def ranks_per_row(plan: dict[str, Any], is_inner: bool = False) -> bool:
    """
    True if the inner side of a nested loop ranks or sorts rows, and does not keep them.

    What belongs to one row alone, such as the highest number beside it, is another kind of plan: "SubPlan".
    """
    if is_inner and plan["Node Type"] in RANKING:
        return True
    for each in plan.get("Plans", ()):
        starts = plan["Node Type"] == "Nested Loop" and each["Parent Relationship"] == "Inner"
        goes_on = is_inner and each["Parent Relationship"] not in ("SubPlan", "InitPlan")
        if ranks_per_row(each, (starts or goes_on) and each["Node Type"] != "Materialize"):
            return True
    return False


def first(parameters: Any) -> Any:
    return parameters[0] if isinstance(parameters, list) else parameters


def scans(statement: str, plan: list[str]) -> set[str]:
    """The growing tables that the plan reads whole."""
    names = {name: name for name in all_tables().tables}
    names |= {alias: table for table, alias in re.findall(r"\b(\w+) AS (\w+)\b", statement) if table in names}
    whole = [line for line in plan if not line.removesuffix(" (team_id=?)").endswith(PARTIAL)]
    read = {names.get(name) for line in whole for found in SCAN.findall(line) for name in found}
    return {name for name in read if name is not None and name not in SMALL}


def test_a_scan_would_be_seen(tmp_path: Path):
    with closing(sqlite3.connect(tmp_path / "x.db")) as connection:
        connection.execute("CREATE TABLE message (ts TEXT, text TEXT)")
        statement = "SELECT m.ts FROM message AS m WHERE m.text = 'x'"
        plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}")]

    assert scans(statement, plan) == {"message"}
