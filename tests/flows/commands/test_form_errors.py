"""A form shows all that is wrong in it at once, each at its field, and changes nothing."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.support.records.entries import acts
from tests.support.worlds.oncall import WEEKS
from tests.support.worlds.world import World

BOT = "U0DOGWATCH"
VENDORS = """
[vendors.adyen]
name = "Adyen"
"""


async def sends(world: World, action: str, **values: Any) -> Any:
    """Press a button of the card or of its menu, fill its form in and send it."""
    press = world.chooses if action.startswith("do_") else world.presses
    await press("oncall", action)
    return await world.submits("oncall", **values)


@pytest.mark.parametrize(
    ("action", "values", "fields"),
    [
        ("do_edit", {"zone": "Europe/Pariss", "category": "x" * 201, "languages": "en, xx", "title": " "}, 4),
        ("do_role", {"role.lead": BOT, "role.scribe": BOT}, 2),
        ("incident_note", {"text": " ", "at": "25:00"}, 2),
        ("do_task", {"text": " ", "owner": BOT, "due": "2026-03-01"}, 3),
        ("do_update", {"state": "monitoring", "at": "25:00"}, 2),
        ("do_impact", {"text": "x", "users": "lots", "started": "?"}, 2),
    ],
)
async def test_a_form_of_the_card_shows_all_its_errors(
    world: World, action: str, values: dict[str, Any], fields: int
) -> None:
    await world.declares()
    before = await world.exported()

    answer = await sends(world, action, **values)

    expected = set(values) - {"state"} | ({"text"} if action == "do_update" else set())
    assert set(answer.errors) == expected - ({"text"} if values.get("text") == "x" else set())
    assert len(answer.errors) == fields
    assert await world.exported() == before


async def test_the_form_that_declares_shows_what_its_options_say_of_one_another(world: World) -> None:
    await world.sandbox.global_shortcut("oncall", "declare_incident")
    await world.settle()

    answer = await world.submits("oncall", title="x", at="25:00", ref="x" * 201, flags=["retro", "private"])

    assert sorted(answer.errors) == ["at", "flags", "ref"]
    assert (await world.tables())["incident"] == []


@pytest.mark.world(config=VENDORS)
async def test_the_form_that_pages_shows_all_its_errors(world: World) -> None:
    await world.declares()

    answer = await sends(world, "incident_escalate", person=BOT, at="25:00", case="CS-1")

    assert sorted(answer.errors) == ["at", "case", "person"]
    assert (await world.exported())["escalations"] == []


@pytest.mark.world(config=WEEKS)
async def test_the_form_of_an_override_shows_all_its_errors(world: World) -> None:
    await world.types("oncall", "/incident oncall payments", "ops")
    await world.presses("oncall", "oncall_change", channel="ops")
    starts = int(datetime(2026, 3, 2, 20, tzinfo=UTC).timestamp())

    answer = await world.submits("oncall", person=BOT, starts=starts, ends=starts - 60)

    assert sorted(answer.errors) == ["ends", "person"]


async def test_the_form_of_an_entry_shows_all_its_errors(world: World) -> None:
    await world.declares()
    ts = await world.says("dba", "the pool is too small")
    await world.reacts("dba", ts, "thinking_face")

    answer = await acts(world, "dba", "the pool is too small", "amend", at="25:00", kinds=[])

    assert sorted(answer.errors) == ["at", "kinds"]


async def test_the_form_that_makes_a_task_shows_all_its_errors(world: World) -> None:
    ts = world.sandbox.say("dba", "ops", "The index on orders is missing")
    await world.sandbox.shortcut("oncall", "ops", ts, "make_it_a_task")
    await world.settle()

    answer = await world.submits("oncall", incident="INC-9", text=" ")

    assert sorted(answer.errors) == ["incident", "text"]


async def test_the_form_of_missing_facts_shows_all_its_errors(world: World) -> None:
    await world.declares()
    await world.types("oncall", "/incident resolve")
    await world.finish()

    answer = await sends(world, "question_impact", text=" ", users="lots")

    assert sorted(answer.errors) == ["text", "users"]
