"""Commands, forms and buttons that cannot be executed change nothing and say why."""

from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs
from structlog.typing import EventDict

from tests.support.requests.strangers import FORM, errors_of, interaction, to_slack
from tests.support.worlds.world import World


@pytest.fixture
def logged() -> Iterator[list[EventDict]]:
    with capture_logs() as entries:
        yield entries


async def refused(world: World, line: str, *, user: str = "oncall", channel: str | None = None) -> str:
    """Type a command that must be refused; return the answer. Nothing else may change."""
    before, posted = await world.tables(), world.texts()
    answer = await world.types(user, line, channel)
    assert answer, "a refusal says something"
    after = await world.tables()
    assert {**after, "person": []} == {**before, "person": []}, "people who are named are looked up, nothing else"
    assert world.texts() == posted, "nobody else is told"
    return answer


REFUSED_COMMANDS = [
    ("/incident escalat @dba help", ["`escalat` is not a command", "Did you mean `escalate`?"]),
    ("/incident frobnicate", ["`frobnicate` is not a command", "`/incident help`"]),
    ("/incident severity 9", ["9", "SEV1"]),
    ("/incident severity sev33", ["sev33", "SEV1"]),
    ("/incident start checkout is down sev:critical", ["critical", "SEV1"]),
    ("/incident start sev:1", ["Describe the problem"]),
    ('/incident start ""', ["Describe the problem"]),
    ("/incident escalate @nobdy it burns", ["@nobdy", "Escalate to a person"]),
    ("/incident escalate @paymets it burns", ["@paymets", "Did you mean `payments`?"]),
    ("/incident lead @nobdy", ["nobdy"]),
    ("/incident start checkout is down tz:Europe/Pariss", ["Europe/Pariss", "Europe/Paris"]),
    ("/incident note at:25:99 it began", ["25:99"]),
    ("/incident note at:yesterdayish it began", ["yesterdayish"]),
    ("/incident note at:2031-01-01 12:00 it began", ["Only past times can be recorded."]),
    ("/incident start checkout is down at:2031-01-01 12:00", ["Only past times can be recorded."]),
    ("/incident resolve at:2031-01-01 12:00", ["Only past times can be recorded."]),
    ("/incident resolve at:2001-01-01 12:00", ["before the impact began"]),
    ("/incident ack", ["No escalation of this incident is unacknowledged"]),
    ("/incident note", ["needs a text", "/incident note"]),
    ("/incident cancel", ["needs a reason"]),
    ("/incident redact", ["needs the link of a message, or an entry"]),
    ("/incident update", ["needs one of `investigating`"]),
    ("/incident update soon it is back", ["`soon` is not valid here.", "`monitoring`"]),
    ("/incident help ntoe", ["`ntoe` is not a command. Did you mean `note`? `/incident help` lists them all."]),
    ("/incident reopen too early", ["It is investigating, so there is nothing to reopen."]),
    ("/incident note INC-99 hello", ["There is no INC-99"]),
    ("/incident status done", ["done"]),
    ("/incident status investigating", ["Nothing to change: it is already investigating."]),
    ("/incident severity SEV3", ["Nothing to change: the severity is already SEV3."]),
    ("/incident help escalat", ["Did you mean `escalate`?"]),
    ("/incident postmortem template:clasic", ["clasic", "classic"]),
    ("/incident note kind:hypotesis it is DNS", ["hypotesis", "hypothesis"]),
    ("/incident impact users:120% everybody", ["120%"]),
]


async def test_a_command_that_cannot_be_carried_out_is_answered_in_words(world: World) -> None:
    """One world for all: a refusal changes nothing."""
    await world.declares()

    for line, says in REFUSED_COMMANDS:
        answer = await refused(world, line)
        for words in says:
            assert words.casefold() in answer.casefold(), line


async def test_resolving_twice(world: World) -> None:
    await world.declares()
    await world.types("oncall", "/incident resolve fixed")
    await world.finish()

    answer = await refused(world, "/incident resolve fixed again")

    assert "Nothing to change: it is already resolved." in answer


async def test_outside_a_channel_the_incident_has_to_be_named(world: World) -> None:
    await world.declares()

    answer = await refused(world, "/incident note it began at the load balancer", channel="ops")

    assert "Which incident?" in answer


