"""Somebody sets the clock while timers wait and work is leased: late or early by no more than that, and once."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.app import Dogwatch
from bot.engine.clock_sync import sync_clock
from bot.runtime.clock import SystemClock
from bot.runtime.metrics import REGISTRY
from bot.store.incidents.transcript import find_messages
from tests.faults.process.test_timers import CHANNEL, call_for_help, pages, reminders
from tests.flows.alerts.test_heartbeats import HeartbeatWorld
from tests.support.requests.notifications import a_notification, an_alert
from tests.support.requests.strangers import channel_id
from tests.support.servers.postgres import PostgresServer
from tests.support.worlds.clocks import SetWorld, TheirClock

REMINDED_AFTER = timedelta(minutes=5)
CONFIG = """
[services.payments]
[storms]
incidents = 2
[heartbeats.backup]
every = "1h"
grace = "10m"
[status]
title = "Harbour Pay"
url = "https://status.example.test"
[status.components.online]
name = "Online payments"
[status.subscribers.channels.ops]
language = "en"
"""


class SetHeartbeats(SetWorld, HeartbeatWorld):
    """With a job that reports."""


@pytest.fixture
async def world(request: pytest.FixtureRequest, database_url: str, tmp_path: Path) -> AsyncIterator[SetHeartbeats]:
    is_postgres = database_url.startswith("postgresql")
    server: PostgresServer | None = request.getfixturevalue("postgres_server") if is_postgres else None
    async with SetHeartbeats(database_url, tmp_path, TheirClock(database_url, server), config=CONFIG) as built:
        yield built


def steps(direction: str) -> float:
    return REGISTRY.get_sample_value("dogwatch_clock_steps_total", {"direction": direction}) or 0.0


async def fires(world: SetWorld) -> Any:
    alert = an_alert("SlowQueries", at=world.now, service="payments")
    _, answer = await world.posts("alertmanager", a_notification(alert, group="one"))
    return answer


def notices(world: SetWorld) -> list[str]:
    return [each for each in world.texts("ops") if "Harbour Pay" in each]


async def test_set_ahead_reminds_early_and_once(world: SetWorld) -> None:
    await call_for_help(world)
    counted = steps("ahead")

    world.theirs.set_by(hours=1)
    with capture_logs() as logs:
        await world.looks_at_the_clock()
    await world.advance(seconds=10)

    assert (pages(world), reminders(world)) == (2, 1)
    assert steps("ahead") == counted + 1
    assert [3590 < each["by_seconds"] < 3610 for each in logs if each["event"] == "clock step detected"] == [True]
    await world.advance_to(world.now + REMINDED_AFTER - timedelta(seconds=30))
    assert (pages(world), reminders(world)) == (2, 1), "the next one is as far off as ever"
    await world.advance(minutes=1)
    assert (pages(world), reminders(world)) == (3, 2)


async def test_set_back_keeps_nobody_waiting(world: SetWorld) -> None:
    await call_for_help(world)
    counted = steps("back")

    world.theirs.set_by(hours=-1)
    with capture_logs() as logs:
        await world.looks_at_the_clock()
    await world.advance(seconds=30)

    assert (pages(world), reminders(world)) == (1, 0), "its time has not come"
    assert steps("back") == counted + 1
    assert "timers moved after clock step" in [each["event"] for each in logs]
    await world.advance_to(world.now + REMINDED_AFTER)
    assert (pages(world), reminders(world)) == (2, 1)


async def test_ahead_and_back_again_is_as_if_nothing_had_been(world: SetWorld) -> None:
    await call_for_help(world)

    world.theirs.set_by(hours=1)
    await world.looks_at_the_clock()
    await world.advance(seconds=10)
    world.theirs.set_by(hours=-1)
    await world.looks_at_the_clock()

    assert (pages(world), reminders(world)) == (2, 1), "early, and not again"
    await world.advance_to(world.now + REMINDED_AFTER)
    assert (pages(world), reminders(world)) == (3, 2)


async def test_set_back_while_nobody_runs(world: SetWorld) -> None:
    await call_for_help(world)
    await world.looks_at_the_clock()
    await world.bot.stop()

    world.theirs.set_by(hours=-1)
    await world.starts()
    world.sandbox.retry_now()  # what was told while nobody listened
    await world.settle()

    assert (pages(world), reminders(world)) == (1, 0)
    await world.advance_to(world.now + REMINDED_AFTER)
    assert (pages(world), reminders(world)) == (2, 1)


async def test_what_waits_for_its_turn_goes_on_when_the_clock_is_set_back(world: SetWorld) -> None:
    """A channel takes one message a second: some of these wait, for a moment that is now an hour away."""
    await world.declares("checkout is down")
    for number in range(4):
        await world.types("oncall", f"/incident note looked at part {number}")
    assert sum("looked at part" in text for text in world.texts(CHANNEL)) < 4, "the others wait"

    world.theirs.set_by(hours=-1)
    await world.looks_at_the_clock()
    await world.advance(seconds=20)

    told = [text for text in world.texts(CHANNEL) if "logged (note)" in text]
    assert [sum(f"at part {number}" in text for text in told) for number in range(4)] == [1, 1, 1, 1], told


async def test_a_declaration_in_the_middle_is_finished(world: SetWorld) -> None:
    slow = world.sandbox.fault("latency", seconds=0.4)
    answer = await world.sandbox.command("oncall", "ops", "/incident start checkout is down sev:2")
    assert "Declared" in (answer.text or "")

    world.theirs.set_by(hours=-1)
    await sync_clock(world.bot.database, world.clock)
    world.theirs.set_by(hours=2)
    await sync_clock(world.bot.database, world.clock)
    world.sandbox.clear_fault(slow)
    world.wakes()
    await world.finish()

    assert world.channels == [CHANNEL]
    assert "checkout is down" in world.card()
    assert len(world.texts("incidents")) == 1
    assert "U0ONCALL" in world.sandbox.members(CHANNEL)


async def test_a_replica_takes_nothing_from_another_because_the_clock_was_set_ahead(
    postgres_server: PostgresServer, tmp_path: Path
) -> None:
    """By the new time every lease ran out long ago: whoever notices first must not take what is under way."""
    url = postgres_server.create_database()
    theirs = TheirClock(url, postgres_server)
    async with SetWorld(url, tmp_path, theirs) as world:
        second = Dogwatch(world.settings(), clock=SystemClock(counter=theirs.counter))
        await second.start()
        world.sandbox.fault("latency", method="conversations.create", seconds=1.5)
        with capture_logs() as logs:
            await world.sandbox.command("oncall", "ops", "/incident start checkout is down")
            await world.sandbox.wait_until(lambda: world.sandbox.pending()["requests"] > 0)
            theirs.set_by(hours=1)
            await sync_clock(second.database, second.clock)
            second.sender.wake()
            await world.sandbox.wait_until(lambda: world.sandbox.pending()["requests"] == 0)
            await world.finish()
            await second.stop()

        assert world.channels == [CHANNEL]
        made = [each["args"]["name"] for each in world.sandbox.calls("conversations.create")]
        assert made.count(CHANNEL) == 1
        assert "lane taken by another worker" not in [each["event"] for each in logs]
    postgres_server.drop_database(url)


async def test_what_is_said_and_marked_during_a_look_stands_while_our_clock_runs_ahead(world: SetWorld) -> None:
    """By our clock it was all said minutes before; by Slack's it came just as the channel was read, and was missed."""
    await world.declares()
    kept = await world.says("engineer", "reading the logs")
    await world.reacts("oncall", kept, "mag")
    world.theirs.set_by(minutes=10)
    await world.looks_at_the_clock()
    ts = await world.says("engineer", "it was the release")
    await world.reacts("oncall", kept, "dart")
    place = world.sandbox.workspace.channels[channel_id(world)]
    hidden = place.messages.pop(ts)
    place.order.remove(hidden.ts)
    place.messages[kept].reactions.pop("dart")
    world.sandbox.clear_calls()

    world.theirs.set_by(minutes=10)
    await world.looks_at_the_clock()
    await world.advance(seconds=1)

    assert world.sandbox.calls("conversations.history"), "the regular look is due by this clock"
    entries = [each for each in await world.timeline() if each["source"] == "message"]
    assert [sorted(each["kinds"]) for each in entries] == [["cause", "investigation"]]
    said = await world.bot.database.read(find_messages, world.sandbox.team_id, place.id)
    assert [each.deleted_at for each in said if each.ts == ts] == [None]


