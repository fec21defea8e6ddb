"""Retries of outbox rows: pauses, limits, defects, and recovery when Slack is back."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import Session, col, select

from bot.services.outbox import OutboxKind
from bot.services.outbox.payloads import UserPayload
from bot.store import outbox
from bot.store.outbox import UNFINISHED, OutboxRow, State
from tests.faults.process.test_timers import Pair
from tests.faults.slack.test_delivery_faults import CHANNEL
from tests.flows.operations.test_outbox import by_state
from tests.support.servers.postgres import PostgresServer
from tests.support.worlds.world import World


@pytest.fixture
async def either(database_url: str, tmp_path: Path) -> AsyncIterator[World]:
    async with World(database_url, tmp_path) as built:
        yield built


@pytest.fixture
async def pair(postgres_server: PostgresServer, tmp_path: Path) -> AsyncIterator[Pair]:
    url = postgres_server.create_database()
    async with Pair(url, tmp_path) as built:
        yield built
    postgres_server.drop_database(url)


def unfinished(session: Session) -> list[OutboxRow]:
    return list(session.exec(select(OutboxRow).where(col(OutboxRow.state).in_(UNFINISHED)).order_by(col(OutboxRow.id))))


async def waits(world: World, what: OutboxKind) -> float:
    """For how many seconds the one row of that kind that is unfinished has to wait from now on."""
    (row,) = [each for each in await world.bot.database.read(unfinished) if each.kind == what]
    return (row.not_before - world.now).total_seconds()


# --- what is counted


async def test_whoever_sat_out_an_outage_is_forgiven_as_many_defects_as_others(world: World) -> None:
    await world.declares("checkout is down")
    gone = world.sandbox.fault("cut_before", "chat.postMessage")
    await world.types("oncall", "/incident note the cache is cold")
    await world.advance(minutes=6)
    (row,) = await world.bot.database.read(unfinished)
    assert row.attempts > 5
    good = dict(row.details)

    def change(session: Session, details: dict[str, object]) -> None:
        (row,) = unfinished(session)
        row.details = {**good, **details}
        session.add(row)

    await world.bot.database.run(change, {"event": "there is no such event"})
    world.sandbox.clear_fault(gone)
    await world.advance(seconds=await waits(world, OutboxKind.EVENT))
    assert not await world.bot.database.read(by_state, State.DEAD), "it failed by a defect for the first time"

    await world.bot.database.run(change, {})
    await world.finish()

    assert len([text for text in world.texts() if "the cache is cold" in text]) == 1


async def test_limits_do_not_make_the_pause_after_a_failure_longer(world: World) -> None:
    await world.declares("checkout is down")
    limit = world.sandbox.fault("ratelimited", "chat.postMessage", retry_after=1)
    await world.types("oncall", "/incident note the cache is cold")
    await world.advance(seconds=10)
    (row,) = await world.bot.database.read(unfinished)
    assert row.attempts >= 8
    world.sandbox.clear_fault(limit)
    world.sandbox.fault("status", "chat.postMessage", status=503, times=1)

    await world.advance(seconds=1)

    assert not world.sandbox.list_faults(), "it was tried, and Slack was away"
    assert await waits(world, OutboxKind.EVENT) <= 1, "one failure, one short pause"


# --- Slack is back


def created_channels(world: World) -> list[str]:
    """The incidents' channels in the order in which they were made."""
    calls = [call for call in world.sandbox.calls("conversations.create") if call["ok"]]
    return [call["args"]["name"] for call in calls if call["args"]["name"].startswith("inc-")]


async def sits_out(world: World) -> None:
    """A page and two channels failed so often that their next attempts are far off."""
    await world.declares("checkout is down")
    gone = world.sandbox.fault("cut_before")
    await world.types("oncall", "/incident escalate @dba the primary is full")
    await world.types("oncall", "/incident start slow pages sev:4", "ops")
    await world.types("oncall", "/incident start all is down sev:1", "ops")
    await world.advance(seconds=100)
    assert await waits(world, OutboxKind.PAGE) <= 5, "pages are tried all the time"
    while min(await pauses(world, OutboxKind.CREATE_CHANNEL)) < 15 or await waits(world, OutboxKind.PAGE) < 0.5:
        await world.advance(seconds=1)
    world.sandbox.clear_fault(gone)


