"""The sandbox as a whole: one HTTP server with Web API, Socket Mode, control API and page."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from aiohttp import web

from bot.sandbox.clock import Clock
from bot.sandbox.control.app_actions import Acting
from bot.sandbox.control.documents import Documents
from bot.sandbox.control.http import Control
from bot.sandbox.control.inspect import Looks
from bot.sandbox.control.settings import Knobs
from bot.sandbox.page.guide import Action, Guide
from bot.sandbox.page.http import Page
from bot.sandbox.page.status import Panel
from bot.sandbox.workspace.records import Json, SlackError

MAX_BODY = 64 * 1024 * 1024


class Sandbox(Acting, Documents, Looks, Knobs):
    """
    A Slack to try an app against. `async with Sandbox() as sandbox:` starts and stops it.

    `state`: folder in which it is kept, None: nowhere. `clock`: the workspace's time; deliveries, their retries,
    signatures and triggers follow the real one. `retry_delays`: seconds before each retry of an event.
    `events_at_once`: deliveries of events under way at a time. `actions`: buttons on the page, label to coroutine
    function. `site_url`: what permalinks begin with, if not the sandbox's own address.

    What the page tells of the app, all of it optional: `commands` (`name`, `usage`, `summary`) that the composer
    completes; `shortcuts` of messages and `global_shortcuts` of the composer, callback id and title; `marks`, emoji
    that mean something, offered first, and what; `panel`, which says what waits in the app (`what`, `about`, `since` in
    Unix seconds, `why`); `guide` for the first visit; `gallery`, messages and views to look at (`name`, `kind`,
    `payload`).
    """

    def __init__(
        self,
        *,
        state: Path | None = None,
        clock: Clock | None = None,
        seed: bool = True,
        actions: Mapping[str, Action] | None = None,
        bot_token: str | None = None,
        app_token: str | None = None,
        signing_secret: str | None = None,
        retry_delays: tuple[float, ...] = (0, 60, 300),
        answer_seconds: float = 3.0,
        events_at_once: int = 64,
        host: str = "127.0.0.1",
        site_url: str | None = None,
        commands: Sequence[Mapping[str, str]] = (),
        shortcuts: Sequence[tuple[str, str]] = (),
        global_shortcuts: Sequence[tuple[str, str]] = (),
        marks: Mapping[str, str] | None = None,
        panel: Panel | None = None,
        guide: Guide | None = None,
        gallery: Sequence[Json] = (),
    ) -> None:
        super().__init__(
            state=state,
            clock=clock,
            seed=seed,
            bot_token=bot_token,
            app_token=app_token,
            signing_secret=signing_secret,
            retry_delays=retry_delays,
            answer_seconds=answer_seconds,
            events_at_once=events_at_once,
            site_url=site_url,
        )
        self.host = host
        self.port = 0
        self.actions: dict[str, Action] = dict(actions or {})
        self.commands = commands
        self.shortcuts = shortcuts
        self.global_shortcuts = global_shortcuts
        self.marks: Mapping[str, str] = marks or {}
        self.panel = panel
        self.guide = guide
        self.gallery = gallery
        self.page = Page(self)
        self.runner: web.AppRunner | None = None

    async def start(self, port: int = 0) -> Self:
        """Listen on `port`, 0: a free one. Raises OSError if it is taken."""
        app = web.Application(client_max_size=MAX_BODY)
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
        """Save, and let go of everything."""
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
        """Whether there is a way to the app: a connection it has opened, or an address it is told at."""
        return self.delivery.link.is_open()

    async def run_action(self, label: str) -> None:
        """Do what the page's button of this name does."""
        suggested = {each.label: each.act for each in self.guide.suggestions if each.act} if self.guide else {}
        act = self.actions.get(label) or suggested.get(label)
        if act is None:
            raise SlackError("not_found", [f"there is no button {label!r}"])
        await act()

    async def run_play(self, name: str, speed: float = 1.0) -> None:
        """Begin to play a story of the guide; `speed` 10 is ten times as fast, 0 at once."""
        if self.guide is None or self.guide.play is None or name not in {play.name for play in self.guide.plays}:
            raise SlackError("not_found", [f"there is no story {name!r}"])
        await self.guide.play(name, speed)
