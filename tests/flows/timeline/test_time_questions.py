"""An ambiguous time is asked about, with a button for each reading."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.support.worlds.world import World, rendered

LETTERS = "2026-03-02 07:45 CST"
CHICAGO, HAVANA = "2026-03-02T13:45:00+00:00", "2026-03-02T12:45:00+00:00"


def newest_question(world: World, user: str = "oncall", channel: str | None = None) -> dict[str, Any]:
    """The newest question that somebody sees."""
    found = [
        each for each in world.sandbox.ephemerals(user, channel or world.channel) if "command_choice_0" in str(each)
    ]
    assert found, "nothing was asked"
    return found[-1]


async def choose(world: World, message: dict[str, Any], number: int, user: str = "oncall") -> str:
    """Press the button of that candidate. Returns the message as that person sees it then."""
    channel = message.get("channel") or world.channel
    await world.sandbox.click(user, channel, message["ts"], f"command_choice_{number}")
    await world.settle()
    await world.finish()
    seen = world.sandbox.ephemerals(user, channel)
    now = next((each for each in seen if each["ts"] == message["ts"]), seen[-1])
    return rendered(now if "command_choice_0" not in str(now) else seen[-1])


@pytest.mark.parametrize(
    ("line", "where"),
    [
        ("note at:{} the pool was full", ("timeline", "the pool was full", "happened_at")),
        ("impact started:{} Nobody could pay", ("incident", None, "started_at")),
        ("resolve at:{} rolled back", ("incident", None, "ended_at")),
        ("escalate vendor:Adyen at:{} by phone", ("escalations", "by phone", "paged_at")),
        ("update investigating at:{} We look into it", ("updates", "We look into it", "published_at")),
    ],
)
async def test_a_press_carries_the_command_out_with_that_time(
    world: World, line: str, where: tuple[str, str | None, str]
) -> None:
    await world.declares("checkout is down at:12:00")
    before = await world.tables()

    answer = await world.types("oncall", f"/incident {line.format(LETTERS)}")
    assert "America/Chicago" in answer
    assert "Nothing was done yet" in answer
    assert {name: rows for name, rows in (await world.tables()).items() if name not in {"person", "sync"}} == {
        name: rows for name, rows in before.items() if name not in {"person", "sync"}
    }

    await choose(world, newest_question(world), 0)

    whole = await world.exported()
    table, text, column = where
    rows = [whole[table]] if text is None else [each for each in whole[table] if text in str(each)]
    assert [datetime.fromisoformat(each[column]) for each in rows] == [datetime.fromisoformat(CHICAGO)]


async def test_an_end_of_the_impact_that_is_asked_about(world: World) -> None:
    await world.declares("checkout is down at:12:00")
    await world.types("oncall", f"/incident impact ended:{LETTERS} it came back by itself")
    await choose(world, newest_question(world), 2)
    await world.types("oncall", "/incident resolve it held")
    await world.finish()

    ended = (await world.exported())["incident"]["ended_at"]
    assert datetime.fromisoformat(ended) == datetime.fromisoformat(HAVANA)


async def test_an_incident_is_opened_by_the_press(world: World) -> None:
    await world.types("oncall", f"/incident start checkout is down at:{LETTERS} sev:1", "ops")
    assert world.channels == []

    said = await choose(world, newest_question(world, channel="ops") | {"channel": "ops"}, 0)

    assert "Declared *INC-1* (SEV1)" in said
    whole = (await world.exported())["incident"]
    assert datetime.fromisoformat(whole["started_at"]) == datetime.fromisoformat(CHICAGO)
    assert len(world.channels) == 1


async def test_however_often_the_buttons_are_pressed_it_is_done_once(world: World) -> None:
    await world.declares()
    await world.types("oncall", f"/incident note at:{LETTERS} the pool was full")
    question = newest_question(world)
    values = [each["value"] for each in question["blocks"][-1]["elements"]]

    assert await choose(world, question, 0) == "Done."
    for number in (0, 2):
        told = await press_value(world, number, values[number])
        assert "answered this already" in told

    assert [entry["text"] for entry in await world.timeline()].count("the pool was full") == 1


async def press_value(world: World, number: int, value: str, user: str = "oncall") -> str:
    """Press a button that is not shown any more, as a slow client does."""
    await world.types(user, f"/incident note at:{LETTERS} another question")
    question = newest_question(world, user)
    stored = next(message for _, message in world.sandbox.workspace.ephemerals if message.ts == question["ts"])
    stored.blocks[-1]["elements"][number]["value"] = value
    return await choose(world, question, number, user)


async def test_relative_times_of_the_same_line_count_from_when_it_was_typed(world: World) -> None:
    await world.declares("checkout is down at:12:00")
    await world.types("oncall", f"/incident impact started:{LETTERS} ended:10 min ago half an hour of it")
    typed_at = world.now

    await world.advance(minutes=7)
    await choose(world, newest_question(world), 0)

    await world.types("oncall", "/incident resolve it held")
    ended = datetime.fromisoformat((await world.exported())["incident"]["ended_at"])
    assert (typed_at - ended).total_seconds() == 600


async def test_a_second_question_in_the_same_line(world: World) -> None:
    await world.declares("checkout is down at:12:00")
    await world.types("oncall", f"/incident impact started:{LETTERS} ended:2026-03-02 14:30 IST Nobody could pay")

    await choose(world, newest_question(world), 2)
    assert (await world.exported())["incident"]["impact"] is None
    assert "IST" in rendered(newest_question(world))
    await choose(world, newest_question(world), 1)

    whole = (await world.exported())["incident"]
    assert datetime.fromisoformat(whole["started_at"]) == datetime.fromisoformat(HAVANA)


async def test_a_choice_that_is_refused_leaves_the_buttons(world: World) -> None:
    await world.declares()
    await world.types("oncall", "/incident note at:2026-03-02 13:45 CST the pool was full")
    question = newest_question(world)

    told = await choose(world, question, 0)
    assert "Only past times can be recorded." in told
    assert await choose(world, question, 1) == "Done."


async def test_a_button_of_an_incident_that_is_over(world: World) -> None:
    await world.declares("checkout is down at:12:00")
    await world.types("oncall", f"/incident resolve at:{LETTERS} rolled back")
    question = newest_question(world)
    await world.types("engineer", "/incident resolve it went away")
    await world.finish()

    told = await choose(world, question, 0)

    assert ":warning:" in told
    assert "resolved" in told
    ended = datetime.fromisoformat((await world.exported())["incident"]["ended_at"])
    assert ended != datetime.fromisoformat(CHICAGO)


async def test_a_question_is_answered_by_the_one_it_was_put_to_and_within_a_day(world: World) -> None:
    await world.declares()
    await world.types("oncall", f"/incident note at:{LETTERS} the pool was full")
    value = newest_question(world)["blocks"][-1]["elements"][0]["value"]

    assert "This question is for another person." in await press_value(world, 0, value, "engineer")
    await world.advance(hours=25)
    assert "more than a day old" in await press_value(world, 0, value)
    assert "the pool was full" not in str(await world.timeline())


async def test_a_line_too_long_for_a_button_is_asked_about_in_words(world: World) -> None:
    await world.declares()

    answer = await world.types("oncall", f"/incident note at:{LETTERS} {'the pool was full ' * 150}")

    assert f"Instead of `{LETTERS}` type one of" in answer
    assert "2026-03-02 07:45 -06:00" in answer


async def test_a_german_text_behind_a_time_keeps_its_first_word(world: World) -> None:
    await world.declares("checkout is down tz:Europe/Berlin at:12:00")
    await world.types("oncall", "/incident note at:14:45 hier ist alles rot")

    await choose(world, newest_question(world), 1)

    entry = next(each for each in await world.timeline() if "alles rot" in each["text"])
    assert entry["text"] == "hier ist alles rot"
    assert datetime.fromisoformat(entry["happened_at"]) == datetime(2026, 3, 2, 13, 45, tzinfo=UTC)


async def test_a_form_shows_the_question_at_its_field(world: World) -> None:
    await world.declares()
    await world.presses("oncall", "incident_note")

    answer = await world.submits("oncall", text="It began early", at=LETTERS)
    assert list(answer.errors) == ["at"]
    assert "Do you mean 2026-03-02 07:45 -06:00 (America/Chicago)" in answer.errors["at"]

    answer = await world.submits("oncall", text="It began early", at="2026-03-02 07:45 -06:00")
    assert answer.ok
    assert not answer.errors


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("10 min ago fixed it", "`/incident impact ended:2026-03-02 13:52 +00:00`"),
        ("13:55 rolled back", "`/incident impact ended:2026-03-02 13:55 +00:00`"),
        ("il y a 10 min, rollback", "impact ended:"),
        ("16.11 rolled back", None),
        ("noon batch disabled", None),
        ("the 13:55 deploy was rolled back", None),
        ("at:13:55 10 min ago fixed it", None),
        ("23:50 batch disabled", None),
        ("", None),
    ],
)
async def test_a_time_that_was_taken_for_text_is_pointed_out(world: World, text: str, hint: str | None) -> None:
    await world.declares("checkout is down at:12:00")

    answer = await world.types("oncall", f"/incident resolve {text}")

    assert (hint in answer) if hint else (answer == "")


async def test_a_question_and_its_answer_that_are_delivered_twice(world: World) -> None:
    await world.declares()
    world.sandbox.delivery_fault("duplicate", event="slash_commands")
    world.sandbox.delivery_fault("duplicate", event="interactive")

    await world.types("oncall", f"/incident note at:{LETTERS} the pool was full")
    assert await choose(world, newest_question(world), 0) == "Done."

    assert [entry["text"] for entry in await world.timeline()].count("the pool was full") == 1
