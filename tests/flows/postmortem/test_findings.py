"""Review findings: in the message of the resolve, which is edited as the record changes."""

from typing import Any

from tests.support.worlds.story import drafts
from tests.support.worlds.world import World, rendered

LINE = "It is connected to the payment gateway integration: reading its logs"


def findings_messages(world: World) -> list[dict[str, Any]]:
    """The messages in the channel that say what to check, as they stand."""
    return [each for each in world.sandbox.messages(world.channel) if "check in the record of INC-1" in rendered(each)]


async def has_two_findings(world: World) -> None:
    await world.declares("Payments fail at:13:50")
    for at in ("13:55", "13:58"):
        await world.types("oncall", f"/incident note at:{at} {LINE}")
    await world.types("oncall", "/incident task Alert on pool usage")
    await world.types("oncall", "/incident resolve rolled back")
    await world.finish()


async def test_the_message_of_the_resolve_says_what_to_check(world: World) -> None:
    await has_two_findings(world)

    [message] = findings_messages(world)
    shown = str(message["blocks"])
    assert "*Resolved* by" in shown
    assert "2 things to check in the record of INC-1" in shown
    assert "2 entries say the same" in shown
    assert "1 task has neither an owner nor a date." in shown
    assert "|13:55>" in shown
    assert "|task 1>" in shown
    [draft] = drafts(world, world.channel)
    assert "To check before publishing" in draft
    assert [found["code"] for found in (await world.exported())["findings"]] == ["repeated-entry", "task-without-owner"]


async def test_it_is_edited_and_never_posted_twice(world: World) -> None:
    await has_two_findings(world)
    [before] = findings_messages(world)

    await world.types("oncall", "/incident task Alert on retries")
    await world.finish()
    await world.types("oncall", "/incident postmortem")
    await world.finish()

    [after] = findings_messages(world)
    assert after["ts"] == before["ts"]
    assert "2 tasks have neither an owner nor a date." in str(after["blocks"])


async def test_where_nothing_is_to_be_checked_nothing_is_said(world: World) -> None:
    await world.declares("Payments fail at:13:50")
    await world.types("oncall", "/incident resolve rolled back")
    await world.finish()

    assert findings_messages(world) == []
    assert (await world.exported())["findings"] == []


async def test_an_open_incident_is_not_looked_over_in_its_channel(world: World) -> None:
    await world.declares("Payments fail at:13:50")
    await world.types("oncall", "/incident task Alert on pool usage")
    await world.types("oncall", "/incident postmortem")
    await world.finish()

    assert findings_messages(world) == []


async def test_words_that_are_deleted_are_quoted_no_longer(world: World) -> None:
    await world.declares("Payments fail at:13:50")
    stamps = [await world.says("engineer", LINE) for _ in range(2)]
    for ts in stamps:
        await world.reacts("engineer", ts, "mag")
    await world.types("oncall", "/incident resolve rolled back")
    await world.finish()
    assert LINE[:30] in str(findings_messages(world))

    await world.deletes("engineer", stamps[1])
    await world.finish()

    assert findings_messages(world) == []


async def test_words_that_are_edited_are_read_anew(world: World) -> None:
    await world.declares("Payments fail at:13:50")
    stamps = [await world.says("engineer", LINE) for _ in range(2)]
    for ts in stamps:
        await world.reacts("engineer", ts, "mag")
    await world.types("oncall", "/incident resolve rolled back")
    await world.finish()

    await world.edits("engineer", stamps[1], "It is the network after all, looking at the switches")
    await world.finish()

    assert findings_messages(world) == []
