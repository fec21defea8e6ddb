"""Graphs to which alerts link: kept from allowed hosts as they were, and gone with their entry."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.cli.commands.export import ExportOptions, export_incident
from bot.config.crypto import incident_page_link
from tests.rules.text.test_kept_file_types import PDF, PNG
from tests.support.requests.notifications import a_notification, an_alert
from tests.support.servers.vendor_page import VendorPage
from tests.support.worlds.databases import BOTH_DATABASES
from tests.support.worlds.visitor import Visitor
from tests.support.worlds.world import World

FOLDER = "kept"
FILES = f"""
[files]
folder = "{FOLDER}"
max_megabytes = 1
"""
CONFIG = f"""{FILES}
[alerts.keep_images]
hosts = ["127.0.0.1"]
allow_http = true
allow_private = true
max_count = 3
"""


class ImageWorld(World):
    def environment(self) -> dict[str, str]:
        self.kept.mkdir(exist_ok=True)
        return super().environment()

    @property
    def kept(self) -> Path:
        return self.folder / FOLDER

    @property
    def contents(self) -> list[bytes]:
        return sorted(path.read_bytes() for path in self.kept.glob("*/*"))

    async def fires(self, *images: str) -> None:
        """Grafana reports an alert for each image."""
        alerts = [{**an_alert(f"Graph{n}", at=self.now), "imageURL": url} for n, url in enumerate(images, 1)]
        status, _ = await self.posts("grafana", a_notification(*alerts))
        assert status == 200
        await self.finish()

    async def detection(self) -> str:
        """The ref of the entry that the alert made."""
        [found] = [each["ref"] for each in (await self.exported())["timeline"] if "detection" in each["kinds"]]
        return str(found)

    async def shows(self) -> str:
        async with Visitor(self) as visitor:
            await visitor.signs_in("dba")
            return (await visitor.opens("/incidents/INC-1")).words


pytestmark = pytest.mark.world(kind=ImageWorld, databases=BOTH_DATABASES, config=CONFIG)


@pytest.fixture
async def grafana() -> AsyncIterator[VendorPage]:
    server = VendorPage()
    await server.start()
    server.shows(PNG, {"Content-Type": "image/png"})
    yield server
    await server.stop()


async def test_a_graph_is_kept_as_it_was(world: ImageWorld, grafana: VendorPage) -> None:
    await world.fires(f"{grafana.host}/img/1.png")
    grafana.shows(b"gone", status=404)

    assert world.contents == [PNG]
    assert len(grafana.requests) == 1
    async with Visitor(world) as visitor:
        await visitor.signs_in("dba")
        page = await visitor.opens("/incidents/INC-1")
        [image] = re.findall(r'<img src="(/incidents/INC-1/files/\d+)"', page.text)
        async with visitor.http.get(f"{world.url}{image}") as got:
            assert (await got.read(), got.headers["Content-Type"]) == (PNG, "image/png")
    await world.types("oncall", "/incident resolve the pool was raised")
    await world.finish()
    draft = await export_incident(world.settings(), "INC-1", ExportOptions("markdown"))
    [line] = [each for each in draft.splitlines() if "Graph1 (127.0.0.1).png" in each]
    assert re.search(r"\[\[\d+\]\]$", line), "the line states its source"
    document = await export_incident(world.settings(), "INC-1", ExportOptions("html"))
    assert 'src="data:image/png;base64,' in document
    _, shared = await world.gets(incident_page_link(world.bot.settings, "INC-1").removeprefix(world.url))
    assert "/files/" not in shared


async def test_a_redacted_alert_has_no_graph(world: ImageWorld, grafana: VendorPage) -> None:
    await world.fires(f"{grafana.host}/img/1.png")
    ref = await world.detection()

    await world.types("dba", f"/incident redact {ref} it shows a customer")
    await world.finish()

    assert world.contents == []
    assert "(127.0.0.1)" not in await world.shows()


async def test_a_flood_of_graphs_is_cut(world: ImageWorld, grafana: VendorPage) -> None:
    """Each is a file of its own; what is beyond the limit is named once."""
    await world.fires(*(f"{grafana.host}/img/{n}.png" for n in range(5)))
    await world.fires(*(f"{grafana.host}/later/{n}.png" for n in range(2)))

    assert len(grafana.requests) == 3
    page = await world.shows()
    assert page.count("further graphs: not kept: the incident has as many graphs as") == 1


@pytest.mark.parametrize(
    ("body", "status", "headers", "reason"),
    [
        (b"<html>sign in</html>", 200, {}, "the answer was not a PNG"),
        (PDF, 200, {"Content-Type": "image/png"}, "the answer was not a PNG"),
        (PNG + bytes(1024 * 1024), 200, {}, "larger than [files] max_megabytes"),
        (b"", 404, {}, "it could not be fetched"),
        (b"", 302, {"Location": "http://localhost/graph.png"}, "it could not be fetched"),
    ],
)
async def test_a_failure_is_named_once(
    world: ImageWorld, grafana: VendorPage, body: bytes, status: int, headers: dict[str, Any], reason: str
) -> None:
    grafana.shows(body, headers, status=status)

    await world.fires(f"{grafana.host}/img/1.png")
    await world.advance(hours=1)

    assert world.contents == []
    assert len(grafana.requests) == 1
    assert (await world.shows()).count(f"not kept: {reason}") == 1


async def test_a_server_that_fails_is_asked_twice_more(world: ImageWorld, grafana: VendorPage) -> None:
    grafana.shows(b"", status=503)
    await world.fires(f"{grafana.host}/img/1.png", f"{grafana.host}/img/2.png")
    await world.advance(hours=1)

    assert len(grafana.requests) == 3 * 2
    assert (await world.shows()).count("not kept: it could not be fetched") == 2


async def test_a_graph_that_comes_late_is_kept(world: ImageWorld, grafana: VendorPage) -> None:
    grafana.shows(b"", status=503)
    alert = {**an_alert("Graph", at=world.now), "imageURL": f"{grafana.host}/1.png"}
    status, _ = await world.posts("grafana", a_notification(alert))
    assert status == 200
    await world.settle()
    asked = len(grafana.requests)
    grafana.shows(PNG, {"Content-Type": "image/png"})
    await world.advance(minutes=1)

    assert asked == 1
    assert world.contents == [PNG]
    assert "not kept" not in await world.shows()


async def test_hosts_that_are_not_listed_are_never_asked(world: ImageWorld, grafana: VendorPage) -> None:
    other = grafana.host.replace("127.0.0.1", "localhost")

    await world.fires(f"{other}/img/1.png", f"http://127.0.0.1@localhost:{other.rpartition(':')[2]}/2.png")

    assert grafana.requests == []
    assert (await world.shows()).count("its host is not in [alerts.keep_images] hosts") == 2


@pytest.mark.world(config=CONFIG.replace("allow_private = true", "allow_private = false"))
async def test_a_private_address_is_never_asked_unless_allowed(world: ImageWorld, grafana: VendorPage) -> None:
    await world.fires(f"{grafana.host}/img/1.png")

    assert grafana.requests == []
    assert (await world.shows()).count("it could not be fetched") == 1


@pytest.mark.world(config=FILES)
async def test_without_a_list_nothing_is_kept(world: ImageWorld, grafana: VendorPage) -> None:
    await world.fires(f"{grafana.host}/img/1.png")

    assert grafana.requests == []
    assert "images of alerts" not in await world.stored()
