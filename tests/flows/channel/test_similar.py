"""A new incident's channel is told of one earlier incident like it, quietly, and never of a private one."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session

from bot.services.channel.channel_changes import on_channel_made_private
from bot.store.incidents.timeline import TimelineEntry
from tests.support.worlds.databases import BOTH_DATABASES
from tests.support.worlds.past_incidents import add_past_incident
from tests.support.worlds.visitor import Visitor
from tests.support.worlds.world import World

pytestmark = pytest.mark.world(databases=BOTH_DATABASES)
OLD_CHANNEL = "C0OLD"
LIKE = "INC-1000> in <#C0OLD> (checkout; same words: connection, pool, exhausted; ended by a rollback)."


async def has_history(world: World, **more: Any) -> None:
    def add(session: Session) -> None:
        at = world.now - timedelta(days=30)
        kept = add_past_incident(
            session, 0, at, title="connection pool exhausted", cause="too small", channel_id=OLD_CHANNEL, **more
        )
        rolled_back = {"kinds": ["rollback"], "source": "message", "precision": "exact"}
        entry = TimelineEntry(
            incident_id=kept.key,
            seq=9,
            own_text="back to 4.1",
            happened_at=at,
            sort_at=at,
            recorded_at=at,
            **rolled_back,
        )
        session.add(entry)
        add_past_incident(session, 1, at, title="checkout is down")

    await world.bot.database.run(add)


def told(world: World) -> list[str]:
    return [text for text in world.texts() if "Looks like" in text or "similar" in text]


async def test_one_line_says_why_until_somebody_switches_it_off(world: World) -> None:
    await has_history(world)

    await world.declares("connection pool of checkout exhausted service:checkout")

    (line,) = told(world)
    assert "Looks like" in line
    assert LIKE in line
    async with Visitor(world) as ana:
        await ana.signs_in("engineer")
        assert "Looks like INC-1000 (checkout; same words" in (await ana.opens("/incidents/INC-1")).words

        await world.presses("engineer", "not_similar")

        assert told(world) == ["No similar incident is suggested here."]
        assert "Looks like" not in (await ana.opens("/incidents/INC-1")).words
    assert ("U0ENGINEER", "said that no incident is similar") in await world.audited()


@pytest.mark.parametrize(
    "text",
    [
        "checkout is down service:checkout",
        "connection pool exhausted service:search",
        "connection pool exhausted service:checkout drill",
    ],
)
async def test_nothing_is_said_in_doubt_and_in_drills(world: World, text: str) -> None:
    await has_history(world)

    await world.declares(text)

    assert told(world) == []


async def test_a_private_incident_is_not_named_also_if_it_becomes_private(world: World) -> None:
    await has_history(world, is_private=True)
    await world.declares("connection pool exhausted service:checkout")
    assert told(world) == []

    def make_private(session: Session) -> None:
        on_channel_made_private(session, world.bot.settings, "T0HARBOUR", "C0OTHER", world.now)

    def add_other(session: Session) -> None:
        at = world.now - timedelta(days=20)
        add_past_incident(session, 2, at, title="connection pool exhausted", channel_id="C0OTHER")

    await world.bot.database.run(add_other)
    await world.declares("connection pool exhausted again service:checkout")
    assert "INC-1002" in told(world)[0]

    await world.bot.database.run(make_private)
    await world.finish()

    assert told(world) == ["The similar incident is no longer shown."]
    async with Visitor(world) as ana:
        await ana.signs_in("engineer")
        assert "INC-1002" not in (await ana.opens("/incidents/INC-2")).words


@pytest.mark.world(databases=("sqlite",), config="[incidents]\nsuggest_similar = false\n")
async def test_the_configuration_switches_it_off(world: World) -> None:
    await has_history(world)

    await world.declares("connection pool exhausted service:checkout")

    assert told(world) == []


async def test_redacted_words_leave_the_line(world: World) -> None:
    await has_history(world)
    await world.declares("connection pool of checkout exhausted service:checkout")
    declared = (await world.timeline())[0]

    await world.types("oncall", f"/incident redact {declared['ref']} secret")
    await world.finish()

    (line,) = told(world)
    assert "pool" not in line
