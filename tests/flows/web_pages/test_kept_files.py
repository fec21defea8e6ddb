"""Files of marked messages: kept, shown to those who may see the incident, and gone with their message."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.cli.commands.export import ExportOptions, export_incident
from bot.config.crypto import incident_page_link
from bot.engine.retention import Retention
from bot.sandbox.web_api.methods import ALL_SCOPES
from bot.services.privacy import erase_person
from bot.store import outbox
from tests.flows.timeline.test_amend import entry_of
from tests.rules.text.test_kept_file_types import PDF, PNG
from tests.support.records.entries import acts, removes
from tests.support.worlds.databases import BOTH_DATABASES
from tests.support.worlds.visitor import Visitor
from tests.support.worlds.world import World

FOLDER = "kept"


class KeepingWorld(World):
    """A world with a folder for kept files, as replicas share it."""

    def environment(self) -> dict[str, str]:
        self.kept.mkdir(exist_ok=True)
        return super().environment()

    @property
    def kept(self) -> Path:
        return self.folder / FOLDER

    @property
    def contents(self) -> list[bytes]:
        return sorted(path.read_bytes() for path in self.kept.glob("*/*"))

    async def posts_files(self, text: str = "see the graph", **files: bytes) -> str:
        """Post a message with files named by `name__suffix`."""
        given = [{"name": name.replace("__", "."), "content": content} for name, content in files.items()]
        return await self.says("engineer", text, files=given)


CONFIG = f"""
[files]
folder = "{FOLDER}"
max_megabytes = 1
max_count = 3

