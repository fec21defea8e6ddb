"""Roles: assigned, handed over, given up, with a briefing."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.worlds.story import draft_files
from tests.support.worlds.world import World

CONFIG = """
[roles.lead]
label = "Incident commander"

[roles.customer-liaison]
label = "Customer liaison"
words = ["liaison"]
briefing = "Call the three largest customers."

[services.checkout]
people = ["U0ENGINEER"]
"""


@pytest.fixture
async def own(database_url: str, tmp_path: Path) -> AsyncIterator[World]:
    async with World(database_url, tmp_path, config=CONFIG) as built:
        await built.declares()
        yield built


def direct(world: World, user: str) -> list[str]:
    """The bot's direct messages to this person."""
    return world.texts(world.sandbox.open_dm(user))


async def roles(world: World) -> list[dict[str, Any]]:
    return list((await world.exported())["incident"]["roles"])


async def test_whoever_gets_the_lead_is_briefed_where_only_they_see_it(world: World) -> None:
    await world.declares()
    await world.types("oncall", "/incident impact half of all payments fail")
    await world.types("oncall", "/incident task read the gateway's logs")
    await world.types("oncall", "/incident escalate @U0DBA the pool is exhausted".replace("@U0DBA", "<@U0DBA|dba>"))

    answer = await world.types("oncall", "/incident lead <@U0ENGINEER|engineer>")
    await world.finish()

    assert answer == ""
    [told] = direct(world, "engineer")
    assert "You lead INC-1" in told
    assert "You make the decisions and coordinate the work." in told
    assert "(`/incident escalate`)" in told, "what is to be typed can be copied"
    for stands in ("half of all payments fail", "under investigation", "<@U0DBA> to answer", "read the gateway's logs"):
        assert stands in told
    assert "Still missing: cause" in told
    assert not any("You decide" in text for text in world.texts())


async def test_a_hand_over_names_both_in_the_channel_and_in_the_record(world: World) -> None:
    await world.declares()
    await world.types("oncall", "/incident lead")
    await world.types("oncall", "/incident task read the gateway's logs")
    await world.advance(minutes=30)

    answer = await world.types("oncall", "/incident handover <@U0DBA|dba> I am off to bed")
    await world.finish()

    assert answer == ""
    line = next(text for text in world.texts() if "handed over" in text)
    assert "*oncall* handed over to <@U0DBA>: *Lead*" in line
    assert "I am off to bed" in line
    assert "1 open task" in line
    assert "no impact stated, no cause stated" in line
    assert "/incidents/INC-1" in line
    entry = (await world.timeline())[-1]
    assert entry["text"] == "@oncall hands over to @dba: Lead. I am off to bed"
    first, second = await roles(world)
    assert (first["person_id"], first["handed_to_id"], first["until"]) == ("U0ONCALL", "U0DBA", second["since"])
    assert (second["person_id"], second["assigned_by_id"], second["until"]) == ("U0DBA", "U0ONCALL", None)
    assert (second["note"], first["role"], second["label"]) == ("I am off to bed", "lead", "Lead")
    assert "<@U0DBA>" in world.card()


async def test_the_one_who_hands_over_hears_that_it_was_taken(world: World) -> None:
    await world.declares()
    await world.types("oncall", "/incident lead")
    await world.types("oncall", "/incident handover <@U0DBA|dba> watch the pool")
    await world.finish()
    [briefing] = direct(world, "dba")
    assert "hands it over to you" in briefing
    assert "watch the pool" in briefing

    await world.presses("dba", "role_took", channel=world.sandbox.open_dm("dba"))
    await world.finish()

    assert direct(world, "oncall")[-1] == ":white_check_mark: *dba* has it: *Lead* of INC-1."
    assert (
        not world.sandbox.messages(world.sandbox.open_dm("dba"))[-1]["blocks"][-1].get("elements", [{}])[0].get("url")
    )
    with pytest.raises(AssertionError, match="no button"):
        await world.presses("dba", "role_took", channel=world.sandbox.open_dm("dba"))


async def test_whose_role_is_given_away_by_another_hears_of_it(world: World) -> None:
    await world.declares()
    await world.types("oncall", "/incident role scribe <@U0ENGINEER|engineer>")
    await world.types("dba", "/incident handover scribe <@U0DEVELOPER|developer>", world.channel)
    await world.finish()

    assert direct(world, "engineer")[-1].endswith("to <@U0DEVELOPER>, who takes over from you.")
    assert any("handed *Scribe* over from *engineer* to <@U0DEVELOPER>" in text for text in world.texts())


