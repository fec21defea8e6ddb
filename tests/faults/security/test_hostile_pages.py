"""Pages and every other answer, as a browser and a stranger meet them."""

import re
from html.parser import HTMLParser

import aiohttp
import pytest

from bot.config.crypto import incident_page_key, incident_page_link
from tests.support.worlds.world import TOKEN, World

HOSTILE = "<script>alert(1)</script> <img src=x onerror=alert(1)> \"'><svg onload=alert(1)> javascript:alert(1)"


@pytest.fixture
async def world(world: World) -> World:
    await world.declares(HOSTILE)
    return world


class Elements(HTMLParser):
    """Elements of a page: their names and the names of their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, set[str]]] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {name for name, _ in attrs}))


def path_of(world: World) -> str:
    link = incident_page_link(world.bot.settings, "INC-1")
    return link[link.index("/incidents/") :]


async def test_every_answer_tells_browsers_what_they_may_do(world: World) -> None:
    """Pages, refusals, errors of the router, and what is for machines."""
    asked = [
        ("GET", path_of(world)),
        ("GET", "/incidents/INC-1?key=wrong"),
        ("GET", "/incidents/INC-99?key=x"),
        ("GET", "/nowhere"),
        ("GET", "/outbox"),
        ("GET", "/metrics"),
        ("GET", "/livez"),
        ("GET", "/readyz"),
        ("POST", "/alerts/generic"),
        ("POST", "/alerts/nagios"),
        ("POST", "/slack/events"),
        ("DELETE", "/livez"),
        ("POST", "/outbox"),
        ("POST", "/control/outbox"),
    ]
    statuses = set()

    async with aiohttp.ClientSession() as http:
        for method, path in asked:
            async with http.request(method, f"{world.url}{path}", data=b"") as answer:
                statuses.add(answer.status)
                headers, policy = answer.headers, answer.headers["Content-Security-Policy"]
                assert "default-src 'none'" in policy, path
                assert "frame-ancestors 'none'" in policy, path
                assert "script-src" not in policy, path
                assert "unsafe" not in policy, path
                assert headers["X-Content-Type-Options"] == "nosniff", path
                assert headers["X-Frame-Options"] == "DENY", path
                assert headers["Referrer-Policy"] == "no-referrer", path
                assert headers["Cache-Control"] == "no-store", path
                assert "Set-Cookie" not in headers, path
                assert "aiohttp" not in headers["Server"], path
                assert "Python" not in headers["Server"], path

    assert {200, 401, 404, 405} <= statuses
    assert 500 not in statuses


async def test_without_the_right_key_there_is_nothing(world: World) -> None:
    right = incident_page_key(world.bot.settings, "INC-1")
    other = incident_page_key(world.bot.settings, "INC-2")
    assert len(right) == 32
    queries = [
        "?key=",
        f"?key={other}",
        f"?key={right[:-1]}",
        f"?key={right}0",
        f"?key={right.upper()}",
        "?key=%00",
        "?key=%ff%fe",
        "?key=%ED%A0%80",
        "?key=%C3%A9",
        f"?key=wrong&key={right}",
    ]
    for query in ("", f"?Key={right}", "?key[]=x"):
        status, text = await world.gets(f"/incidents/INC-1{query}")
        assert "<h1>Sign in</h1>" in text, query
        assert "alert(1)" not in text, query

    for query in queries:
        status, text = await world.gets(f"/incidents/INC-1{query}")
        assert status == 404, query
        assert "alert(1)" not in text, query
    for reference in ("INC-99", "inc-1%00", "..%2f..%2fetc%2fpasswd", "INC-1%27--", "x" * 5_000, "%ff", "INC-%F0%9F"):
        status, text = await world.gets(f"/incidents/{reference}?key={right}")
        assert status == 404, reference
    assert (await world.gets(f"/incidents/inc-1?key={right}"))[0] == 200


async def test_what_people_write_does_nothing_on_the_page(world: World) -> None:
    ts = await world.says("engineer", HOSTILE)
    await world.reacts("oncall", ts, "mag")
    payload = {"title": HOSTILE, "service": HOSTILE, "url": "javascript:alert(1)", "description": HOSTILE}
    assert (await world.posts("generic", payload))[0] == 200
    await world.types("oncall", f"/incident escalate vendor:x {HOSTILE}")
    await world.types("oncall", f"/incident impact {HOSTILE}")
    await world.types("oncall", f"/incident task {HOSTILE}")
    await world.types("oncall", f"/incident update investigating {HOSTILE}")
    await world.types("oncall", "/incident edit ref:<script>alert(1)</script> category:<img/src=x>")
    world.sandbox.change_user("engineer", real_name=HOSTILE)
    await world.finish()

    _, page = await world.gets(path_of(world))

    body = page.partition("</head>")[2]
    elements = Elements(page).found
    tags = set(re.findall(r"<\s*([a-zA-Z!/]\w*)", body))
    assert tags.isdisjoint({"script", "img", "iframe", "object", "embed", "form", "base", "link", "input"})
    assert page.count("<svg") == 2, "the picture, for wide and narrow screens"
    assert [each for each in elements if any(name.startswith("on") for name in each[1])] == []
    links = re.findall(r'(?:href|src|action)\s*=\s*"([^"]*)"', body)
    assert links
    assert [link for link in links if not link.startswith(("http://", "https://", "#"))] == []
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


async def test_nothing_answers_to_methods_and_paths_that_nobody_meant(world: World) -> None:
    before = await world.tables()
    async with aiohttp.ClientSession() as http:
        for method in ("PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECTED", "POST"):
            for path in (path_of(world), "/livez", "/slack/events/../../control", "/static/", "/.env", "//"):
                async with http.request(method, f"{world.url}{path}") as answer:
                    assert answer.status in {400, 401, 403, 404, 405}, (method, path, answer.status)
        async with http.get(f"{world.url}/alerts/generic", headers={"Authorization": f"Bearer {TOKEN}"}) as answer:
            assert answer.status == 405

    assert await world.tables() == before
