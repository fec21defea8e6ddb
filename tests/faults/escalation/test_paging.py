"""Pages in a storm, with lost responses and restarts."""

from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from sqlmodel import col, select

from bot.services.escalation.page_bundles import acknowledge_bundle
from bot.services.paging.pages import LevelRecipients, page_many
from bot.store.escalation.escalations import Escalation
from bot.store.escalation.pages import Page
from bot.store.incidents import incident_lists
from tests.faults.process.test_timers import Pair, listen
from tests.support.servers.postgres import PostgresServer
from tests.support.worlds.services import Desk
from tests.support.worlds.world import World

PEOPLE = ("U0DBA", "U0DEVELOPER")


@pytest.fixture(params=["sqlite", "two replicas"])
async def world(request: Any, postgres_server: PostgresServer, tmp_path: Path) -> AsyncIterator[World]:
    if request.param == "sqlite":
        async with World(f"sqlite:///{tmp_path / 'dogwatch.db'}", tmp_path) as built:
            yield built
        return
    url = postgres_server.create_database()
    async with Pair(url, tmp_path) as built:
        yield built
    postgres_server.drop_database(url)


async def storm(world: World, count: int, *, at_once: int) -> None:
    """
    Queue many pages at the same time, in several transactions.

    The escalations have no message of their own: only direct messages are tested.
    """

    def call(session: Any, first: int) -> None:
        [incident, *_] = incident_lists.find_open(session, "T0HARBOUR")
        made = [
            Escalation(
                incident_id=incident.key,
                target_kind="person",
                target_id="",
                target_name="",
                reason=f"call {number}.",
                asked_at=world.now,
                precision="exact",
                members=[PEOPLE[number % 2]],
            )
            for number in range(first, first + at_once)
        ]
        session.add_all(made)
        session.flush()
        calls = [LevelRecipients(incident, each, each.members, 1, 0) for each in made]
        page_many(session, world.bot.settings, calls, world.now)

    for first in range(0, count, at_once):
        await world.bot.database.run(call, first)


async def pages(world: World) -> list[Page]:
    def read(session: Any) -> list[Page]:
        return list(session.exec(select(Page).order_by(Page.id)))

    return await world.bot.database.read(read)


def direct_messages(world: World, person: str) -> list[dict[str, Any]]:
    """The bot's direct messages to one person."""
    handle = {"U0DBA": "dba", "U0DEVELOPER": "developer"}[person]
    channel = world.sandbox.open_dm(handle)
    return [each for each in world.sandbox.messages(channel) if each["user"] == "U0DOGWATCH"]


async def test_two_hundred_pages_at_once_arrive_in_few_messages(world: World) -> None:
    await world.declares("checkout is down")

    await storm(world, 200, at_once=20)
    await world.advance(seconds=10)

    rows = await pages(world)
    assert Counter(row.outcome for row in rows) == {"sent": 200}
    for person in PEOPLE:
        messages = direct_messages(world, person)
        assert len(messages) == 4, "three by themselves, and the rest as one"
        held = {row.message_ts for row in rows if row.user_id == person}
        assert held == {each["ts"] for each in messages}


async def test_a_bundle_with_a_lost_response_is_not_sent_again(world: World) -> None:
    await world.declares("checkout is down")
    world.sandbox.open_dm("dba")
    await storm(world, 12, at_once=12)
    await world.advance(seconds=3)
    world.sandbox.fault("cut_after", "chat.postMessage", channel=world.sandbox.open_dm("dba"), times=1)

    await world.advance(seconds=10)

    assert len(direct_messages(world, "U0DBA")) == 4
    assert Counter(row.outcome for row in await pages(world)) == {"sent": 12}


async def test_pages_queued_before_a_kill_are_sent_once(world: World) -> None:
    await world.declares("checkout is down")
    world.sandbox.fault("status", "conversations.open", status=503, body="away")
    world.sandbox.fault("status", "chat.postMessage", status=503, body="away")
    await storm(world, 10, at_once=10)

    await world.bot.stop()
    world.sandbox.clear_faults()
    await world.starts()
    listen(world)
    await world.advance(seconds=15)

    assert [len(direct_messages(world, person)) for person in PEOPLE] == [4, 4]
    assert Counter(row.outcome for row in await pages(world)) == {"sent": 10}


async def test_acknowledging_many_pages_takes_few_statements(tmp_path: Path) -> None:
    """Slack waits for three seconds, in which each round trip to the database counts."""
    policy = '[incidents]\npolicy = "one"\n[policies.one]\n[[policies.one.levels]]\ntargets = ["U0DBA"]\n'
    asked: list[str] = []
    async with Desk.opened(f"sqlite:///{tmp_path / 'dogwatch.db'}", tmp_path, policy) as desk:
        for _ in range(43):
            await desk.opens()
        of_bundle = select(Page.id).where(col(Page.bundle_key).is_not(None))
        page_id = await desk.database.read(lambda session: session.exec(of_bundle).first())

        def answer(session: Any) -> int:
            event.listen(session.connection(), "before_cursor_execute", lambda *given: asked.append(given[2]))
            return acknowledge_bundle(session, desk.settings, page_id, desk.by("U0DBA"))

        assert await desk.database.run(answer) == 40
        assert [each.acknowledged_by for each in (await desk.all())[3:]] == ["U0DBA"] * 40
    assert len(asked) <= 40 * 12, len(asked) / 40
