"""Page bundles: a person gets a few pages singly and the rest in one message."""

import re
from pathlib import Path

import pytest

from tests.support.worlds.contact_methods import ContactMethodWorld
from tests.support.worlds.databases import BOTH_DATABASES
from tests.support.worlds.world import World, rendered

DBA = "<@U0DBA|dba>"


async def pages(world: World, count: int, *, first: int = 1) -> None:
    """Incidents are declared and page the same person, all at one moment of the clock."""
    for number in range(first, first + count):
        await world.types("oncall", f"/incident start queue {number} is stuck", "ops")
        await world.types("oncall", f"/incident escalate INC-{number} {DBA} look at {number}", "ops")


def direct_messages(world: World) -> list[str]:
    return world.texts(world.sandbox.open_dm("dba"))


def waits(texts: list[str]) -> set[int]:
    """Of which incidents these messages speak."""
    return {int(number) for text in texts for number in re.findall(r"INC-(\d+)", text)}


async def test_a_page_by_itself_goes_at_once(world: World) -> None:
    await pages(world, 1)

    [page] = direct_messages(world)
    assert "INC-1" in page
    assert world.now.minute == 0


@pytest.mark.world(databases=BOTH_DATABASES)
async def test_in_a_storm_the_rest_go_in_one_message_with_an_answer_for_each_and_for_all(world: World) -> None:
    await pages(world, 8)
    await world.advance(seconds=3)  # Slack takes a message a second
    at_once = direct_messages(world)
    await world.advance(seconds=5)

    assert len(at_once) == 3
    *_, bundle = direct_messages(world)
    assert len(direct_messages(world)) == 4
    assert waits(at_once) | waits([bundle]) == set(range(1, 9))
    assert "You are needed in *5 incidents* at once" in bundle

    await world.presses("dba", "bundle_acknowledge", channel=world.sandbox.open_dm("dba"))
    await world.finish()
    one_less = direct_messages(world)[-1]
    await world.presses("dba", "bundle_acknowledge_all", channel=world.sandbox.open_dm("dba"))
    await world.finish()

    assert "You are needed in *4 incidents*" in one_less
    assert "No longer needed: 1 incident" in one_less
    assert "None of these 5 pages needs your answer." in direct_messages(world)[-1]
    for number in range(4, 9):
        [answered] = (await world.exported(f"INC-{number}"))["escalations"]
        assert answered["acknowledged_by"] == "U0DBA" or answered["acknowledged_at"], answered
    [open_still] = (await world.exported("INC-1"))["escalations"]
    assert open_still["acknowledged_at"] is None


async def test_the_next_bundle_comes_a_minute_after_the_one_before(world: World) -> None:
    await pages(world, 5)
    await world.advance(seconds=6)
    first = len(direct_messages(world))
    await pages(world, 2, first=6)
    await world.advance(seconds=30)
    still = len(direct_messages(world))
    await world.advance(seconds=30)

    assert (first, still, len(direct_messages(world))) == (4, 4, 5)
    assert {6, 7} <= waits(direct_messages(world)[-1:])


async def test_what_somebody_else_answered_meanwhile_is_not_asked_for(world: World) -> None:
    await pages(world, 5)
    await world.types("oncall", "/incident ack INC-5", "ops")
    await world.advance(seconds=6)

    assert "INC-5" not in direct_messages(world)[-1]
    assert "INC-4" in direct_messages(world)[-1]


async def acknowledged(world: World, count: int) -> list[bool]:
    """Of each incident, from the first on, whether somebody has its escalation."""
    found = [(await world.exported(f"INC-{number}"))["escalations"] for number in range(1, count + 1)]
    return [each["acknowledged_by"] is not None for [each] in found]


async def test_a_reaction_answers_all_that_its_message_holds_and_takes_it_all_back(world: World) -> None:
    await pages(world, 6)
    await world.advance(seconds=10)
    where = world.sandbox.open_dm("dba")
    bundle = world.sandbox.messages(where)[-1]["ts"]

    await world.reacts("dba", bundle, "white_check_mark", channel=where)
    await world.finish()
    assert await acknowledged(world, 6) == [False, False, False, True, True, True]
    assert "None of these 3 pages needs your answer." in direct_messages(world)[-1]

    await world.types("oncall", "/incident resolve cleared", world.channels[3])
    await world.unreacts("dba", bundle, "white_check_mark", channel=where)
    await world.finish()
    assert await acknowledged(world, 6) == [False, False, False, True, False, False], "INC-4 is over"
    assert "You are needed in *2 incidents*" in direct_messages(world)[-1]


async def test_a_reaction_to_a_bundle_that_others_answered_says_so(world: World) -> None:
    await pages(world, 5)
    await world.advance(seconds=10)
    where = world.sandbox.open_dm("dba")
    for number in (4, 5):
        await world.types("oncall", f"/incident ack INC-{number}", "ops")

    await world.reacts("dba", world.sandbox.messages(where)[-1]["ts"], "white_check_mark", channel=where)
    await world.finish()

    whispered = [each["text"] for channel in world.channels for each in world.sandbox.ephemerals("dba", channel)]
    assert any("None of these pages needs your answer." in text for text in whispered)


async def test_of_two_addresses_each_gets_every_page(tmp_path: Path) -> None:
    async with ContactMethodWorld(f"sqlite:///{tmp_path / 'dogwatch.db'}", tmp_path, lambda *_: True) as world:
        for address in ("work@example.test", "home@example.test"):
            await world.types("dba", "/incident pages", "ops")
            await world.presses("dba", "pages_add", channel="ops")
            await world.submits("dba", means="email", address=address, delay="0")
        await pages(world, 4)
        await world.advance(seconds=10)

        for address in ("work@example.test", "home@example.test"):
            mails = [mail.get_body(("plain",)).get_content() for mail in world.mail.took if mail["To"] == address]
            assert waits(mails) == {1, 2, 3, 4}, address
            assert sum(mail.count("Acknowledge:") for mail in mails) == 4, "none of them twice"


@pytest.mark.parametrize("count", [120])
async def test_a_bundle_of_very_many_names_each_and_keeps_to_slacks_limits(world: World, count: int) -> None:
    from bot.services.escalation.page_bundles import BundledPage, BundleView
    from bot.slack.blocks.escalation.page_bundle import page_bundle_message

    lines = [
        BundledPage(n, f"INC-{n}", "x" * 300, "SEV1", 1, "y" * 900, f"C0INCIDENT{n}", is_waiting=True)
        for n in range(count)
    ]
    message = page_bundle_message(BundleView(lines, {}))

    shown = rendered({"blocks": message.blocks})
    assert all(f"INC-{n}" in shown or f"<#C0INCIDENT{n}>" in shown for n in range(count))
    assert len(message.blocks) <= 50
    assert len(str(message.blocks)) < 13_200
