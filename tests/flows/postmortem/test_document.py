"""People edit a draft on its page, while the record goes on."""

import html
import re
from collections.abc import AsyncIterator
from urllib.parse import urlencode

import pytest
from sqlmodel import select

from bench.quick.recorder import recording
from bot.domain.drafting.document.blocks import BlockId, find_block
from bot.services.postmortem.document.edits import (
    Act,
    BlockChange,
    ChangedMeanwhile,
    block_version,
    build_unedited,
    change_block,
    load_section,
)
from bot.services.workspace.actor import Actor, Origin
from bot.store.incidents.incidents import Incident
from tests.flows.postmortem.test_drafts import runs
from tests.flows.timeline.test_redact import remains
from tests.support.requests.strangers import raw
from tests.support.worlds.databases import BOTH_DATABASES
from tests.support.worlds.live import stream_of
from tests.support.worlds.story import draft_files
from tests.support.worlds.visitor import Answer, Visitor
from tests.support.worlds.world import World

PAGE = "/incidents/INC-1/postmortem"


def address(block: str) -> str:
    return f"{PAGE}/block?{urlencode({'block': block})}"


async def sends_act(visitor: Visitor, block: str, act: str, text: str = "", page: Answer | None = None) -> Answer:
    """Fill in the form of a block, as it was opened on `page` or just now."""
    page = page or await visitor.opens(address(block))
    hidden = {name: page.field(name) for name in ("form_token", "seen")}
    answer = await visitor.sends(address(block), act=act, text=text, **hidden)
    await visitor.world.settle()
    return answer


def block_of(page: Answer, words: str) -> str:
    """The block of the line with these words, from the address of its link."""
    found = next(line for line in page.text.splitlines() if words in line and "/postmortem/block?block=" in line)
    encoded = re.search(r"/postmortem/block\?block=([^\"]+)", found.partition(words)[2])
    assert encoded
    return html.unescape(encoded[1]).replace("%2F", "/")


@pytest.fixture
async def ana(world: World) -> AsyncIterator[Visitor]:
    """She reads INC-1, in which a pool was restarted."""
    await world.declares("checkout is down")
    await world.types("oncall", "/incident note kind:action Restarted the *pool*")
    await world.types("oncall", "/incident cause the deploy halved the pool")
    async with Visitor(world) as visitor:
        await visitor.signs_in("engineer")
        yield visitor


async def test_an_edit_is_in_every_rendering_and_the_record_goes_on(world: World, ana: Visitor) -> None:
    page = await ana.opens(PAGE)
    block = block_of(page, "Restarted the")
    assert block.startswith("course/entry-")
    before = (await runs(world, "export", "INC-1"))[1]

    answer = await sends_act(ana, block, "edit", "We restarted **every** worker.\r\n\r\n- one\r\n- two")

    assert (answer.status, answer.location.partition("#")[0].endswith(PAGE)) == (303, True)
    page = await ana.opens(PAGE)
    assert "<strong>every</strong>" in page.text
    assert "Restarted the" not in page.words
    _, after, _ = await runs(world, "export", "INC-1")
    _, page_file, _ = await runs(world, "export", "INC-1", "--format", "html")
    assert "- We restarted **every** worker." in after
    assert "<strong>every</strong>" in page_file
    assert re.search(r"^- \[\d+\] Edit — engineer, \d\d:\d\d$", after, re.MULTILINE), (
        "a person's words have a source, too"
    )
    lost = set(statements(before)) - set(statements(after))
    assert [line for line in lost if "pool*" not in line and "Restarted" not in line] == []

    await world.types("oncall", "/incident note kind:action Rolled back")
    await world.types("oncall", "/incident postmortem")
    await world.finish()
    [file] = draft_files(world, world.channel)
    posted = world.sandbox.file_content(file["id"]).decode()
    assert "- We restarted **every** worker." in posted
    assert "Rolled back" in posted
    assert "Rolled back" in (await ana.opens(PAGE)).words


async def test_the_canvas_follows_an_edit(world: World, ana: Visitor) -> None:
    await world.types("oncall", "/incident resolve rolled back")
    await world.finish()
    [canvas] = world.sandbox.canvases(world.channel)
    assert "halved" in str(world.sandbox.canvas_content(canvas["id"]))

    await sends_act(ana, "cause/cause/en", "edit", "The deploy of **13:48**.")
    await world.finish()

    assert "The deploy of **13:48**." in str(world.sandbox.canvas_content(canvas["id"]))
    assert len(world.sandbox.canvases(world.channel)) == 1


