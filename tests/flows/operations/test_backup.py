"""Back up a database under a running bot, and restore it."""

import asyncio
import sqlite3
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import closing
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest
from sqlmodel import Session

from bot.sandbox.server import Sandbox
from bot.store.database.backup import create_backup, restore_database
from bot.store.database.migrate import migrate
from bot.store.database.session import open_database
from bot.store.shared import idempotency
from tests.flows.operations.test_serve import declares, environment, reaches
from tests.support.servers.serve_process import served
from tests.support.worlds.world import World


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox() as built:
        yield built


async def dogwatch(
    database: Path | str, *words: str, environment: Mapping[str, str] | None = None
) -> tuple[int, str, str]:
    url = database if isinstance(database, str) else f"sqlite:///{database}"
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        *words,
        env=environment or {"DATABASE_URL": url, "DOGWATCH_SECRET_KEY": "a secret key that is long enough for tests"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


async def test_a_backup_of_a_running_bot_goes_on_where_it_was_taken(sandbox: Sandbox, tmp_path: Path):
    first, second, copy = tmp_path / "dogwatch.db", tmp_path / "elsewhere" / "dogwatch.db", tmp_path / "copy.db"
    second.parent.mkdir()
    async with served(environment(sandbox, f"sqlite:///{first}")) as bot:
        await reaches(sandbox, bot, "http")
        await declares(sandbox, "kept")
        code, said, _ = await dogwatch(first, "backup", str(copy))
        assert (code, said.startswith(f"Written: {copy}.")) == (0, True)
        await declares(sandbox, "too late")

    assert (await dogwatch(second, "restore", str(copy)))[0] == 0

    code, draft, problem = await dogwatch(second, "export", "INC-1")
    assert (code, "kept" in draft) == (0, True), problem
    assert "There is no INC-2" in (await dogwatch(second, "export", "INC-2"))[2]
    async with served(environment(sandbox, f"sqlite:///{second}")) as bot:
        await reaches(sandbox, bot, "http")
        assert "INC-1" in ((await sandbox.command("oncall", "ops", "/incident list")).text or "")


@pytest.fixture
async def database(tmp_path: Path) -> Path:
    path = tmp_path / "dogwatch.db"
    assert (await dogwatch(path, "migrate"))[0] == 0
    path.with_name("dogwatch.db.key").write_text("0" * 64)
    return path


def test_a_backup_has_nothing_of_what_was_deleted(database: Path):
    """SQLite only marks the pages of deleted text as free, and its copy takes them along."""
    into = database.with_name("backup.db")
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA secure_delete=OFF")
        connection.execute("CREATE TABLE note (text TEXT)")
        connection.executemany("INSERT INTO note VALUES (?)", [("hunter2 " * 2_000,)] * 20)
        connection.commit()
        connection.execute("DROP TABLE note")
        connection.commit()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert b"hunter2" in database.read_bytes(), "it is still in the file"

    create_backup(database, into)

    assert b"hunter2" not in into.read_bytes()


def test_a_new_database_is_for_the_owner_alone(database: Path):
    assert database.stat().st_mode & 0o777 == 0o600


async def test_a_backup_and_its_key_are_for_the_owner_alone(database: Path):
    copy = database.with_name("copy.db")

    await dogwatch(database, "backup", str(copy))

    assert [path.stat().st_mode & 0o777 for path in (copy, copy.with_name("copy.db.key"))] == [0o600, 0o600]
    assert list(database.parent.glob("*.partial")) == []


async def test_nothing_is_overwritten(database: Path):
    copy = database.with_name("copy.db")
    copy.write_text("something dear")

    assert await dogwatch(database, "backup", str(copy)) == (2, "", f"{copy} exists already. Name another file.\n")
    assert copy.read_text() == "something dear"

    copy.unlink()
    await dogwatch(database, "backup", str(copy))
    code, _, said = await dogwatch(database, "restore", str(copy))
    assert (code, said.startswith(f"{database} exists. Stop Dogwatch")) == (2, True)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"no database at all, but long enough to look like something" * 100, "is not a Dogwatch database"),
        (b"", "is not a Dogwatch database"),
        (None, "There is no backup at"),
    ],
)
async def test_what_is_no_backup_is_refused_and_leaves_nothing(tmp_path: Path, content: bytes | None, said: str):
    copy, path = tmp_path / "copy.db", tmp_path / "dogwatch.db"
    if content is not None:
        copy.write_bytes(content)

    code, _, problem = await dogwatch(path, "restore", str(copy))

    assert code == 2
    assert said in problem
    assert not path.exists()


