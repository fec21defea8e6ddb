"""Improvements and tasks get their owners and dates on the postmortem's page."""

from collections.abc import AsyncIterator

import pytest

from tests.flows.postmortem.document.test_publication import takes_step
from tests.flows.postmortem.test_document import PAGE
from tests.support.worlds.databases import BOTH_DATABASES
from tests.support.worlds.visitor import Answer, Visitor
from tests.support.worlds.world import World

pytestmark = pytest.mark.world(databases=BOTH_DATABASES)


@pytest.fixture
async def ana(world: World) -> AsyncIterator[Visitor]:
    """She reads INC-1, which is resolved and has one task."""
    await world.declares("checkout is down")
    await world.types("oncall", "/incident task Alert on the pool")
    await world.types("dba", "/incident note the pool was full")
    await world.types("oncall", "/incident resolve rolled back")
    await world.finish()
    async with Visitor(world) as visitor:
        await visitor.signs_in("engineer")
        yield visitor


async def sends(visitor: Visitor, **fields: str) -> Answer:
    """Send a form as the page shows it, with these fields filled in."""
    page = await visitor.opens(PAGE)
    shown = {name: page.field(name) for name in ("form_token", "submission")}
    answer = await visitor.sends(f"{PAGE}/item", **{**shown, **fields})
    await visitor.world.settle()
    return answer


async def tasks(world: World) -> list[tuple[int, str, str | None, str | None, bool]]:
    exported = await world.exported()
    named = [each for each in exported["actions"] if each["kind"] == "task"]
    return [(each["number"], each["text"], each["owner"], each["due"], each["done"]) for each in named]


async def test_a_task_gets_its_owner_its_date_and_its_end(world: World, ana: Visitor) -> None:
    changed = await sends(ana, number="1", owner="@dba", due="2026-03-20", state="open", state_was="open")

    assert (changed.status, changed.location) == (303, f"{PAGE}#action-items")
    assert await tasks(world) == [(1, "Alert on the pool", "dba", "2026-03-20", False)]
    page = await ana.opens(PAGE)
    owner = page.field("owner_was")
    assert f'value="{owner}"></label>' in page.text
    shown = {"owner": owner, "owner_was": owner, "due": "2026-03-20"}

    done = await sends(ana, number="1", **shown, due_was="2026-03-20", state="done", state_was="open")

    assert done.status == 303
    assert await tasks(world) == [(1, "Alert on the pool", "dba", "2026-03-20", True)]
    assert "changed task 1" in [action for _, action in await world.audited()]


async def test_a_user_group_owns_a_task(world: World, ana: Visitor) -> None:
    assert '<option value="@database">User group Database team</option>' in (await ana.opens(PAGE)).text

    assert (await sends(ana, number="1", owner="@database")).status == 303
    new = await sends(ana, kind="task", text="Size the pool", owner="S0ENGINEERING", due="", submission="one")

    assert new.status == 303
    assert [owner for _, _, owner, _, _ in await tasks(world)] == ["database", "engineering"]
    page = await ana.opens(PAGE)
    assert 'name="owner" list="owners" autocomplete="off" value="@database"' in page.text
    assert (await sends(ana, number="1", owner="@dba", owner_was="@database")).status == 303
    assert (await tasks(world))[0][2] == "dba"


@pytest.mark.parametrize("error", ["plan_upgrade_required", "missing_scope", "internal_error"])
async def test_without_user_groups_people_own_tasks(world: World, ana: Visitor, error: str) -> None:
    world.sandbox.fault("error", "usergroups.list", error=error)

    page = await ana.opens(PAGE)

    assert page.status == 200
    assert "User group" not in page.text
    assert "Nobody is known as @database" in (await sends(ana, number="1", owner="@database")).words
    assert (await sends(ana, number="1", owner="@dba")).status == 303


async def test_two_people_set_different_fields_of_a_task(world: World, ana: Visitor) -> None:
    await world.types("oncall", "/incident task #1 due:2026-03-20")

    await sends(ana, number="1", owner="@dba", due="", due_was="", state="open", state_was="open")

    assert await tasks(world) == [(1, "Alert on the pool", "dba", "2026-03-20", False)]


async def test_a_new_task_is_noted_once_however_often_it_is_sent(world: World, ana: Visitor) -> None:
    form = {"kind": "task", "text": "Size the pool", "owner": "me", "due": "2026-03-21", "submission": "one"}

    answers = [await sends(ana, **form), await sends(ana, **form)]

    assert [each.status for each in answers] == [303, 303]
    assert (await tasks(world))[1:] == [(2, "Size the pool", "engineer", "2026-03-21", False)]
    assert (await sends(ana, kind="improvement", text="Drill it", owner="", due="")).status == 303
    assert [each["text"] for each in (await world.exported())["actions"] if each["kind"] == "improvement"] == [
        "Drill it"
    ]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"number": "1", "owner": "@nobody"}, "Nobody is known as @nobody"),
        ({"number": "1", "due": "2020-01-01"}, "2020-01-01 is in the past"),
        ({"number": "1", "due": "soon"}, "soon is not a date"),
        ({"number": "1", "owner": "@nobody", "due": "soon"}, "soon is not a date"),
        ({"number": "1", "owner": "", "owner_was": "@dba"}, "An owner can be replaced, not removed."),
        ({"number": "1", "due": "", "due_was": "2026-03-20"}, "A date can be replaced, not removed."),
        ({"number": "1"}, "Nothing was changed."),
        ({"number": "7", "state": "done"}, "INC-1 has no improvement or task 7"),
        ({"kind": "task", "text": " \u200b"}, "Write what is to be done."),
    ],
)
async def test_a_mistake_changes_nothing_and_loses_nothing(
    world: World, ana: Visitor, fields: dict[str, str], said: str
) -> None:
    before = await tasks(world)

    refused = await sends(ana, **fields)

    assert refused.status == 422
    assert said in refused.words
    assert ('data-unsaved="yes"' in refused.text) is (fields.get("number") != "7"), "the page does not reset it"
    assert all(f'value="{value}"' in refused.text for name, value in fields.items() if value and name == "owner")
    assert await tasks(world) == before


async def test_tasks_go_on_after_the_publication(world: World, ana: Visitor) -> None:
    await takes_step(ana, "publish")

    assert (await sends(ana, number="1", owner="@dba")).status == 303

    page = await ana.opens(PAGE)
    assert "version 1." in page.words
    assert (await tasks(world))[0][2] == "dba"


async def test_a_stranger_to_a_private_incident_finds_no_form(world: World) -> None:
    await world.declares("keys leaked private:yes")
    await world.types("oncall", "/incident task Rotate the keys")
    await world.finish()
    async with Visitor(world) as visitor:
        await visitor.signs_in("dba")
        home = await visitor.opens("/declare")

        sent = await visitor.sends(f"{PAGE}/item", form_token=home.field("form_token"), number="1", owner="@dba")

    assert sent.status == 404
    assert (await tasks(world))[0][2] is None
