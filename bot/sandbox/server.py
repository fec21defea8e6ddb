"""The sandbox as a whole: one HTTP server with Web API, Socket Mode, control API and page."""

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from aiohttp import web

from bot.sandbox.acting import Acting
from bot.sandbox.clock import Clock
from bot.sandbox.control import Control
from bot.sandbox.knobs import Knobs
from bot.sandbox.looks import Looks
from bot.sandbox.page import Page
from bot.sandbox.records import SlackError

Action = Callable[[], Awaitable[None]]
MAX_BODY = 64 * 1024 * 1024


class Sandbox(Acting, Looks, Knobs):
    """
    A Slack to try an app against. `async with Sandbox() as sandbox:` starts and stops it.

    `state`: folder in which it is kept, None: nowhere. `clock`: the workspace's time; deliveries, their retries,
    signatures and triggers follow the real one. `retry_delays`: seconds before each retry of an event.
    `events_at_once`: deliveries of events under way at a time. `actions`: buttons on the page, label to coroutine
    function. `site_url`: what permalinks begin with, if not the sandbox's own address.
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

    async def run_action(self, label: str) -> None:
        """Do what the page's button of this name does."""
        if label not in self.actions:
            raise SlackError("not_found", [f"there is no button {label!r}"])
        await self.actions[label]()
