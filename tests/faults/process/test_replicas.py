"""Two replicas on one PostgreSQL: whatever reaches both, or both reach for, has one effect."""

import asyncio
import itertools
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.exc import DBAPIError

from bot.app import Dogwatch
from bot.engine import runner
from bot.runtime.clock import SystemClock
from bot.sandbox.app_link.http import HttpLink
from bot.sandbox.app_link.outcome import Outcome, Outgoing
from bot.sandbox.control.app_actions import Answer
from bot.sandbox.server import Sandbox
from bot.store.database.postgres_database import PostgresDatabase
from bot.store.database.session import open_database
from tests.faults.process.test_timers import Pair
from tests.faults.slack.test_delivery_faults import CHANNEL, in_peace, play
from tests.support.servers.postgres import PostgresServer
from tests.support.survivors.survivor_outcome import same
from tests.support.worlds.live import Stream
from tests.support.worlds.visitor import Visitor


@pytest.fixture
async def pair(postgres_server: PostgresServer, tmp_path: Path) -> AsyncIterator[Pair]:
    url = postgres_server.create_database()
    async with Pair(url, tmp_path) as built:
        yield built
    postgres_server.drop_database(url)


class Ways(HttpLink):
    """Slack's way to several replicas."""

    def __init__(self, sandbox: Sandbox, ports: Sequence[int]) -> None:
        urls = [f"http://127.0.0.1:{port}/slack/events" for port in ports]
        super().__init__(urls[0], sandbox.signing_secret)
        self.ways = [HttpLink(url, sandbox.signing_secret) for url in urls]
        self._before = sandbox.http
        sandbox.http = sandbox.delivery.link = self

    async def close(self) -> None:
        for way in filter(None, [*self.ways, self._before]):
            await way.close()


class ToAll(Ways):
    """Everything goes to all of them at the same moment. What each has answered is kept."""

    def __init__(self, sandbox: Sandbox, ports: Sequence[int]) -> None:
        super().__init__(sandbox, ports)
        self.answers: list[tuple[str, list[Outcome]]] = []

    async def send(self, outgoing: Outgoing, limit: float) -> Outcome:
        outcomes = await asyncio.gather(*(way.send(outgoing, limit) for way in self.ways))
        self.answers.append((outgoing.kind, list(outcomes)))
        return outcomes[0]


class InTurn(Ways):
    """Each goes to the next of them, as a load balancer does it."""

    def __init__(self, sandbox: Sandbox, ports: Sequence[int]) -> None:
        super().__init__(sandbox, ports)
        self._next = itertools.cycle(self.ways)

    async def send(self, outgoing: Outgoing, limit: float) -> Outcome:
        return await next(self._next).send(outgoing, limit)


# --- the same to both


@pytest.mark.parametrize("times", [1, 2])
async def test_whatever_slack_sends_to_both_at_once_counts_once(pair: Pair, tmp_path: Path, times: int) -> None:
    """Commands, messages, reactions and presses; each replica gets each of them once or twice."""
    expected = await in_peace(tmp_path)
    ways = ToAll(pair.sandbox, [pair.bot.port, pair.second.port] * times)

    seen = await play(pair)

    assert same(expected, seen) == ""
    assert {kind for kind, _ in ways.answers} == {"slash_commands", "events_api", "interactive"}
    for kind, outcomes in ways.answers:
        assert all(each.is_acknowledged for each in outcomes), (kind, outcomes)
        assert len({(str(each.body), each.text) for each in outcomes}) == 1, "each delivery gets the same answer"


async def test_a_form_that_reaches_both_at_once_opens_one_incident(pair: Pair) -> None:
    await pair.types("oncall", "/incident", "ops")
    ways = ToAll(pair.sandbox, [pair.bot.port, pair.second.port] * 2)

    await pair.submits("oncall", title="checkout is down")
    await pair.finish()

    assert pair.channels == [CHANNEL]
    assert len(pair.texts("incidents")) == 1
    ((_, outcomes),) = [each for each in ways.answers if each[0] == "interactive"]
    assert all(each.is_acknowledged and not each.body for each in outcomes), outcomes


async def test_a_load_balancer_may_send_anything_anywhere(pair: Pair, tmp_path: Path) -> None:
    expected = await in_peace(tmp_path)
    InTurn(pair.sandbox, [pair.bot.port, pair.second.port])

    assert same(expected, await play(pair)) == ""


