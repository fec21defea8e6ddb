"""The outbox as people see it: priorities, failures, and recovery after a restart."""

import asyncio
from datetime import timedelta

import pytest
from sqlmodel import Session, col, select

from bot.services.outbox import OutboxKind
from bot.services.outbox.payloads import EventPayload
from bot.store import outbox
from bot.store.outbox import OutboxRow, State
from tests.support.worlds.databases import BOTH_DATABASES
from tests.support.worlds.world import World

pytestmark = pytest.mark.world(databases=BOTH_DATABASES)


def put_broken(session: Session) -> None:
    """A row that no effect can carry out: our own mistake, not Slack's."""
    at = session.exec(select(OutboxRow)).first().created_at
    outbox.enqueue(
        session,
        lane="post:1",
        kind=OutboxKind.EVENT,
        team_id="T0HARBOUR",
        at=at,
        priority=30,
        incident_id=1,
        payload=EventPayload("there is no such event"),
    )


def by_state(session: Session, *states: State) -> list[OutboxRow]:
    rows = session.exec(select(OutboxRow).where(col(OutboxRow.state).in_(states)).order_by(col(OutboxRow.id)))
    return list(rows)


async def test_in_a_storm_the_worst_goes_first(world: World) -> None:
    """Slack allows twenty channels a minute: the second minute starts with the worst."""
    for number in range(40):
        await world.sandbox.command("oncall", "ops", f"/incident start minor {number} sev:4")
    await world.sandbox.command("oncall", "ops", "/incident start bad sev:2")
    await world.sandbox.command("oncall", "ops", "/incident start worst sev:1")
    await world.finish()
    await world.advance(minutes=3)

    made = [call["args"]["name"] for call in world.sandbox.calls("conversations.create") if call["ok"]]
    of_incidents = [name for name in made if name.startswith("inc-")]
    assert len(of_incidents) == 42
    late = {of_incidents.index("inc-42-worst"), of_incidents.index("inc-41-bad")}
    assert max(late) < 38, "nineteen go side by side in the second minute, and these are among them"
    assert len(world.texts("incidents")) == 42


async def test_a_worker_remembers_nothing_of_lanes_that_are_over(world: World) -> None:
    """However many incidents there were: it runs for months."""
    await world.declares("checkout is down")
    await world.types("oncall", "/incident note the cache is cold")
    await world.finish()

    assert world.bot.sender.leases.expires_at == {}


async def test_our_own_mistake_is_given_up_and_the_lane_goes_on(world: World) -> None:
    await world.declares("checkout is down")
    await world.bot.database.run(put_broken)
    await world.types("oncall", "/incident note the cache is cold")
    await world.finish()

    assert any("the cache is cold" in text for text in world.texts())
    (dead,) = await world.bot.database.read(by_state, State.DEAD, State.FAILED)
    assert (dead.kind, dead.state, dead.attempts) == (OutboxKind.EVENT, State.DEAD, 5)
    assert "Post what happened: Dogwatch had an internal error (KeyError)" in world.card(), "and people see it"


def put_later(session: Session) -> None:
    """Rows of a later release, of an unknown kind: one due now, one a day ago."""
    now = session.exec(select(OutboxRow)).first().created_at
    for lane, at in (("later:1", now), ("later:2", now - timedelta(hours=25))):
        outbox.enqueue(session, lane=lane, kind="play a tune", team_id="T0HARBOUR", at=at, priority=1, incident_id=1)


async def test_what_a_later_release_wants_done_is_left_to_its_replicas_for_a_day(world: World) -> None:
    await world.declares("checkout is down")
    await world.bot.database.run(put_later)
    await world.types("oncall", "/incident note the cache is cold")
    await world.advance(seconds=40)

    assert any("the cache is cold" in text for text in world.texts()), "the others go on"
    left = await world.bot.database.read(by_state, State.WAITING, State.UNKNOWN, State.DEAD, State.FAILED)
    assert [(row.lane, row.state, row.defects) for row in left] == [
        ("later:1", State.WAITING, 0),
        ("later:2", State.DEAD, 0),
    ]


