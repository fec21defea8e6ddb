"""Somebody acknowledged and is not heard of since: they are asked, paged again, and then others are."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.worlds.world import World, rendered

CONFIG = """
[nudges]
nobody_leads = 0
update_due = 0
nothing_recorded = 0
acknowledged_quiet = { SEV1 = 15 }

[policies.payments]
[[policies.payments.levels]]
targets = ["U0DBA"]
wait = 5
[[policies.payments.levels]]
targets = ["U0ENGINEER"]
wait = 5
"""


@pytest.fixture
async def world(database_url: str, tmp_path: Path) -> AsyncIterator[World]:
    async with World(database_url, tmp_path, config=CONFIG) as built:
        yield built


async def called(world: World, severity: str = "sev:1") -> str:
    """The administrator was paged and acknowledged at once. Returns their conversation with the bot."""
    await world.declares(f"checkout is down {severity}")
    await world.types("oncall", "/incident escalate policy:payments the database is slow")
    await world.finish()
    direct = world.sandbox.open_dm("dba")
    await world.presses("dba", "escalation_acknowledge", channel=direct)
    return str(direct)


def told(world: World, direct: str) -> list[str]:
    return [rendered(each) for each in world.sandbox.messages(direct) if each.get("user") == "U0DOGWATCH"]


def questions(world: World, direct: str) -> int:
    return sum("Are you still on" in each for each in told(world, direct))


def pages(world: World, direct: str) -> int:
    return sum("rotating_light" in each for each in told(world, direct))


def ledger(world: World) -> str:
    return next(text for text in world.texts() if ("mega" in text and "Escalat" in text) or "Policy" in text)


async def test_who_answered_two_calls_by_one_policy_at_once_is_asked_once(world: World) -> None:
    await world.declares("checkout is down sev:1")
    for _ in range(2):
        await world.types("oncall", "/incident escalate policy:payments the database is slow")
    await world.finish()
    direct = world.sandbox.open_dm("dba")
    await world.presses("dba", "escalation_acknowledge", channel=direct)

    await world.advance(minutes=15, seconds=5)  # Slack takes a message a second

    assert questions(world, direct) == 1


async def test_who_handed_over_is_listened_for_no_more(world: World) -> None:
    direct = await called(world)
    await world.types("dba", "/incident reassign @engineer asleep")
    await world.finish()
    await world.presses("engineer", "escalation_acknowledge", channel=world.sandbox.open_dm("engineer"))

    await world.advance(minutes=21)

    assert questions(world, direct) == 0
    assert pages(world, direct) == 1
    assert pages(world, world.sandbox.open_dm("engineer")) == 2, "it is theirs, and they are silent"


async def test_they_are_asked_then_paged_again_then_the_next_level_is_paged(world: World) -> None:
    direct = await called(world)
    await world.says("oncall", "still down")  # others do not speak for them
    await world.advance(minutes=14)
    assert questions(world, direct) == 0

    await world.advance(minutes=1)

    assert questions(world, direct) == 1
    assert "asked" in ledger(world)
    assert pages(world, direct) == 1
    await world.advance(minutes=5)
    assert pages(world, direct) == 2
    assert any("gives no sign of life" in each for each in world.texts())
    assert "was not heard of since; paged again" in ledger(world)
    assert "<@U0DBA> acknowledged, then silent" in ledger(world)
    [now] = [line for line in ledger(world).splitlines() if line.startswith("• <@U0DBA>")]
    assert now.count("Slack") == 1, "the page that was answered belongs to the time before"
    assert pages(world, world.sandbox.open_dm("engineer")) == 0
    await world.advance(minutes=5)
    assert pages(world, world.sandbox.open_dm("engineer")) == 1
    assert [each["kinds"] for each in await world.timeline()].count(["acknowledged"]) == 1
    acts = [what for who, what in await world.audited() if who is None]
    assert "asked whoever acknowledged for a sign of life" in acts
    [kept] = (await world.exported())["escalations"]
    assert kept["acknowledged"] is True, "the first acknowledgement is on record, whatever came of it"
    assert (kept["acknowledged_by"], kept["acknowledged_after_seconds"]) == ("dba", 120)
    assert kept["answers"][0]["silent"] is True


@pytest.mark.parametrize("sign", ["message", "reaction", "command", "button"])
async def test_a_sign_of_life_puts_it_off(world: World, sign: str) -> None:
    direct = await called(world)
    ts = await world.says("oncall", "still down")
    await world.advance(minutes=16 if sign == "button" else 10)
    match sign:
        case "message":
            await world.says("dba", "looking at the slow queries")
        case "reaction":
            await world.reacts("dba", ts, "eyes")
        case "command":
            await world.types("dba", "/incident note the replica lags")
        case "button":
            assert questions(world, direct) == 1
            await world.presses("dba", "escalation_on_it", channel=direct)
            assert "You are on *INC-1*" in told(world, direct)[-1]

    await world.advance(minutes=14)

    assert questions(world, direct) == 0
    assert pages(world, direct) == 1
    await world.advance(minutes=2)
    assert questions(world, direct) == 1


async def test_whoever_is_asked_hands_it_on(world: World) -> None:
    direct = await called(world)
    await world.advance(minutes=15)

    await world.presses("dba", "escalation_decline", channel=direct)
    await world.finish()

    assert pages(world, world.sandbox.open_dm("engineer")) == 1
    before = len(told(world, direct))
    await world.advance(minutes=4)
    assert len(told(world, direct)) == before


@pytest.mark.parametrize("button", ["escalation_acknowledge", "escalation_on_it"])
async def test_after_the_page_they_acknowledge_again(world: World, button: str) -> None:
    direct = await called(world)
    await world.advance(minutes=20)
    assert pages(world, direct) == 2
    assert not any("It is yours" in each for each in told(world, direct))

    await world.presses("dba", button, channel=direct)
    await world.advance(minutes=12)

    assert pages(world, world.sandbox.open_dm("engineer")) == 0
    before = questions(world, direct)
    await world.advance(minutes=4)
    assert questions(world, direct) == before + 1


async def test_nobody_is_asked_once_it_is_over_or_where_it_is_not_so_bad(world: World) -> None:
    direct = await called(world)
    await world.types("oncall", "/incident resolve restarted")
    await world.advance(hours=1)
    assert questions(world, direct) == 0

    await called(world, "sev:3")
    await world.advance(minutes=30)
    assert questions(world, direct) == 0

    await world.types("oncall", "/incident severity SEV1 it spreads")
    assert questions(world, direct) == 1


async def test_what_fell_due_while_nobody_looked_is_one_step(world: World) -> None:
    direct = await called(world)
    await world.bot.stop()
    world.clock.move_to(world.now.replace(hour=18))

    await world.starts()
    await world.finish()

    assert (questions(world, direct), pages(world, direct)) == (1, 1)
    await world.restart()
    await world.advance(minutes=2)
    assert (questions(world, direct), pages(world, direct)) == (1, 1)
