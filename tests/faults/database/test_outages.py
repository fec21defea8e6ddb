"""The database goes away and comes back: what people and monitors are told, and that work goes on by itself."""

import asyncio
import json
import os
import sqlite3
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import aiohttp
import pytest
from sqlalchemy import text
from sqlmodel import Session

from bot.domain.errors import UserError
from bot.slack.blocks.incidents import card
from bot.slack.inbound.modal_opener import DATABASE_UNREACHABLE
from bot.store import outbox
from bot.store.database import connections
from bot.store.database.migrate import migrate
from bot.store.database.session import DatabaseInUse, DatabaseUnavailable, open_database
from bot.store.incidents import incidents
from tests.support.servers.postgres import PostgresServer, StopMode
from tests.support.survivors.killable import kennel
from tests.support.worlds.world import TOKEN, World

NOBODY = 65534
ALERT = {"title": "5xx above 5 %", "severity": "SEV2", "service": "checkout"}


@pytest.fixture
async def on_postgres(own_postgres_server: PostgresServer, tmp_path: Path) -> AsyncIterator[World]:
    async with World(own_postgres_server.create_database(), tmp_path) as world:
        yield world


async def ask(world: World, text: str, channel: str = "ops") -> str:
    """Type a command without waiting until all is done: without a database nothing ever is."""
    answer = await world.sandbox.command("oncall", channel, text)
    assert answer.ok, answer
    return answer.text or ""


async def send_alert(world: World) -> int:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{world.url}/alerts/generic", json=ALERT, headers=headers) as response,
    ):
        return response.status