# --- two people at the same moment


async def at_the_same_moment(pair: Pair, *acts: Awaitable[Answer]) -> list[str]:
    """Both are in the middle of their transaction, in front of the same incident, before either may go on."""
    partner = open_database(pair._url)
    assert isinstance(partner, PostgresDatabase)

    async def waiting() -> bool:
        async with partner.engine.connect() as looking:
            return (await looking.exec_driver_sql("SELECT count(*) FROM pg_locks WHERE NOT granted")).scalar_one() >= 2

    async with partner.engine.begin() as holding:
        await holding.exec_driver_sql("SELECT id FROM incident FOR UPDATE")
        doing = [asyncio.ensure_future(act) for act in acts]
        await pair.sandbox.wait_until(waiting, timeout=2.5)
    answers = await asyncio.gather(*doing)
    await partner.close()
    await pair.finish()
    assert all(answer.ok for answer in answers), answers
    return [answer.text or "" for answer in answers]


async def kinds(pair: Pair) -> Counter[str]:
    return Counter(kind for entry in await pair.timeline() for kind in entry["kinds"])


async def test_two_who_resolve(pair: Pair) -> None:
    await pair.declares("checkout is down")
    InTurn(pair.sandbox, [pair.bot.port, pair.second.port])

    told = await at_the_same_moment(
        pair,
        pair.sandbox.command("oncall", CHANNEL, "/incident resolve took the release back"),
        pair.sandbox.command("engineer", CHANNEL, "/incident resolve restarted the proxy"),
    )

    assert len([each for each in told if "already" in each]) == 1, told
    assert (await kinds(pair))["resolved"] == 1
    assert (await pair.exported())["incident"]["status"] == "resolved"


async def test_one_resolves_and_one_reopens(pair: Pair) -> None:
    """Whoever comes first decides what the other one can do, and the record says the same as the answers."""
    await pair.declares("checkout is down")
    InTurn(pair.sandbox, [pair.bot.port, pair.second.port])

    _, reopened = await at_the_same_moment(
        pair,
        pair.sandbox.command("oncall", CHANNEL, "/incident resolve took the release back"),
        pair.sandbox.command("engineer", CHANNEL, "/incident reopen it is not over"),
    )

    was_reopened = not reopened
    found = await kinds(pair)
    assert (found["resolved"], found["reopened"]) == (1, int(was_reopened))
    assert ((await pair.exported())["incident"]["status"] == "resolved") is not was_reopened
    assert ("resolved" in pair.card().casefold()) is not was_reopened


async def test_one_acknowledges_and_one_asks_for_more(pair: Pair) -> None:
    await pair.declares("checkout is down")
    await pair.types("oncall", "/incident escalate @dba the primary is full")
    await pair.finish()
    InTurn(pair.sandbox, [pair.bot.port, pair.second.port])

    await at_the_same_moment(
        pair,
        pair.sandbox.command("dba", CHANNEL, "/incident ack"),
        pair.sandbox.command("engineer", CHANNEL, "/incident escalate @operator the disk has to grow"),
    )

    first, second = sorted((await pair.exported())["escalations"], key=lambda each: each["reason"], reverse=True)
    assert (first["reason"], second["reason"]) == ("the primary is full", "the disk has to grow")
    assert first["acknowledged_at"] is not None
    assert second["acknowledged_at"] is None
    assert (await kinds(pair))["escalation"] == 2


async def test_two_who_acknowledge(pair: Pair) -> None:
    await pair.declares("checkout is down")
    await pair.types("oncall", "/incident escalate @database the primary is full")
    await pair.finish()
    InTurn(pair.sandbox, [pair.bot.port, pair.second.port])
    ledgers = [
        each["ts"] for each in pair.sandbox.messages(CHANNEL) if "escalation_acknowledge" in str(each.get("blocks"))
    ]

    await at_the_same_moment(
        pair, *(pair.sandbox.click(user, CHANNEL, ledgers[0], "escalation_acknowledge") for user in ("dba", "operator"))
    )

    assert (await kinds(pair))["acknowledged"] == 1
    told = {user: str(pair.sandbox.ephemerals(user, CHANNEL)) for user in ("dba", "operator")}
    assert len([user for user, said in told.items() if "already" in said]) == 1, told


# --- clocks


