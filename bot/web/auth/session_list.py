"""`/sessions`: the viewer's own sessions, and their end."""

from datetime import tzinfo
from typing import Any

from aiohttp import web

from bot.domain.times import format_time
from bot.runtime.clock import Clock
from bot.services.web_pages.now import viewer_zone
from bot.services.web_pages.sessions import OwnSession, Viewer, end_own_sessions, list_own_sessions
from bot.store.database.session import Database
from bot.web.auth.local_paths import site_root
from bot.web.auth.page_guard import signed_in
from bot.web.auth.page_sessions import PageSessions
from bot.web.pages.layout import render_page

PATH = "/sessions"
OTHERS = "others"


class OwnSessionRoutes:
    def __init__(self, sessions: PageSessions, database: Database, clock: Clock) -> None:
        self._sessions = sessions
        self._database = database
        self._clock = clock

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get(PATH, signed_in(self._sessions, self.show_page)),
            web.post(PATH, signed_in(self._sessions, self.end_sessions)),
        ]

    async def show_page(self, _request: web.Request, viewer: Viewer) -> web.Response:
        found, zone = (
            await self._database.read(list_own_sessions, viewer, self._clock.now()),
            viewer_zone(self._sessions.settings, viewer),
        )
        values = {"sessions": [_session_values(each, zone) for each in found]}
        return render_page(self._sessions, "sessions", values, viewer=viewer, current=PATH)

    async def end_sessions(self, request: web.Request, viewer: Viewer) -> web.Response:
        """End the one whose handle is `session`, or `others`. Redirects back."""
        fields = await self._sessions.read_form(request, viewer)
        wanted = fields.get("session", "")
        await self._database.run(end_own_sessions, viewer, self._clock.now(), None if wanted == OTHERS else wanted)
        return web.Response(status=303, headers={"Location": f"{site_root(self._sessions.settings)}{PATH}"})


def _session_values(each: OwnSession, zone: tzinfo) -> dict[str, Any]:
    return {
        "handle": each.handle,
        "way": each.way,
        "signed_in": format_time(each.signed_in_at, zone),
        "seen": format_time(each.seen_at, zone),
        "ends": format_time(each.ends_at, zone),
        "is_current": each.is_current,
    }