[retention]
files_days = 30
"""
pytestmark = pytest.mark.world(kind=KeepingWorld, databases=BOTH_DATABASES, config=CONFIG)


async def keeps(world: KeepingWorld, **files: bytes) -> str:
    """An incident with a marked message that has files."""
    await world.declares()
    ts = await world.posts_files(**files)
    await world.reacts("oncall", ts, "mag")
    await world.finish()
    return ts


async def test_files_of_marked_messages_are_on_the_page(world: KeepingWorld) -> None:
    await world.declares()
    ts = await world.posts_files(graph__png=PNG, pool__log=b"40 of 40\n", evil__svg=b"<svg onload='x()'/>", a__pdf=PDF)
    await world.finish()
    assert world.contents == [], "nobody marked the message"

    await world.reacts("oncall", ts, "mag")
    await world.finish()

    assert world.contents == sorted([PNG, b"40 of 40\n", PDF])
    async with Visitor(world) as visitor:
        await visitor.signs_in("dba")
        page = await visitor.opens("/incidents/INC-1")
        [image] = re.findall(r'<img src="(/incidents/INC-1/files/\d+)"', page.text)
        saved = re.findall(r'<a class="kept" href="([^"]+)"', page.text)
        answers = {(await visitor.opens(path)).headers["Content-Type"]: await visitor.opens(path) for path in saved}
        async with visitor.http.get(f"{world.url}{image}") as got:
            headers, body = got.headers, await got.read()
    assert "evil.svg: not kept: only PNG" in page.words
    assert "img-src 'self'" in page.headers["Content-Security-Policy"]
    assert (body, headers["Content-Type"]) == (PNG, "image/png")
    assert headers["Content-Disposition"] == "inline; filename*=UTF-8''graph.png"
    assert headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert answers["text/plain; charset=utf-8"].text == "40 of 40\n"
    assert answers["application/pdf"].headers["Content-Disposition"] == "attachment; filename*=UTF-8''a.pdf"


async def test_files_are_in_the_internal_document_alone(world: KeepingWorld) -> None:
    await keeps(world, graph__png=PNG, pool__log=b"40 of 40\n")
    await world.types("oncall", "/incident resolve the pool was raised")
    await world.finish()

    whole = await export_incident(world.settings(), "INC-1", ExportOptions("html"))
    without = await export_incident(world.settings(), "INC-1", ExportOptions("html", with_files=False))
    _, shared = await world.gets(incident_page_link(world.bot.settings, "INC-1").removeprefix(world.url))

    assert 'src="data:image/png;base64,' in whole
    assert "img-src data:" in whole
    assert ">pool.log</a>" in whole
    for each in (without, shared):
        assert "data:image" not in each
        assert "/files/" not in each
    public = await export_incident(world.settings(), "INC-1", ExportOptions("html", is_public=True))
    assert "graph.png" not in public
    assert "/files/" not in public


async def test_nobody_else_gets_a_file(world: KeepingWorld) -> None:
    await world.declares("merger talks leaked private:yes")
    ts = await world.says("oncall", "see", files=[{"name": "graph.png", "content": PNG}])
    await world.reacts("oncall", ts, "mag")
    await world.finish()
    await world.declares("search is slow", user="support")

    async with Visitor(world) as stranger, Visitor(world) as member:
        unknown = await stranger.opens("/incidents/INC-1/files/1")
        await stranger.signs_in("dba")
        others = await stranger.opens("/incidents/INC-1/files/1")
        elsewhere = await stranger.opens("/incidents/INC-2/files/1")
        odd = [(await stranger.opens(f"/incidents/INC-2/files/{each}")).status for each in ("0", "x", "9" * 40, "..")]
        await member.signs_in("oncall")
        own = await member.http.get(f"{world.url}/incidents/INC-1/files/1")

    assert own.status == 200
    assert (unknown.status, unknown.location.partition("?")[0]) == (303, "/sign-in")
    assert (others.status, elsewhere.status) == (404, 404)
    assert set(odd) == {404}


async def deletes(world: World, ts: str) -> None:
    await world.deletes("engineer", ts)


async def unmarks(world: World, ts: str) -> None:
    await world.unreacts("oncall", ts, "mag")


async def redacts(world: World, _ts: str) -> None:
    ref = (await entry_of(world, "see the graph"))["ref"]
    await world.types("dba", f"/incident redact {ref} it names a customer")


async def takes_off(world: World, _ts: str) -> None:
    await world.types("dba", "/incident timeline")
    await removes(world, "dba", "see the graph")


@pytest.mark.parametrize("goes", [deletes, unmarks, redacts, takes_off])
async def test_a_file_goes_with_its_message(world: KeepingWorld, goes: Any) -> None:
    ts = await keeps(world, graph__png=PNG)
    assert world.contents == [PNG]

    await goes(world, ts)
    await world.finish()

    assert world.contents == []
    async with Visitor(world) as visitor:
        await visitor.signs_in("dba")
        gone, page = await visitor.opens("/incidents/INC-1/files/1"), await visitor.opens("/incidents/INC-1")
    assert gone.status == 404
    assert "/files/" not in page.text


async def test_a_message_that_is_marked_again_gets_its_files_back(world: KeepingWorld) -> None:
    ts = await keeps(world, graph__png=PNG)
    await unmarks(world, ts)
    await world.finish()

    await world.reacts("oncall", ts, "mag")
    await world.finish()

    assert world.contents == [PNG]


async def test_files_of_merged_entries_stay_until_the_merged_message_is_redacted(world: KeepingWorld) -> None:
    await keeps(world, graph__png=PNG)
    other = await world.says("dba", "the pool is full")
    await world.reacts("oncall", other, "dart")
    await world.finish()
    graph, pool = [(await entry_of(world, text))["ref"] for text in ("see the graph", "the pool is full")]

    await acts(world, "dba", "the pool is full", "merge", other=graph.removeprefix("entry-"), texts="both")
    await world.finish()

    assert world.contents == [PNG]
    async with Visitor(world) as visitor:
        await visitor.signs_in("dba")
        page = (await visitor.opens("/incidents/INC-1")).text
    assert "/files/1" in page.partition(f'<li id="{pool}">')[2].partition("</li>")[0]

    await world.types("dba", f"/incident redact {graph} it names a customer")
    await world.finish()
    assert world.contents == []
    assert "graph.png" not in await export_incident(world.settings(), "INC-1", ExportOptions("json"))


async def test_limits_of_size_and_number_are_stated_where_a_file_is_missing(world: KeepingWorld) -> None:
    big = b"x" * (1024 * 1024 + 1)
    await keeps(world, big__log=big, a__log=b"a\n", b__log=b"b\n", c__log=b"c\n", d__log=b"d\n")

    async with Visitor(world) as visitor:
        await visitor.signs_in("dba")
        page = (await visitor.opens("/incidents/INC-1")).words
    assert len(world.contents) == 3
    assert "big.log: not kept: larger than [files] max_megabytes" in page
    assert page.count("not kept: the incident has as many files as [files] max_count") == 1


async def test_without_the_scope_nothing_is_kept_and_nothing_stops(world: KeepingWorld) -> None:
    await world.declares()
    world.sandbox.set_scopes(sorted(set(ALL_SCOPES) - {"files:read"}))
    ts = await world.posts_files(graph__png=PNG)

    await world.reacts("oncall", ts, "mag")
    await world.finish()

    assert world.contents == []
    assert world.is_confirmed(ts)


async def test_a_folder_that_cannot_be_written_is_named(world: KeepingWorld) -> None:
    world.kept.rmdir()
    world.kept.write_text("a file in the place of the folder")

    await keeps(world, graph__png=PNG)

    [failed] = await world.bot.database.read(outbox.find_failures, 1)
    assert f"[files] folder: {world.kept} cannot be written" in (failed.error or "")


async def test_files_of_an_erased_person_go(world: KeepingWorld) -> None:
    await keeps(world, graph__png=PNG)
    engineer = world.sandbox.workspace.user("engineer").id

    erased = await world.bot.database.run(erase_person, engineer, former_id="UFORMER1", at=world.now)
    await world.finish()

    assert erased.files == 1
    assert world.contents == []


async def test_files_go_when_their_time_is_over_and_stay_away(world: KeepingWorld) -> None:
    ts = await keeps(world, graph__png=PNG)
    await world.types("oncall", "/incident resolve the pool was raised")
    await world.finish()
    retention = Retention(world.bot.database, world.clock, lambda: world.bot.settings)
    assert (await retention.run(world.now + timedelta(days=29))).files == 0

    world.clock.move_to(world.now + timedelta(days=31))
    deleted = await retention.run(world.now)
    await world.finish()

    assert deleted.files == 1
    assert world.contents == []
    await world.unreacts("oncall", ts, "mag")
    await world.reacts("oncall", ts, "mag")
    await world.finish()
    assert world.contents == []
