"""`GET /`: the page Now, and its stream."""

from aiohttp import web

from bot.services.web_pages.live import LiveState, Shown
from bot.services.web_pages.now import viewer_zone
from bot.services.web_pages.sessions import Viewer
from bot.store.database.session import DatabaseUnavailable
from bot.store.incidents.visibility import Visibility
from bot.web.auth.local_paths import HOME
from bot.web.auth.page_guard import signed_in
from bot.web.auth.page_sessions import PageSessions
from bot.web.auth.private_access import PrivateAccess
from bot.web.live.changes import Watched
from bot.web.live.streams import Streams
from bot.web.pages.layout import PAGE_HEADERS, render_page
from bot.web.pages.now.now_view import template_values
from bot.web.pages.now.shared_render import NowPages
from bot.web.request_context import ROUTINE

WALL = "wall"
NOW_TEMPLATE, WALL_TEMPLATE = "now/now", "now/wall"


class NowRoutes:
    """An address with `wall` is the page for a screen on a wall."""

    def __init__(self, sessions: PageSessions, access: PrivateAccess, live: Streams, pages: NowPages) -> None:
        self._sessions = sessions
        self._access = access
        self._live = live
        self._pages = pages

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/", signed_in(self._sessions, self.show_page)),
            web.get("/live", self.stream, allow_head=False),
            web.get("/live/now", self.show_part),
        ]

    async def show_page(self, request: web.Request, viewer: Viewer) -> web.Response:
        visibility = await self._access.find_visibility(viewer)
        page = await self._pages.load(visibility, viewer_zone(self._sessions.settings, viewer))
        values = {"is_part": False, **template_values(page)}
        return render_page(self._sessions, _template(request), values, viewer=viewer, current=HOME)

    async def show_part(self, request: web.Request) -> web.Response:
        """
        The content of the page without its frame, for an open page.

        Only a wall keeps its session in use: nobody may be sitting before another page.
        """
        request[ROUTINE] = True
        template = _template(request)
        try:
            watching = self._live.find_viewer(self._sessions.read_token(request))
            is_known = watching is not None and template != WALL_TEMPLATE
            viewer = watching if is_known else await self._sessions.find_viewer(request)
            if viewer is None:
                return web.Response(status=401)
            state = self._live.state if watching else None
            visibility = await self._find_visibility(viewer, state)
            text = await self._pages.render(template, visibility, viewer_zone(self._sessions.settings, viewer))
        except DatabaseUnavailable:
            return web.Response(status=503)
        return web.Response(text=text, content_type="text/html", headers=PAGE_HEADERS)

    async def stream(self, request: web.Request) -> web.StreamResponse:
        try:
            viewer = await self._sessions.find_viewer(request)
        except DatabaseUnavailable:
            return web.Response(status=503)
        if viewer is None:
            return web.Response(status=401)

        async def find(state: LiveState) -> Shown:
            return state.find_now_page(await self._find_visibility(viewer, state))

        page = Watched(viewer, self._sessions.read_token(request) or "", None)
        return await self._live.serve(request, page, find)

    async def _find_visibility(self, viewer: Viewer, state: LiveState | None) -> Visibility:
        """Look the viewer up only while a private incident is open: else all see the same."""
        if state is not None and not state.has_private:
            return Visibility(viewer.team_id)
        return await self._access.find_visibility(viewer)


def _template(request: web.Request) -> str:
    return WALL_TEMPLATE if WALL in request.query else NOW_TEMPLATE
