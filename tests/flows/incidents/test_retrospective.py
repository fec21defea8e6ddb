"""`/incident start … retro`: record an incident after its end."""

import pytest

from tests.support.requests.notifications import a_notification, an_alert
from tests.support.worlds.story import drafts
from tests.support.worlds.world import World


async def recorded(world: World, more: str = "") -> str:
    told = await world.types("oncall", f"/incident start checkout was down at:12:30 sev:2 retro {more}".strip(), "ops")
    await world.finish()
    return told


async def test_it_has_no_channel_and_nobody_hears_of_it(world: World) -> None:
    channels = len(world.sandbox.channels())

    told = await recorded(world)

    assert "Recorded *INC-1* (SEV2) after the fact" in told
    assert len(world.sandbox.channels()) == channels
    assert world.sandbox.messages(world.sandbox.open_dm("oncall"), "oncall") == []


async def test_its_record_is_made_from_anywhere_and_the_draft_comes_directly(world: World) -> None:
    await recorded(world)
    await world.types("dba", "/incident note INC-1 at:12:40 the pool was exhausted", "ops")
    await world.types("dba", "/incident escalate INC-1 @dba at:12:35 the pool", "ops")
    told = await world.types("oncall", "/incident resolve INC-1 at:13:10 more connections", "ops")
    await world.finish()

    assert "direct message" in told
    incident = (await world.exported())["incident"]
    assert incident["retro"] is True
    assert incident["started_at"].startswith("2026-03-02T12:30")
    assert incident["ended_at"].startswith("2026-03-02T13:10")
    assert incident["duration_seconds"] == 40 * 60
    assert world.sandbox.messages(world.sandbox.open_dm("dba"), "dba") == [], "nobody was paged"
    (draft,) = drafts(world)
    assert "the pool was exhausted" in draft
    assert any(message.get("files") for message in world.sandbox.messages(world.sandbox.open_dm("oncall"), "oncall"))
    assert "comes to you in a direct message" in await world.types("dba", "/incident postmortem INC-1", "ops")


async def test_nobody_is_paged_for_it(world: World) -> None:
    await recorded(world)

    told = await world.types("oncall", "/incident escalate INC-1 @dba the pool", "ops")

    assert told.startswith(":warning:")
    assert "`at:TIME`" in told


async def test_it_is_listed_and_shown_as_what_it_is_and_takes_no_alert(world: World) -> None:
    await recorded(world, "service:checkout")

    await world.types("engineer", "/incident INC-1", "ops")
    shown = str(world.sandbox.ephemerals("engineer", "ops")[-1]["blocks"])
    assert "after the fact" in shown
    assert "/incident note INC-1 at:TIME" in shown
    assert "React to a message" not in shown
    assert "*INC-1*" in await world.types("engineer", "/incident list", "ops")

    _, answer = await world.posts("alertmanager", a_notification(an_alert(at=world.now, service="checkout")))
    assert answer["incidents"] == ["INC-2"]


@pytest.mark.parametrize("line", ["resolve INC-1 done", "status INC-1 resolved"])
async def test_now_is_no_end_of_what_is_recorded_later(world: World, line: str) -> None:
    await recorded(world)

    assert "Add when it ended: `/incident resolve INC-1 at:15:30" in await world.types(
        "oncall", f"/incident {line}", "ops"
    )
    await world.types("oncall", "/incident impact INC-1 ended:13:10", "ops")
    assert "INC-1 is resolved" in await world.types("oncall", f"/incident {line}", "ops")
    await world.finish()

    assert (await world.exported())["incident"]["duration_seconds"] == 40 * 60


@pytest.mark.parametrize("flag", ["private", "drill"])
async def test_it_is_neither_private_nor_a_drill(world: World, flag: str) -> None:
    told = await world.types("oncall", f"/incident start it was down retro:yes {flag}:yes", "ops")

    assert told.startswith(":warning:")


async def test_nothing_is_left_waiting_for_a_channel(world: World) -> None:
    await recorded(world)
    await world.types("oncall", "/incident sev INC-1 1 half of all", "ops")
    await world.types("oncall", "/incident resolve INC-1 at:13:10 done", "ops")
    await world.finish()

    rows = (await world.tables())["outbox"]
    assert not [row for row in rows if "'waiting'" in row], rows
