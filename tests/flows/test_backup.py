"""A database is copied under a running bot, and put back: what was answered before the copy is in it."""

import asyncio
import sqlite3
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from bot.sandbox.server import Sandbox
from tests.flows.test_serve import declares, environment, reaches
from tests.support.serving import served


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox() as built:
        yield built


async def dogwatch(
    database: Path | str, *words: str, environment: Mapping[str, str] | None = None
) -> tuple[int, str, str]:
    url = database if isinstance(database, str) else f"sqlite:///{database}"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot.cli", *words,
        env=environment or {"DATABASE_URL": url, "DOGWATCH_SECRET_KEY": "a secret key that is long enough for tests"},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
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


@pytest.mark.parametrize(("content", "said"), [
    (b"no database at all, but long enough to look like something" * 100, "is no database of Dogwatch"),
    (b"", "is no database of Dogwatch"),
    (None, "There is no backup at"),
])  # fmt: skip
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

    assert "is no database of Dogwatch" in (await dogwatch(other, "backup", str(tmp_path / "copy.db")))[2]


async def test_postgresql_has_tools_of_its_own():
    code, _, problem = await dogwatch("postgresql://user@nowhere/dogwatch", "backup", "copy.db")

    assert (code, problem) == (2, "DATABASE_URL names a PostgreSQL database: use its own `pg_dump`.\n")