async def test_a_damaged_backup_is_refused(database: Path):
    copy, path = database.with_name("copy.db"), database.with_name("new.db")
    await dogwatch(database, "backup", str(copy))
    size = copy.stat().st_size
    with copy.open("r+b") as file:
        file.seek(size // 2)
        file.write(b"\xff" * (size // 2))

    code, _, problem = await dogwatch(path, "restore", str(copy))

    assert code == 2
    assert "damaged" in problem
    assert not path.exists()


async def test_a_database_that_is_not_ours_is_refused(tmp_path: Path):
    other = tmp_path / "other.db"
    with sqlite3.connect(other) as connection:
        connection.execute("CREATE TABLE cats (name TEXT)")
    connection.close()

    assert "is not a Dogwatch database" in (await dogwatch(other, "backup", str(tmp_path / "copy.db")))[2]


async def test_postgresql_has_tools_of_its_own():
    code, _, problem = await dogwatch("postgresql://user@nowhere/dogwatch", "backup", "copy.db")

    assert (code, problem) == (2, "DATABASE_URL is a PostgreSQL database. Use `pg_dump`.\n")


# --- Under fire, and of other releases


async def test_what_slack_was_told_after_the_backup_is_not_told_again(tmp_path: Path):
    """The backup was made before the card, the announcement and the channel existed."""
    first, second, copy = tmp_path / "dogwatch.db", tmp_path / "elsewhere.db", tmp_path / "copy.db"
    async with World(f"sqlite:///{first}", tmp_path) as world:
        await world.declares("checkout is down")
        fault = world.sandbox.fault("status", status=503)
        assert (await world.sandbox.command("oncall", world.channel, "/incident status identified a full disk")).ok
        assert (await world.sandbox.command("oncall", "ops", "/incident start search is slow")).ok
        create_backup(first, copy)
        world.sandbox.clear_fault(fault)
        await world.finish()
        before = {name: world.texts(name) for name in ["incidents", *world.channels]}
        assert len(world.channels) == 2
        await world.bot.stop()

        restore_database(copy, second)
        world._url = f"sqlite:///{second}"
        await world.starts()
        await world.finish()

        assert {name: world.texts(name) for name in ["incidents", *world.channels]} == before
        assert [len(world.sandbox.pins(name)) for name in world.channels] == [1, 1]
        await world.types("oncall", "/incident severity 1 worse", world.channels[1])
        await world.finish()
        assert "SEV1" in world.card(world.channels[1]), "the card that was found is edited"


async def test_backups_under_a_storm_of_writes_are_whole(tmp_path: Path):
    """A copy is consistent: with a row it has everything committed with it."""
    path = tmp_path / "dogwatch.db"
    database = open_database(f"sqlite:///{path}")
    await migrate(database)
    now, numbers = datetime.now(UTC), count(1)

    def both(session: Session, number: int) -> None:
        idempotency.register_delivery(session, f"one:{number}", now)
        idempotency.register_delivery(session, f"two:{number}", now)

    async def storm() -> None:
        while True:
            await asyncio.gather(*(database.run(both, next(numbers)) for _ in range(20)))

    storming = asyncio.create_task(storm())
    copies = [tmp_path / f"copy-{number}.db" for number in range(5)]
    for copy in copies:
        await asyncio.to_thread(create_backup, path, copy)
    storming.cancel()
    await asyncio.gather(storming, return_exceptions=True)
    await database.close()

    held = []
    for copy in copies:
        with closing(sqlite3.connect(copy)) as connection:
            ones, twos = (
                {key for (key,) in connection.execute("SELECT substr(key, 5) FROM delivery WHERE key LIKE ?", (like,))}
                for like in ("one:%", "two:%")
            )
        assert ones == twos
        held.append(len(ones))
    assert held == sorted(held)
    assert held[-1] > held[0], "it was written to all the time"


async def test_a_backup_of_a_later_release_is_refused(database: Path):
    copy, path = database.with_name("copy.db"), database.with_name("new.db")
    await dogwatch(database, "backup", str(copy))
    with closing(sqlite3.connect(copy)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999_from_the_future'")

    code, _, problem = await dogwatch(path, "restore", str(copy))

    assert (code, "is from a later release (revision 9999_from_the_future)" in problem) == (2, True)
    assert not path.exists()
    assert list(path.parent.glob("*.partial*")) == []
