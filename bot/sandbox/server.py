"""The sandbox: one HTTP server with Web API, Socket Mode, control API and page."""

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self, Unpack

from aiohttp import web

from bot.sandbox.control.documents import Documents
from bot.sandbox.control.http import Control
from bot.sandbox.control.inspect import Inspection
from bot.sandbox.control.settings import SandboxSettings
from bot.sandbox.control.view_actions import ViewActions
from bot.sandbox.core import CoreOptions
from bot.sandbox.openid import OpenIdProvider
from bot.sandbox.page.guide import Action, Guide
from bot.sandbox.page.http import Page
from bot.sandbox.page.status import Panel
from bot.sandbox.workspace.records import SlackError

MAX_BODY = 64 * 1024 * 1024


class Sandbox(ViewActions, Documents, Inspection, SandboxSettings):
    """
    A Slack to test an app against. `async with Sandbox() as sandbox:` starts and stops it.

    `state`: folder of the saved workspace, None: not saved. `clock`: the workspace's time; deliveries, retries,
    signatures and triggers use the real one. `retry_delays`: seconds before each retry of an event. `events_at_once`:
    concurrent deliveries. `actions`: buttons on the page, label to coroutine function. `site_url`: base of permalinks,
    if not the sandbox's own address.

    All about the app is optional: `commands` (`name`, `usage`, `summary`) that the composer completes; `shortcuts` of
    messages and `global_shortcuts` of the composer, callback id and title; `marks`, emoji with a meaning; `panel`,
    which returns what waits in the app (`what`, `about`, `since` in Unix seconds, `why`); `guide` for the first visit.
    """

    def __init__(
        self,
        *,
        actions: Mapping[str, Action] | None = None,
        host: str = "127.0.0.1",
        commands: Sequence[Mapping[str, str]] = (),
        shortcuts: Sequence[tuple[str, str]] = (),
        global_shortcuts: Sequence[tuple[str, str]] = (),
        marks: Mapping[str, str] | None = None,
        panel: Panel | None = None,
        guide: Guide | None = None,
        **options: Unpack[CoreOptions],
    ) -> None:
        super().__init__(**options)
        self.host = host
        self.port = 0
        self.actions: dict[str, Action] = dict(actions or {})
        self.commands = commands
        self.shortcuts = shortcuts
        self.global_shortcuts = global_shortcuts
        self.marks: Mapping[str, str] = marks or {}
        self.panel = panel
        self.guide = guide
        self.page = Page(self)
        self.openid = OpenIdProvider(lambda: self.workspace, lambda: self.base_url)
        self.runner: web.AppRunner | None = None

    async def start(self, port: int = 0) -> Self:
        """Listen on `port`, 0: a free one. Raises OSError if it is taken."""
        app = web.Application(client_max_size=MAX_BODY)
        app.add_routes(self.openid.routes())  # before the API's, which take every method
        app.add_routes(self.api.routes())
        app.add_routes([web.get("/link/", self.hub.serve)])
        app.add_routes(Control(self).routes())
        app.add_routes(self.page.routes())
        self.runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0, handle_signals=False)
        await self.runner.setup()
        await web.TCPSite(self.runner, self.host, port).start()
        self.port = self.runner.addresses[0][1]
        self.base_url = f"http://{self.host}:{self.port}"
        self.api.base_url = self.base_url
        self._adopt(self.workspace)
        self.delivery.pump()
        return self

    async def stop(self) -> None:
        """Save, and close everything."""
        if self.runner is None:
            return
        await self.delivery.stop()
        await self.hub.close()
        await self.page.close()
        for handle in list(self._deferred):
            handle.cancel()
        if self.http:
            await self.http.close()
        await self.runner.cleanup()
        self.runner = None
        self.save()

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    def is_connected(self) -> bool:
        """Return whether the app has an open connection or an address."""
        return self.delivery.link.is_open()

    async def run_action(self, label: str) -> None:
        """Run the action of a button on the page."""
        suggested = {each.label: each.act for each in self.guide.suggestions if each.act} if self.guide else {}
        act = self.actions.get(label) or suggested.get(label)
        if act is None:
            raise SlackError("not_found", [f"there is no button {label!r}"])
        await act()

    async def run_play(self, name: str, speed: float = 1.0) -> None:
        """Start a story of the guide; `speed` 10 is ten times as fast, 0 at once."""
        if self.guide is None or self.guide.play is None or name not in {play.name for play in self.guide.plays}:
            raise SlackError("not_found", [f"there is no story {name!r}"])
        await self.guide.play(name, speed)
