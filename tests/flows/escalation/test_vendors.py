"""Vendor escalations: contact details, updates and their times."""

from typing import Any

import pytest

from tests.support.records.entries import acts, picks, removes
from tests.support.worlds.databases import BOTH_DATABASES, SQLITE
from tests.support.worlds.world import World, action_ids, rendered

CONFIG = """
[vendors.payplug]
name = "PayPlug <b>"
url = "https://support.example.test/new?a=1&b=2"
contact = "support@example.test"
phone = "+33 1 00 00 00 00"
contract = "gold: 30 min"
links = { status = "https://status.example.test" }
zone = "Europe/Paris"
hours = { from = "16:00", to = "20:00" }

[vendors.host]
ask_for_case_minutes = 0
"""
"""Tests start on a Monday at 14:00 UTC, 15:00 in Paris: an hour before PayPlug's hours."""


pytestmark = pytest.mark.world(config=CONFIG, databases=SQLITE)


def message(world: World) -> str:
    found = [text for text in world.texts() if text.startswith(":mega:")]
    assert len(found) == 1, world.texts()
    return found[0]


def questions(world: World) -> list[str]:
    return [text for text in world.texts() if "case reference did" in text or "The case at" in text]


async def vendor_escalation(world: World) -> dict[str, Any]:
    [found] = (await world.exported())["escalations"]
    return found


async def test_contact_details_are_shown(world: World) -> None:
    await world.declares()

    await world.types("oncall", "/incident escalate vendor:PAYPLUG their API times out")
    await world.finish()

    text = message(world)
    for words in (
        "PayPlug",
        "+33 1 00 00 00 00",
        "support@example.test",
        "gold: 30 min",
        "Mon–Fri 16:00–20:00 (Europe/Paris)",
        "called outside their hours, they answer again",
        "no case reference yet",
        "waiting for their first answer",
        "https://support.example.test/new?a=1&amp;b=2|Open a case",
        "https://status.example.test|status",
    ):
        assert words in text, words
    assert "<b>" not in text
    assert (await vendor_escalation(world))["out_of_hours"] is True


async def test_updates_are_recorded_with_their_times(world: World) -> None:
    await world.declares()
    await world.types("oncall", "/incident escalate vendor:payplug their API times out")
    await world.advance(minutes=60)

    reply = await world.types("oncall", "/incident vendor payplug answered at:14:25 case:CS-123 they see it too")
    assert "case CS-123" in reply
    assert "first answer" in reply
    await world.types("oncall", "/incident vendor payplug fixed at:15:00 a bad deploy of theirs")
    await world.finish()

    text = message(world)
    for words in ("case *CS-123*", "first answer", "after 23m", "noted by <@U0ONCALL>", "fixed by them"):
        assert words in text, (words, text)
    kinds = {entry["text"]: entry["happened_at"] for entry in await world.timeline()}
    assert kinds["they see it too"] == "2026-03-02T14:25:00+00:00"
    assert kinds["a bad deploy of theirs"] == "2026-03-02T15:00:00+00:00"
    assert "CS-123" in kinds
    assert (await vendor_escalation(world))["acknowledged_at"] == "2026-03-02T14:25:00+00:00"
    again = await world.types("oncall", "/incident vendor payplug answered again")
    assert "recorded already" in again


@pytest.mark.world(databases=BOTH_DATABASES)
async def test_the_case_reference_question_is_one_message(world: World) -> None:
    await world.declares()
    await world.types("oncall", "/incident escalate vendor:payplug their API times out")
    await world.advance(minutes=14)
    assert questions(world) == []

    await world.advance(minutes=3)
    [question] = questions(world)
    assert "Asked" not in question
    await world.advance(minutes=31)
    [question] = questions(world)
    assert "Asked 2 times" in question

    await world.presses("oncall", "vendor_form")
    form = world.sandbox.views("oncall")[-1]
    assert form["callback_id"] == "do_vendor"
    await world.submits("oncall", vendor="payplug", case="CS-123")
    await world.finish()

    [reply] = questions(world)
    assert "The case at *PayPlug" in reply
    assert "CS-123" in reply
    await world.advance(hours=3)
    assert questions(world) == [reply]


async def test_no_question_after_the_end_or_if_disabled(world: World) -> None:
    await world.declares()
    await world.types("oncall", "/incident escalate vendor:payplug their API times out")
    await world.types("oncall", "/incident escalate vendor:host their disks fail")
    await world.types("oncall", "/incident escalate vendor:stranger do you know more?")
    await world.advance(minutes=17)
    assert len(questions(world)) == 1

    await world.types("oncall", "/incident resolve all is well")
    await world.advance(hours=3)

    assert questions(world) == []
    assert [text for text in world.texts() if "is no longer asked for." in text]


