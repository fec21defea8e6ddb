"""Pages are loaded by their first request, and answer as routes that were there from the start."""

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace

import aiohttp
import pytest
from aiohttp import web

from bot.web.lazy_pages import LazyPages


class Site:
    """A server with a route of its own, and pages that are loaded late."""

    def __init__(self) -> None:
        self.builds = 0
        self.port = 0
        self.app = web.Application()
        self.app.add_routes([web.get("/livez", self.show), web.get("/outbox/{token}", self.show)])
        self.pages = LazyPages("bot.web.pages.responders", self.build)
        self.app.router.register_resource(self.pages)

    def build(self) -> list[web.RouteDef]:
        self.builds += 1
        return [web.get("/", self.show), web.get("/incidents/{reference}", self.show), web.post("/outbox", self.show)]

    async def show(self, request: web.Request) -> web.Response:
        resource = request.match_info.route.resource
        assert resource is not None
        return web.json_response({"route": resource.canonical, "values": dict(request.match_info)})

    async def ask(self, method: str, path: str) -> SimpleNamespace:
        url = f"http://127.0.0.1:{self.port}{path}"
        async with aiohttp.ClientSession() as client, client.request(method, url) as answer:
            found = await answer.json() if answer.ok else None
            return SimpleNamespace(status=answer.status, found=found, allow=answer.headers.get("Allow"))


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    site = Site()
    runner = web.AppRunner(site.app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    site.port = runner.addresses[0][1]
    yield site
    await runner.cleanup()


async def test_other_routes_load_no_page(site: Site):
    answers = [await site.ask("GET", path) for path in ("/livez", "/outbox/12")]

    assert [each.status for each in answers] == [200, 200]
    assert site.builds == 0


async def test_the_first_requests_load_the_pages_once(site: Site):
    answers = await asyncio.gather(*(site.ask("GET", f"/incidents/INC-{number}") for number in range(5)))

    assert [each.found for each in answers] == [
        {"route": "/incidents/{reference}", "values": {"reference": f"INC-{number}"}} for number in range(5)
    ]
    assert site.builds == 1


@pytest.mark.parametrize(
    ("method", "path", "status", "allow"),
    [
        ("GET", "/", 200, None),
        ("GET", "/unknown", 404, None),
        ("GET", "/incidents/INC-1/unknown", 404, None),
        ("PUT", "/incidents/INC-1", 405, "GET,HEAD"),
        ("POST", "/outbox", 200, None),
        ("POST", "/livez", 405, "GET,HEAD"),
    ],
)
async def test_paths_and_methods_are_checked(site: Site, method: str, path: str, status: int, allow: str | None):
    answer = await site.ask(method, path)

    assert (answer.status, answer.allow) == (status, allow)


async def test_its_routes_are_listed_with_the_others(site: Site):
    listed = {route.resource.canonical for route in site.app.router.routes() if route.resource is not None}

    assert listed == {"/livez", "/outbox/{token}", "/", "/incidents/{reference}", "/outbox"}
    assert len(site.pages) == 5
