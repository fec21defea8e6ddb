"""A visitor of the pages: a browser's cookies, forms and headers, without its scripts."""

import html
import re
from types import TracebackType
from typing import Self

import aiohttp

from bot.config.crypto import login_link
from tests.support.worlds.world import World


class Answer:
    """Status, headers and text of a page."""

    def __init__(self, status: int, headers: dict[str, str], text: str) -> None:
        self.status = status
        self.headers = headers
        self.text = text

    @property
    def location(self) -> str:
        return self.headers.get("Location", "")

    @property
    def words(self) -> str:
        """The text without tags, as people read it."""
        return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", self.text)).split())

    def field(self, name: str) -> str:
        found = re.search(rf'name="{name}" value="([^"]*)"', self.text)
        assert found, f"no field {name}"
        return html.unescape(found[1])


LOOKUPS = 3
"""How often a person types a command, so that Dogwatch knows them also on a busy machine."""


class Visitor:
    """`async with Visitor(world)`: follows no redirect, keeps cookies."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.http = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.http.close()

    async def opens(self, path: str, **headers: str) -> Answer:
        url = path if path.startswith("http") else f"{self.world.url}{path}"
        async with self.http.get(url, headers=headers, allow_redirects=False) as got:
            return Answer(got.status, dict(got.headers), await got.text())

    async def sends(self, path: str, *, origin: str | None = "", **fields: str) -> Answer:
        """Send a form. `origin`: that of the site unless given; None: without."""
        headers = {} if origin is None else {"Origin": origin or self.world.url}
        url = path if path.startswith("http") else f"{self.world.url}{path}"
        async with self.http.post(url, data=fields, headers=headers, allow_redirects=False) as got:
            return Answer(got.status, dict(got.headers), await got.text())

    def link_for(self, user_id: str) -> str:
        """A login link, as `dogwatch login-link` prints it."""
        return login_link(self.world.bot.settings, user_id, self.world.clock.real_now())

    async def signs_in(self, user: str) -> None:
        """Sign in by a login link, after Dogwatch knows the person: it gives up a lookup that takes too long."""
        for _ in range(LOOKUPS):
            await self.world.types(user, "/incident help", "ops")
            answer = await self.sends(self.link_for(self.world.sandbox.workspace.user(user).id))
            if answer.status != 403:
                break
        assert answer.status == 303, answer.words

    @property
    def session(self) -> str | None:
        """The token in the session's cookie."""
        found = {each.key: each.value for each in self.http.cookie_jar}
        return found.get("dogwatch-session")