def statements(markdown: str) -> list[str]:
    return re.sub(r" \[+\d+\]+", "", markdown.partition("\n## Sources")[0]).splitlines()


async def test_a_changed_fact_is_shown_beside_the_text_until_a_person_chooses(world: World, ana: Visitor) -> None:
    block = block_of(await ana.opens(PAGE), "Restarted the")
    await sends_act(ana, block, "edit", "All workers were restarted.")
    entry = block.split("/")[1]

    form = await ana.opens(f"/incidents/INC-1/entries/{entry}")
    fields = {name: form.field(name) for name in ("form_token", "seen")}
    await ana.sends(
        f"/incidents/INC-1/entries/{entry}",
        act="amend", text="Restarted the *whole* pool", at="13:00", language="", **fields, **{"kind:action": "yes"},
    )  # fmt: skip

    page = await ana.opens(PAGE)
    assert "The record changed" in page.words
    assert "All workers were restarted." in page.words
    assert "<ins>" in (compare := await ana.opens(address(block))).text
    assert "whole" in compare.words
    await sends_act(ana, block, "keep text")
    page = await ana.opens(PAGE)
    assert "The record changed" not in page.words
    assert "All workers were restarted." in page.words

    await sends_act(ana, block, "remove")
    page = await ana.opens(PAGE)
    assert "Removed blocks" in page.words
    await sends_act(ana, block, "put back")
    assert "All workers were restarted." in (await ana.opens(PAGE)).words


async def test_two_people_never_overwrite_each_other_unseen(world: World, ana: Visitor) -> None:
    block = block_of(await ana.opens(PAGE), "Restarted the")
    async with Visitor(world) as bo:
        await bo.signs_in("dba")
        opened = await ana.opens(address(block))
        version = re.search(r'data-version="([^"]+)"', opened.text)
        assert version
        async with stream_of(ana, f"/incidents/INC-1/live?after={version[1]}") as stream:
            await sends_act(bo, block, "edit", "Bo's words")
            assert (await stream.next()).name == "changed"

        refused = await sends_act(ana, block, "edit", "Ana's words", page=opened)

        assert refused.status == 409
        assert "changed meanwhile" in refused.words
        assert "<del>Bo&#39;s</del><ins>Ana&#39;s</ins> words" in refused.text, "both are shown"
        assert "Bo's words" in (await bo.opens(PAGE)).words
        assert (await sends_act(ana, block, "edit", "Ana's and Bo's words", page=refused)).status == 303


async def test_blocks_are_added_moved_and_brought_back_by_version(world: World, ana: Visitor) -> None:
    first = await ana.opens(PAGE)
    block = block_of(first, "Restarted the")
    added = await ana.sends(
        f"{PAGE}/new", section="lessons", language="en", text="We were lucky.", form_token=first.field("form_token")
    )
    assert added.status == 303
    await sends_act(ana, block, "add", "Seen in hindsight.")
    mine = block_of(await ana.opens(PAGE), "Seen in hindsight.")
    await sends_act(ana, mine, "move up")
    words = (await ana.opens(PAGE)).words
    assert "We were lucky." in words
    assert words.index("Seen in hindsight.") < words.index("Restarted the")

    versions = await ana.opens(f"{PAGE}/versions")
    assert [int(each) for each in re.findall(r'id="version-(\d+)"', versions.text)] == [3, 2, 1]
    assert [act for _, act in await world.audited()].count("edited the postmortem") == 3
    fields = {"form_token": versions.field("form_token"), "latest": "3"}
    await ana.sends(f"{PAGE}/versions", number="1", **fields)

    words = (await ana.opens(PAGE)).words
    assert "We were lucky." in words
    article = words.partition("Removed blocks")[0]
    assert "Seen in hindsight." not in article
    assert "engineer returned to version 1 of Actions and notes" in (await ana.opens(f"{PAGE}/versions")).words
    assert (await ana.sends(f"{PAGE}/versions", number="0", **fields)).status == 409, "others were faster"