async def test_machines_whose_clocks_are_30_s_apart(
    postgres_server: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database's time counts for both, from the start on; and a clock that drifts is put right again."""
    monkeypatch.setattr(runner, "UPKEEP_INTERVAL", timedelta(milliseconds=100))
    url, drift = postgres_server.create_database(), [0.0]
    async with Pair(url, tmp_path) as pair:
        loop = asyncio.get_running_loop()
        ahead = SystemClock(counter=lambda: loop.time() + drift[0])
        ahead._at_zero += timedelta(seconds=30)  # as a machine whose own clock is ahead makes it
        third = Dogwatch(pair.settings(), clock=ahead)
        await third.start()

        async def apart() -> float:
            return abs((ahead.now() - await pair.bot.database.now()).total_seconds())

        assert await apart() < 1
        drift[0] = -30
        await pair.sandbox.wait_until(lambda: _is_less(apart(), 1))
        await third.stop()
    postgres_server.drop_database(url)


async def _is_less(figure: Awaitable[float], limit: float) -> bool:
    return await figure < limit


# --- a replica that stands still in the middle of a transaction


async def test_a_transaction_of_much_work_is_not_ended(pair: Pair) -> None:
    """It is older than the time after which others end one, but its server has just heard from it."""
    working = open_database(pair._url)
    assert isinstance(working, PostgresDatabase)
    async with working.engine.connect() as connection:
        await connection.exec_driver_sql("SELECT pg_sleep(1.2)")
        assert await pair.bot.database.end_stuck_transactions(timedelta(seconds=1)) == 0
        assert (await connection.exec_driver_sql("SELECT 1")).scalar_one() == 1
    await working.close()


async def test_what_a_paused_replica_has_locked_is_free_again(pair: Pair) -> None:
    await pair.declares("checkout is down")
    paused = open_database(pair._url)
    assert isinstance(paused, PostgresDatabase)
    holding = await paused.engine.connect()
    await holding.exec_driver_sql("SELECT key FROM lane FOR UPDATE")
    await holding.exec_driver_sql("SELECT id FROM incident FOR UPDATE")
    answering = asyncio.create_task(pair.sandbox.command("oncall", CHANNEL, "/incident severity 1 worse"))

    async def is_waiting() -> bool:
        async with paused.engine.connect() as looking:
            return bool((await looking.exec_driver_sql("SELECT count(*) FROM pg_locks WHERE NOT granted")).scalar_one())

    await pair.sandbox.wait_until(is_waiting)
    assert await pair.second.database.end_stuck_transactions() == 0, "it may still be at work"
    assert await pair.second.database.end_stuck_transactions(timedelta()) == 1

    answer = await answering
    assert (answer.ok, answer.text or "") == (True, "")
    await pair.finish()
    assert "SEV1" in pair.card()
    with pytest.raises(DBAPIError):
        await holding.exec_driver_sql("SELECT 1")
    await holding.close()
    await paused.close()


async def test_what_a_paused_replica_has_locked_is_freed_though_every_connection_waits_for_it(
    postgres_server: PostgresServer,
) -> None:
    url = postgres_server.create_database()
    paused, working = PostgresDatabase(url), PostgresDatabase(url, pool_size=1)
    holding = await paused.engine.connect()
    await holding.exec_driver_sql("SELECT pg_advisory_xact_lock(1)")
    waiting = asyncio.create_task(
        working.run(lambda session: session.connection().exec_driver_sql("SELECT pg_advisory_xact_lock(1)") and None)
    )
    while postgres_server.sql("SELECT count(*) FROM pg_locks WHERE NOT granted") == "0":
        await asyncio.sleep(0.02)

    assert await working.end_stuck_transactions(timedelta()) == 1

    await waiting
    with pytest.raises(DBAPIError):
        await holding.exec_driver_sql("SELECT 1")
    await holding.close()
    for each in (paused, working):
        await each.close()
    postgres_server.drop_database(url)


async def test_an_open_page_of_one_replica_follows_what_the_other_commits(pair: Pair) -> None:
    async with Visitor(pair) as ana:
        await ana.signs_in("engineer")
        token = {"Cookie": f"dogwatch-session={ana.session}"}
        url = f"http://127.0.0.1:{pair.second.port}/live?after=0"
        async with ana.http.get(url, headers=token) as response:
            stream = Stream(response)
            before = await stream.next()
            await pair.declares("checkout is down")
            after = await stream.next()

    assert (before.name, after.name) == ("changed", "changed")
    assert before.id != after.id
    assert after.data in {"", "INC-1"}
