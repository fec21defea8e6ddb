"""Drafts: posted on resolve, rewritten on request, exported beside a running bot."""

import asyncio
import json
import os
import re
import sys
from pathlib import Path

import pytest

from tests.support.worlds.story import draft_files
from tests.support.worlds.world import World


async def runs(world: World, *arguments: str, **environment: str) -> tuple[int, str, str]:
    """`dogwatch …` as a subprocess in the bot's environment: exit code, output and errors."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        *arguments,
        env={**os.environ, **world.environment(), **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


def names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


async def tells_a_story(world: World) -> None:
    """An outage of 40 minutes with every part of a record."""
    await world.declares("Payments fail at:13:50 sev:1 service:checkout")
    began = await world.says("support", "@engineer customers cannot pay")
    await world.reacts("oncall", began, "boom")
    await world.types("oncall", "/incident escalate @dba pool is full")
    await world.advance(minutes=4)
    await world.types("dba", "/incident ack")
    wrong = await world.says("engineer", "is it the network?")
    await world.reacts("engineer", wrong, "fish")
    await world.types("oncall", "/incident impact users:20% one in five payments failed")
    await world.types("oncall", "/incident cause the deploy halved the pool")
    await world.types("oncall", "/incident task Alert on pool usage @dba due:2026-03-20")
    await world.advance(minutes=20)
    await world.types("oncall", "/incident resolve rolled back to 4710")
    await world.finish()


def drafts(world: World) -> list[str]:
    """The contents of the drafts in the channel, the oldest first."""
    return [world.sandbox.file_content(each["id"]).decode() for each in draft_files(world, world.channel)]


async def test_the_transcript_is_an_appendix_of_the_draft_if_it_is_asked_for(world: World) -> None:
    await world.declares()
    await world.says("engineer", "the pool is full")
    ts = await world.says("dba", "the password is hunter2")
    await world.types("oncall", "/incident resolve restarted")
    await world.finish()
    [plain] = drafts(world)
    assert "the pool is full" not in plain

    await world.types("oncall", "/incident postmortem transcript")
    await world.finish()
    [whole] = drafts(world)
    assert whole.startswith(plain.partition("\n")[0])
    assert "the pool is full" in whole
    assert "hunter2" in whole

    channel = world.sandbox.channel(world.channel)["id"]
    link = f"https://harbour.slack.example/archives/{channel}/p{ts.replace('.', '')}"
    await world.types("oncall", f"/incident redact {link} a password")
    await world.finish()
    assert not any("hunter2" in draft for draft in drafts(world))
    assert "the pool is full" in drafts(world)[-1], "the new one has its appendix, too"


async def test_a_record_without_a_channel_has_no_transcript(world: World) -> None:
    await world.types("oncall", "/incident start Payments failed at:13:00 sev:2 retro", "ops")
    await world.finish()

    answer = await world.types("oncall", "/incident postmortem INC-1 transcript", "ops")

    assert answer.startswith(":warning: INC-1 has no channel, so there is no transcript. Leave out `transcript`.")


async def test_at_resolve_the_draft_is_in_the_channel_with_its_sources(world: World) -> None:
    await tells_a_story(world)

    [file] = draft_files(world, world.channel)
    assert file["name"] == "postmortem-INC-1.md"
    [draft] = drafts(world)
    for words in (
        "Payments fail",
        "one in five payments failed",
        "the deploy halved the pool",
        "rolled back to 4710",
        "is it the network?",
        "Alert on pool usage",
        "@engineer customers cannot pay",
    ):
        assert words in draft.replace("\\", ""), words
    assert "<@U" not in draft
    links = dict(re.findall(r"^\[(\d+)\]: (https?://\S+)$", draft, re.MULTILINE))
    assert any("/archives/" in link for link in links.values()), "messages are linked"
    for line in draft.splitlines():
        if line.startswith("- "):
            cited = re.findall(r"\[\[(\d+)\]\]", line)
            assert cited, f"without a source: {line}"
            assert set(cited) <= set(links)
    assert re.search(r"^- \[\[\d+\]\] Message — engineer, 14:\d\d$", draft, re.MULTILINE)
    [message] = [each for each in world.sandbox.messages(world.channel) if each.get("files")]
    assert "Postmortem draft of INC-1" in message["text"]


@pytest.mark.world(config='[postmortem]\npeople = "roles"\n')
async def test_people_are_shown_by_role_where_configured(world: World) -> None:
    await tells_a_story(world)

    [draft] = drafts(world)
    assert "is it the network? — Responder" in draft
    assert "Responder customers cannot pay" in draft
    for name in ("oncall", "engineer", "support"):
        assert name not in draft


async def test_what_nobody_recorded_is_asked(world: World) -> None:
    await world.declares()
    await world.types("oncall", "/incident resolve")
    await world.finish()

    [draft] = drafts(world)

    assert (
        "Questions to the lead: What was the impact, and for whom? How was it detected? What was the cause? "
        "How was it resolved? What will be improved?"
    ) in draft


async def test_a_draft_is_written_anew_in_another_form_and_language(world: World) -> None:
    await tells_a_story(world)
    await world.types("oncall", "/incident cause lang:fr le déploiement a réduit le pool")

    answer = await world.types("oncall", "/incident postmortem template:brief lang:fr,en")
    await world.finish()

    assert "follows in the channel" in answer
    first, second = drafts(world)
    assert "le déploiement a réduit le pool" not in first
    assert "le déploiement a réduit le pool" in second
    assert "\n---\n" in second, "one language after the other"
    assert second != first


async def test_the_draft_follows_the_record(world: World) -> None:
    await tells_a_story(world)
    await world.types("oncall", "/incident cause it was the connection limit")
    [first] = drafts(world)

    await world.presses("oncall", "incident_draft")
    await world.finish()

    [second] = drafts(world)
    assert "the deploy halved the pool" in first
    assert "it was the connection limit" in second
    versions = [what for _, what in await world.audited() if what.startswith("wrote postmortem draft")]
    assert versions == ["wrote postmortem draft 1", "wrote postmortem draft 2"]


async def test_the_same_record_gives_the_same_bytes(world: World) -> None:
    await tells_a_story(world)
    [first] = drafts(world)
    await world.types("oncall", "/incident postmortem")
    await world.finish()

    [second] = drafts(world)

    assert first == second


@pytest.mark.parametrize("form", ["markdown", "html", "json"])
async def test_export_beside_a_running_bot(world: World, form: str) -> None:
    await tells_a_story(world)
    [draft] = drafts(world)

    code, out, err = await runs(world, "export", "INC-1", "--format", form)

    assert (code, err) == (0, "")
    if form == "markdown":
        assert out == draft
    elif form == "json":
        assert json.loads(out) == json.loads(json.dumps(await world.exported()))
    else:
        assert out.startswith("<!doctype html>")
        assert "one in five payments failed" in out
    assert await world.types("oncall", "/incident note the bot still writes") == ""


async def test_export_in_another_form_and_language(world: World) -> None:
    await tells_a_story(world)

    code, out, _ = await runs(world, "export", "inc-1", "--template", "brief", "--lang", "de,en")

    assert code == 0
    assert "Dauer" in out
    assert "\n---\n" in out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["INC-9"], "There is no INC-9"),
        (["nonsense"], "Write it like INC-7."),
        (["INC-1", "--template", "clasic"], "classic"),
        (["INC-1", "--lang", "xx"], "no documents in `xx`"),
        (["INC-1", "--format", "pdf"], "pdf"),
        (["INC-1", "--format", "json", "--lang", "fr"], "Remove --template and --lang"),
    ],
)
async def test_what_cannot_be_exported_is_said_with_exit_code_2(world: World, arguments: list[str], told: str) -> None:
    await world.declares()

    code, out, err = await runs(world, "export", *arguments)

    assert (code, out) == (2, "")
    assert told in err
    assert "Traceback" not in err


async def test_export_where_there_is_no_database(world: World, tmp_path: Path) -> None:
    code, _, err = await runs(world, "export", "INC-1", DATABASE_URL=f"sqlite:///{tmp_path / 'nowhere.db'}")

    assert code == 2
    assert "There is no database" in err
    assert not [name for name in names_in(tmp_path) if "nowhere" in name], "reading makes nothing"


async def test_nothing_of_a_private_incident_is_seen_outside_it(world: World) -> None:
    await world.declares("keys of the vault leaked private:yes", user="oncall", channel="ops")
    secret = world.channel
    assert "There is no INC-1" in await world.types("engineer", "/incident postmortem INC-1", "ops")
    await world.types("oncall", "/incident resolve rotated the keys", secret)
    await world.finish()
    await world.declares("search is slow")
    await world.types("oncall", "/incident resolve restarted")
    await world.finish()

    public = [channel["name"] for channel in world.sandbox.channels() if channel.get("name") not in {None, secret}]
    seen = "\n".join(text for name in public for text in world.texts(name))
    assert "search is slow" in seen
    assert "vault" not in seen
    assert "rotated" not in seen
    assert "vault" not in drafts(world)[0]
    status, metrics = await world.gets("/metrics")
    assert status == 200
    assert "vault" not in metrics
    assert "INC-1" not in metrics