async def test_a_preview_saves_nothing_and_markup_does_not_run(world: World, ana: Visitor) -> None:
    block = block_of(await ana.opens(PAGE), "Restarted the")

    preview = await sends_act(ana, block, "preview", "**bold** <script>alert(1)</script> ![](https://x.example/i.png)")

    assert preview.status == 200
    assert "<strong>bold</strong> &lt;script&gt;" in preview.text
    assert "<img" not in preview.text
    assert "Nobody has edited" in (await ana.opens(f"{PAGE}/versions")).words


async def test_a_text_that_is_too_long_to_save_has_no_preview(world: World, ana: Visitor) -> None:
    block, text = block_of(await ana.opens(PAGE), "Restarted the"), "- a\n" * 5_001

    preview = await sends_act(ana, block, "preview", text)

    assert preview.status == 422
    assert "The text is longer than 20,000 characters. Split it into several blocks." in preview.words
    assert text in preview.text, "it is in the form still"
    assert '<h2 id="preview">' not in preview.text


@pytest.mark.world(databases=BOTH_DATABASES)
async def test_a_cause_that_is_stated_again_is_compared_with_what_people_wrote(world: World, ana: Visitor) -> None:
    """A single statement is one block, also after another person states it."""
    assert block_of(await ana.opens(PAGE), "<strong>Root cause:</strong>") == "cause/cause/en"
    await sends_act(ana, "cause/cause/en", "edit", "The deploy of 13:48.")

    await world.types("oncall", "/incident cause the deploy halved the pool of each worker")

    compare = await ana.opens(address("cause/cause/en"))
    assert "The record changed since engineer wrote this text" in compare.words
    assert "of each worker" in compare.words
    await sends_act(ana, "cause/cause/en", "take record")
    assert "13:48" not in (await ana.opens(PAGE)).words


@pytest.mark.parametrize("act", ["edit", "autosave"])
async def test_redaction_wins_over_what_people_wrote_and_over_its_versions(
    world: World, ana: Visitor, act: str
) -> None:
    block = block_of(await ana.opens(PAGE), "Restarted the")
    await sends_act(ana, block, act, "We restarted it with hunter2")
    await sends_act(ana, block, "add", "unrelated words")
    await sends_act(ana, block, "comment", "hunter2, really?")
    assert "1 comment" in (await ana.opens(PAGE)).words
    await sends_act(ana, block, "remove")
    kept = {"postmortem_block", "postmortem_change", "postmortem_comment"}
    assert set(await remains(world)) - {"search_index"} == kept  # SQLite keeps removed words of the index until a purge

    entry = block.split("/")[1]
    form = await ana.opens(f"/incidents/INC-1/entries/{entry}")
    await ana.sends(
        f"/incidents/INC-1/entries/{entry}", act="redact", why="a password", form_token=form.field("form_token")
    )
    await world.finish()

    assert await remains(world) == []
    assert "unrelated words" in (await ana.opens(PAGE)).words
    versions = await ana.opens(f"{PAGE}/versions")
    assert "were redacted" in versions.words
    refused = await ana.sends(f"{PAGE}/versions", number="1", latest="3", form_token=versions.field("form_token"))
    assert refused.status == 409


async def test_an_edit_reads_the_record_before_it_takes_the_writer(world: World, ana: Visitor) -> None:
    """A long record takes a second to read, and SQLite has one writer."""
    block = block_of(await ana.opens(PAGE), "Restarted the")
    form = await ana.opens(address(block))

    with recording() as recorder:
        answer = await sends_act(ana, block, "edit", "We restarted it", form)

    assert answer.status == 303
    written = [name for name in recorder.statements if name.startswith("write_change")]
    assert written
    assert not [name for name in written if "load_record" in name]


async def test_a_redaction_between_reading_and_writing_an_edit_wins(world: World, ana: Visitor) -> None:
    await world.types("oncall", "/incident note kind:action The password is hunter2")
    block = BlockId.parse(block_of(await ana.opens(PAGE), "hunter2"))
    assert block is not None
    database, settings = world.bot.database, world.settings()
    incident_id = await database.read(lambda session: session.exec(select(Incident.id)).one()) or 0
    actor = Actor("T0HARBOUR", "U0ENGINEER", world.now, Origin.WEB)
    built = await database.read(build_unedited, settings, incident_id, "en")
    shown = find_block(await database.read(load_section, settings, incident_id, block), block)
    assert shown is not None
    change = BlockChange(Act.EDIT, block, "Changed.", seen=block_version(shown))

    await world.types("oncall", f"/incident redact {block.key} because a password")
    with pytest.raises(ChangedMeanwhile):
        await database.run(change_block, settings, incident_id, actor, change, built)

    assert set(await remains(world)) <= {"search_index"}


