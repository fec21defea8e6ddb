"""The migrations make the tables that the code has, on both databases; one of a later release is left alone."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text
from sqlmodel import Session

from bot.store.database.migrate import (
    LOCK,
    DatabaseTooNew,
    alembic_config,
    all_tables,
    is_of_models,
    known_revisions,
    migrate,
)
from bot.store.database.postgres_database import PostgresDatabase
from bot.store.database.session import Database, open_database
from tests.support.servers.postgres import PostgresServer


@pytest.fixture
def database_url(empty_database_url: str) -> str:
    """To be migrated here."""
    return empty_database_url


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = open_database(database_url)
    yield opened
    await opened.close()


async def on_connection(database: Database, work: Any) -> Any:
    def with_session(session: Session) -> Any:
        return work(session.connection())

    return await database.run(with_session)


def difference(connection: Connection) -> list[Any]:
    """What autogenerate would change to make the database equal the models."""
    context = MigrationContext.configure(
        connection, opts={"compare_type": True, "compare_server_default": True, "include_name": is_of_models}
    )
    return list(compare_metadata(context, all_tables()))


async def test_an_empty_database_migrated_to_head_equals_the_models(database: Database) -> None:
    await migrate(database)

    assert await on_connection(database, difference) == []


async def test_the_comparison_would_see_a_difference(database: Database) -> None:
    await migrate(database)
    await on_connection(database, lambda connection: connection.execute(text("ALTER TABLE page ADD COLUMN extra TEXT")))
    await on_connection(database, lambda connection: connection.execute(text("DROP INDEX ix_delivery_received_at")))

    found = await on_connection(database, difference)

    assert {change[0] for change in found} == {"remove_column", "add_index"}


async def test_migrating_again_changes_nothing(database: Database) -> None:
    await migrate(database)
    await on_connection(
        database,
        lambda connection: connection.execute(
            text("INSERT INTO counter (team_id, series, value) VALUES ('T', 'INC', 7)")
        ),
    )

    await migrate(database)

    kept = await on_connection(database, lambda connection: connection.execute(text("SELECT value FROM counter")).all())
    assert kept == [(7,)]


async def test_replicas_that_start_at_once_migrate_one_after_the_other(database_url: str) -> None:
    replicas = [open_database(database_url)]
    if isinstance(replicas[0], PostgresDatabase):
        replicas += [open_database(database_url) for _ in range(2)]
    try:
        await asyncio.gather(*(migrate(replica) for replica in replicas))
        assert await on_connection(replicas[0], difference) == []
    finally:
        for replica in replicas:
            await replica.close()


async def test_a_migration_may_wait_longer_than_a_statement(
    postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another replica's may take minutes, and so may one of its own statements."""
    monkeypatch.setattr("bot.config.database_url.COMMAND_SECONDS", 0.2)
    url = postgres_server.create_database()
    one, other = open_database(url), open_database(url)
    assert isinstance(one, PostgresDatabase)
    assert isinstance(other, PostgresDatabase)
    try:
        async with one.migration_engine().begin() as holder:
            await holder.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
            waiting = asyncio.create_task(migrate(other))
            has_waited = text(
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'advisory' "
                "AND query_start < clock_timestamp() - interval '0.4 s'"
            )
            async with asyncio.timeout(10):
                while not await on_connection(one, lambda connection: connection.execute(has_waited).scalar_one()):
                    await asyncio.sleep(0.02)  # one transaction would see the same each time
        await waiting
        assert await on_connection(other, difference) == []
    finally:
        await one.close()
        await other.close()
        postgres_server.drop_database(url)


async def test_a_database_of_a_later_release_is_refused_and_left_alone(database: Database) -> None:
    await migrate(database)
    await on_connection(
        database,
        lambda connection: connection.execute(text("UPDATE alembic_version SET version_num = '9999_from_the_future'")),
    )

    with pytest.raises(DatabaseTooNew) as refused:
        await migrate(database)

    assert "later release" in refused.value.message
    assert "9999_from_the_future" in refused.value.message
    assert await on_connection(database, difference) == []


async def test_a_migration_that_fails_leaves_the_database_as_it_was(database: Database) -> None:
    """Each start runs what is missing in one transaction."""
    await on_connection(database, lambda connection: connection.execute(text("CREATE TABLE page (id INTEGER)")))

    with pytest.raises(Exception, match=r"(?i)already exists"):
        await migrate(database)

    tables = await on_connection(database, lambda connection: inspect(connection).get_table_names())
    assert tables == ["page"]


async def test_every_time_is_kept_with_its_zone(postgres_server: PostgresServer) -> None:
    """A time without a zone would be read as local time somewhere. (SQLite has no type for times.)"""
    url = postgres_server.create_database()
    database = open_database(url)
    try:
        await migrate(database)
    finally:
        await database.close()

    naive = postgres_server.sql(
        "SELECT table_name, column_name FROM information_schema.columns "
        "WHERE table_schema = 'public' AND data_type = 'timestamp without time zone'",
        database=url.rpartition("/")[2],
    )

    assert naive == ""


async def test_the_revisions_are_one_documented_line(database: Database) -> None:
    scripts = await on_connection(database, lambda connection: ScriptDirectory.from_config(alembic_config(connection)))

    revisions = list(scripts.walk_revisions())

    assert len(scripts.get_heads()) == 1
    for revision in revisions:
        assert not revision.is_branch_point
        assert revision.doc.strip()
    assert revisions[-1].down_revision is None
    assert known_revisions() == tuple(each.revision for each in reversed(revisions))
