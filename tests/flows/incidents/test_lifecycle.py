"""Incident lifecycle by commands: card, announcement and record agree."""

from typing import Any

import pytest

from tests.support.worlds.story import draft_files
from tests.support.worlds.world import World


async def incident(world: World) -> dict[str, Any]:
    return dict((await world.exported())["incident"])


async def last(world: World) -> dict[str, Any]:
    return (await world.timeline())[-1]


async def test_the_status_moves_on_and_everybody_sees_it(world: World) -> None:
    await world.declares()

    answer = await world.types("oncall", "/incident status identified the pool was halved by the deploy")
    await world.finish()

    assert answer == "", "the channel says it"
    assert "Identified" in world.card()
    assert "identified" in world.texts("incidents")[0]
    assert any("set the status: *identified*" in text and "pool was halved" in text for text in world.texts())
    entry = await last(world)
    assert (entry["kinds"], entry["was"], entry["became"]) == (["status"], "investigating", "identified")
    assert entry["text"] == "the pool was halved by the deploy"


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("status investigating", "Nothing to change: it is already investigating."),
        ("status identifed", "Did you mean `identified`?"),
        ("status closed", "not set by `/incident status`"),
        ("status", "needs a status"),
        ("severity 3", "Nothing to change: the severity is already SEV3."),
        ("severity sev9", "not a severity"),
        ("severty 1", "Did you mean `severity`?"),
        ("lead @nobody-here", "`@nobody-here` is not a mention."),
        ("task", "needs a text"),
        ("cause", "needs a text"),
        ("impact", "Describe the impact"),
        ("impact users:120% all of them", "more than all"),
        ("impact started:23:50 late", "Only past times can be recorded."),
        ("impact ended:13:00 early", "before the impact began"),
        ("impact started:13:00 ended:12:00 odd", "end before it began"),
        ("resolve at:13:00", "before the impact began"),
        ("resolve at:23:59", "Only past times can be recorded."),
        ("resolve at:?", "cannot end an incident"),
        ("ack", "No escalation"),
        ("escalate @dab because", "I do not know `@dab`"),
        ("postmortem template:clasic", "Did you mean `classic`?"),
        ("note at:25:00 x", "is not a time"),
        ("nonsense", "not a command"),
    ],
)
async def test_what_cannot_be_is_refused_in_words_and_changes_nothing(world: World, typed: str, told: str) -> None:
    await world.declares()
    before = await world.exported()
    lines = len(world.texts())

    answer = await world.types("oncall", f"/incident {typed}")
    await world.finish()

    assert told in answer
    assert await world.exported() == before
    assert len(world.texts()) == lines


async def test_severity_with_its_reason(world: World) -> None:
    await world.declares()

    answer = await world.types("oncall", "/incident sev 1 half of all payments fail")
    await world.finish()

    assert answer == "", "the channel says it"
    assert "SEV1" in world.card()
    assert world.sandbox.channel(world.channel)["topic"]["value"].startswith("SEV1")
    entry = await last(world)
    assert (entry["was"], entry["became"], entry["text"]) == ("SEV3", "SEV1", "half of all payments fail")
    assert any("SEV3 → *SEV1*" in text for text in world.texts())


async def test_leading_oneself_another_and_taking_over(world: World) -> None:
    await world.declares()

    assert await world.types("engineer", "/incident lead") == ""
    await world.finish()
    assert "*Lead:* <@U0ENGINEER>" in world.card()
    assert "Take the lead" not in world.card()

    await world.types("oncall", "/incident lead @support")
    await world.finish()
    assert "*Lead:* <@U0SUPPORT>" in world.card()
    assert "U0SUPPORT" in world.sandbox.members(world.channel), "who leads is invited"
    assert any("taking over from" in text for text in world.texts())

    assert "leads INC-1 already" in await world.types("oncall", "/incident lead @support")
    found = await incident(world)
    assert found["lead_id"] == "U0SUPPORT"
    assert found["sources"]["acknowledged_at"]["because"] == "first lead"


async def test_the_button_makes_one_lead(world: World) -> None:
    await world.declares()

    await world.presses("dba", "incident_lead")
    await world.finish()

    assert "*Lead:* <@U0DBA>" in world.card()