@pytest.mark.parametrize("back", [timedelta(seconds=5), timedelta(hours=1)])
async def test_what_maintenance_held_fires_at_its_end_when_the_clock_is_set_back(
    world: SetWorld, back: timedelta
) -> None:
    await world.types("oncall", "/incident maintenance payments to:in 2 hours new disks", "ops")
    assert (await fires(world))["in_maintenance"] == 1

    world.theirs.set_by(seconds=-back.total_seconds())
    await world.looks_at_the_clock()
    await world.advance_to(world.now + timedelta(hours=2) + back)

    assert len(world.channels) == 1


async def test_what_maintenance_holds_after_the_clock_was_ahead_fires_at_its_end(world: SetWorld) -> None:
    await world.types("oncall", "/incident maintenance payments to:in 30 minutes new disks", "ops")
    world.theirs.set_by(hours=1)
    await world.looks_at_the_clock()
    world.theirs.set_by(hours=-1)
    await world.looks_at_the_clock()

    assert (await fires(world))["in_maintenance"] == 1
    await world.advance(minutes=31)

    assert len(world.channels) == 1


@pytest.mark.parametrize("back", [timedelta(seconds=5), timedelta(hours=1)])
async def test_readers_are_told_of_maintenance_at_its_times_when_the_clock_is_set_back(
    world: SetWorld, back: timedelta
) -> None:
    await world.types(
        "oncall", "/incident maintenance payments from:in 3 hours to:in 4 hours public:online Slow.", "ops"
    )
    await world.finish()
    begins = world.now + timedelta(hours=3)

    world.theirs.set_by(seconds=-back.total_seconds())
    await world.looks_at_the_clock()
    await world.advance(minutes=5)
    told = notices(world)
    await world.advance_to(begins - timedelta(minutes=5))
    before = notices(world)
    await world.advance_to(begins + timedelta(hours=1, minutes=5))

    assert (len(told), len(before), len(notices(world))) == (1, 2, 4), notices(world)


