"""Buttons that ask, shortcuts, the form that declares, and the questions after a resolve."""

from typing import Any

import pytest

from bot.services.workspace.access import REFUSAL
from tests.support.worlds.world import World, action_ids, rendered


async def opened(world: World, user: str = "oncall") -> dict:
    views = world.sandbox.views(user)
    assert len(views) == 1, views
    return views[0]


async def test_incident_alone_opens_the_form_that_declares(world: World) -> None:
    await world.sandbox.command("oncall", "ops", "/incident")
    form = await opened(world)
    answer = await world.sandbox.submit_view(
        "oncall",
        form["id"],
        {"title": "Checkout is down", "severity": "SEV1", "service": ["checkout"], "text": "Users see a blank page"},
    )
    await world.finish()

    assert answer.ok, answer
    assert world.channel == "inc-1-checkout-is-down"
    assert "SEV1" in world.card()
    assert "U0ENGINEER" in world.sandbox.members(world.channel)
    assert [entry["text"] for entry in await world.timeline()] == ["Checkout is down", "Users see a blank page"]


DECLARED = {"title": "Checkout is down", "severity": "SEV1", "service": ["checkout"]}


async def declares_by_form(world: World, **values: Any) -> Any:
    if not world.sandbox.views("oncall"):
        await world.sandbox.command("oncall", "ops", "/incident")
    form = await opened(world)
    return await world.sandbox.submit_view("oncall", form["id"], DECLARED | values)


async def test_the_form_that_declares_takes_what_start_takes(world: World) -> None:
    answer = await declares_by_form(
        world,
        at="08:15",
        ref="TSR-1532",
        tz="Africa/Nairobi",
        flags=["drill", "private"],
        service=["checkout"],
        status="triage",
    )
    await world.finish()

    assert answer.ok, answer
    incident = (await world.exported("DRILL-1"))["incident"]
    assert incident["started_at"].endswith("T08:15:00+03:00")
    assert incident["outside_reference"] == "TSR-1532"
    assert incident["status"] == "triage"
    assert incident["services"] == ["checkout"]
    assert (incident["drill"], incident["private"]) == (True, True)
    assert world.sandbox.channel(world.channel)["is_private"]


async def test_what_is_over_is_recorded_by_the_form_and_whoever_did_is_told_how_to_go_on(world: World) -> None:
    await declares_by_form(world, at="07:00", flags=["retro"])
    await world.finish()

    assert world.channels == []
    assert (await world.exported())["incident"]["retro"]
    told = world.sandbox.ephemerals("oncall", "ops")[-1]["text"]
    assert "after the fact" in told
    assert "/incident resolve INC-1" in told


@pytest.mark.parametrize(
    ("flags", "said"),
    [([], "It is *public*."), (["private"], "It is *private*."), (["drill", "private"], "It is a *private drill*.")],
)
async def test_the_form_that_declares_says_what_was_declared_where_it_was_opened(
    world: World, flags: list[str], said: str
) -> None:
    await world.sandbox.command("oncall", "ops", "/incident")
    assert "Default: public, not a drill." in str((await opened(world))["blocks"])

    await declares_by_form(world, flags=flags)
    await world.finish()

    assert said in world.sandbox.ephemerals("oncall", "ops")[-1]["text"]
    assert world.sandbox.views("oncall") == []


@pytest.mark.parametrize(
    ("values", "field", "words"),
    [
        ({"at": "25:00"}, "at", "25:00"),
        ({"at": "tomorrow 10:00"}, "at", "Only past times can be recorded."),
        ({"at": "?"}, "at", "Leave it out"),
        ({"tz": "Paris/Europe"}, "tz", "Paris/Europe"),
        ({"ref": "x" * 201}, "ref", "200"),
        ({"flags": ["retro", "private"]}, "flags", "cannot be private"),
        ({"flags": ["retro", "drill"]}, "flags", "or a drill"),
        ({"flags": ["retro"], "status": "triage"}, "status", "after the fact"),
    ],
)
async def test_what_is_wrong_in_the_form_that_declares_is_shown_at_its_field(
    world: World, values: dict, field: str, words: str
) -> None:
    answer = await declares_by_form(world, **values)

    assert list(answer.errors) == [field]
    assert words in answer.errors[field]
    assert (await world.tables())["incident"] == []
    assert (await declares_by_form(world, **dict.fromkeys(values))).ok


