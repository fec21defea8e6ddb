"""How the page is served: validators, compression, languages, a port of its own, other hosts."""

import asyncio
import gzip
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import aiohttp
import brotli
import pytest
from aiohttp.test_utils import make_mocked_request

from bot.cli.status_page import write_status_page
from bot.domain.errors import UserError
from bot.store.database.session import Database, DatabaseUnavailable, UrgentTransactions
from bot.web import server
from bot.web.server import Listener
from bot.web.status.folder import OWN_FOLDER, read_folder, write_folder
from bot.web.status.publisher import StatusPublisher
from bot.web.status.serving import StatusFiles, choose_language
from bot.web.status.site import Site, build_site
from bot.web.status.site_file import SiteFile
from tests.support.records.public_page import load_state, opens_until
from tests.support.worlds.visitor import Visitor
from tests.support.worlds.world import World


class PublicPortWorld(World):
    """A world whose page has a port of its own."""

    def environment(self) -> dict[str, str]:
        return {**super().environment(), "DOGWATCH_PUBLIC_PORT": "0"}


class LosableDatabase:
    """The database of a world, which can be away for readers."""

    def __init__(self, world: World) -> None:
        self._database = world.bot.database
        self.is_away = False

    async def read(self, fn: Any, *args: Any) -> Any:
        if self.is_away:
            raise DatabaseUnavailable("connection refused")
        return await self._database.read(fn, *args)

    async def read_large(self, fn: Any, *args: Any) -> Any:
        return await self.read(fn, *args)


@pytest.mark.parametrize(("encoding", "unpack"), [("br", brotli.decompress), ("gzip", gzip.decompress)])
async def test_a_file_has_strong_validators_in_each_encoding(
    world: World, encoding: str, unpack: Callable[[bytes], bytes]
) -> None:
    await opens_until(world, "/status", "All systems operational")
    async with aiohttp.ClientSession(auto_decompress=False) as http:
        packed = await http.get(f"{world.url}/status/en/", headers={"Accept-Encoding": encoding})
        body = await packed.read()
        plain = await http.get(f"{world.url}/status/en/", headers={"Accept-Encoding": "identity"})
        known = {"If-None-Match": packed.headers["ETag"], "Accept-Encoding": encoding}
        same = await http.get(f"{world.url}/status/en/", headers=known)

        assert unpack(body) == await plain.read()
        assert packed.headers["Content-Encoding"] == encoding
        assert packed.headers["ETag"].startswith('"')
        assert packed.headers["ETag"] != plain.headers["ETag"]
        assert (same.status, await same.read()) == (304, b"")
        assert (same.headers["ETag"], "Content-Encoding" in same.headers) == (packed.headers["ETag"], False)
        assert "max-age=10" in packed.headers["Cache-Control"]
        assert packed.headers["Vary"] == "Accept-Encoding"
        for answer in (packed, same):
            assert (answer.headers["Server"], answer.headers["X-Content-Type-Options"]) == ("dogwatch", "nosniff")
            assert answer.headers["X-Frame-Options"] == "DENY"


async def test_the_first_page_is_in_the_readers_language_and_each_language_has_its_address(world: World) -> None:
    first = await opens_until(world, "/status", "Tous les systèmes", **{"Accept-Language": "fr;q=0.8, de"})
    async with Visitor(world) as reader:
        moved = await reader.opens("/status/it")
        italian = await reader.opens("/status/it/")
        missing = await reader.opens("/status/../dogwatch.toml")
        style = await reader.opens("/status/style.css")

    assert "Accept-Language" in first.headers["Vary"]
    assert '<link rel="alternate" hreflang="it" href="https://status.example.test/it/">' in first.text
    assert 'href="status/style.css"' in first.text, "relative to the address without a slash"
    assert (moved.status, moved.location) == (308, "it/")
    assert 'lang="it"' in italian.text
    assert missing.status == 404
    assert style.status == 200


async def test_the_kept_page_is_served_while_the_process_starts(world: World, tmp_path: Path) -> None:
    await write_status_page(world.settings(), tmp_path)
    kept = read_folder(tmp_path, ("en", "fr", "it"))
    files = StatusFiles(lambda: kept, lambda: True, lambda: "'self'")
    listener = Listener(lambda: False, files.find_file, UrgentTransactions())
    listener.site.add_routes(files.routes())
    port = await listener.open(world.settings(), 1.0, port=0)
    try:
        async with Visitor(world) as reader:
            first = await reader.opens(f"http://127.0.0.1:{port}/status", **{"Accept-Language": "fr"})
            french = await reader.opens(f"http://127.0.0.1:{port}/status/fr/")
            refused = await reader.sends(f"http://127.0.0.1:{port}/status/fr/", origin=None)
    finally:
        await listener.close()

    assert (first.status, first.location) == (307, "status/fr/")
    assert first.headers["X-Content-Type-Options"] == "nosniff"
    assert "Tous les systèmes" in french.words
    assert refused.status == 503


async def test_a_reader_lets_responders_pass_within_a_limit(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "READER_WAITS", 60.0)
    await opens_until(world, "/status", "All systems operational")
    async with Visitor(world) as reader:
        with world.bot.database.urgent.running():
            waits = asyncio.ensure_future(reader.opens("/status/en/"))
            health = {(await reader.opens("/livez")).status for _ in range(20)}
            waited = not waits.done()
        served = await waits
        monkeypatch.setattr(server, "READER_WAITS", 0.0)
        with world.bot.database.urgent.running():
            meanwhile = await reader.opens("/status/en/")

    assert (waited, health, served.status, meanwhile.status) == (True, {200}, 200, 200)


