"""The card: the next step at each stage with its button, and no more than seven buttons."""

from typing import Any

import pytest

from tests.support.worlds.databases import SQLITE
from tests.support.worlds.world import World, action_ids, rendered

pytestmark = pytest.mark.world(databases=SQLITE)

MOST_BUTTONS = 7


def card(world: World) -> dict[str, Any]:
    found: dict[str, Any] = world.sandbox.pins(world.channel)[0]
    assert len(action_ids(found)) <= MOST_BUTTONS
    return found


async def check_next(world: World, words: str, action_id: str) -> None:
    await world.finish()
    assert f"*Next:* {words}" in world.card()
    assert action_id in action_ids(card(world))


async def test_the_card_names_the_next_step_until_nothing_is_missing(world: World) -> None:
    await world.declares("checkout is down sev:1 status:triage")
    await check_next(world, "Decide whether this is an incident.", "incident_accept")
    await world.presses("oncall", "incident_accept")
    await check_next(world, "Take the lead. Nobody leads yet.", "incident_lead")
    await world.presses("oncall", "incident_lead")
    await check_next(world, "Escalate. Nobody is on call for this.", "incident_escalate")
    await world.types("oncall", "/incident escalate @dba the pool is full")
    await check_next(world, "State the impact: who is affected, and how.", "do_impact")
    await world.presses("oncall", "do_impact")
    await world.submits("oncall", text="Nobody can pay")
    await world.finish()
    assert "*Next:*" not in world.card()

    await world.advance(minutes=31)
    await check_next(world, "Give a status update. It is due.", "incident_status")
    await world.types("oncall", "/incident status identified the pool was halved")
    await world.finish()
    assert "*Next:* Give" not in world.card()


async def test_somebody_is_on_call_for_a_service_with_people(world: World) -> None:
    await world.declares("checkout is down service:checkout")
    await world.presses("oncall", "incident_lead")
    await check_next(world, "State the impact", "do_impact")


async def test_a_resolved_incident_without_a_lead_can_be_reopened_from_its_card(world: World) -> None:
    await world.declares()
    await world.types("oncall", "/incident resolve")
    await world.finish()

    assert "nobody yet" not in world.card()
    assert {"do_reopen", "incident_draft"} <= action_ids(card(world))
    await world.presses("oncall", "do_reopen")
    await world.submits("oncall", text="It came back")
    await world.finish()

    assert (await world.exported())["incident"]["status"] == "investigating"


async def test_a_form_shows_all_its_errors_at_once(world: World) -> None:
    await world.declares()
    await world.chooses("oncall", "do_impact")

    answer = await world.submits("oncall", text="Nobody can pay", users="lots", started="25:00", ended="26:00")

    assert sorted(answer.errors) == ["ended", "started", "users"]
    assert not any("*Impact*" in text for text in world.texts())


async def test_the_form_that_declares_shows_all_its_errors_at_once(world: World) -> None:
    await world.sandbox.global_shortcut("oncall", "declare_incident")
    await world.settle()

    answer = await world.submits("oncall", title="Checkout is down", tz="Europe/Pariss", at="25:00")

    assert sorted(answer.errors) == ["at", "tz"]
    assert world.channels == []


async def test_cancelling_can_be_left(world: World) -> None:
    await world.declares()
    await world.chooses("oncall", "do_cancel")

    form = world.sandbox.views("oncall")[-1]

    assert (form["submit"]["text"], form["close"]["text"]) == ("Cancel incident", "Keep incident")


async def test_a_reopened_incident_waits_for_no_escalation_that_ended_with_it(world: World) -> None:
    await world.declares()
    await world.types("oncall", "/incident escalate @dba the primary is full")
    await world.finish()
    assert "*Waiting for:* <@U0DBA> to acknowledge" in world.card()

    await world.types("oncall", "/incident resolve done")
    await world.finish()
    await world.types("oncall", "/incident reopen it is back")
    await world.finish()

    assert "Waiting for" not in world.card()
    await world.types("oncall", "/incident catchup")
    assert "the primary is full" not in rendered(world.sandbox.ephemerals("oncall", world.channel)[-1])
    refused = await world.types("dba", "/incident ack")
    assert "No escalation of this incident is unacknowledged" in refused
    again = await world.types("oncall", "/incident escalate @dba once more")
    assert "already" not in again
    await world.finish()
    assert "*Waiting for:* <@U0DBA> to acknowledge" in world.card()
