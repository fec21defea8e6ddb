"""What happens to a SQLite file: the disk is full, it may only be read, it is damaged, another program has it."""

import json
import os
import signal
import sqlite3
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from bot.runtime.metrics import REGISTRY
from bot.sandbox.server import Sandbox
from bot.slack.inbound.modal_opener import DATABASE_UNREACHABLE
from bot.store.database.sqlite_database import SqliteDatabase
from tests.faults.database.test_outages import ALERT, NOBODY, ask, open_folder, send_alert
from tests.flows.operations.test_backup import dogwatch
from tests.flows.operations.test_serve import declares, environment, reaches
from tests.support.servers.serve_process import served
from tests.support.survivors.killable import kennel
from tests.support.worlds.world import World

__all__ = ["open_folder"]


def on_writer(world: World, pragma: str) -> Any:
    """Ask something of the connection by which the bot writes: between two of its transactions."""
    database = world.bot.database
    assert isinstance(database, SqliteDatabase)
    assert database.writing is not None
    connection = database.writing.raw_connection()
    try:
        found = connection.driver_connection.execute(pragma).fetchone()  # type: ignore[union-attr]
    finally:
        connection.close()
    return found[0] if found else None


def content(path: Path) -> bytes:
    return path.read_bytes()


def put(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def refused(outcome: str) -> float:
    found = REGISTRY.get_sample_value("dogwatch_requests_total", {"kind": "alerts/generic", "outcome": outcome})
    return found or 0


async def has_no_room(world: World) -> None:
    """What people and monitors see while nothing can be written."""
    before = refused("503")
    long = "because " + "one customer after another writes to us, " * 60
    assert DATABASE_UNREACHABLE in await ask(world, f"/incident severity 1 {long}", world.channel)
    status, _ = await world.posts("generic", {**ALERT, "description": "What the monitor has to say. " * 400})
    assert status == 503
    assert refused("503") == before + 1
    world.sandbox.say("engineer", world.channel, "Reading the logs of the proxy. " * 100)
    await world.sandbox.wait_until(lambda: world.sandbox.pending()["waiting_retry"])
    assert (await world.exported())["incident"]["severity"] == "SEV3", "it can be read"
    status, problems = await world.gets("/readyz")
    assert status == 503
    assert json.loads(problems)["problems"] == {"database": "does not take writes"}


async def has_room_again(world: World) -> None:
    """Everything goes on by itself, nothing of what was refused is half there, and the file is sound."""
    assert (await world.gets("/readyz"))[0] == 200
    world.sandbox.retry_now()
    assert await world.types("oncall", "/incident severity 2 worse") == ""
    assert await send_alert(world) == 200
    await world.finish()

    whole = await world.exported("INC-1")
    assert [each["text"] for each in whole["timeline"] if each["kinds"] == ["severity"]] == ["worse"]
    assert "SEV2" in world.card("inc-1-checkout-is-down")
    assert len(world.channels) == 2, "the alert has opened its own"
    assert "Reading the logs of the proxy" in await world.stored(), "Slack delivered it again"
    with closing(sqlite3.connect(world.bot.database.path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[None]:
    """A disk of its own at `folder`. Skips where this user may not mount one."""
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", folder],
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode != 0:
        pytest.skip(f"needs the right to mount a small disk: {made.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


async def test_a_disk_that_is_full(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    """The write-ahead log cannot grow; neither can the file."""
    folder = tmp_path / "disk"
    folder.mkdir()
    with small_disk(folder, 8):
        async with World(f"sqlite:///{folder / 'dogwatch.db'}", tmp_path) as world:
            await world.declares("checkout is down")
            ballast = folder / "ballast"
            fault = world.sandbox.fault("status", status=503)
            on_writer(world, "PRAGMA wal_checkpoint(TRUNCATE)")
            with ballast.open("wb", buffering=0) as file:
                for size in (65536, 4096, 512, 1):
                    while write(file.fileno(), size):
                        pass
            await has_no_room(world)
            assert "disk is full" in caplog.text

            ballast.unlink()
            world.sandbox.clear_fault(fault)
            await has_room_again(world)


def write(descriptor: int, size: int) -> bool:
    try:
        return os.write(descriptor, b"x" * size) == size
    except OSError:
        return False


async def test_a_backup_onto_a_full_disk_leaves_nothing(tmp_path: Path):
    """Half a backup is none."""
    database, folder = tmp_path / "dogwatch.db", tmp_path / "disk"
    assert (await dogwatch(database, "migrate"))[0] == 0
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("CREATE TABLE ballast (text TEXT)")
        connection.execute("INSERT INTO ballast VALUES (?)", ("x" * 3_000_000,))
    folder.mkdir()
    with small_disk(folder, 1):
        code, said, problem = await dogwatch(database, "backup", str(folder / "copy.db"))

        assert (code, said) == (2, "")
        assert problem == f"{folder / 'copy.db'} cannot be written: No space left on device.\n"
        assert list(folder.iterdir()) == []


async def test_a_file_that_turns_read_only_under_a_running_bot(world: World):
    """
    SQLite refuses the bot's writes as it does on a disk that was mounted anew for reading.

    (A file that is open for writing stays so whatever its permissions become, and a disk with one cannot be mounted
    anew: so the connection is told.)
    """
    await world.declares("checkout is down")
    world.sandbox.fault("status", status=503)
    on_writer(world, "PRAGMA query_only = ON")

    await has_no_room(world)

    on_writer(world, "PRAGMA query_only = OFF")
    world.sandbox.clear_faults()
    await has_room_again(world)


def lock_down(path: Path, *, is_file: bool) -> None:
    path.with_name(f"{path.name}.lock").chmod(0o666)
    path.chmod(0o444 if is_file else 0o666)
    path.parent.chmod(0o777 if is_file else 0o555)


@pytest.mark.parametrize("what", ["the file", "the folder"])
async def test_a_start_where_nothing_may_be_written(tmp_path: Path, open_folder: Path, what: str):
    path = open_folder / "dogwatch.db"
    assert (await dogwatch(path, "migrate"))[0] == 0
    lock_down(path, is_file=what == "the file")
    before = content(path)

    async with kennel(tmp_path) as bots:
        told = {
            "SLACK_BOT_TOKEN": "xoxb-1",
            "SLACK_SIGNING_SECRET": "secret",
            "DATABASE_URL": f"sqlite:///{path}",
            "DOGWATCH_PORT": "0",
            "DOGWATCH_SECRET_KEY": "a secret key that is long enough for tests",
        }
        bot = await bots.start(told, user_id=NOBODY if os.geteuid() == 0 else None)
        assert f"{path} cannot be written" in (bot.refusal or "")
        assert "Let the user that runs Dogwatch write to it" in (bot.refusal or "")
    assert content(path) == before


# --- Damaged


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox() as built:
        yield built


@pytest.fixture
async def written(sandbox: Sandbox, tmp_path: Path) -> Path:
    """A database with an incident, left by a bot that was killed: the newest of it stands in the write-ahead log."""
    path = tmp_path / "dogwatch.db"
    async with served(environment(sandbox, f"sqlite:///{path}")) as bot:
        await reaches(sandbox, bot, "http")
        await declares(sandbox, "kept")
        await bot.stops(signal.SIGKILL)
    assert path.with_name("dogwatch.db-wal").stat().st_size > 0
    return path


def checkpointed(path: Path) -> bytes:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path.read_bytes()


def no_database(whole: bytes) -> bytes:
    return b"These are notes of a meeting, and no database.\n" * (len(whole) // 47)


def without_header(whole: bytes) -> bytes:
    return bytes(100) + whole[100:]


def without_first_page(whole: bytes) -> bytes:
    return whole[:100] + b"\xff" * 3996 + whole[4096:]


def cut_off(whole: bytes) -> bytes:
    return whole[: 3 * 4096]


@pytest.mark.parametrize("damage", [no_database, without_header, without_first_page, cut_off])
async def test_a_damaged_file_is_refused_and_left_alone(sandbox: Sandbox, written: Path, damage: Any):
    damaged = damage(checkpointed(written))
    put(written, damaged)

    async with served(environment(sandbox, f"sqlite:///{written}")) as bot:
        code = await bot.ends()
        said = bot.log_text.splitlines()[-1]

    assert code == 2
    assert said.startswith(f"{written} cannot be used: ")
    assert "dogwatch restore" in said
    assert "Traceback" not in bot.log_text
    assert content(written) == damaged


async def test_damage_that_shows_while_it_runs(world: World):
    """A page in the middle: who needs it is refused, monitors send again; a backup finds it without being asked."""
    await world.declares("checkout is down")
    path = world.bot.database.path
    on_writer(world, "PRAGMA wal_checkpoint(TRUNCATE)")
    with closing(sqlite3.connect(path)) as connection:
        page = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'alert_group'").fetchone()[0]
    with path.open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(b"\xff" * 4096)
    on_writer(world, "PRAGMA shrink_memory")

    assert await send_alert(world) == 503
    code, _, problem = await dogwatch(path, "backup", str(path.with_name("copy.db")))

    assert code == 2
    assert "damaged" in problem
    assert not path.with_name("copy.db").exists()
    assert await world.types("oncall", "/incident severity 2 worse") == "", "what does not need it goes on"


@pytest.mark.parametrize("damage", ["cut off", "overwritten"])
async def test_a_damaged_write_ahead_log_costs_its_last_transactions(sandbox: Sandbox, written: Path, damage: str):
    """SQLite takes what is sound up to there; the bot starts, and the file is whole."""
    log = written.with_name("dogwatch.db-wal")
    whole = content(log)
    half = len(whole) // 2
    put(log, whole[:half] if damage == "cut off" else whole[:half] + os.urandom(len(whole) - half))
    written.with_name("dogwatch.db-shm").unlink(missing_ok=True)

    async with served(environment(sandbox, f"sqlite:///{written}")) as bot:
        await reaches(sandbox, bot, "http")
        await declares(sandbox, "afterwards")

    with closing(sqlite3.connect(written)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


def delete_file(path: Path) -> None:
    path.unlink()


def move_file(path: Path) -> None:
    path.rename(path.with_name("moved.db"))


def replace_file(path: Path) -> None:
    copy = path.with_name("copy.db")
    copy.write_bytes(path.read_bytes())
    copy.rename(path)


def delete_log(path: Path) -> None:
    path.with_name(f"{path.name}-wal").unlink()


@pytest.mark.parametrize("lose", [delete_file, move_file, replace_file, delete_log])
async def test_nothing_is_acknowledged_once_the_file_is_gone(world: World, lose: Callable[[Path], None]) -> None:
    """SQLite itself notices nothing: it goes on writing to a file without a name."""
    await world.declares("checkout is down")
    assert isinstance(world.bot.database, SqliteDatabase)
    assert (await world.gets("/readyz"))[0] == 200

    lose(world.bot.database.path)

    assert "Declared" not in await ask(world, "/incident start search is slow", "ops")
    assert await send_alert(world) == 503
    status, problems = await world.gets("/readyz")
    assert (status, "database" in problems) == (503, True)
    assert (await world.gets("/livez"))[0] == 200


async def test_it_goes_on_when_the_file_is_back(world: World) -> None:
    await world.declares("checkout is down")
    assert isinstance(world.bot.database, SqliteDatabase)
    path = world.bot.database.path
    move_file(path)
    assert await send_alert(world) == 503

    path.with_name("moved.db").rename(path)

    assert await send_alert(world) == 200
    assert (await world.gets("/readyz"))[0] == 200
