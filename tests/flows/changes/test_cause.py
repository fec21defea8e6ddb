"""Recent changes on the card, on the record and in the draft; one press makes one the cause."""

from datetime import timedelta

import pytest
from sqlmodel import Session

from bot.domain.errors import UserError
from bot.services.changes import state_change_as_cause
from bot.services.workspace.actor import Actor, Origin
from tests.support.requests.changes import SERVICES, ChangeWorld
from tests.support.requests.notifications import a_notification, an_alert
from tests.support.worlds.story import drafts

pytestmark = pytest.mark.world(kind=ChangeWorld, config=SERVICES)


async def fires(world: ChangeWorld) -> None:
    await world.posts("alertmanager", a_notification(an_alert("HighErrors", at=world.now, service="checkout")))
    await world.finish()


async def test_the_newest_change_before_the_first_error_stands_first(world: ChangeWorld) -> None:
    for minutes, name in ((180, "checkout"), (40, "ledger"), (12, "checkout"), (5, "search")):
        await world.deploys(world.now - timedelta(minutes=minutes), name=name, number=minutes)
    await fires(world)
    await world.deploys(world.now + timedelta(minutes=2), number=99)

    shown = world.card()
    assert "12m before the first error" in shown
    assert shown.index("12m before") < shown.index("40m before")
    for absent in ("3h before", "5m before", "search"):
        assert absent not in shown
    assert shown.count("Use the new connection pool") == 2


async def test_a_change_that_is_told_late_appears_on_the_card(world: ChangeWorld) -> None:
    began = world.now - timedelta(minutes=12)
    await fires(world)
    assert "Changed lately" not in world.card()

    await world.deploys(began, ended="success")
    await world.finish()

    assert "12m before the first error" in world.card()


async def test_one_press_records_the_cause(world: ChangeWorld) -> None:
    began = world.now - timedelta(minutes=12)
    await world.deploys(began, ended="success")
    await fires(world)

    await world.presses("dba", "change_is_cause")
    await world.finish()

    assert "Changed lately" not in world.card()
    assert "/incident impact started:2026-03-02" in world.sandbox.ephemerals("dba", world.channel)[-1]["text"]
    record = await world.exported()
    assert [each["is_cause"] for each in record["changes"]] == [True]
    [cause] = [each for each in record["timeline"] if "cause" in each["kinds"]]
    assert cause["text"] == "Deployment: Use the new connection pool (checkout, v1.42 (4f2c9a7b))"
    await world.types("dba", "/incident resolve rolled back")
    await world.finish()
    draft = drafts(world)[-1]
    assert "Changes before the first error" in draft
    assert "recorded as the cause" in draft

    answer = await world.types("dba", "/incident postmortem public")
    assert "comes from a delivery tool" in answer
    assert "connection pool" not in answer


async def test_an_incident_of_another_service_has_none(world: ChangeWorld) -> None:
    await world.deploys(world.now - timedelta(minutes=12))
    await world.declares("payments fail service:search")
    assert "Changed lately" not in world.card()
    await world.declares("nobody knows what fails")
    assert "Changed lately" not in world.card()


async def test_a_change_after_the_corrected_start_is_out_of_question(world: ChangeWorld) -> None:
    await world.deploys(world.now - timedelta(minutes=12))
    await fires(world)
    card = world.sandbox.pins(world.channel)[0]
    button = next(each["accessory"] for each in card["blocks"] if "Changed lately" in str(each))

    await world.types("oncall", "/incident impact started:13:30 nobody could pay")
    await world.finish()

    assert "Changed lately" not in world.card()
    with pytest.raises(UserError, match="no longer in question"):
        await world.bot.database.run(press, world, *map(int, button["value"].split(".")))


def press(session: Session, world: ChangeWorld, incident_id: int, change_id: int) -> None:
    """What a press does that arrives late."""
    actor = Actor("T0HARBOUR", "U0DBA", world.now, Origin.BUTTON)
    state_change_as_cause(session, world.bot.settings, incident_id, actor, change_id)
