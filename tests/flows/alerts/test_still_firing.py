"""Alerts that fire after the end of their incident: named at the end, announced once, a reason to reopen."""

from typing import Any

import pytest

from tests.support.requests.notifications import a_notification, an_alert
from tests.support.requests.sent_notifications import messages_with, sends, without_last_seen
from tests.support.worlds.world import World, rendered

STILL = "1 alert still fires: HighCPU"
REPEATED = "*INC-1* is resolved, but 1 alert still fires: HighCPU."


async def fires(world: World) -> dict[str, Any]:
    """One alert, as its monitor tells it now and repeats it later."""
    told = a_notification(an_alert(at=world.now, service="checkout"))
    await sends(world, told)
    return told


def announcement(world: World) -> str:
    (line,) = [text for text in world.texts("incidents") if "INC-1 HighCPU" in text]
    return line


async def test_a_typed_resolve_acts_and_says_what_still_fires(world: World) -> None:
    await fires(world)

    await world.types("oncall", "/incident resolve restarted")
    await world.finish()

    (line,) = messages_with(world, "*Resolved* by")
    assert f"{STILL}." in line
    assert "Reopen" in line
    assert f"{STILL}." in world.card()
    assert f"{STILL}." in announcement(world)


async def test_the_forms_say_it_before(world: World) -> None:
    await fires(world)

    await world.chooses("oncall", "do_cancel")
    assert STILL in rendered(world.sandbox.views("oncall")[-1])
    await world.presses("dba", "incident_resolve")
    assert STILL in rendered(world.sandbox.views("dba")[-1])


@pytest.mark.parametrize("end", ["resolve restarted", "status resolved restarted", "cancel false alarm"])
async def test_an_end_after_that_of_the_alerts_says_nothing_of_them(world: World, end: str) -> None:
    began = world.now
    await fires(world)
    await world.advance(minutes=5)
    await sends(world, a_notification(an_alert(at=began, ended=world.now, service="checkout")))
    await world.presses("oncall", "incident_resolve")
    assert "still" not in rendered(world.sandbox.views("oncall")[-1])

    answer = await world.types("oncall", f"/incident {end}")
    await world.finish()

    assert "still fire" not in " ".join([answer, world.card(), *world.texts(), *world.texts("incidents")])


async def test_a_cancellation_says_it_too_and_is_not_disturbed_by_repetitions(world: World) -> None:
    told = await fires(world)
    answer = await world.types("oncall", "/incident cancel false alarm")
    await world.finish()
    before = await world.exported()

    await world.advance(hours=1)
    await sends(world, told)

    assert f"{STILL}. Repetitions are not reported." == answer
    assert STILL in messages_with(world, "*Cancelled* by")[0]
    assert without_last_seen(await world.exported()) == without_last_seen(before)


async def test_a_repetition_is_told_once_for_each_end(world: World) -> None:
    told = await fires(world)
    await world.types("oncall", "/incident resolve restarted")
    await world.advance(minutes=9)
    await sends(world, told)
    assert messages_with(world, REPEATED) == []

    await world.advance(minutes=2)
    await sends(world, told)
    await world.advance(minutes=30)
    await sends(world, told)

    assert len(messages_with(world, REPEATED)) == len(messages_with(world, REPEATED, "incidents")) == 1
    whole = await world.exported()
    assert whole["incident"]["status"] == "resolved"
    last = whole["timeline"][-1]
    assert (last["text"], last["kinds"], last["source"]) == (STILL, ["note"], "alert")
    assert last["link"]

    await world.presses("oncall", "incident_reopen")
    await world.types("oncall", "/incident resolve restarted again")
    await world.advance(minutes=11)
    await sends(world, told)

    assert len(messages_with(world, REPEATED)) == 2


async def test_the_button_reopens_with_the_alerts_as_the_reason(world: World) -> None:
    told = await fires(world)
    await world.types("oncall", "/incident resolve restarted")
    await world.advance(minutes=11)
    await sends(world, told)

    await world.presses("dba", "incident_reopen", channel="incidents")
    await world.finish()

    (reopened,) = messages_with(world, "*Reopened* by")
    assert STILL in reopened
    assert "Investigating" in world.card()
    answer = await world.presses("dba", "incident_reopen", channel=world.channel)
    assert answer is not None
    assert len(messages_with(world, "*Reopened* by")) == 1, "it is open already"


async def test_a_repetition_beside_a_new_alert_reopens_and_is_not_told(world: World) -> None:
    began = world.now
    await fires(world)
    await world.types("oncall", "/incident resolve restarted")
    await world.advance(minutes=15)

    another = an_alert(at=world.now, service="checkout", instance="web-9")
    await sends(world, a_notification(an_alert(at=began, service="checkout"), another))

    assert "Investigating" in world.card()
    assert messages_with(world, REPEATED) == []


async def test_nothing_is_told_while_the_service_is_under_maintenance(world: World) -> None:
    told = await fires(world)
    await world.types("oncall", "/incident resolve restarted")
    await world.types("oncall", "/incident maintenance checkout to:18:00 disks", "ops")
    await world.advance(minutes=15)

    await sends(world, told)

    assert messages_with(world, REPEATED) == []