@pytest.mark.parametrize("is_last", [True, False])
async def test_a_beat_while_the_clock_was_ahead_hides_no_silence(world: SetHeartbeats, *, is_last: bool) -> None:
    world.theirs.set_by(days=400)
    await world.looks_at_the_clock()
    await world.beats()
    await world.advance(minutes=2)
    world.theirs.set_by(days=-400)
    await world.looks_at_the_clock()
    if not is_last:
        await world.advance(minutes=30)
        await world.beats()

    await world.advance(minutes=68)
    assert await world.alerts() == []
    await world.advance(minutes=5)
    assert [each.status for each in await world.alerts()] == ["firing"]


async def test_a_storm_while_the_clock_was_ahead_is_over_when_it_is_set_right(world: SetHeartbeats) -> None:
    world.theirs.set_by(hours=1)
    await world.looks_at_the_clock()
    for number in range(4):
        alert = an_alert(f"Slow{number}", at=world.now)
        await world.posts("alertmanager", a_notification(alert, group=f"group {number}"))
    await world.finish()
    opened = len(world.channels)
    world.theirs.set_by(hours=-1)
    await world.looks_at_the_clock()
    await world.advance(minutes=10)

    alert = an_alert("Late", at=world.now)
    await world.posts("alertmanager", a_notification(alert, group="late"))
    await world.finish()

    assert (opened, len(world.channels)) == (3, 4), "the storm's incident, and then one of its own again"
