"""A later release's migration finds the record of this one, and leaves it whole."""

import asyncio
import shutil
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import MetaData, text
from sqlmodel import Session

from bot.cli.commands import retention
from bot.cli.commands.export import ExportOptions, export_incident
from bot.cli.commands.outbox import change_rows, load_overview
from bot.config import Settings
from bot.domain.errors import UserError
from bot.store import outbox
from bot.store.database import migrate
from bot.store.database.backup import create_backup, restore_database
from bot.store.database.session import open_database
from tests.support.worlds.databases import BOTH_DATABASES
from tests.support.worlds.world import World

pytestmark = pytest.mark.world(databases=BOTH_DATABASES)

ROOT = Path(__file__).parents[3]
THIS_REVISION = "0001"
NEXT_REVISION = '''
"""What a later release adds."""

import sqlalchemy as sa
from alembic import op

revision = "9000"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table("added", sa.Column("id", sa.Integer(), primary_key=True), sa.Column("name", sa.Text()))
    for table in ("incident", "timeline_entry", "escalation", "page", "outbox"):
        op.add_column(table, sa.Column("added", sa.Text(), nullable=True))
        op.create_index(f"ix_{table}_added", table, ["added"])
    op.execute("UPDATE incident SET added = 'filled in'")
'''


@pytest.fixture
def next_migrations(tmp_path: Path) -> Path:
    """The migrations of a later release: those of this one, and one more."""
    folder = tmp_path / "migrations"
    shutil.copytree(migrate.migrations_folder(), folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "versions" / "9000_next.py").write_text(NEXT_REVISION)
    return folder


@pytest.fixture
def become_next_release(next_migrations: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """From the call on the code under test is a later release."""
    return lambda: monkeypatch.setattr(migrate, "migrations_folder", lambda: next_migrations)


@pytest.fixture
def settings(database_url: str) -> Settings:
    settings = Settings(
        database_url=SecretStr(database_url), secret_key=SecretStr("a key of thirty-two letters, or so")
    )
    return settings.model_copy(update={"port": 1})


async def read_rows(url: str) -> dict[str, list[dict[str, Any]]]:
    """All rows of all tables."""

    def read(session: Session) -> dict[str, list[dict[str, Any]]]:
        schema = MetaData()
        schema.reflect(session.connection())
        return {
            table.name: [dict(row) for row in session.execute(table.select()).mappings()]
            for table in schema.sorted_tables
            if table.name != "alembic_version"
        }

    database = open_database(url)
    try:
        return await database.run(read)
    finally:
        await database.close()


async def migrate_database(url: str) -> None:
    database = open_database(url)
    try:
        await migrate.migrate(database)
    finally:
        await database.close()


async def queue_row(url: str) -> None:
    def enqueue(session: Session) -> None:
        at = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
        outbox.enqueue(session, lane="post:1", kind="event", team_id="T0HARBOUR", at=at, priority=30)

    database = open_database(url)
    try:
        await database.run(enqueue)
    finally:
        await database.close()


async def test_every_row_survives_a_migration_and_an_open_incident_goes_on(
    database_url: str, tmp_path: Path, become_next_release: Callable[[], None]
) -> None:
    async with World(database_url, tmp_path) as world:
        await world.declares("checkout is down sev:2")
        ts = await world.says("engineer", "The proxies answer 502")
        await world.reacts("dba", ts, "mag")
        await world.types("oncall", "/incident escalate @dba the primary is full")
        await world.finish()
        exported = await world.exported()
        await world.bot.stop()
        before = await read_rows(database_url)

        become_next_release()
        await migrate_database(database_url)

        after = await read_rows(database_url)
        assert after.pop("added") == []
        for name, rows in before.items():
            kept = [{key: row[key] for key in known} for row, known in zip(after[name], rows, strict=True)]
            assert kept == rows, name
        assert {row["added"] for row in after["incident"]} == {"filled in"}

        await world.starts()
        assert await world.exported() == exported
        await world.types("dba", "/incident ack")
        assert await world.types("oncall", "/incident resolve rolled back") == ""


async def test_a_backup_of_the_release_before_is_brought_up_to_date(
    tmp_path: Path, become_next_release: Callable[[], None]
) -> None:
    first, copy, second = (tmp_path / name for name in ("first.db", "copy.db", "second.db"))
    await migrate_database(f"sqlite:///{first}")
    await queue_row(f"sqlite:///{first}")
    create_backup(first, copy)

    become_next_release()
    restore_database(copy, second)
    await migrate_database(f"sqlite:///{second}")

    rows = await read_rows(f"sqlite:///{second}")
    assert (len(rows["outbox"]), rows["added"]) == (1, [])


READ_ONLY_COMMANDS: dict[str, Callable[[Settings], Any]] = {
    "export": lambda settings: export_incident(settings, "INC-1", ExportOptions("markdown")),
    "outbox": lambda settings: load_overview(settings, everything=False),
    "retention": lambda settings: retention.run_retention(settings, is_confirmed=False),
}


async def refusal(command: str, settings: Settings) -> str:
    """The command's error message; empty if there was none."""
    try:
        await READ_ONLY_COMMANDS[command](settings)
    except UserError as problem:
        return problem.message
    return ""


@pytest.mark.parametrize("command", READ_ONLY_COMMANDS)
async def test_a_command_that_only_reads_refuses_a_database_of_another_release(
    command: str, database_url: str, settings: Settings, become_next_release: Callable[[], None]
) -> None:
    assert "release" not in await refusal(command, settings)
    before = await read_rows(database_url)

    become_next_release()
    refused = await refusal(command, settings)
    assert f"from an earlier release (revision {THIS_REVISION}). Run `dogwatch migrate`" in refused
    assert await read_rows(database_url) == before

    await migrate_database(database_url)
    assert "release" not in await refusal(command, settings)
    database = open_database(database_url)
    await database.run(lambda session: session.execute(text("UPDATE alembic_version SET version_num = '9999'")))
    await database.close()
    assert "from a later release" in await refusal(command, settings)


async def test_a_row_of_the_release_before_is_dropped_without_a_bot(
    database_url: str, settings: Settings, become_next_release: Callable[[], None]
) -> None:
    await queue_row(database_url)
    [row] = (await read_rows(database_url))["outbox"]

    become_next_release()

    assert (await change_rows(settings, "drop", [row["id"]])).rows == [row["id"]]


async def test_a_migration_that_is_killed_leaves_the_database_as_it_was(
    database_url: str, next_migrations: Path
) -> None:
    """Killed after every third statement; the next start completes the migration."""
    await queue_row(database_url)
    before = await read_rows(database_url)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.support.records.interrupted_migration",
        database_url,
        str(next_migrations),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()

    assert process.returncode == 0, err.decode()
    *killed, last = out.decode().split()
    assert last == "9000"
    assert len(killed) > 2
    assert set(killed) == {THIS_REVISION}, "all of it or nothing"
    after = await read_rows(database_url)
    assert {name: len(found) for name, found in after.items() if name in before} == {
        name: len(found) for name, found in before.items()
    }