async def test_a_form_that_is_wrong_keeps_what_was_typed(world: World) -> None:
    await world.declares()
    await world.presses("oncall", "incident_note")
    form = await opened(world)

    answer = await world.sandbox.submit_view("oncall", form["id"], {"text": "It began early", "at": "25:00"})

    assert list(answer.errors) == ["at"]
    assert "25:00" in answer.errors["at"]
    assert await world.timeline() == (await world.timeline())[:1]
    answer = await world.sandbox.submit_view("oncall", form["id"], {"text": "It began early", "at": "13:30"})
    await world.finish()
    assert answer.ok
    assert (await world.timeline())[0]["text"] == "It began early"


@pytest.mark.parametrize(
    ("action", "values", "shown"),
    [
        ("incident_status", {"status": "identified", "text": "found it"}, "Identified"),
        ("incident_escalate", {"person": "U0DBA", "text": "the database is slow"}, "<@U0DBA> to acknowledge"),
        ("incident_resolve", {"text": "rolled back"}, "Resolved"),
    ],
)
async def test_each_button_of_the_card_does_what_its_command_does(
    world: World, action: str, values: dict, shown: str
) -> None:
    await world.declares()

    await world.presses("oncall", action)
    form = await opened(world)
    answer = await world.sandbox.submit_view("oncall", form["id"], values)
    await world.finish()

    assert answer.ok, answer
    assert shown in world.card()
    assert values["text"] in str(await world.exported())


async def test_lead_it_makes_the_one_who_presses_the_lead(world: World) -> None:
    await world.declares()

    await world.presses("engineer", "incident_lead")
    await world.finish()

    assert "<@U0ENGINEER>" in world.card()
    assert "incident_lead" not in action_ids(world.sandbox.pins(world.channel)[0])


async def test_a_message_of_another_channel_comes_onto_the_timeline_with_its_own_time(world: World) -> None:
    ts = world.sandbox.say("release-engineer", "deployments", "Deployed the new ingress")
    await world.advance(minutes=10)
    await world.declares("payments are down")

    await world.sandbox.shortcut("oncall", "deployments", ts, "add_to_timeline")
    form = await opened(world)
    answer = await world.sandbox.submit_view("oncall", form["id"], {"incident": "INC-1", "kind": "impact began"})
    await world.finish()

    assert answer.ok, answer
    first = (await world.timeline())[0]
    assert first["text"] == "Deployed the new ingress"
    assert first["kinds"] == ["impact began"]
    assert first["happened_at"].startswith("2026-03-02T14:00:00")
    whole = await world.exported()
    assert whole["incident"]["started_at"] == first["happened_at"]
    assert "/archives/C0DEPLOYS/" in first["link"]


async def test_an_incident_is_opened_from_a_message(world: World) -> None:
    ts = world.sandbox.say("support", "ops", "Customers cannot pay since a minute or two")

    await world.sandbox.shortcut("support", "ops", ts, "open_incident")
    form = await opened(world, "support")
    await world.sandbox.submit_view("support", form["id"], {"severity": "SEV2"})
    await world.finish()

    assert "Customers cannot pay" in world.card()
    detection = next(entry for entry in await world.timeline() if entry["kinds"] == ["detection"])
    assert detection["text"] == "Customers cannot pay since a minute or two"
    assert detection["author"] == "support"
    assert "Declared *INC-1* (SEV2)" in world.sandbox.ephemerals("support", "ops")[-1]["text"]