async def test_a_press_on_the_briefing_of_a_role_that_has_passed_on_says_so(world: World) -> None:
    await world.declares()
    await world.types("oncall", "/incident role scribe <@U0ENGINEER|engineer>")
    await world.finish()
    await world.types("oncall", "/incident role scribe <@U0DBA|dba>")
    await world.finish()
    where = world.sandbox.open_dm("engineer")
    before = len(direct(world, "oncall"))

    await world.presses("engineer", "role_took", channel=where)

    assert "Another person is now" in world.sandbox.ephemerals("engineer", where)[-1]["text"]
    await world.finish()
    assert len(direct(world, "oncall")) == before


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("role scrible <@U0DBA|dba>", "Did you mean `scribe`?"),
        ("role <@U0DBA|dba>", "Name the role first"),
        ("role foo", "`foo` is not a role. Use one of `lead`, `communications`, `scribe`"),
        ("role scribe", "<@U0ONCALL> is Scribe of INC-1 already"),
        ("role scribe bob", "Name a person with `/incident role scribe @somebody`"),
        ("role comms nobody", "Nobody is Communications lead"),
        ("role scribe <@U0DOGWATCH|dogwatch>", "is a bot"),
        ("handover scribe", "needs a person"),
        ("handover", "needs a person"),
    ],
)
async def test_what_cannot_be_is_refused_and_changes_nothing(world: World, typed: str, told: str) -> None:
    await world.declares()
    await world.types("oncall", "/incident role scribe")
    await world.finish()
    before = await world.exported()

    answer = await world.types("oncall", f"/incident {typed}")
    await world.finish()

    assert told in answer
    assert await world.exported() == before


@pytest.mark.parametrize("line", ["lead", "handover", "role scribe"])
@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"deleted": True}, "no longer a member of this workspace"),
        ({"is_bot": True}, "is a bot"),
        ({"team_id": "T0PARTNER"}, "in another workspace"),
    ],
)
async def test_those_who_cannot_act_get_no_role(world: World, line: str, change: dict[str, Any], told: str) -> None:
    await world.declares()
    await world.types("oncall", "/incident lead")
    await world.says("dba", "I am here")
    await world.finish()
    world.sandbox.change_user("dba", **change)
    await world.finish()

    answer = await world.types("oncall", f"/incident {line} <@U0DBA|dba>")

    assert told in answer
    assert [each["person_id"] for each in await roles(world)] == ["U0ONCALL"]


@pytest.mark.parametrize("line", ["lead", "handover", "role lead"])
async def test_to_oneself_is_no_hand_over(world: World, line: str) -> None:
    await world.declares()
    await world.types("oncall", "/incident lead")

    assert "<@U0ONCALL> leads INC-1 already" in await world.types("oncall", f"/incident {line} <@U0ONCALL|oncall>")
    assert len(await roles(world)) == 1


async def test_whoever_gets_a_role_is_invited_into_a_private_channel(world: World) -> None:
    await world.types("oncall", "/incident start keys leaked private:yes", "ops")
    await world.finish()
    assert "U0DEVELOPER" not in world.sandbox.members(world.channel)

    await world.types("oncall", "/incident handover <@U0DEVELOPER|developer>")
    await world.finish()

    assert "U0DEVELOPER" in world.sandbox.members(world.channel)


async def test_the_lead_is_given_up(world: World) -> None:
    await world.declares()

    nobody = await world.types("oncall", "/incident lead nobody")
    await world.types("oncall", "/incident lead <@U0DBA|dba> the pool is the database's")
    given_up = await world.types("dba", "/incident lead nobody", world.channel)
    await world.finish()

    assert "Nobody is Lead of INC-1" in nobody
    assert given_up == ""
    assert "nobody yet" in world.card()
    assert [(each["person_id"], bool(each["until"]), each["note"]) for each in await roles(world)] == [
        ("U0DBA", True, "the pool is the database's")
    ]


async def test_roles_are_shown_and_given_up(world: World) -> None:
    await world.declares()
    await world.types("oncall", "/incident role comms <@U0DBA|dba>")
    await world.types("oncall", "/incident lead")

    shown = await world.types("oncall", "/incident role")
    given_up = await world.types("dba", "/incident role communications nobody", world.channel)
    lead = await world.types("oncall", "/incident role lead nobody")
    await world.finish()

    assert shown.splitlines() == [
        "• Lead: <@U0ONCALL>",
        "• Communications lead (`communications`): <@U0DBA>",
        "• Scribe: nobody",
    ]
    assert given_up == ""
    assert lead == ""
    assert "nobody yet" in world.card()
    assert all(each["until"] for each in await roles(world))