async def test_resolving_ends_it_with_text_and_time(world: World) -> None:
    await world.declares()
    await world.advance(minutes=40)

    answer = await world.types("oncall", "/incident resolve at:14:30 rolled back to 4710")
    await world.finish()

    assert answer == "", "the channel says it"
    found = await incident(world)
    assert found["ended_at"] == "2026-03-02T14:30:00+00:00"
    assert found["sources"]["ended_at"]["because"] == "resolve at:"
    assert found["resolved_at"].startswith("2026-03-02T14:42"), "when it was done, never moved"
    assert found["duration_seconds"] == 30 * 60
    assert found["resolution"]["text"] == "rolled back to 4710"
    assert "✅" in world.card()
    assert "(30m)" in world.card()
    assert "resolved" in world.texts("incidents")[0]
    assert any("*Resolved* by" in text for text in world.texts())


async def test_resolving_needs_nothing_and_survives_a_broken_slack(world: World) -> None:
    """No Web API call works; Slack gets the messages later."""
    await world.declares()
    fault = world.sandbox.fault("status", status=503, body="down")

    answer = await world.types("oncall", "/incident resolve")

    assert answer == "", "the channel says it"
    assert (await incident(world))["status"] == "resolved"
    world.sandbox.clear_fault(fault)
    await world.advance(minutes=15)
    assert "✅" in world.card()
    assert [each["title"] for each in draft_files(world, world.channel)] == ["Postmortem INC-1: checkout is down"]


async def test_resolving_twice_changes_nothing(world: World) -> None:
    await world.declares()
    await world.types("oncall", "/incident resolve rolled back")
    await world.finish()
    before, files = await world.exported(), len(world.sandbox.files(world.channel))

    answer = await world.types("engineer", "/incident resolve me too")
    await world.finish()

    assert "Nothing to change: it is already resolved." in answer
    assert await world.exported() == before
    assert len(world.sandbox.files(world.channel)) == files


async def test_a_status_reopens_what_was_over(world: World) -> None:
    await world.declares()
    await world.types("oncall", "/incident resolve rolled back")
    await world.finish()

    answer = await world.types("oncall", "/incident status investigating it is back")
    await world.finish()

    assert answer == ""
    found = await incident(world)
    assert (found["status"], found["resolved_at"], found["ended_at"], found["resolution"]) == (
        "investigating",
        None,
        None,
        None,
    )
    assert (await last(world))["kinds"] == ["reopened"]
    assert "Investigating" in world.card()
    assert "✅" not in world.card()
    assert any("*Reopened* by" in text for text in world.texts())

    await world.advance(minutes=10)
    await world.types("oncall", "/incident resolve this time for good")
    assert (await incident(world))["resolution"]["text"] == "this time for good"


async def test_resolves_that_wait_for_slack_are_each_posted_with_their_own_words(world: World) -> None:
    """Resolved too early, reopened and resolved again while Slack takes no messages: the channel reads it as it was."""
    await world.declares()
    busy = world.sandbox.fault("status", method="chat.postMessage", status=503)
    for line in ("resolve rolled back", "reopen it is back", "resolve this time for good"):
        await world.types("oncall", f"/incident {line}")
        await world.advance(minutes=1)
    world.sandbox.clear_fault(busy)
    await world.advance(minutes=5)

    def resolutions() -> list[str]:
        return [text for text in world.texts() if "*Resolved* by" in text]

    early, final = resolutions()
    assert "rolled back" in early
    assert "was reopened since" in early
    assert "this time for good" in final
    for words in ("rolled back", "this time for good"):
        ref = next(each["ref"] for each in await world.timeline() if each["text"] == words)
        await world.types("oncall", f"/incident redact {ref} a secret")
        await world.finish()
        assert not any(words in text for text in resolutions()), "no second copy is left"


async def test_the_forms_of_the_card_resolve_and_note(world: World) -> None:
    await world.declares()
    await world.presses("oncall", "incident_note")
    await world.submits("oncall", text="restarted the pods", at="~14:01", kind="action")

    entry = next(each for each in await world.timeline() if each["text"] == "restarted the pods")
    assert (entry["kinds"], entry["precision"]) == (["action"], "approximate")

    await world.presses("oncall", "incident_resolve")
    refused = await world.submits("oncall", text="rolled back", at="half past nonsense")
    assert "not a time" in refused.errors["at"]
    assert (await incident(world))["status"] == "investigating"
    accepted = await world.submits("oncall", text="rolled back", at="14:02")
    await world.finish()

    assert accepted.errors == {}
    found = await incident(world)
    assert (found["status"], found["resolution"]["text"]) == ("resolved", "rolled back")
    assert found["sources"]["ended_at"]["because"] == "resolve at:"