async def test_a_form_opens_with_one_call_and_knows_the_incident(world: World) -> None:
    await world.declares()
    ts = await world.says("engineer", "the cache is cold")
    world.sandbox.clear_calls()

    await world.sandbox.shortcut("oncall", world.channel, ts, "add_to_timeline")

    assert [call["method"] for call in world.sandbox.calls()] == ["views.open"]
    form = await opened(world)
    assert "INC-1" in str(form["blocks"])


async def test_after_the_resolve_only_what_is_missing_is_asked_for(world: World) -> None:
    await world.declares()
    await world.types("oncall", "/incident cause A flaw in the cache")
    await world.types("oncall", "/incident resolve")
    await world.finish()

    asked = next(each for each in world.sandbox.messages(world.channel) if "question_impact" in action_ids(each))
    assert action_ids(asked) == {
        "question_impact",
        "question_start",
        "question_detection",
        "question_fix",
        "incident_draft",
        "postmortem_edit",
    }

    for action, values in (
        ("question_impact", {"text": "Nobody could pay", "users": "30%"}),
        ("question_start", {"at": "13:50"}),
        ("question_detection", {"text": "A customer called", "at": "13:55"}),
        ("question_fix", {"text": "The cache was emptied"}),
    ):
        await world.sandbox.click("oncall", world.channel, asked["ts"], action)
        form = await opened(world)
        answer = await world.sandbox.submit_view("oncall", form["id"], values)
        assert answer.ok, (action, answer)
        await world.finish()

    answered = world.sandbox.message(world.channel, asked["ts"])
    assert action_ids(answered) == {"incident_draft", "postmortem_edit"}
    assert "has its impact, start, cause, detection and fix" in rendered(answered)
    whole = (await world.exported())["incident"]
    assert whole["started_at"].startswith("2026-03-02T13:50")
    assert whole["detected_at"].startswith("2026-03-02T13:55")
    assert "Nobody could pay" in str(whole["impact"])
    assert "The cache was emptied" in str(whole["resolution"])


async def test_nothing_is_asked_when_nothing_is_missing(world: World) -> None:
    await world.declares("checkout is down at:13:50")
    for line in ("impact nobody could pay", "cause a flaw", "note kind:detection at:13:52 a customer called"):
        await world.types("oncall", f"/incident {line}")
    await world.types("oncall", "/incident resolve emptied the cache")
    await world.finish()

    assert not [each for each in world.sandbox.messages(world.channel) if "question" in str(action_ids(each))]


async def test_reopen_and_list_say_and_show_what_is_open(world: World) -> None:
    await world.declares()
    assert "INC-1" in await world.types("engineer", "/incident list", "ops")
    await world.types("oncall", "/incident resolve")
    await world.finish()
    assert "`/incident reopen WHY`" in await world.types("oncall", "/incident resolve")
    assert "There are no open incidents" in await world.types("engineer", "/incident list", "ops")

    assert await world.types("oncall", "/incident reopen it came back") == ""
    await world.finish()

    assert "Investigating" in world.card()
    whole = await world.exported()
    assert whole["incident"]["ended_at"] is None
    assert whole["timeline"][-1]["kinds"] == ["reopened"]


async def test_an_incident_is_declared_from_anywhere_in_slack(world: World) -> None:
    answer = await world.sandbox.global_shortcut("oncall", "declare_incident")
    assert answer.ok, answer
    form = await opened(world)
    await world.sandbox.submit_view("oncall", form["id"], {"title": "Checkout is down"})
    await world.finish()

    assert world.channel == "inc-1-checkout-is-down"
    window = await opened(world)
    assert "Declared *INC-1* (SEV3). It is *public*." in rendered(window)
    assert window["submit"] is None


async def test_a_guest_who_wants_to_declare_is_told_in_a_window(world: World) -> None:
    await world.sandbox.global_shortcut("guest", "declare_incident")

    window = await opened(world, "guest")
    assert REFUSAL in rendered(window)
    assert window["submit"] is None
