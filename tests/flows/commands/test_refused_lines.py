"""A line that is refused comes back, with a button for what was probably meant."""

from typing import Any

from tests.support.worlds.world import World, rendered

OFFER = "typed_line_0"


def newest_answer(world: World, user: str = "oncall", channel: str | None = None) -> dict[str, Any]:
    return world.sandbox.ephemerals(user, channel or world.channel)[-1]


def code_of(message: dict[str, Any]) -> list[str]:
    """The texts of the code blocks."""
    found = [block for block in message.get("blocks") or [] if block["type"] == "rich_text"]
    return [block["elements"][0]["elements"][0]["text"] for block in found]


def labels_of(message: dict[str, Any]) -> list[str]:
    buttons = [block["elements"] for block in message.get("blocks") or [] if block["type"] == "actions"]
    return [each["text"]["text"] for row in buttons for each in row]


async def press_offer(world: World, user: str = "oncall", *, channel: str | None = None, number: int = 0) -> str:
    """Press a button of the newest refusal. Returns the newest answer as its reader sees it."""
    where = channel or world.channel
    message = newest_answer(world, user, where)
    await world.sandbox.click(user, where, message["ts"], f"typed_line_{number}")
    await world.settle()
    await world.finish()
    seen = world.sandbox.ephemerals(user, where)
    return rendered(next((each for each in seen if each["ts"] == message["ts"] and OFFER not in str(each)), seen[-1]))


async def test_the_whole_line_comes_back_as_it_was_typed(world: World) -> None:
    await world.declares()
    line = "/incident note at:26:10 The *pool* was full & `max` <100\n• first db-1\n• then ```db-2```"

    answer = await world.types("oncall", line)

    assert "`26:10` is no clock time" in answer
    assert code_of(newest_answer(world)) == [line]
    assert "Correct *`at:26:10`*" in rendered(newest_answer(world))
    assert labels_of(newest_answer(world)) == []
    assert all("26:10" not in text for text in world.texts()), "nobody else sees it"


async def test_a_refusal_by_the_record_gives_the_line_back_too(world: World) -> None:
    await world.declares()

    await world.types("oncall", "/incident reopen it came back at once")

    assert code_of(newest_answer(world)) == ["/incident reopen it came back at once"]


async def test_lines_that_only_read_are_not_repeated(world: World) -> None:
    await world.declares()

    await world.types("oncall", "/incident help ntoe")

    assert code_of(newest_answer(world)) == []
    assert labels_of(newest_answer(world)) == ["Run /incident help note"]


async def test_a_press_runs_the_corrected_line_once(world: World) -> None:
    await world.declares()

    await world.types("oncall", "/incident reslove rolled back by @dba")
    assert labels_of(newest_answer(world)) == ["Run /incident resolve rolled back by @dba"]
    assert (await world.exported())["incident"]["status"] == "investigating"

    assert "INC-1 is resolved" in await press_offer(world)
    whole = await world.exported()
    assert whole["incident"]["status"] == "resolved"
    assert [each["author_id"] for each in whole["timeline"] if "rolled back" in each["text"]] == ["U0ONCALL"]


async def test_a_corrected_line_may_be_refused_in_turn(world: World) -> None:
    await world.declares()

    await world.types("oncall", "/incident ntoe kind:hypotesis It is DNS")
    await press_offer(world)
    assert code_of(newest_answer(world)) == ["/incident note kind:hypotesis It is DNS"]
    await press_offer(world)

    assert [(each["kinds"], each["text"]) for each in (await world.timeline())[-1:]] == [(["hypothesis"], "It is DNS")]