async def test_every_link_of_the_page_leads_somewhere(world: World) -> None:
    await world.declares("Payments fail")
    await world.types("oncall", "/incident update investigating lang:en affects:online=major We look into it.")
    await opens_until(world, "/status/en/", "We look into it.")
    site = world.bot.status_page.publisher.site
    assert site is not None

    for name, file in site.files.items():
        if name.endswith(".html"):
            for link in re.findall(r'(?:href|src)="([^"#][^"]*)"', file.body.decode()):
                if link.startswith("https://"):
                    continue
                where = (Path("/") / name).parent / link
                path = where.resolve().relative_to("/").as_posix()
                assert path in site.files or f"{path}/index.html".removeprefix("./") in site.files, (name, link)


@pytest.mark.world(kind=PublicPortWorld)
async def test_the_public_port_serves_the_page_and_nothing_else(world: World) -> None:
    await opens_until(world, "/status", "All systems operational")
    public = f"http://127.0.0.1:{world.bot.status_page.port}"
    async with Visitor(world) as reader:
        found = {
            path: (await reader.opens(f"{public}{path}")).status for path in ("/", "/status", "/en/", "/feed.atom")
        }
        inside = {
            path: (await reader.opens(f"{public}{path}")).status
            for path in ("/livez", "/metrics", "/sign-in", "/incidents/INC-1", "/alerts/generic")
        }

    assert set(found.values()) == {200}
    assert set(inside.values()) == {404}


async def test_while_the_database_is_away_the_page_stays_and_says_since_when(world: World) -> None:
    database = LosableDatabase(world)
    publisher = StatusPublisher(cast("Database", database), world.settings, world.clock, stale_seconds=0)
    await publisher.refresh()
    fresh = publisher.site

    database.is_away = True
    world.clock.move_to(world.now + timedelta(minutes=30))
    await publisher.refresh()
    stale = publisher.site
    await publisher.refresh()
    same = publisher.site
    database.is_away = False
    await publisher.refresh()

    assert fresh
    assert stale
    assert publisher.site
    words = stale.files["en/index.html"].body.decode()
    assert "This page could not be refreshed since <time" in words
    assert ">Mar 2, 2026, 15:00 CET</time>. The situation may have changed." in words
    assert "All systems operational" in words
    assert same is stale, "the notice is rendered once"
    assert "could not be refreshed" not in publisher.site.files["en/index.html"].body.decode()


async def test_another_replica_finds_the_change_without_being_woken(world: World) -> None:
    other = StatusPublisher(world.bot.database, world.settings, world.clock)
    await other.refresh()
    before = other.site
    await other.refresh()
    same = other.site
    await world.declares()
    await world.types("oncall", "/incident update investigating lang:en We look into it.")

    await other.refresh()

    assert before
    assert other.site
    assert same is before, "without a change nothing is rendered"
    assert "We look into it." in other.site.files["en/index.html"].body.decode()
    await opens_until(world, "/status/en/", "We look into it.")


async def test_the_files_of_another_host_are_the_same_and_old_ones_go(world: World, tmp_path: Path) -> None:
    await world.declares("Payments fail")
    await world.types("oncall", "/incident update investigating lang:en We look into it.")
    folder = tmp_path / "site"
    old = {name: SiteFile(name, b"old " * 99) for name in ("en/incidents/old.html", "de/components/removed.atom")}
    write_folder(Site(old, {}, ("en", "de")), folder)
    others = {"CNAME", "en/incidents/guide.html"}
    for name in others:
        (folder / name).write_text("not Dogwatch's")

    count = await write_status_page(world.settings(), folder)

    site = build_site(world.settings(), await load_state(world))
    paths = [path for path in folder.rglob("*") if path.is_file() and path.parent.name != OWN_FOLDER]
    written = {path.relative_to(folder).as_posix() for path in paths}
    assert {*site.files, *others} <= written
    assert not {each for each in written if "/old.html" in each or each.startswith("de/")}
    assert {"fr/components/online.atom", "fr/components/online.rss"} <= written
    packed = {each for each in written if each.endswith((".br", ".gz"))}
    assert {each.removesuffix(".br").removesuffix(".gz") for each in packed} <= written - packed
    assert {"en/index.html.br", "en/index.html.gz", "style.css.br", "api/v2/summary.json.gz"} <= packed
    assert gzip.decompress((folder / "en/index.html.gz").read_bytes()) == (folder / "en/index.html").read_bytes()
    assert count == len(written - packed - others)
    kept = read_folder(folder, ("en", "fr", "it"))
    assert kept is not None
    assert kept.files.keys() >= site.files.keys()


async def test_a_folder_that_takes_nothing_is_said(world: World, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(UserError, match="cannot write the files"):
        await write_status_page(world.settings(), tmp_path / "file" / "site")


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("fr-CA, en;q=0.9", "fr"),
        ("de, it;q=0.3, fr;q=0.7", "fr"),
        ("fr;q=0, it;q=broken, *", "en"),
        ("x" * 10_000, "en"),
    ],
)
def test_the_language_is_the_readers_first_that_the_page_has(header: str, language: str) -> None:
    request = make_mocked_request("GET", "/status", headers={"Accept-Language": header})

    assert choose_language(request, ("en", "fr", "it")) == language
