"""`docs/reference/http.md` says which routes there are: those of the running bot, and no other."""

import re
from pathlib import Path

from aiohttp import web

from bot.engine.health import SOCKET_MODE
from tests.support.worlds.world import World

DOCS = Path(__file__).parents[3] / "docs"
BALANCER = (DOCS.parent / "deploy" / "haproxy" / "haproxy.cfg").read_text()
TEXT = (DOCS / "reference" / "http.md").read_text()


def documented() -> dict[str, set[str]]:
    rows = re.findall(r"^\| `(/[^`]*)` \| ([^|]+) \|", TEXT, re.MULTILINE)
    return {path: set(re.findall(r"`(\w+)`", methods)) for path, methods in rows}


def served(site: web.Application) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for route in site.router.routes():
        assert route.resource is not None
        if route.method != "HEAD":  # aiohttp adds it to each GET
            found.setdefault(route.resource.canonical, set()).add(route.method)
    return found


async def test_every_route_of_the_running_bot_is_documented(tmp_path: Path) -> None:
    async with World(f"sqlite:///{tmp_path / 'dogwatch.db'}", tmp_path) as world:
        assert documented() == served(world.bot._listener.site)


def test_the_shipped_balancer_decides_on_each_route() -> None:
    """A new route is either for the outside, in `haproxy.cfg`, or listed here."""
    inside = {"/livez", "/readyz", "/metrics", "/control/outbox", "/outbox"}
    passed = re.findall(r"acl is_for_outside path_reg '(.+)'", BALANCER)
    example = {"{source}": "generic", "{reference}": "INC-7", "{token}": "12.1795332695.0aB_-9", "{secret}": "0aB_-9"}
    example |= {"{path}": "en/index.html"}
    example |= {"{name}": "note", "{entry}": "entry-12", "{file}": "12"}
    example |= {"{alias}": "checkout%2Ferrors", "{action}": "close"}

    outside = {
        path
        for path in documented()
        if any(re.fullmatch(each, re.sub(r"\{\w+\}", lambda found: example[found[0]], path)) for each in passed)
    }

    assert outside == set(documented()) - inside


def test_each_route_has_its_part() -> None:
    headings = re.findall(r"^## (.+)$", TEXT, re.MULTILINE)

    assert {path for heading in headings for path in re.findall(r"`([^`]+)`", heading)} == set(documented())


def test_what_is_not_ready_is_named_as_the_bot_names_it() -> None:
    named = {
        name
        for row in re.findall(r"^\| (`[a-z`, ]+`) \| ", TEXT, re.MULTILINE)
        for name in re.findall(r"`([^`]+)`", row)
    }

    assert named == {"process", "database", "slack", "sender", "timers", SOCKET_MODE}
