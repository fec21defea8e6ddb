"""Buttons and forms that were shown or opened before somebody else acted."""

import asyncio
from typing import Any

import pytest

from tests.support.worlds.world import World, action_ids


async def incident(world: World, reference: str = "INC-1") -> dict[str, Any]:
    return dict((await world.exported(reference))["incident"])


async def kinds(world: World) -> list[str]:
    return [kind for entry in await world.timeline() for kind in entry["kinds"]]


def message_with(world: World, action_id: str) -> str:
    """The ts of the newest message in the channel that has the button."""
    [*_, found] = [each for each in world.sandbox.messages(world.channel) if action_id in action_ids(each)]
    return str(found["ts"])


async def told(world: World, user: str) -> str:
    await world.finish()
    return "".join(each["text"] for each in world.sandbox.ephemerals(user, world.channel)[-1:])


# --- the form of the status and that of the severity


@pytest.mark.parametrize("ends", ["resolve took the deploy back", "cancel a test got out"])
async def test_a_status_form_of_before_the_end_does_not_reopen(world: World, ends: str) -> None:
    await world.declares()
    await world.presses("engineer", "incident_status")
    await world.types("oncall", f"/incident {ends}")
    await world.finish()
    over = await incident(world)

    answer = await world.submits("engineer", status="monitoring", text="error rate is falling")
    await world.finish()

    assert "If it is not over, type /incident reopen WHY" in answer.errors["status"]
    assert await incident(world) == over
    assert "reopened" not in await kinds(world)


async def test_a_form_to_resolve_of_before_a_reopening_does_not_end_it_again(world: World) -> None:
    await world.declares()
    await world.presses("engineer", "incident_resolve")
    await world.types("oncall", "/incident resolve took the deploy back")
    await world.types("oncall", "/incident reopen it is back")
    await world.finish()

    answer = await world.submits("engineer", text="took the deploy back")
    await world.finish()
    assert "INC-1 was reopened meanwhile" in answer.errors["text"]
    assert (await incident(world))["status"] == "investigating"

    await world.presses("engineer", "incident_resolve")
    await world.submits("engineer", text="took it back once more")
    assert (await incident(world))["status"] == "resolved"


@pytest.mark.parametrize(
    ("opens", "line", "values"),
    [
        ("incident_status", "status identified the pool", {"status": "monitoring"}),
        ("do_severity", "severity 1 all customers", {"severity": "SEV2"}),
    ],
)
async def test_a_form_does_not_overwrite_what_somebody_changed_meanwhile(
    world: World, opens: str, line: str, values: dict[str, str]
) -> None:
    await world.declares()
    await (world.chooses if opens == "do_severity" else world.presses)("engineer", opens)
    await world.types("oncall", f"/incident {line}")
    await world.finish()
    set_by_oncall = await incident(world)

    answer = await world.submits("engineer", **values)
    assert "Somebody changed this meanwhile. Now:" in answer.errors[next(iter(values))]
    assert await incident(world) == set_by_oncall

    await (world.chooses if opens == "do_severity" else world.presses)("engineer", opens)
    answer = await world.submits("engineer", **values)
    await world.finish()
    assert answer.errors == {}
    name, value = next(iter(values.items()))
    assert (await incident(world))[name] == value


# --- the same button by several people at once


async def test_of_three_who_take_the_lead_at_once_one_leads(world: World) -> None:
    await world.declares()
    card = message_with(world, "incident_lead")

    people = ("engineer", "dba", "manager")
    await asyncio.gather(*(world.sandbox.click(each, world.channel, card, "incident_lead") for each in people))
    answers = [await told(world, each) for each in people]

    assert (await kinds(world)).count("role") == 1
    [role] = (await incident(world))["roles"]
    assert sum(f"<@{role['person_id']}> leads INC-1." in each for each in answers) == 2, answers


async def test_accepting_what_was_declined_at_the_same_moment_does_not_reopen_it(world: World) -> None:
    await world.declares("checkout is down status:triage")
    card = message_with(world, "incident_accept")

    await asyncio.gather(
        world.sandbox.command("oncall", world.channel, "/incident cancel a test got out"),
        world.sandbox.click("engineer", world.channel, card, "incident_accept"),
    )
    answer = await told(world, "engineer")

    assert "reopened" not in await kinds(world)
    found = await incident(world)
    assert found["status"] == "cancelled"
    assert not answer or "INC-1 is cancelled already." in answer


async def test_accepting_does_not_take_a_later_status_back(world: World) -> None:
    await world.declares("checkout is down status:triage")
    card = message_with(world, "incident_accept")

    await asyncio.gather(
        world.sandbox.command("oncall", world.channel, "/incident status identified the pool"),
        world.sandbox.click("engineer", world.channel, card, "incident_accept"),
    )
    await world.finish()

    assert (await incident(world))["status"] == "identified"


# --- a message that was edited, deleted or redacted while the form about it was open


async def opens_on_message(world: World, form: str, *, is_marked: bool = False) -> str:
    """Open a form of the message's menu; returns the message's ts."""
    ts = await world.says("engineer", "the password is hunter2")
    if is_marked:
        await world.reacts("oncall", ts, "mag")
    await world.sandbox.shortcut("dba", world.channel, ts, form)
    return ts


FORMS = pytest.mark.parametrize("form", ["add_to_timeline", "make_it_a_task"])


@FORMS
@pytest.mark.parametrize("is_marked", [False, True])
async def test_a_message_that_was_deleted_meanwhile_does_not_come_back(
    world: World, form: str, is_marked: bool
) -> None:
    await world.declares()
    ts = await opens_on_message(world, form, is_marked=is_marked)
    await world.deletes("engineer", ts)

    answer = await world.submits("dba")
    await world.finish()

    assert "This message was deleted" in str(answer.errors)
    assert "hunter2" not in await world.stored()
    assert "hunter2" not in str(await world.exported())


@FORMS
async def test_a_message_that_was_redacted_meanwhile_does_not_come_back(world: World, form: str) -> None:
    await world.declares()
    ts = await opens_on_message(world, form, is_marked=True)
    entry = (await world.timeline())[-1]
    await world.types("oncall", f"/incident redact {entry['ref']} a secret", world.channel)

    answer = await world.submits("dba")
    await world.finish()

    assert "This message was redacted" in str(answer.errors), ts
    assert "hunter2" not in await world.stored()


@FORMS
async def test_a_message_that_was_edited_meanwhile_is_logged_as_it_reads_now(world: World, form: str) -> None:
    await world.declares()
    ts = await opens_on_message(world, form)
    await world.edits("engineer", ts, "the password was rotated")

    answer = await world.submits("dba")
    await world.finish()

    assert answer.errors == {}
    entry = (await world.timeline())[-1]
    assert (entry["source"], entry["text"]) == ("message", "the password was rotated")