async def test_a_question_survives_a_restart(world: World) -> None:
    await world.declares()
    await world.types("oncall", "/incident escalate vendor:payplug their API times out")
    await world.finish()
    await world.bot.stop()
    world.clock.move_to(world.now.replace(hour=20))
    await world.starts()
    await world.finish()

    assert len(questions(world)) == 1, "what was missed while nothing ran is asked once"


@pytest.mark.world(databases=BOTH_DATABASES)
async def test_times_are_amended_and_withdrawn(world: World) -> None:
    await world.declares()
    await world.types("oncall", "/incident escalate vendor:payplug their API times out")
    await world.advance(minutes=30)
    await world.presses("oncall", "escalation_acknowledge")
    await world.presses("oncall", "vendor_fixed")
    await world.finish()
    assert "fixed by them" in message(world)
    assert "They answered" not in message(world)

    await acts(world, "oncall", "answered after", "amend", at="14:10")
    await world.finish()
    assert (await vendor_escalation(world))["acknowledged_at"] == "2026-03-02T14:10:00+00:00"
    assert "after 8m" in message(world)

    await world.types("oncall", "/incident timeline")
    await removes(world, "oncall", "answered after")
    await world.finish()
    assert (await vendor_escalation(world))["acknowledged"] is False


async def test_amending_older_updates_keeps_the_newest(world: World) -> None:
    await world.declares()
    await world.types("oncall", "/incident escalate vendor:payplug case:CS-12E4 their API times out")
    await world.types("oncall", "/incident vendor payplug answered by mail")
    await world.types("oncall", "/incident timeline")
    await removes(world, "oncall", "by mail", why="it was another vendor")
    await world.types("oncall", "/incident vendor payplug answered case:CS-1234 by telephone")
    await acts(world, "oncall", "CS-12E4", "amend", text="CS-12F4")
    assert "case *CS-1234*" in message(world)

    await world.types("oncall", "/incident timeline")
    await removes(world, "oncall", "CS-12F4", why="a slip")
    await world.presses("oncall", "timeline_removed")
    await picks(world, "oncall", "by mail", "remove")
    await world.submits("oncall", act="put back")
    await world.types("oncall", "/incident timeline")
    await removes(world, "oncall", "by mail", why="it was another vendor")
    await world.finish()

    assert "case *CS-1234*" in message(world)
    assert (await vendor_escalation(world))["acknowledged"] is True, "by telephone"


async def test_an_answer_at_an_unknown_time(world: World) -> None:
    await world.declares()
    await world.types("oncall", "/incident escalate vendor:payplug at:13:00 their API times out")
    await world.types("oncall", "/incident vendor payplug answered at:? by telephone")
    await world.finish()

    assert "first answer at an unknown time" in message(world)
    found = await vendor_escalation(world)
    assert (found["acknowledged"], found["acknowledged_at"]) == (True, None)
    assert "to acknowledge" not in world.card()


async def test_invalid_updates_are_refused(world: World) -> None:
    await world.declares()
    for typed, reply in (
        ("vendor payplug answered", "was not escalated to PayPlug"),
        ("vendor nobody case:1", "was not escalated to nobody"),
        ("vendor payplug they said no", "Say what happened"),
        ("vendor payplug case:1 and more", "A case reference takes no time and no text."),
        ("vendor stranger", "No contact data for stranger."),
        ("escalate <@U0DBA|dba> case:1 why", "Only a vendor has a case reference"),
    ):
        assert reply in await world.types("oncall", f"/incident {typed}"), typed
    assert (await world.exported())["escalations"] == []


async def test_contact_details_on_request(world: World) -> None:
    await world.declares()
    reply = await world.types("oncall", "/incident vendor payplug")
    assert "+33 1 00 00 00 00" in reply
    assert "Mon–Fri" in reply
    assert not [text for text in world.texts() if text.startswith(":mega:")]


async def test_a_message_without_configuration_shows_the_name_and_the_buttons(world: World) -> None:
    await world.declares()
    await world.types("oncall", "/incident escalate vendor:Adyen case:A-1 are you down?")
    await world.finish()

    [text] = [each for each in world.sandbox.messages(world.channel) if "vendor_form" in action_ids(each)]
    assert action_ids(text) == {"escalation_acknowledge", "vendor_fixed", "vendor_form"}
    assert "case *A-1*" in rendered(text)