async def test_redaction_finds_a_draft_with_only_a_persons_words(world: World, ana: Visitor) -> None:
    """The entry is off the timeline; the text that was written over it stayed, and went into a draft."""
    block = block_of(await ana.opens(PAGE), "Restarted the")
    await sends_act(ana, block, "edit", "We restarted it with hunter2")
    place = f"/incidents/INC-1/entries/{block.split('/')[1]}"
    form = await ana.opens(place)
    fields = {name: form.field(name) for name in ("form_token", "seen")}
    await ana.sends(place, act="remove", why="a test", **fields)
    await world.types("oncall", "/incident postmortem")
    await world.finish()
    [posted] = draft_files(world, world.channel)
    assert b"hunter2" in world.sandbox.file_content(posted["id"])

    await ana.sends(place, act="redact", why="a password", form_token=form.field("form_token"))
    await world.finish()

    [replaced] = draft_files(world, world.channel)
    assert b"hunter2" not in world.sandbox.file_content(replaced["id"])
    assert await remains(world) == []


@pytest.mark.parametrize("letter", ["a", "ж", "日", "😀"])
async def test_a_long_text_is_saved_in_any_script(world: World, ana: Visitor, letter: str) -> None:
    """The limit counts characters, of which each takes up to twelve bytes in a form."""
    block = block_of(await ana.opens(PAGE), "Restarted the")

    refused = await sends_act(ana, block, "edit", letter * 20_001)
    saved = await sends_act(ana, block, "edit", letter * 20_000)

    assert refused.status == 422
    assert "The text is longer than 20,000 characters." in refused.words
    assert letter * 20_001 in refused.text, "what was written is still in the form"
    assert saved.status == 303
    assert letter * 20_000 in (await ana.opens(address(block))).text


async def test_a_form_that_cannot_be_read_is_told_why(
    world: World, ana: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was entered is still in the browser: its answer leads back there."""
    monkeypatch.setattr("bot.web.body_limits.READ_SECONDS", 0.2)
    block = block_of(await ana.opens(PAGE), "Restarted the")
    head = f"POST {address(block)} HTTP/1.1\nHost: dogwatch\nOrigin: {world.url}\nConnection: close\n"
    head += f"Cookie: dogwatch-session={ana.session}\nContent-Length: 500\n\n"

    large = await sends_act(ana, block, "edit", "a" * 300_000)
    slow = (await raw(world, head, [b"text=cut+off"])).decode()
    broken = (await raw(world, head, [b"text=\xff".ljust(500)])).decode()

    assert large.status == 413
    assert "The form has more than 256 KB." in large.words
    assert [answer.split(" ")[1] for answer in (slow, broken)] == ["408", "400"]
    assert all("what you entered is still there" in answer for answer in (large.words, slow))
    assert "The form cannot be read." in broken


async def test_a_private_incident_has_no_postmortem_for_others(world: World) -> None:
    await world.declares("merger talks leaked private:yes")
    async with Visitor(world) as member, Visitor(world) as other:
        await member.signs_in("oncall")
        await other.signs_in("engineer")
        assert (await member.opens(PAGE)).status == 200
        token = (await other.opens("/")).field("form_token")
        for path in (PAGE, address("cause/missing/en"), f"{PAGE}/versions"):
            assert (await other.opens(path)).status == 404
        fields = {"act": "edit", "text": "x", "section": "cause", "language": "en", "number": "0", "latest": "0"}
        for path in (address("cause/missing/en"), f"{PAGE}/new", f"{PAGE}/versions"):
            assert (await other.sends(path, form_token=token, **fields)).status == 404


@pytest.mark.parametrize(
    ("path", "status"), [(address("nothing/here/en"), 404), (address("course"), 404), (f"{PAGE}?template=nope", 200)]
)
async def test_an_unknown_block_or_template_is_explained(world: World, ana: Visitor, path: str, status: int) -> None:
    answer = await ana.opens(path)

    assert answer.status == status
    assert 'role="alert"' in answer.text or "no such block" in answer.words
