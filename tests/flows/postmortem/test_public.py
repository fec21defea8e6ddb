"""The public postmortem: previewed in Slack, exported from the command line, the same bytes."""

import pytest

from tests.flows.postmortem.test_drafts import runs
from tests.support.worlds.story import draft_files
from tests.support.worlds.world import World

CONFIG = """
[incidents]
languages = ["en"]

[postmortem]
private_words = ["Falcon"]
public_hosts = ["status.harbour.example"]
"""

pytestmark = pytest.mark.world(config=CONFIG)


async def tells_a_story(world: World, cause: str = "the deploy of <@U0DBA> halved the pool") -> None:
    """An outage of 24 minutes, with a chat that nobody outside may read."""
    await world.declares("Payments fail at:13:50 sev:1 service:checkout")
    await world.says("engineer", "secret chatter about the pool in #war-room")
    await world.types("oncall", "/incident escalate @dba pool is full")
    await world.advance(minutes=4)
    await world.types("oncall", "/incident update investigating We look into failing payments")
    await world.types("oncall", "/incident impact users:20% one in five payments failed")
    await world.types("oncall", f"/incident cause {cause}")
    await world.types("oncall", "/incident task Alert on pool usage @dba due:2026-03-20")
    await world.advance(minutes=20)
    await world.types("oncall", "/incident resolve rolled back, see https://wiki.harbour.example/4710")
    await world.finish()


def previews(world: World) -> list[str]:
    files = [each for each in draft_files(world, world.channel) if each["name"].startswith("public-")]
    return [world.sandbox.file_content(each["id"]).decode() for each in files]


async def test_the_preview_and_the_export_are_the_same_bytes(world: World) -> None:
    await tells_a_story(world)

    answer = await world.types("oncall", "/incident postmortem public lang:en")
    await world.finish()

    code, exported, _ = await runs(world, "export", "INC-1", "--public", "--lang", "en")
    assert (code, previews(world)) == (0, [exported])
    assert answer.startswith("The preview of the public postmortem of INC-1")
    assert exported.startswith("# Payments fail\n")
    for words in ("One in five", "one in five payments failed", "rolled back, see \\[internal address\\]"):
        assert words.casefold() in exported.casefold()
    assert "the deploy of the on-call engineer halved the pool" in exported or "a responder halved" in exported
    for internal in ("@", "dba", "Database", "war-room", "wiki", "SEV", "usage", "pool is full", "↗", "checkout"):
        assert internal not in exported


async def test_as_html_it_is_one_file_in_each_language_asked_for(world: World) -> None:
    await tells_a_story(world)

    code, page, _ = await runs(world, "export", "INC-1", "--public", "--format", "html")

    assert code == 0
    assert "<h1>Payments fail</h1>" in page
    assert 'lang="en"' in page
    assert "INC-1" not in page


async def test_a_private_word_is_refused_by_its_row(world: World) -> None:
    await tells_a_story(world, "project falcon halved the pool")

    answer = await world.types("oncall", "/incident postmortem public")
    code, out, problem = await runs(world, "export", "INC-1", "--public")
    await world.finish()

    assert "has the private word “Falcon”" in answer
    assert previews(world) == []
    assert (code != 0, out) == (True, "")
    assert "Cause (entry-" in problem


async def test_a_language_that_nobody_wrote_is_refused(world: World) -> None:
    await tells_a_story(world)

    _, out, problem = await runs(world, "export", "INC-1", "--public", "--lang", "fr,en")

    assert out == ""
    assert "Title is missing in French" in problem
    assert "is not stated in French" in problem


async def test_a_chosen_finding_blocks_until_it_is_corrected(world: World) -> None:
    await tells_a_story(world)
    await world.types("oncall", "/incident update resolved Payments failed between 13:50 and 13:59 UTC")
    await world.finish()

    refused = await world.types("oncall", "/incident postmortem public")
    await world.types("oncall", "/incident impact ended:13:59")
    allowed = await world.types("oncall", "/incident postmortem public")

    assert "Finding end-time-conflict" in refused
    assert allowed.startswith("The preview of the public postmortem")


async def test_an_open_incident_has_no_public_postmortem(world: World) -> None:
    await world.declares("Payments fail")

    answer = await world.types("oncall", "/incident postmortem public")

    assert "INC-1 is investigating, not resolved." in answer


async def test_options_of_drafts_do_not_fit(world: World) -> None:
    await tells_a_story(world)

    assert "Leave out both" in await world.types("oncall", "/incident postmortem public transcript")
    for option in (("--template", "sre"), ("--transcript",), ("--format", "json")):
        code, _, problem = await runs(world, "export", "INC-1", "--public", *option)
        assert code != 0
        assert "has no template and no transcript" in problem


async def test_a_redaction_deletes_the_preview(world: World) -> None:
    await tells_a_story(world)
    await world.types("oncall", "/incident postmortem public")
    await world.finish()
    [cause] = [each["ref"] for each in await world.timeline() if "cause" in each["kinds"]]

    await world.types("oncall", f"/incident redact {cause} a customer's name")
    await world.finish()

    assert previews(world) == []
    assert len(draft_files(world, world.channel)) == 1, "the draft is posted again, the preview is not"


async def test_a_new_preview_replaces_the_older_file_and_no_draft(world: World) -> None:
    await tells_a_story(world)
    for _ in range(2):
        await world.types("oncall", "/incident postmortem public")
        await world.finish()

    assert len(previews(world)) == 1
    assert len(draft_files(world, world.channel)) == 2