async def test_an_incident_is_named_from_outside_its_channel(world: World) -> None:
    await world.declares()
    await world.declares("search is slow")

    assert "Logged" in await world.types("support", "/incident note INC-1 tickets come in", "ops")
    assert "Logged" in await world.types("support", "/incident inc-2 note also slow", "ops")
    assert "There is no INC-9" in await world.types("support", "/incident note INC-9 hello", "ops")
    assert "Which incident?" in await world.types("support", "/incident note hello", "ops")

    assert (await world.timeline("INC-1"))[-1]["text"] == "tickets come in"
    assert (await world.timeline("INC-2"))[-1]["text"] == "also slow"
    assert (await world.timeline("INC-2"))[-1]["author_id"] == "U0SUPPORT"


@pytest.mark.parametrize("word", ["start", "declare", "new", "open"])
async def test_each_word_for_start_opens_one(world: World, word: str) -> None:
    answer = await world.types("oncall", f"/incident {word} checkout is down", "ops")

    assert "Declared *INC-1*" in answer


async def test_start_takes_what_is_known(world: World) -> None:
    line = "/incident start Payments failing at:13:45 ref:TSR-1532 tz:Europe/Paris sev:1 service:checkout"
    await world.declares(line.removeprefix("/incident start "))

    found = await incident(world)

    assert (found["outside_reference"], found["severity"], found["zone"]) == ("TSR-1532", "SEV1", "Europe/Paris")
    assert found["started_at"] == "2026-03-02T13:45:00+01:00"
    assert found["sources"]["started_at"]["because"] == "start at:"
    assert found["services"] == ["checkout"]


async def test_a_start_that_nobody_knows_is_refused(world: World) -> None:
    answer = await world.types("oncall", "/incident start checkout is down at:?", "ops")

    assert "`at:?` is not a time." in answer
    assert world.channels == []


async def test_a_drill_has_a_number_of_its_own_and_says_what_it_is(world: World) -> None:
    answer = await world.types("oncall", "/incident start practise drill:yes", "ops")
    await world.finish()

    assert "DRILL-1" in answer
    assert world.channel == "drill-1-practise"
    assert "DRILL · DRILL-1" in world.card()


async def test_help_lists_the_commands_and_explains_one(world: World) -> None:
    everything = await world.types("oncall", "/incident help", "ops")
    one = await world.types("oncall", "/incident help start", "ops")
    wrong = await world.types("oncall", "/incident help strat", "ops")

    for word in ("start", "note", "resolve", "escalate", "postmortem"):
        assert f"`{word}` " in everything
    assert "when the impact began" in one
    assert "resolve" not in one
    assert "Did you mean `start`?" in wrong


async def test_the_word_alone_shows_the_card_inside(world: World) -> None:
    await world.declares()

    await world.types("oncall", "/incident")

    shown = str(world.sandbox.ephemerals("oncall", world.channel)[-1]["blocks"])
    assert "INC-1 · checkout is down" in shown


async def test_guests_may_not_command(world: World) -> None:
    await world.declares()
    world.sandbox.invite("oncall", world.channel, ["guest"])
    await world.says("guest", "may I?")
    await world.finish()
    before = await world.exported()

    answer = await world.types("guest", "/incident severity 1")

    assert "Guests" in answer
    assert await world.exported() == before


async def test_what_people_type_never_pings(world: World) -> None:
    await world.declares("<!channel> *bold* <https://evil.example|click>")
    await world.types("oncall", "/incident note <!here> & `code` <@U0DBA>")
    await world.types("oncall", "/incident severity 1 <!everyone>")
    await world.finish()

    for call in world.sandbox.calls():
        assert "<!here" not in str(call["args"])
        assert "<!channel" not in str(call["args"])
        assert "<!everyone" not in str(call["args"])
    assert "<@U0DBA>" not in "".join(text for text in world.texts() if "logged" in text)


async def test_a_command_delivered_twice_gets_its_first_answer_again(world: World) -> None:
    await world.declares()
    world.sandbox.delivery_fault("duplicate", event="slash_commands")

    answers = [await world.types("oncall", f"/incident note number {number}") for number in range(3)]

    assert answers == [""] * 3
    assert [entry["text"] for entry in (await world.timeline())[1:]] == ["number 0", "number 1", "number 2"]