async def test_an_idle_connection_is_used_again(
    postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new one costs a login, and every statement has to be prepared again."""
    monkeypatch.setattr(connections, "IDLE_SECONDS", 0.0)
    url = postgres_server.create_database()
    database = open_database(url)

    async def find_backend() -> int:
        return await database.read(lambda session: session.execute(text("SELECT pg_backend_pid()")).scalar_one())

    assert len({await find_backend() for _ in range(3)}) == 1
    await database.close()
    postgres_server.drop_database(url)


async def test_a_statement_is_prepared_once_for_lists_of_any_length(postgres_server: PostgresServer) -> None:
    """In a storm there are ten connections, and up to twenty-four rows at once."""
    url = postgres_server.create_database()
    database = open_database(url)
    await migrate(database)

    def work(session: Session) -> list[str]:
        for last in range(1, 5):
            incidents.lock_free(session, range(last))
        prepared = text("SELECT statement FROM pg_prepared_statements WHERE statement LIKE '%SKIP LOCKED'")
        return list(session.execute(prepared).scalars())

    assert len(await database.run(work)) == 1
    await database.close()
    postgres_server.drop_database(url)


@pytest.mark.parametrize("mode", ["fast", "kill"])
async def test_postgres_goes_and_comes_back(
    on_postgres: World, own_postgres_server: PostgresServer, mode: StopMode
) -> None:
    world = on_postgres
    await world.declares("checkout is down")
    await asyncio.to_thread(own_postgres_server.stop, mode)

    assert DATABASE_UNREACHABLE in await ask(world, "/incident severity 1 worse", world.channel)
    assert DATABASE_UNREACHABLE in await ask(world, "/incident", world.channel), "which would show the incident's card"
    assert world.sandbox.views("oncall") == []
    assert await send_alert(world) == 503
    world.sandbox.say("engineer", world.channel, "Reading the logs of the proxy")
    await world.sandbox.wait_until(lambda: world.sandbox.pending()["waiting_retry"])

    await asyncio.to_thread(own_postgres_server.start)
    world.sandbox.retry_now()
    answer = await world.types("oncall", "/incident severity 2 worse")
    assert answer == ""
    assert await send_alert(world) == 200
    await world.finish()

    assert "SEV2" in world.card("inc-1-checkout-is-down")
    whole = await world.exported("INC-1")
    assert whole["incident"]["severity"] == "SEV2"
    assert len([entry for entry in whole["timeline"] if entry["kinds"] == ["severity"]]) == 1, "nothing of the first"
    assert len(world.channels) == 2, "the alert has opened its own"


async def test_a_server_that_takes_no_writes_is_not_ready(
    on_postgres: World, own_postgres_server: PostgresServer
) -> None:
    """It answers questions, but nothing that people and monitors send can be stored."""
    world, server = on_postgres, own_postgres_server
    await world.declares("checkout is down")
    assert (await world.gets("/readyz"))[0] == 200
    set_read_only(server, world, "on")

    assert DATABASE_UNREACHABLE in await ask(world, "/incident severity 1 worse", world.channel)
    assert await send_alert(world) == 503
    status, told = await world.gets("/readyz")
    assert (status, json.loads(told)["problems"]) == (503, {"database": "does not take writes"})

    set_read_only(server, world, "off")
    assert (await world.gets("/readyz"))[0] == 200
    assert await world.types("oncall", "/incident severity 1 worse") == ""


def set_read_only(server: PostgresServer, world: World, value: str) -> None:
    name = world._url.rpartition("/")[2]
    server.sql(f'ALTER DATABASE "{name}" SET default_transaction_read_only = {value}')
    server.sql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")


@pytest.mark.parametrize("slack_answers", [True, False])
async def test_postgres_goes_before_a_process_was_ever_asked_anything(
    on_postgres: World, own_postgres_server: PostgresServer, slack_answers: bool
) -> None:
    """Whoever acts is told the same as by any other process, also where Slack did not answer at the start either."""
    world = on_postgres
    await world.declares("checkout is down")
    await world.presses("oncall", card.NOTE)
    form = world.sandbox.views("oncall")[-1]["id"]
    pinned = world.sandbox.pins(world.channel)[0]["ts"]
    silent = None if slack_answers else world.sandbox.fault("status", method="auth.test", status=503)
    await world.restart()
    await asyncio.to_thread(own_postgres_server.stop, "fast")

    assert DATABASE_UNREACHABLE in await ask(world, "/incident severity 1 worse", world.channel)
    refused = await world.sandbox.submit_view("oncall", form, {"text": "the fans are loud"})
    assert set(refused.errors.values()) == {DATABASE_UNREACHABLE}
    assert (await world.sandbox.click("dba", world.channel, pinned, card.LEAD)).ok
    assert [DATABASE_UNREACHABLE in each["text"] for each in world.sandbox.ephemerals("dba", world.channel)] == [True]
    world.sandbox.say("engineer", world.channel, "Reading the logs of the proxy")
    await world.sandbox.wait_until(lambda: world.sandbox.pending()["waiting_retry"])

    await asyncio.to_thread(own_postgres_server.start)
    if silent is not None:
        world.sandbox.clear_fault(silent)
    world.sandbox.retry_now()
    assert await world.types("oncall", "/incident severity 2 worse") == ""
    await world.finish()
    entries = [each["text"] for each in await world.timeline()]
    assert "the fans are loud" not in entries


async def test_postgres_restarts_while_work_is_under_way(
    on_postgres: World, own_postgres_server: PostgresServer
) -> None:
    """The answer to a call comes when there is nobody to write it down: it is looked up afterwards."""
    world = on_postgres
    world.bot.sender.leases.duration = timedelta(seconds=2)  # real seconds, that the lane waits for its dead owner
    slow = world.sandbox.fault("latency", seconds=0.5)
    assert "Declared" in await ask(world, "/incident start checkout is down")
    await world.sandbox.wait_until(lambda: world.sandbox.calls("conversations.create"))
    await asyncio.to_thread(own_postgres_server.stop, "fast")
    await world.sandbox.wait_until(lambda: world.bot.gateway.in_flight == 0)
    world.sandbox.clear_fault(slow)
    await asyncio.to_thread(own_postgres_server.start)

    async def is_set_up() -> bool:
        await world.finish()
        return bool(world.channels) and bool(world.sandbox.pins(world.channel))

    await world.sandbox.wait_until(is_set_up, timeout=40)

    assert len(world.channels) == 1
    assert "checkout is down" in world.card()
    assert len(world.texts("incidents")) == 1


async def test_a_start_without_postgres_says_so(own_postgres_server: PostgresServer, tmp_path: Path) -> None:
    url = own_postgres_server.create_database()
    await asyncio.to_thread(own_postgres_server.stop)
    database = open_database(url)

    with pytest.raises(DatabaseUnavailable):
        await migrate(database)
    await database.close()


async def test_the_server_dies_at_a_commit(own_postgres_server: PostgresServer) -> None:
    """The server dies before it has the commit: nobody is told of success."""
    server = own_postgres_server
    database = open_database(server.create_database())
    await migrate(database)

    def die(session: Session) -> None:
        outbox.enqueue(session, lane="lane", kind="say", team_id="T1", at=datetime.now(UTC), priority=1)
        server.stop("kill")

    with pytest.raises(DatabaseUnavailable):
        await database.run(die)
    await asyncio.to_thread(server.start)

    assert (await database.read(outbox.count_backlog)).unfinished == 0
    await database.close()


# --- SQLite


async def test_a_second_process_is_refused(tmp_path: Path) -> None:
    """It names the file and what to do."""
    url = f"sqlite:///{tmp_path / 'dogwatch.db'}"
    database = open_database(url)

    with pytest.raises(DatabaseInUse, match="in use by another Dogwatch"):
        open_database(url)
    async with kennel(tmp_path) as bots:
        environment = {
            "SLACK_BOT_TOKEN": "xoxb-1",
            "SLACK_SIGNING_SECRET": "secret",
            "DATABASE_URL": url,
            "DOGWATCH_PORT": "0",
        }
        bot = await bots.start(environment)
        assert "in use by another Dogwatch" in (bot.refusal or "")
    await database.close()

    await open_database(url).close()


async def test_reading_beside_a_running_bot(tmp_path: Path) -> None:
    """A second one that only reads is let in, and cannot write."""
    url = f"sqlite:///{tmp_path / 'dogwatch.db'}"
    database = open_database(url)
    await migrate(database)
    reading = open_database(url, read_only=True)

    with pytest.raises(UserError, match="reading only"):
        await reading.run(lambda _session: None)

    await reading.close()
    await database.close()


@pytest.fixture
async def impatient(tmp_path: Path) -> AsyncIterator[World]:
    """On SQLite, beside a Slack that waits as long as Slack does."""
    async with World(f"sqlite:///{tmp_path / 'dogwatch.db'}", tmp_path, answered_within=3.0) as world:
        yield world


async def test_a_file_that_another_program_keeps_locked(impatient: World) -> None:
    """Somebody has it open in the sqlite3 shell, in the middle of a transaction."""
    world = impatient
    await world.declares("checkout is down")
    holder = sqlite3.connect(world.bot.database.path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")

    def told() -> list[str]:
        return [each["text"] for each in world.sandbox.ephemerals("oncall", world.channel)]

    answer = await world.sandbox.command("oncall", world.channel, "/incident severity 1 worse")
    assert answer.error == "operation_timeout", "Slack waits three seconds, the bot five"
    line = "```/incident severity 1 worse```"
    await world.sandbox.wait_until(lambda: any(DATABASE_UNREACHABLE in each and line in each for each in told()))
    holder.execute("ROLLBACK")
    holder.close()

    assert await world.types("oncall", "/incident severity 1 worse") == ""
    assert len([entry for entry in await world.timeline() if entry["kinds"] == ["severity"]]) == 1


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that other users of the machine may look into, as pytest's own may not be."""
    with TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


async def test_a_file_that_may_not_be_written(tmp_path: Path, open_folder: Path) -> None:
    """A bot without the right to write refuses to start, and says which file it is."""
    path = open_folder / "dogwatch.db"
    database = open_database(f"sqlite:///{path}")
    await migrate(database)
    await database.close()
    for each in (path, path.with_name(f"{path.name}.lock")):
        each.chmod(0o444)

    async with kennel(tmp_path) as bots:
        environment = {
            "SLACK_BOT_TOKEN": "xoxb-1",
            "SLACK_SIGNING_SECRET": "secret",
            "DATABASE_URL": f"sqlite:///{path}",
            "DOGWATCH_PORT": "0",
            "DOGWATCH_SECRET_KEY": "a secret key that is long enough for tests",
        }
        bot = await bots.start(environment, user_id=NOBODY if os.geteuid() == 0 else None)

    assert f"{path} cannot be written" in (bot.refusal or "")
