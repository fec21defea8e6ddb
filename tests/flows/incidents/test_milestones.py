"""Milestones: each time has a source, and the next source takes over when it is removed."""

from datetime import datetime
from typing import Any

from tests.flows.conftest import CONFIG
from tests.support.records.entries import listed_for, removes
from tests.support.worlds.world import World, rendered

DAY = "2026-03-02T"


async def times(world: World) -> dict[str, tuple[str, str] | None]:
    """Clock time and source of each milestone."""
    incident = (await world.exported())["incident"]
    found: dict[str, tuple[str, str] | None] = {}
    for name in ("started", "detected", "acknowledged", "identified", "mitigated", "resolved", "ended"):
        at = incident[f"{name}_at"]
        found[name] = (at[11:16], incident["sources"][f"{name}_at"]["because"]) if at else None
    return found


async def remove(world: World, text: str) -> None:
    """Remove the entry of that text, as with the menu beside it."""
    await world.types("oncall", "/incident timeline")
    await removes(world, "oncall", text)


def alert(starts_at: str) -> dict[str, Any]:
    return {"title": "Checkout fails", "service": "checkout", "status": "firing", "starts_at": f"{DAY}{starts_at}:00Z"}


async def test_the_start_by_each_of_its_sources(world: World) -> None:
    """Later sources take precedence; removed in turn, each earlier one applies again."""
    status, _ = await world.posts("generic", alert("13:50"))
    assert status == 200
    await world.finish()
    assert (await times(world))["started"] == ("13:50", "earliest alert")

    ts = world.sandbox.say(
        "engineer", world.channel, "payments fail", at=datetime.fromisoformat(f"{DAY}13:44:00+00:00")
    )
    await world.settle()
    await world.reacts("oncall", ts, "boom")
    assert (await times(world))["started"] == ("13:44", "message marked as impact began")

    await world.types("oncall", "/incident impact started:13:40 first failed payment in the logs")
    assert (await times(world))["started"] == ("13:40", "impact started:")
    await world.types("oncall", "/incident impact started:13:38 no, two minutes before")
    assert (await times(world))["started"] == ("13:38", "impact started:")

    await remove(world, "no, two minutes before")
    assert (await times(world))["started"] == ("13:40", "impact started:")
    await remove(world, "first failed payment")
    assert (await times(world))["started"] == ("13:44", "message marked as impact began")
    await world.unreacts("oncall", ts, "boom")
    assert (await times(world))["started"] == ("13:50", "earliest alert")
    await world.finish()
    assert f"{int(datetime.fromisoformat(f'{DAY}13:50:00+00:00').timestamp())}^" in world.card(), "the card follows"


async def test_a_start_that_was_typed_and_one_that_nobody_stated(world: World) -> None:
    await world.declares("checkout is down at:13:45")
    assert (await times(world))["started"] == ("13:45", "start at:")

    await world.declares("search is slow")
    incident = (await world.exported("INC-2"))["incident"]
    assert incident["started_at"] == incident["declared_at"]
    assert incident["sources"]["started_at"]["because"] == "declared"


async def test_the_detection_by_alert_message_and_declaration(world: World) -> None:
    await world.declares()
    assert (await times(world))["detected"] == ("14:00", "declared")

    ts = world.sandbox.say(
        "engineer", world.channel, "a customer called", at=datetime.fromisoformat(f"{DAY}13:55:00+00:00")
    )
    await world.settle()
    await world.reacts("oncall", ts, "rotating_light")
    assert (await times(world))["detected"] == ("13:55", "message marked as detection")

    await world.deletes("engineer", ts)
    assert (await times(world))["detected"] == ("13:55", "message marked as detection"), "who and when stay"


async def test_the_acknowledgement_by_answer_and_lead(world: World) -> None:
    await world.declares()
    await world.types("engineer", "/incident lead")
    assert (await times(world))["acknowledged"] == ("14:02", "first lead")

    await world.types("engineer", "/incident escalate @dba")
    await world.advance(minutes=4)
    await world.types("dba", "/incident ack")

    assert (await times(world))["acknowledged"] == ("14:06", "first acknowledgement")


async def test_the_cause_is_known_by_status_message_or_command(world: World) -> None:
    await world.declares()
    ts = await world.says("dba", "it is the pool")
    await world.reacts("oncall", ts, "dart")
    assert (await times(world))["identified"] == ("14:02", "first cause")
    await world.advance(minutes=3)

    await world.types("oncall", "/incident status identified")
    assert (await times(world))["identified"] == ("14:05", "status identified")

    await remove(world, "cause identified")
    assert (await times(world))["identified"] == ("14:02", "first cause")
    await world.unreacts("oncall", ts, "dart")
    assert (await times(world))["identified"] is None


