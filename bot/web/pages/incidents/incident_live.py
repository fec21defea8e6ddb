"""`GET /incidents/{reference}/live`: the stream of an incident's page."""

from aiohttp import web
from sqlmodel import Session

from bot.services.web_pages.live import LiveState, Shown
from bot.store.database.session import Database, DatabaseUnavailable
from bot.store.incidents.incidents import IncidentNotFound
from bot.store.incidents.visibility import Visibility
from bot.web.auth.page_sessions import PageSessions
from bot.web.auth.private_access import PrivateAccess
from bot.web.live.changes import Watched
from bot.web.live.streams import Streams


class IncidentStreams:
    def __init__(self, sessions: PageSessions, access: PrivateAccess, database: Database, live: Streams) -> None:
        self._sessions = sessions
        self._access = access
        self._database = database
        self._live = live

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/incidents/{reference}/live", self.stream, allow_head=False)]

    async def stream(self, request: web.Request) -> web.StreamResponse:
        """404 alike for missing and for invisible incidents."""
        try:
            viewer = await self._sessions.find_viewer(request)
            if viewer is None:
                return web.Response(status=401)
            visibility = await self._access.find_visibility(viewer)
            incident_id = await self._database.read(_find_id, visibility, request.match_info["reference"])
        except IncidentNotFound:
            return web.Response(status=404)
        except DatabaseUnavailable:
            return web.Response(status=503)

        async def find(state: LiveState) -> Shown | None:
            return state.find_incident_page(await self._access.find_visibility(viewer), incident_id)

        page = Watched(viewer, self._sessions.read_token(request) or "", incident_id)
        return await self._live.serve(request, page, find)


def _find_id(session: Session, visibility: Visibility, reference: str) -> int:
    return visibility.find(session, reference).key
