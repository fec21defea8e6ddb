"""A primary and a standby that has every commit: the primary goes, the standby is promoted, and work goes on."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from bot.sandbox.control.app_actions import Answer
from bot.slack.inbound.modal_opener import DATABASE_UNREACHABLE, OUTCOME_UNKNOWN
from bot.store import outbox
from bot.store.database import connections
from bot.store.database.migrate import migrate
from bot.store.database.session import DatabaseUnavailable, open_database
from tests.faults.database.test_outages import send_alert
from tests.support.servers.postgres import PostgresServer, Unavailable
from tests.support.worlds.world import World

PEOPLE = ("oncall", "engineer", "dba", "operator")
NEEDED = 5
"""Notes that each person gets written before the primary goes, and again after the promotion."""
Servers = tuple[PostgresServer, PostgresServer]


@pytest.fixture
def servers() -> Iterator[Servers]:
    """A primary, and a standby that has every commit before it is answered."""
    try:
        primary = PostgresServer(settings={"synchronous_commit": "remote_apply"})
    except Unavailable as reason:
        pytest.skip(str(reason))
    with primary, PostgresServer(standby_of=primary) as standby:
        primary.wait_for_standby()
        yield primary, standby


def address(servers: Servers, *, query: str = "target_session_attrs=read-write") -> str:
    primary, standby = servers
    url = primary.create_database()
    return url.replace(f":{primary.port}/", f":{primary.port},127.0.0.1:{standby.port}/") + f"?{query}"


@pytest.fixture
async def world(servers: Servers, tmp_path: Path) -> AsyncIterator[World]:
    async with World(address(servers), tmp_path) as built:
        built.bot.sender.leases.duration = timedelta(
            seconds=2
        )  # real seconds that a lane waits for whoever could not let it go
        yield built


@dataclass
class Scribes:
    """People who write notes, one after the other, until they are told to stop. What each was answered is kept."""

    world: World
    written: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    per_person: Counter[str] = field(default_factory=Counter)
    is_over: bool = False

    async def write(self, user: str) -> None:
        number = 0
        while not self.is_over:
            number += 1
            text = f"{user} saw number {number};"
            answer = await self.world.sandbox.command(user, self.world.channel, f"/incident note {text}")
            if is_success(answer):
                self.written.append(text)
                self.per_person[user] += 1
            else:
                self.refused.append(text)

    async def until_everybody_wrote(self, more: int) -> None:
        """Until each of them has had `more` notes written since now."""
        goal = {user: self.per_person[user] + more for user in PEOPLE}
        async with asyncio.timeout(40):
            while any(self.per_person[user] < goal[user] for user in PEOPLE):
                await asyncio.sleep(0.01)

    async def until_somebody_is_refused(self) -> None:
        known = len(self.refused)
        async with asyncio.timeout(20):
            while len(self.refused) == known:
                await asyncio.sleep(0.01)


def is_success(answer: Answer) -> bool:
    """Whether the person was told that it is done; who was not has to have been told so, by the bot or by Slack."""
    if not answer.ok:
        assert answer.error in {"operation_timeout", "http_error"}, answer
        return False
    return not any(said in (answer.text or "") for said in (DATABASE_UNREACHABLE, OUTCOME_UNKNOWN))


@asynccontextmanager
async def busy(world: World) -> AsyncIterator[Scribes]:
    """Everybody writes, and time passes: a second of the record in 20 ms."""
    scribes = Scribes(world)

    async def let_time_pass() -> None:
        while not scribes.is_over:
            world.clock.move_to(world.now + timedelta(seconds=1))
            await asyncio.sleep(0.02)

    async with asyncio.TaskGroup() as tasks:
        for user in PEOPLE:
            tasks.create_task(scribes.write(user))
        tasks.create_task(let_time_pass())
        try:
            yield scribes
        finally:
            scribes.is_over = True


async def everything_is_sent(world: World) -> None:
    async def is_sent() -> bool:
        world.sandbox.retry_now()
        await world.finish()
        return not (
            await world.bot.database.read(outbox.count_backlog)
        ).unfinished  # a lane that was lost waits for its lease

    await world.sandbox.wait_until(is_sent, timeout=40)


async def test_the_primary_is_killed_while_people_work(world: World, servers: Servers) -> None:
    primary, standby = servers
    await world.declares("checkout is down")
    slow = world.sandbox.fault("latency", seconds=0.05)

    async with busy(world) as scribes:
        await scribes.until_everybody_wrote(NEEDED)
        await world.sandbox.wait_until(lambda: world.bot.gateway.in_flight > 0)
        await asyncio.to_thread(primary.stop, "kill")
        await scribes.until_somebody_is_refused()
        assert (await world.gets("/readyz"))[0] == 503
        assert await send_alert(world) == 503
        message = world.sandbox.say("engineer", world.channel, "Reading the logs of the proxy")
        world.sandbox.react("engineer", world.channel, message, "mag")
        await asyncio.to_thread(standby.promote)
        await scribes.until_everybody_wrote(NEEDED)
    world.sandbox.clear_fault(slow)
    assert (await world.gets("/readyz"))[0] == 200
    assert await send_alert(world) == 200
    await everything_is_sent(world)

    entries = Counter(entry["text"] for entry in await world.timeline())
    posts = "\n".join(world.texts("inc-1-checkout-is-down"))
    assert [text for text in scribes.written if entries[text] != 1] == []
    assert [text for text in scribes.refused if entries[text] > 1] == []
    assert [text for text in entries if text in {*scribes.written, *scribes.refused} and posts.count(text) != 1] == []
    assert entries["Reading the logs of the proxy"] == 1, "Slack delivered it again"
    assert world.is_confirmed(message, "inc-1-checkout-is-down")
    assert len(world.sandbox.pins("inc-1-checkout-is-down")) == 1
    assert len(world.channels) == 2, "the alert that got 200 has opened its own"


async def test_a_declaration_goes_on_at_the_new_primary(world: World, servers: Servers) -> None:
    """The primary is killed between the answer to the person and the incident's channel."""
    primary, standby = servers
    slow = world.sandbox.fault("latency", seconds=0.4)
    answer = await world.sandbox.command("oncall", "ops", "/incident start checkout is down sev:2")
    assert "Declared" in (answer.text or "")
    await world.sandbox.wait_until(lambda: world.bot.gateway.in_flight > 0)

    await asyncio.to_thread(primary.stop, "kill")
    await asyncio.to_thread(standby.promote)
    world.sandbox.clear_fault(slow)

    async def is_set_up() -> bool:
        await everything_is_sent(world)
        return bool(world.channels) and bool(world.sandbox.pins(world.channel))

    await world.sandbox.wait_until(is_set_up, timeout=40)
    assert world.channels == ["inc-1-checkout-is-down"]
    assert "checkout is down" in world.card()
    assert len(world.texts("incidents")) == 1
    assert "U0ONCALL" in world.sandbox.members(world.channel)


