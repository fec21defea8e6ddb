"""`GET /figures`: figures of past incidents, each number with a link to what it counts."""

from aiohttp import web

from bot.domain.errors import UserError
from bot.domain.paging.statistics import months_until
from bot.runtime.clock import Clock
from bot.services.paging.statistics import current_month, parse_month
from bot.services.web_pages.history.figures import load_figures
from bot.services.web_pages.sessions import Viewer
from bot.store.database.session import Database
from bot.web.auth.page_guard import signed_in
from bot.web.auth.page_sessions import PageSessions
from bot.web.pages.history.figure_values import template_values
from bot.web.pages.layout import render_page, render_problem

FIGURES_PATH = "/figures"
MONTHS = 12
"""Months of the page unless one is chosen."""
CHOICES = 36
"""Months that the page offers."""


class FiguresRoutes:
    def __init__(self, sessions: PageSessions, database: Database, clock: Clock) -> None:
        self._sessions = sessions
        self._database = database
        self._clock = clock

    def routes(self) -> list[web.RouteDef]:
        return [web.get(FIGURES_PATH, signed_in(self._sessions, self.show_page))]

    async def show_page(self, request: web.Request, viewer: Viewer) -> web.Response:
        settings, now = self._sessions.settings, self._clock.now()
        newest = current_month(now, settings.incidents.zone)
        chosen = request.query.get("month", "").strip()
        try:
            months = [parse_month(chosen)] if chosen else months_until(newest, MONTHS)
        except UserError as problem:
            return render_problem(self._sessions, 400, problem.message, viewer=viewer)
        found = await self._database.read_large(load_figures, settings, viewer.team_id, months, now)
        values = {
            **template_values(found),
            "chosen": months[0] if chosen else "",
            "choices": list(reversed(months_until(newest, CHOICES))),
        }
        return render_page(self._sessions, "history/figures", values, viewer=viewer, current=FIGURES_PATH)