async def test_what_slack_did_not_take_for_a_day_is_given_up_until_somebody_tries_again(world: World) -> None:
    await world.declares("checkout is down")
    await world.types("oncall", "/incident lead @oncall")  # else a reminder to do so is given up, too
    await world.finish()
    gone = world.sandbox.fault("cut_before", "chat.postMessage")
    await world.types("oncall", "/incident note the cache is cold")
    await world.advance(minutes=15)
    assert not await world.bot.database.read(by_state, State.DEAD), "it is tried for longer than that"
    world.clock.move_to(world.now + timedelta(days=1))
    await world.finish()
    (dead,) = await world.bot.database.read(by_state, State.DEAD)
    assert dead.kind == OutboxKind.EVENT
    world.sandbox.clear_fault(gone)

    assert await world.bot.database.run(outbox.retry_row, dead.key, world.now)
    await world.finish()

    assert len([text for text in world.texts() if "the cache is cold" in text]) == 1
    assert not await world.bot.database.read(by_state, State.DEAD, State.FAILED)


@pytest.mark.parametrize("settled", [True, False], ids=["at-rest", "under-way"])
async def test_an_orderly_restart_changes_nothing(world: World, *, settled: bool) -> None:
    if settled:
        await world.declares("checkout is down")
    else:
        answer = await world.sandbox.command("oncall", "ops", "/incident start checkout is down")
        assert "Declared" in (answer.text or "")

    await world.bot.stop()
    world.bot = type(world.bot)(world.settings(), clock=world.clock)
    await world.bot.start()
    world.sandbox.http.url = f"{world.url}/slack/events"
    world.sandbox.retry_now()  # what was told while nobody listened
    await world.finish()

    assert world.channels == ["inc-1-checkout-is-down"]
    assert "checkout is down" in world.card()
    assert len(world.texts("incidents")) == 1


async def test_a_burst_of_changes_is_few_edits(world: World) -> None:
    await world.declares("checkout is down")
    slow = world.sandbox.fault("latency", "chat.update", seconds=0.5)
    world.sandbox.clear_calls()

    for severity in (1, 2, 1, 2, 1, 4):
        await world.sandbox.command("oncall", world.channel, f"/incident severity {severity} because")
    await world.finish()
    world.sandbox.clear_fault(slow)

    edits = [call for call in world.sandbox.calls("chat.update") if call["args"]["channel"] != "incidents"]
    assert "SEV4" in world.card()
    assert "SEV4" in world.texts("incidents")[0]
    assert len(edits) < 12, "two messages, six changes"
    assert len([text for text in world.texts() if "because" in text]) == 6, "events are told one by one"


async def test_posts_keep_to_one_a_second_and_channel(world: World) -> None:
    world.sandbox.rate_limits()
    await world.declares("checkout is down")
    for number in range(8):
        await world.sandbox.command("oncall", world.channel, f"/incident note number {number}")
    await world.finish()

    assert [text for text in world.texts() if "number" in text] == sorted(
        text for text in world.texts() if "number" in text
    )
    refused = [call for call in world.sandbox.calls("chat.postMessage") if call["error"] == "ratelimited"]
    assert refused == []


async def test_an_edit_that_waits_does_not_hold_back_the_next_announcement(world: World) -> None:
    """In a busy hour Slack allows no more edits for a while: that delays no first message about an incident."""
    await world.declares("checkout is down")
    world.sandbox.fault("ratelimited", "chat.update", times=2, retry_after=120)  # the card, the announcement
    await world.types("oncall", "/incident severity 1 worse")

    await world.types("oncall", "/incident start search is slow", "ops")
    await world.advance(seconds=5)

    announced = world.texts("incidents")
    assert len(announced) == 2
    assert "SEV1" not in announced[0], "its edit still waits"
    assert "search is slow" in announced[1]
    await world.advance(minutes=3)
    assert "SEV1" in world.texts("incidents")[0]


async def test_announcements_of_several_incidents_find_their_channel_once(world: World) -> None:
    """A storm is the first thing that a new installation announces."""
    slow = world.sandbox.fault("latency", "conversations.list", seconds=0.2)
    answers = [world.sandbox.command("oncall", "ops", f"/incident start outage of cell {number}") for number in "abcd"]
    await asyncio.gather(*answers)
    await world.finish()
    world.sandbox.clear_fault(slow)

    assert len(world.texts("incidents")) == 4
    assert len(world.sandbox.calls("conversations.list")) == 1