async def test_a_time_that_means_two_is_asked_about(world: World) -> None:
    await world.declares("checkout is down tz:Europe/Paris")

    answer = await refused(world, "/incident note at:14:05 CST it began")

    assert "press the one you mean" in answer
    assert "America/Chicago" in answer or "UTC-06" in answer or "Asia/Shanghai" in answer


async def test_a_form_refuses_at_its_field_and_keeps_what_was_typed(world: World) -> None:
    await world.declares()
    await world.presses("oncall", "incident_resolve")
    before = await world.tables()

    answer = await world.submits("oncall", text="fixed", at="soonish")

    assert answer.errors.keys() == {"at"}
    assert "soonish" in answer.errors["at"]
    assert await world.tables() == before
    (view,) = world.sandbox.views("oncall")
    assert view["state"]["values"]["text"]["text"]["value"] == "fixed"


async def test_a_reaction_to_the_bots_own_card_is_answered_in_a_whisper(world: World) -> None:
    await world.declares()
    (card,) = world.sandbox.pins(world.channel)
    before = await world.exported()

    await world.reacts("oncall", card["ts"], "mag")
    await world.finish()

    whisper = world.sandbox.ephemerals("oncall", world.channel)[-1]
    assert "one of my own messages" in whisper["text"]
    assert await world.exported() == before
    assert not world.is_confirmed(card["ts"])


async def test_guests_write_and_react_but_do_not_command(world: World) -> None:
    await world.declares()
    world.sandbox.invite("oncall", world.channel, ["guest"])
    seen = await world.says("guest", "our shop shows an empty basket")
    await world.reacts("guest", seen, "rotating_light")
    await world.finish()

    answer = await refused(world, "/incident resolve it works for me", user="guest")

    assert "Guests" in answer
    entry = (await world.timeline())[-1]
    assert (entry["text"], entry["author_id"]) == ("our shop shows an empty basket", "U0GUEST")


async def test_a_guest_s_very_first_act_is_refused_too(world: World) -> None:
    """A guest is looked up before the first command is executed."""
    await world.declares("checkout is down")
    world.sandbox.add_user("visitor", is_restricted=True)
    world.sandbox.add_user("partner", team_id="T0OTHER")
    world.sandbox.add_user("caller", is_restricted=True)
    world.sandbox.invite("oncall", world.channel, ["visitor", "partner", "caller"])

    for user in ("visitor", "partner"):
        assert "cannot use commands" in await world.types(user, "/incident severity 4 it works for me")
    assert "cannot use commands" in await world.types("caller", "/incident start something else")
    await world.finish()

    assert (await world.exported())["incident"]["severity"] == "SEV3"
    assert len(world.channels) == 1


async def test_somebody_whom_slack_does_not_describe_can_declare_all_the_same(world: World) -> None:
    world.sandbox.add_user("newcomer")
    world.sandbox.fault("error", method="users.info", error="internal_error", times=1)

    assert "Declared" in await world.types("newcomer", "/incident start checkout is down", "ops")


async def test_a_guest_may_press_no_button(world: World) -> None:
    await world.declares()
    world.sandbox.invite("oncall", world.channel, ["guest"])
    await world.says("guest", "hello")
    await world.finish()
    before = await world.tables()

    await world.presses("guest", "incident_lead")
    await world.finish()

    assert await world.tables() == before
    assert "Guests" in world.sandbox.ephemerals("guest", world.channel)[-1]["text"]


async def test_a_button_of_another_version_is_answered(world: World, logged: list[EventDict]) -> None:
    await world.declares()
    (card,) = world.sandbox.pins(world.channel)
    before = await world.tables()
    user = {"id": "U0ONCALL", "team_id": world.sandbox.team_id}
    action = {"type": "button", "action_id": "incident_lead", "block_id": "b", "value": "not a number"}
    payload = {
        "type": "block_actions",
        "team": {"id": world.sandbox.team_id},
        "user": user,
        "actions": [action],
        "channel": {"id": card.get("channel", "C1")},
        "trigger_id": "1.2.x",
    }

    answer = await to_slack(world, interaction(payload), kind=FORM)

    assert answer.status == 200
    assert await world.tables() == before
    assert errors_of(logged) == []
