"""Commands about another incident than the channel's: asked about, confirmed, and named in the answer."""

from typing import Any

import pytest

from tests.flows.timeline.test_time_questions import choose, newest_question
from tests.support.worlds.world import World


async def two(world: World) -> tuple[str, str]:
    """INC-1, payments, and INC-2, checkout. The names of their channels."""
    return await world.declares("payments fail"), await world.declares("checkout is slow")


async def asks(world: World, line: str, channel: str) -> tuple[str, dict[str, Any]]:
    """Type a line that is asked about, and changes nothing. Returns text and message of the question."""
    before = await world.tables()
    told = await world.types("oncall", f"/incident {line}", channel)
    assert ":grey_question:" in told, told
    assert "Nothing was done yet" in told
    now = await world.tables()
    assert all(now[name] == rows for name, rows in before.items() if name not in {"person", "sync"})
    return told, newest_question(world, channel=channel) | {"channel": channel}


async def statuses(world: World) -> list[str]:
    return [(await world.exported(each))["incident"]["status"] for each in ("INC-1", "INC-2")]


async def texts(world: World, reference: str) -> list[str]:
    return [each["text"] for each in (await world.exported(reference))["timeline"]]


async def test_a_number_at_the_beginning_of_a_resolution_is_asked_about(world: World) -> None:
    _, second = await two(world)

    told, question = await asks(world, "resolve INC-1 was the reason", second)

    assert "*INC-1*: payments fail" in told
    assert "*INC-2*, this channel: checkout is slow" in told
    assert ">/incident resolve INC-1 was the reason" in told
    labels = [each["text"]["text"] for each in question["blocks"][-1]["elements"]]
    assert labels == ["Resolve INC-1", "Resolve INC-2"]
    assert await choose(world, question, 1) == "Done."
    assert await statuses(world) == ["investigating", "resolved"]
    assert "INC-1 was the reason" in await texts(world, "INC-2")


async def test_the_other_incident_is_resolved_by_the_press_that_names_it(world: World) -> None:
    _, second = await two(world)
    _, question = await asks(world, "resolve INC-1 the pool was doubled", second)

    assert "INC-1 is resolved" in await choose(world, question, 0)

    assert await statuses(world) == ["resolved", "investigating"]
    assert "the pool was doubled" in await texts(world, "INC-1")


@pytest.mark.parametrize("word", ["note", "cause", "task", "improve", "impact", "cancel", "redact entry-1"])
async def test_any_text_that_begins_with_a_number_is_asked_about(world: World, word: str) -> None:
    _, second = await two(world)
    name, _, target = word.partition(" ")

    _, question = await asks(world, f"{name} INC-1 {target} looks alike", second)

    told = await choose(world, question, 0)
    assert "INC-1" in told
    assert not told.startswith(":grey_question:")


async def test_a_note_is_logged_where_the_button_says(world: World) -> None:
    _, second = await two(world)

    _, question = await asks(world, "note INC-1 looks alike", second)
    assert await choose(world, question, 1) == "Done."
    _, question = await asks(world, "note INC-1 is older", second)
    assert "INC-1: Logged (note)" in await choose(world, question, 0)

    assert (await texts(world, "INC-2"))[-1] == "INC-1 looks alike"
    assert (await texts(world, "INC-1"))[-1] == "is older"


async def test_a_number_that_does_not_exist_can_be_text(world: World) -> None:
    await world.declares("payments fail")

    told, question = await asks(world, "note INC-99 of the vendor looks alike", world.channel)

    assert "There is no INC-99" in told
    assert await choose(world, question, 0) == "Done."
    assert (await texts(world, "INC-1"))[-1] == "INC-99 of the vendor looks alike"


@pytest.mark.parametrize(
    ("line", "where", "told"),
    [
        ("resolve INC-1", "inside", "resolved"),
        ("INC-1 resolve took the release back", "inside", "resolved"),
        ("status INC-1 resolved", "inside", "resolved"),
        ("INC-1 cancel a false alarm", "inside", "cancelled"),
        ("resolve INC-1 took the release back", "ops", "resolved"),
        ("cancel INC-1 a false alarm", "ops", "cancelled"),
        ("INC-1 status resolved", "ops", "resolved"),
    ],
)
async def test_another_incident_ends_after_one_press(world: World, line: str, where: str, told: str) -> None:
    _, second = await two(world)

    asked, question = await asks(world, line, second if where == "inside" else where)

    assert "*INC-1* payments fail?" in asked
    assert ("This is the channel of INC-2." in asked) == (where == "inside")
    assert f"INC-1 is {told}" in await choose(world, question, 0)
    assert await statuses(world) == [told, "investigating"]


async def test_what_is_over_is_refused_at_once(world: World) -> None:
    first, second = await two(world)
    await world.types("oncall", "/incident resolve done", first)

    told = await world.types("oncall", "/incident INC-1 resolve done", second)

    assert told.startswith(":warning:")
    assert "resolved" in told


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("INC-1 note the pool", "INC-1: Logged (note)."),
        ("INC-1 cause the pool", "INC-1: Cause recorded."),
        ("status INC-1 identified the pool", "INC-1 is identified now."),
        ("impact INC-1 users:20%", "INC-1: Impact recorded: 20% of users."),
        ("escalate INC-1 @dba the pool", "INC-1: Paging"),
        ("lead INC-1 @dba", "leads INC-1 now"),
        ("role INC-1", "INC-1:\n• "),
    ],
)
@pytest.mark.parametrize("where", ["inside", "ops"])
async def test_the_answer_names_another_incident(world: World, line: str, answer: str, where: str) -> None:
    _, second = await two(world)

    assert answer in await world.types("oncall", f"/incident {line}", second if where == "inside" else where)


async def test_the_next_step_after_a_cancellation_names_the_incident_too(world: World) -> None:
    _, second = await two(world)
    _, question = await asks(world, "INC-1 cancel a false alarm", second)

    assert "`/incident INC-1 reopen WHY`" in await choose(world, question, 0)


async def test_a_time_and_an_incident_are_asked_about_one_after_the_other(world: World) -> None:
    _, second = await two(world)

    await world.types("oncall", "/incident note at:2026-03-02 07:45 CST INC-1 looks alike", second)
    told = await choose(world, newest_question(world, channel=second) | {"channel": second}, 0)
    assert "*INC-1*: payments fail" in told
    assert await choose(world, newest_question(world, channel=second) | {"channel": second}, 1) == "Done."

    entry = (await world.exported("INC-2"))["timeline"]
    assert [each["happened_at"][:16] for each in entry if each["text"] == "INC-1 looks alike"] == ["2026-03-02T13:45"]


async def test_a_line_too_long_for_a_button_is_given_back_with_what_to_type(world: World) -> None:
    _, second = await two(world)
    line = f"resolve INC-1 {'was the reason ' * 150}{'<@U0DBA|dba>'} end"

    told = await world.types("oncall", f"/incident {line}", second)

    assert "`/incident INC-2 resolve …`" in told
    message = world.sandbox.ephemerals("oncall", second)[-1]
    given = "".join(block["text"]["text"] for block in message["blocks"][1:])
    assert given == f"/incident {line}".replace("<@U0DBA|dba>", "<@U0DBA>")
    assert await statuses(world) == ["investigating", "investigating"]
