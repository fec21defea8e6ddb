"""`/admin`: the report of `dogwatch doctor`, and the state of the configuration."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime

from aiohttp import web

from bot.runtime.clock import Clock
from bot.services.web_pages.sessions import Viewer
from bot.web.auth.local_paths import site_root
from bot.web.auth.page_sessions import PageSessions
from bot.web.pages.layout import render_page
from bot.web.pages.operations.operation_deps import PAGES, OperationDeps, admins_only
from bot.web.pages.operations.outbox_link import configuration_status

PATH = "/admin"


class HealthRoutes:
    """Keeps the last report in memory: each run calls Slack, so it takes a button."""

    def __init__(self, sessions: PageSessions, deps: OperationDeps, clock: Clock) -> None:
        self._sessions = sessions
        self._deps = deps
        self._clock = clock
        self._running = asyncio.Lock()
        self._report: Sequence[Mapping[str, str]] = ()
        self._reported_at: datetime | None = None

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get(PATH, admins_only(self._sessions, self.show_page)),
            web.post(PATH, admins_only(self._sessions, self.run_checks)),
        ]

    async def show_page(self, _request: web.Request, viewer: Viewer) -> web.Response:
        at = self._reported_at
        values = {
            "pages": PAGES,
            "report": self._report,
            "at": f"{at:%Y-%m-%d %H:%M:%S} UTC" if at else "",
            "counts": [
                (state, sum(each["state"] == state for each in self._report)) for state in ("failed", "warning", "ok")
            ],
            **configuration_status(self._deps.configuration),
        }
        return render_page(self._sessions, "operations/health", values, viewer=viewer, current=PATH)

    async def run_checks(self, request: web.Request, viewer: Viewer) -> web.Response:
        """Run the checks, one run at a time: others meanwhile get the result of that run."""
        await self._sessions.read_form(request, viewer)
        is_running = self._running.locked()
        async with self._running:
            if not is_running:
                self._report, self._reported_at = await self._deps.run_checks(), self._clock.real_now()
        return web.Response(status=303, headers={"Location": f"{site_root(self._sessions.settings)}{PATH}"})
