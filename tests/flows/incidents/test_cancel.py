"""`/incident cancel`."""

import pytest

from tests.support.records.entries import listed_for
from tests.support.requests.notifications import a_notification, an_alert
from tests.support.worlds.story import drafts
from tests.support.worlds.world import World, action_ids

WHY = "false alarm: the monitor was set too low"


async def test_a_false_alarm_is_over_and_says_why(world: World) -> None:
    name = await world.declares()

    answer = await world.types("oncall", f"/incident cancel {WHY}")
    await world.finish()

    assert answer == "", "the channel says it"
    assert "Cancelled" in world.card()
    assert WHY in world.card()
    assert WHY in world.texts("incidents")[-1]
    assert world.sandbox.channel(name)["topic"]["value"].startswith("cancelled")
    assert any("*Cancelled* by" in text and WHY in text for text in world.texts())
    whole = await world.exported()
    incident = whole["incident"]
    assert (incident["status"], incident["closure_reason"]) == ("cancelled", WHY)
    assert [incident[key] for key in ("ended_at", "resolved_at", "duration", "resolution")] == [None] * 4
    last = whole["timeline"][-1]
    assert (last["kinds"], last["text"], last["was"], last["became"]) == (
        ["cancelled"],
        WHY,
        "investigating",
        "cancelled",
    )
    assert world.sandbox.files() == [], "no draft is posted by itself"
    offered = {"do_reopen", "incident_draft", "incident_note", "incident_edit", "incident_more"}
    assert action_ids(world.sandbox.pins(name)[0]) == offered


async def test_its_draft_says_that_it_was_cancelled_and_asks_for_nothing(world: World) -> None:
    await world.declares()
    await world.types("oncall", f"/incident cancel {WHY}")
    answer = await world.types("oncall", "/incident postmortem")
    await world.finish()

    assert answer.endswith(f"The incident was cancelled: {WHY}")
    (draft,) = drafts(world)
    assert f"Cancelled: {WHY}" in draft
    assert "Nobody recorded an end" not in draft
    assert "Nobody recorded the impact" not in draft
    assert "not resolved yet" not in draft


@pytest.mark.parametrize("line", ["cancel", 'cancel ""'])
async def test_it_needs_a_reason(world: World, line: str) -> None:
    await world.declares()
    before = await world.tables()

    answer = await world.types("oncall", f"/incident {line}")

    assert answer.startswith(":warning:")
    assert await world.tables() == before


async def test_what_is_over_is_not_cancelled(world: World) -> None:
    await world.declares()
    await world.types("oncall", "/incident resolve")

    answer = await world.types("oncall", f"/incident cancel {WHY}")

    assert answer.startswith(":warning: An incident that is resolved cannot cancel")
    assert "`/incident reopen WHY`" in answer
    assert (await world.exported())["incident"]["status"] == "resolved"


async def test_the_status_command_names_the_way(world: World) -> None:
    await world.declares()

    assert "`/incident cancel WHY`" in await world.types("oncall", "/incident status cancelled")


async def test_nobody_is_reminded_of_what_was_cancelled(world: World) -> None:
    await world.declares()
    await world.types("oncall", "/incident escalate @dba the database is slow")
    await world.finish()

    await world.types("oncall", f"/incident cancel {WHY}")
    await world.finish()
    before = world.texts()
    await world.advance(minutes=60)

    assert world.texts() == before
    pressed = (
        await world.presses("dba", "escalation_acknowledge")
        if any("escalation_acknowledge" in action_ids(each) for each in world.sandbox.messages(world.channel))
        else None
    )
    assert pressed is None, "there is no button left to press"


async def test_it_can_be_reopened_and_then_has_no_reason_any_more(world: World) -> None:
    await world.declares()
    await world.types("oncall", "/incident resolve rolled back")
    await world.types("oncall", "/incident reopen it came back")
    await world.types("oncall", f"/incident cancel {WHY}")
    incident = (await world.exported())["incident"]
    assert (incident["ended_at"], incident["resolution"]) == (None, None), "the earlier end was taken back"

    answer = await world.types("oncall", "/incident reopen it was real")
    await world.finish()

    assert answer == "", "the channel says it"
    incident = (await world.exported())["incident"]
    assert (incident["status"], incident["closure_reason"]) == ("investigating", None)
    assert WHY not in world.card()
    assert world.sandbox.channel(world.channel)["topic"]["value"].startswith("SEV")
    await world.types("oncall", "/incident resolve now it is over")
    assert (await world.exported())["incident"]["resolution"]["text"] == "now it is over"


async def test_the_button_asks_why(world: World) -> None:
    await world.declares()
    await world.chooses("oncall", "do_cancel")

    answer = await world.submits("oncall", text=WHY)
    await world.finish()

    assert answer.ok, answer
    assert WHY in world.card()


async def test_its_entry_stays_while_it_is_the_reason(world: World) -> None:
    await world.declares()
    await world.types("oncall", f"/incident cancel {WHY}")
    await world.types("oncall", "/incident timeline")

    _, entry = listed_for(world, "oncall", WHY)

    offered = [option["text"]["text"] for option in entry["accessory"]["options"]]
    assert "Redact" in offered
    assert "Take off or redact" not in offered


async def test_an_alert_after_a_cancelled_incident_opens_a_new_one(world: World) -> None:
    await world.posts("alertmanager", a_notification(an_alert(at=world.now)))
    await world.finish()
    await world.types("oncall", f"/incident cancel {WHY}")
    await world.advance(minutes=5)

    _, answer = await world.posts("alertmanager", a_notification(an_alert(at=world.now)))

    assert answer["incidents"] == ["INC-2"]
