"""`dogwatch export --transcript`: the channel's messages in their present state."""

import json

from bot.domain.languages import get_language
from tests.flows.postmortem.test_drafts import runs
from tests.support.worlds.world import World


async def talks(world: World) -> None:
    await world.declares("Payments fail")
    first = await world.says("engineer", "is it the network, @dba?")
    await world.reacts("oncall", first, "thinking_face")
    await world.says("dba", "no", thread_ts=first)
    edited = await world.says("engineer", "teh pool")
    await world.edits("engineer", edited, "the pool")
    secret = await world.says("engineer", "hunter2 is the password")
    await world.deletes("engineer", secret)
    world.says_app(text="deploy 4711 finished")
    await world.settle()


async def test_the_transcript_is_an_appendix_of_the_draft(world: World) -> None:
    await talks(world)

    code, draft, _ = await runs(world, "export", "INC-1", "--transcript", "--lang", "fr")

    assert code == 0
    document, _, appendix = draft.partition(f"# {get_language('fr').words['transcript']}")
    assert "deploy 4711" not in document
    lines = appendix.splitlines()
    [asked] = [line for line in lines if "network" in line]
    assert "@dba?" in asked.replace("Database administrator", "dba")
    assert lines[lines.index(asked) + 1].startswith("  - **")
    [pool] = [line for line in lines if "the pool" in line]
    assert "*(modifié)*" in pool
    assert "Message supprimé" in appendix
    assert "hunter2" not in draft
    assert "deploy 4711 finished" in appendix


async def test_without_being_asked_for_it_is_nowhere(world: World) -> None:
    await talks(world)

    for form in ("markdown", "html", "json"):
        code, out, _ = await runs(world, "export", "INC-1", "--format", form)
        assert code == 0
        assert "deploy 4711 finished" not in out


async def test_in_the_json_messages_name_their_thread_and_their_entry(world: World) -> None:
    await talks(world)

    _, out, _ = await runs(world, "export", "INC-1", "--format", "json", "--transcript")

    whole = json.loads(out)
    said = {each["text"]: each for each in whole["transcript"]}
    [entry] = [each for each in whole["timeline"] if each["kinds"] == ["hypothesis"]]
    asked = next(each for text, each in said.items() if "network" in text)
    assert asked["entry"] == entry["ref"]
    assert said["no"]["thread"] == asked["id"]
    assert said["the pool"]["edited"]
    assert [each["text"] for each in whole["transcript"] if each["deleted"]] == [""]
    assert [each["id"] for each in whole["transcript"]] == sorted(each["id"] for each in whole["transcript"])


async def test_what_was_redacted_has_no_text_there(world: World) -> None:
    await world.declares("Payments fail")
    secret = await world.says("engineer", "hunter2 is the password")
    await world.reacts("oncall", secret, "pushpin")
    entry = (await world.timeline())[-1]["ref"]
    await world.types("oncall", f"/incident redact {entry} a password")
    await world.finish()

    for form in ("markdown", "json"):
        _, out, _ = await runs(world, "export", "INC-1", "--format", form, "--transcript")
        assert "hunter2" not in out
    assert [each["redacted"] for each in json.loads(out)["transcript"] if each["author_id"] == "U0ENGINEER"] == [True]


async def test_an_incident_without_a_channel_says_so(world: World) -> None:
    world.sandbox.fault("error", method="conversations.create", error="restricted_action")
    await world.types("oncall", "/incident start checkout is down", "ops")
    await world.finish()

    _, out, _ = await runs(world, "export", "INC-1", "--transcript")

    assert "*No message of the channel is kept.*" in out