async def pauses(world: World, what: OutboxKind) -> list[float]:
    rows = await world.bot.database.read(unfinished)
    return [(row.not_before - world.now).total_seconds() for row in rows if row.kind == what]


def paged(world: World) -> int:
    return len([each for each in world.sandbox.messages(world.sandbox.open_dm("dba")) if each["user"] == "U0DOGWATCH"])


async def test_the_first_call_that_works_lets_all_go_that_waited_for_slack(either: World) -> None:
    """After a new row succeeds, older and more urgent rows do not wait for their pause."""
    await sits_out(either)
    either.bot.sender._lanes_at_once = 1  # so that it shows which one goes first

    await either.types("oncall", "/incident note the cache is cold", CHANNEL)
    await either.advance(seconds=3)

    assert paged(either) == 1
    assert created_channels(either)[1:] == ["inc-3-all-is-down", "inc-2-slow-pages"], "the worst first"
    await either.finish()
    assert (await either.bot.database.read(outbox.count_backlog)).unfinished == 0


async def test_a_start_lets_all_go_that_waited_for_slack(either: World) -> None:
    await sits_out(either)

    await either.restart()
    await either.settle()

    assert paged(either) == 1
    assert sorted(created_channels(either)[1:]) == ["inc-2-slow-pages", "inc-3-all-is-down"]


async def test_a_replica_lets_go_what_another_one_put_off(pair: Pair) -> None:
    """The answer reaches one of them; what both wrote down as waiting for Slack is due."""
    await sits_out(pair)

    await pair.second.gateway.call("auth.test")
    await pair.settle()

    assert paged(pair) == 1
    assert sorted(created_channels(pair)[1:]) == ["inc-2-slow-pages", "inc-3-all-is-down"]


async def test_what_waits_for_something_else_is_left_waiting(either: World) -> None:
    """A limit, a refused token, a time of its own: none of them passes because Slack answers."""
    await either.declares("checkout is down")
    either.sandbox.fault("ratelimited", "chat.postMessage", retry_after=50, times=1)
    await either.types("oncall", "/incident note the cache is cold")
    either.sandbox.fault("error", "conversations.setTopic", error="token_revoked", times=1)
    await either.types("oncall", "/incident severity 1 worse")
    await either.bot.database.run(put_later, either.now)
    before = {row.kind: row.not_before for row in await either.bot.database.read(unfinished)}
    assert {OutboxKind.EVENT, OutboxKind.TOPIC, OutboxKind.USER_LOOKUP} <= before.keys()
    either.clock.move_to(either.now + timedelta(seconds=11))

    await either.bot.gateway.call("auth.test")
    await either.settle()

    after = {row.kind: row.not_before for row in await either.bot.database.read(unfinished)}
    assert {what: after[what] for what in (OutboxKind.EVENT, OutboxKind.TOPIC, OutboxKind.USER_LOOKUP)} == {
        what: before[what] for what in (OutboxKind.EVENT, OutboxKind.TOPIC, OutboxKind.USER_LOOKUP)
    }


def put_later(session: Session, now: datetime) -> None:
    outbox.enqueue(
        session,
        lane="learn:U0DBA",
        kind=OutboxKind.USER_LOOKUP,
        team_id="T0HARBOUR",
        at=now,
        priority=45,
        not_before=now + timedelta(seconds=40),
        payload=UserPayload("U0DBA"),
    )


async def test_what_slack_does_not_take_is_not_tried_with_each_answer(world: World) -> None:
    """Only posts fail, all else works: that is no recovery each time."""
    await world.declares("checkout is down")
    world.sandbox.fault("status", "chat.postMessage", status=503)
    await world.types("oncall", "/incident note the cache is cold")
    await world.advance(minutes=3)
    world.sandbox.clear_calls()
    for _ in range(100):
        await world.bot.gateway.call("auth.test")
        await world.advance(seconds=0.3)

    assert 1 <= len(world.sandbox.calls("chat.postMessage")) <= 4, "in half a minute"