async def test_nobody_to_hand_over_from_is_no_reason_to_refuse(world: World) -> None:
    await world.declares()

    answer = await world.types("oncall", "/incident handover <@U0DBA|dba>")
    await world.finish()

    assert answer == ""
    assert (await world.timeline())[-1]["text"] == "@dba leads"


async def test_a_scribe_is_no_first_response(world: World) -> None:
    await world.declares()

    await world.types("oncall", "/incident role scribe")

    assert (await world.exported())["incident"]["acknowledged_at"] is None


async def test_the_workspaces_own_roles(own: World) -> None:
    answer = await own.types("oncall", "/incident role liaison <@U0DBA|dba>")
    await own.types("oncall", '/incident role "Incident commander" <@U0ENGINEER|engineer>')
    await own.types("oncall", "/incident resolve")
    await own.finish()

    assert answer == ""
    assert "Call the three largest customers." in direct(own, "dba")[0]
    assert "*Customer liaison:* <@U0DBA>" in own.card()
    assert "*Incident commander:* <@U0ENGINEER>" in own.card()
    draft = own.sandbox.file_content(draft_files(own, own.channel)[-1]["id"]).decode()
    assert "Customer liaison: dba" in draft.replace("*", "")


async def test_the_draft_says_who_had_which_role_when(world: World) -> None:
    await world.declares()
    await world.types("oncall", "/incident lead")
    await world.advance(minutes=40)
    await world.types("oncall", "/incident handover <@U0DBA|dba>")
    await world.types("oncall", "/incident resolve")
    await world.finish()

    draft = world.sandbox.file_content(draft_files(world, world.channel)[-1]["id"]).decode()

    head = draft.splitlines()[2]
    assert "oncall (" in head
    assert "dba (" in head


async def test_the_form_gives_hands_over_and_takes_away(world: World) -> None:
    await world.declares()
    await world.types("oncall", "/incident lead")
    await world.types("oncall", "/incident role scribe <@U0ENGINEER|engineer>")
    await world.finish()

    await world.chooses("oncall", "do_role")
    answer = await world.submits(
        "oncall", **{"role.lead": "U0DBA", "role.communications": "U0DEVELOPER", "role.scribe": None}, text="the pool"
    )
    await world.finish()

    assert answer.ok, answer
    held = {each["role"]: each["person_id"] for each in await roles(world) if each["until"] is None}
    assert held == {"lead": "U0DBA", "communications": "U0DEVELOPER"}
    assert any("handed over to <@U0DBA>" in text and "the pool" in text for text in world.texts())


async def test_a_form_leaves_alone_what_another_changed_meanwhile(world: World) -> None:
    await world.declares()
    await world.types("oncall", "/incident lead")
    await world.finish()
    await world.chooses("oncall", "do_role")
    await world.types("dba", "/incident lead", world.channel)

    await world.submits("oncall", **{"role.scribe": "U0ENGINEER"})
    await world.finish()

    held = {each["role"]: each["person_id"] for each in await roles(world) if each["until"] is None}
    assert held == {"lead": "U0DBA", "scribe": "U0ENGINEER"}


async def test_words_of_a_hand_over_can_be_redacted(world: World) -> None:
    await world.declares()
    await world.types("oncall", "/incident lead")
    await world.types("oncall", "/incident handover <@U0DBA|dba> the password is hunter2")
    await world.finish()
    entry = (await world.timeline())[-1]

    await world.types("oncall", f"/incident redact {entry['ref']} a secret")
    await world.finish()

    assert "hunter2" not in await world.stored()
    assert "hunter2" not in str(await world.exported())


async def test_whoever_gets_a_role_of_a_private_incident_is_let_in(world: World) -> None:
    await world.declares(text="checkout is down private:yes")

    answer = await world.types("oncall", "/incident role scribe <@U0DBA|dba>")
    await world.finish()

    assert "U0DBA" in world.sandbox.members(world.channel)
    assert answer == ""


async def test_a_lead_who_cannot_command_is_told_of(world: World) -> None:
    await world.declares()
    await world.types("oncall", "/incident role scribe <@U0GUEST|guest>")  # from then on it is known who that is
    await world.finish()

    assert "They are a guest and cannot use commands" in await world.types("oncall", "/incident lead <@U0GUEST|guest>")
    assert "They are a guest" not in await world.types("oncall", "/incident handover <@U0DBA|dba>")
