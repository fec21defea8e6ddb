"""The incident menu, which reaches every command, and messages that become tasks."""

import pytest

from bot.slack.replies.entry_points import IN_MENU
from tests.support.worlds.world import World, action_ids, rendered


async def opened(world: World, user: str = "oncall") -> dict:
    views = world.sandbox.views(user)
    assert len(views) == 1, views
    return views[0]


async def chooses(world: World, name: str, user: str = "oncall") -> dict:
    """Press a line of the card's menu; returns the window that it became."""
    await world.presses(user, "incident_more")
    menu = await opened(world, user)
    answer = await world.sandbox.click_view(user, menu["id"], name, None)
    assert answer.ok, answer
    await world.settle()
    return await opened(world, user)


async def test_the_menu_has_each_command_about_an_incident_that_the_card_has_not(world: World) -> None:
    await world.declares()
    await world.presses("oncall", "incident_more")

    menu = await opened(world)
    assert action_ids(menu) == IN_MENU.keys() | {"reactions_help"}
    assert "do_note" not in IN_MENU, "it is on the card"
    headings = [block["text"]["text"] for block in menu["blocks"] if block["type"] == "section"][1:]
    assert headings == ["*Respond*", "*People*", "*Record*", "*After*", "*Settings*"]
    assert "State the impact" in rendered(menu)


async def test_a_form_of_the_menu_does_what_its_command_does_and_the_channel_says_so(world: World) -> None:
    await world.declares()
    form = await chooses(world, "do_impact")

    values = {"text": "Nobody could pay", "users": "30%", "started": "13:50", "lang": "en"}
    answer = await world.sandbox.submit_view("oncall", form["id"], values)
    await world.finish()

    assert answer.ok, answer
    assert world.sandbox.views("oncall") == []
    assert world.sandbox.ephemerals("oncall", world.channel) == []
    assert any("*Impact* (30% of users)" in text for text in world.texts())
    whole = (await world.exported())["incident"]
    assert whole["started_at"].startswith("2026-03-02T13:50")
    assert "Nobody could pay" in str(whole["impact"])


@pytest.mark.parametrize(
    ("values", "where", "why"),
    [
        ({"text": "x", "users": "lots"}, "users", "is not a number of users"),
        ({"text": "x", "started": "25:00"}, "started", "25:00"),
        ({"text": "x", "started": "2026-03-02 18:00"}, "started", "Only past times can be recorded."),
        ({"text": "x", "ended": "2026-03-01 18:00"}, "ended", "before"),
    ],
)
async def test_what_is_wrong_stands_at_its_field_in_the_words_of_the_command(
    world: World, values: dict, where: str, why: str
) -> None:
    await world.declares()
    form = await chooses(world, "do_impact")

    answer = await world.sandbox.submit_view("oncall", form["id"], values)

    assert list(answer.errors) == [where]
    assert why in answer.errors[where]
    assert "`" not in answer.errors[where], "a form shows it as it is"
    assert (await opened(world))["state"]["values"]["text"]["text"]["value"] == "x"


async def test_a_task_of_the_menu_has_an_owner_and_a_day(world: World) -> None:
    await world.declares()
    form = await chooses(world, "do_task")

    values = {"text": "Add an alert", "owner": "U0DBA", "due": "2026-03-06", "symptom": "nobody was paged"}
    await world.sandbox.submit_view("oncall", form["id"], values)
    await world.finish()

    task = (await world.exported())["actions"][0]
    assert (task["owner"], task["due"], task["symptom"]) == ("dba", "2026-03-06", "nobody was paged")


async def test_a_line_of_the_menu_that_takes_nothing_acts_at_once(world: World) -> None:
    await world.declares()
    await world.types("oncall", "/incident escalate @engineer the pool")
    await world.finish()

    window = await chooses(world, "do_ack", "engineer")
    await world.finish()

    assert "The answer is in the channel" in rendered(window)
    assert "You acknowledged" in world.sandbox.ephemerals("engineer", world.channel)[-1]["text"]
    assert "to acknowledge" not in world.card()


async def test_the_menu_opens_the_card_s_own_forms_too(world: World) -> None:
    await world.declares()

    form = await chooses(world, "do_edit")

    assert "checkout is down" in str(form["blocks"]), "with what stands there now"


async def test_a_message_becomes_a_task_with_its_source(world: World) -> None:
    await world.declares("payments are down")
    ts = world.sandbox.say("dba", "ops", "The index on orders is missing")
    await world.settle()

    await world.sandbox.shortcut("oncall", "ops", ts, "make_it_a_task")
    form = await opened(world)
    values = {"incident": "INC-1", "owner": "U0DBA", "due": "2026-03-09", "symptom": "slow checkouts"}
    answer = await world.sandbox.submit_view("oncall", form["id"], values)
    await world.finish()

    assert answer.ok, answer
    whole = await world.exported()
    task = whole["actions"][0]
    assert (task["text"], task["owner"], task["due"]) == ("The index on orders is missing", "dba", "2026-03-09")
    entry = next(each for each in whole["timeline"] if each["kinds"] == ["task"])
    assert entry["author"] == "dba"
    assert "/archives/C0OPS/" in entry["link"]
    assert "The index on orders is missing" in "\n".join(world.texts())
    assert "Task 1 of INC-1 noted" in world.sandbox.ephemerals("oncall", "ops")[-1]["text"]


async def test_a_message_is_a_task_once(world: World) -> None:
    await world.declares()
    ts = await world.says("dba", "The index on orders is missing")
    for _ in range(2):
        await world.sandbox.shortcut("oncall", world.channel, ts, "make_it_a_task")
        form = await opened(world)
        answer = await world.sandbox.submit_view("oncall", form["id"], {"text": "Add the index"})

    assert "This is task 1 of INC-1 already" in str(answer.errors)
    assert len((await world.exported())["actions"]) == 1


async def test_a_private_incident_is_not_among_those_a_message_can_go_to(world: World) -> None:
    await world.declares("salaries leaked private:yes")
    await world.declares("payments are down")
    ts = world.sandbox.say("dba", "ops", "look")

    await world.sandbox.shortcut("oncall", "ops", ts, "make_it_a_task")
    form = await opened(world)
    assert "salaries" not in str(form["blocks"])
    assert "INC-2" in str(form["blocks"])