async def test_a_primary_that_became_read_only_is_left_unnoticed(world: World, servers: Servers) -> None:
    """A planned switch: the old server goes on answering, and refuses what is written."""
    primary, standby = servers
    await world.declares("checkout is down")
    await asyncio.to_thread(standby.promote)
    primary.sql("ALTER SYSTEM SET default_transaction_read_only = on")
    primary.sql("SELECT pg_reload_conf()")
    await until_read_only(primary)

    answer = await world.types("oncall", "/incident severity 1 worse")
    left_at = primary.sql("SELECT clock_timestamp()")

    assert answer == ""
    await world.finish()
    assert "SEV1" in world.card()
    used = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'dogwatch' AND state_change >"
    assert primary.sql(f"{used} '{left_at}'") == "0", "no connection to it is used again"
    assert standby.sql("SELECT severity FROM incident", database=world._url.rpartition("/")[2].split("?")[0]) == "SEV1"


async def until_read_only(server: PostgresServer) -> None:
    async with asyncio.timeout(10):
        while server.sql("SHOW default_transaction_read_only") != "on":
            await asyncio.sleep(0.01)


async def test_a_primary_that_hangs_is_left(servers: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its machine takes connections and answers nothing: no error says that it has gone."""
    primary, standby = servers
    monkeypatch.setattr(connections, "IDLE_SECONDS", 0.0)  # every connection is tried first, as after a quiet second
    async with World(address(servers, query="connect_timeout=1"), tmp_path) as world:
        await world.declares("checkout is down")
        primary.pause()
        await asyncio.to_thread(standby.promote)

        async def is_done() -> bool:
            return is_success(await world.sandbox.command("oncall", world.channel, "/incident note it works again"))

        await world.sandbox.wait_until(is_done, timeout=30)

        assert (await world.gets("/readyz"))[0] == 200
        await world.finish()
        assert any("it works again" in text for text in world.texts())
        primary.resume()


async def test_a_standby_alone_is_no_place_to_work(servers: Servers) -> None:
    """Who reads why it does not start learns of each server what is wrong with it."""
    primary, standby = servers
    url = address(servers)
    await asyncio.to_thread(primary.stop, "fast")
    database = open_database(url)

    with pytest.raises(DatabaseUnavailable) as refused:
        await migrate(database)
    await database.close()

    assert f"127.0.0.1:{standby.port}: does not take writes" in str(refused.value)
    assert f"127.0.0.1:{primary.port}: " in str(refused.value)
