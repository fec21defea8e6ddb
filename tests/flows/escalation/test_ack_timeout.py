"""Acknowledgement timeout: question, another page, then the next level."""

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


pytestmark = pytest.mark.world(config=CONFIG)


async def acknowledged_escalation(world: World, severity: str = "sev:1") -> str:
    """Page and acknowledge as `dba`; return their direct channel."""
    await world.declares(f"checkout is down {severity}")
    await world.types("oncall", "/incident escalate policy:payments the database is slow")
    await world.finish()
    direct = world.sandbox.open_dm("dba")
    await world.presses("dba", "escalation_acknowledge", channel=direct)
    return str(direct)


def direct_messages(world: World, direct: str) -> list[str]:
    return [rendered(each) for each in world.sandbox.messages(direct) if each.get("user") == "U0DOGWATCH"]


def questions(world: World, direct: str) -> int:
    return sum("Are you still on" in each for each in direct_messages(world, direct))


def pages(world: World, direct: str) -> int:
    return sum("rotating_light" in each for each in direct_messages(world, direct))


def escalation_text(world: World) -> str:
    return next(text for text in world.texts() if ("mega" in text and "Escalat" in text) or "Policy" in text)


async def test_one_question_for_two_escalations_of_one_policy(world: World) -> None:
    await world.declares("checkout is down sev:1")
    for _ in range(2):
        await world.types("oncall", "/incident escalate policy:payments the database is slow")
    await world.finish()
    direct = world.sandbox.open_dm("dba")
    await world.presses("dba", "escalation_acknowledge", channel=direct)

    await world.advance(minutes=15, seconds=5)  # Slack takes a message a second

    assert questions(world, direct) == 1


async def test_a_handover_ends_the_timeout(world: World) -> None:
    direct = await acknowledged_escalation(world)
    await world.types("dba", "/incident reassign @engineer asleep")
    await world.finish()
    await world.presses("engineer", "escalation_acknowledge", channel=world.sandbox.open_dm("engineer"))

    await world.advance(minutes=21)

    assert questions(world, direct) == 0
    assert pages(world, direct) == 1
    assert pages(world, world.sandbox.open_dm("engineer")) == 2, "it is theirs, and they are silent"


async def test_question_then_page_then_next_level(world: World) -> None:
    direct = await acknowledged_escalation(world)
    await world.says("oncall", "still down")  # others do not speak for them
    await world.advance(minutes=14)
    assert questions(world, direct) == 0

    await world.advance(minutes=1)

    assert questions(world, direct) == 1
    assert "asked" in escalation_text(world)
    assert pages(world, direct) == 1
    await world.advance(minutes=5)
    assert pages(world, direct) == 2
    assert any("did not respond" in each for each in world.texts())
    assert "did not respond since; paged again" in escalation_text(world)
    assert "<@U0DBA> acknowledged, then no response" in escalation_text(world)
    [now] = [line for line in escalation_text(world).splitlines() if line.startswith("• <@U0DBA>")]
    assert now.count("Slack") == 1, "the page that was answered belongs to the time before"
    assert pages(world, world.sandbox.open_dm("engineer")) == 0
    await world.advance(minutes=5)
    assert pages(world, world.sandbox.open_dm("engineer")) == 1
    assert [each["kinds"] for each in await world.timeline()].count(["acknowledged"]) == 1
    acts = [what for who, what in await world.audited() if who is None]
    assert "asked the acknowledger for a response" in acts
    [kept] = (await world.exported())["escalations"]
    assert kept["acknowledged"] is True, "the first acknowledgement is on record, whatever came of it"
    assert (kept["acknowledged_by"], kept["acknowledged_after_seconds"]) == ("dba", 120)
    assert kept["answers"][0]["silent"] is True


@pytest.mark.parametrize("sign", ["message", "reaction", "page", "command", "button"])
async def test_activity_restarts_the_timeout(world: World, sign: str) -> None:
    direct = await acknowledged_escalation(world)
    ts = await world.says("oncall", "still down")
    await world.advance(minutes=16 if sign == "button" else 10)
    match sign:
        case "message":
            await world.says("dba", "looking at the slow queries")
        case "reaction":
            await world.reacts("dba", ts, "eyes")
        case "page":
            [page] = [each for each in world.sandbox.messages(direct) if "rotating_light" in rendered(each)]
            await world.reacts("dba", page["ts"], "eyes", channel=direct)
        case "command":
            await world.types("dba", "/incident note the replica lags")
        case "button":
            assert questions(world, direct) == 1
            await world.presses("dba", "escalation_on_it", channel=direct)
            assert "Confirmed: you are on *INC-1*." in direct_messages(world, direct)[-1]

    await world.advance(minutes=14)

    assert questions(world, direct) == 0
    assert pages(world, direct) == 1
    await world.advance(minutes=2)
    assert questions(world, direct) == 1


async def test_decline_after_the_question_pages_the_next_level(world: World) -> None:
    direct = await acknowledged_escalation(world)
    await world.advance(minutes=15)

    await world.presses("dba", "escalation_decline", channel=direct)
    await world.finish()

    assert pages(world, world.sandbox.open_dm("engineer")) == 1
    before = len(direct_messages(world, direct))
    await world.advance(minutes=4)
    assert len(direct_messages(world, direct)) == before


@pytest.mark.parametrize("button", ["escalation_acknowledge", "escalation_on_it"])
async def test_acknowledging_again_restarts_the_timeout(world: World, button: str) -> None:
    direct = await acknowledged_escalation(world)
    await world.advance(minutes=20)
    assert pages(world, direct) == 2
    assert not any("It is yours" in each for each in direct_messages(world, direct))

    await world.presses("dba", button, channel=direct)
    await world.advance(minutes=12)

    assert pages(world, world.sandbox.open_dm("engineer")) == 0
    before = questions(world, direct)
    await world.advance(minutes=4)
    assert questions(world, direct) == before + 1


async def test_no_question_after_the_end_or_for_a_low_severity(world: World) -> None:
    direct = await acknowledged_escalation(world)
    await world.types("oncall", "/incident resolve restarted")
    await world.advance(hours=1)
    assert questions(world, direct) == 0

    await acknowledged_escalation(world, "sev:3")
    await world.advance(minutes=30)
    assert questions(world, direct) == 0

    await world.types("oncall", "/incident severity SEV1 it spreads")
    assert questions(world, direct) == 1


async def test_one_step_after_downtime(world: World) -> None:
    direct = await acknowledged_escalation(world)
    await world.bot.stop()
    world.clock.move_to(world.now.replace(hour=18))

    await world.starts()
    await world.finish()

    assert (questions(world, direct), pages(world, direct)) == (1, 1)
    await world.restart()
    await world.advance(minutes=2)
    assert (questions(world, direct), pages(world, direct)) == (1, 1)