async def test_the_mitigation_by_status_and_by_the_last_fix(world: World) -> None:
    await world.declares()
    first = await world.says("dba", "restarted")
    await world.reacts("oncall", first, "white_check_mark")
    await world.advance(minutes=2)
    second = await world.says("dba", "rolled back")
    await world.reacts("oncall", second, "white_check_mark")
    assert (await times(world))["mitigated"] == ("14:04", "last message marked as fixed before the resolution")
    await world.unreacts("oncall", second, "white_check_mark")
    assert (await times(world))["mitigated"] == ("14:02", "last message marked as fixed before the resolution")

    await world.advance(minutes=1)
    await world.types("oncall", "/incident status monitoring")
    assert (await times(world))["mitigated"] == ("14:05", "status monitoring")


async def test_what_had_to_be_investigated_again_was_not_mitigated(world: World) -> None:
    await world.declares()
    await world.types("oncall", "/incident status monitoring")
    await world.advance(minutes=3)
    await world.types("oncall", "/incident status investigating")
    assert (await times(world))["mitigated"] is None

    await world.advance(minutes=3)
    await world.types("oncall", "/incident status monitoring")
    await world.advance(minutes=3)
    await world.types("oncall", "/incident resolve")
    assert (await times(world))["mitigated"] == ("14:08", "status monitoring")


async def test_the_end_by_each_of_its_sources(world: World) -> None:
    await world.declares()
    assert (await times(world))["ended"] is None
    await world.advance(minutes=18)

    await world.types("oncall", "/incident resolve")
    assert (await times(world))["ended"] == ("14:20", "resolve was typed")
    await world.types("oncall", "/incident impact ended:14:10 the last failed payment")
    assert (await times(world))["ended"] == ("14:10", "impact ended:")
    assert (await times(world))["resolved"] == ("14:20", "resolved")

    await remove(world, "the last failed payment")
    assert (await times(world))["ended"] == ("14:20", "resolve was typed")


async def test_a_stated_end_waits_for_the_resolution(world: World) -> None:
    await world.declares()
    await world.advance(minutes=8)
    await world.types("oncall", "/incident impact ended:14:05 payments work again")
    assert (await times(world))["ended"] is None

    await world.types("oncall", "/incident resolve at:14:08")

    assert (await times(world))["ended"] == ("14:05", "impact ended:")


async def test_reopening_takes_the_end_back(world: World) -> None:
    await world.declares()
    await world.types("oncall", "/incident resolve at:14:01")
    await world.types("oncall", "/incident status investigating")
    assert ((await times(world))["ended"], (await times(world))["resolved"]) == (None, None)
    await world.advance(minutes=8)

    await world.types("oncall", "/incident resolve")

    assert (await times(world))["ended"] == ("14:10", "resolve was typed")


async def test_what_ended_an_incident_cannot_be_taken_off(world: World) -> None:
    await world.declares()
    await world.types("oncall", "/incident resolve rolled back")

    await world.types("oncall", "/incident timeline")

    _, line = listed_for(world, "oncall", "rolled back")
    assert "Take off or redact" not in str(line)


async def test_times_are_read_and_shown_in_the_incident_s_zone(tmp_path: Any, database_url: str) -> None:
    async with World(database_url, tmp_path, config=CONFIG + '\n[incidents]\nzone = "Africa/Nairobi"\n') as world:
        await world.declares("M-Pesa fails at:16h45")
        await world.types("oncall", "/incident note at:16:50 first call from a customer")
        await world.types("oncall", "/incident timeline")

        incident = (await world.exported())["incident"]
        assert incident["started_at"] == "2026-03-02T16:45:00+03:00"
        shown = str(world.sandbox.ephemerals("oncall", world.channel)[-1]["blocks"])
        assert "*16:50* first call" in shown
        assert "Africa/Nairobi" in shown


async def test_a_lead_alone_is_not_shown_as_an_acknowledgement(world: World) -> None:
    await world.declares()
    await world.types("oncall", "/incident lead")
    await world.types("oncall", "/incident show")
    overview = rendered(world.sandbox.ephemerals("oncall", world.channel)[-1])
    assert "First lead <!date" in overview
    assert "Acknowledged" not in overview
    assert (await times(world))["acknowledged"][1] == "first lead"

    await world.types("oncall", "/incident escalate @dba the pool is full")
    await world.types("dba", "/incident ack")
    await world.types("oncall", "/incident show")

    overview = rendered(world.sandbox.ephemerals("oncall", world.channel)[-1])
    assert "First lead" not in overview
    assert "Acknowledged <!date" in overview
