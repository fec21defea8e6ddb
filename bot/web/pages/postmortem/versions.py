"""`/incidents/{reference}/postmortem/versions`: what changed, and the way back."""

from aiohttp import web
from sqlmodel import Session

from bot.config import Settings
from bot.domain.errors import UserError
from bot.domain.text.normalize import parse_id
from bot.runtime.clock import Clock
from bot.services.postmortem.document.edits import return_to_version
from bot.services.web_pages.postmortem import load_versions_page
from bot.services.web_pages.sessions import Viewer
from bot.services.workspace.access import NotPermitted
from bot.services.workspace.actor import Actor, Origin
from bot.store.database.session import Database
from bot.store.incidents.incidents import IncidentNotFound
from bot.store.incidents.visibility import Visibility
from bot.web.auth.local_paths import site_root
from bot.web.auth.page_guard import signed_in
from bot.web.auth.page_sessions import FormRefused, PageSessions
from bot.web.auth.private_access import PrivateAccess
from bot.web.pages.layout import render_page
from bot.web.pages.postmortem.block_view import version_values

PATH = "/incidents/{reference}/postmortem/versions"


class VersionRoutes:
    def __init__(self, sessions: PageSessions, access: PrivateAccess, database: Database, clock: Clock) -> None:
        self._sessions = sessions
        self._access = access
        self._database = database
        self._clock = clock

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get(PATH, signed_in(self._sessions, self.show_page)),
            web.post(PATH, signed_in(self._sessions, self.submit_return)),
        ]

    async def show_page(self, request: web.Request, viewer: Viewer) -> web.Response:
        return await self._render(request, viewer)

    async def submit_return(self, request: web.Request, viewer: Viewer) -> web.Response:
        """Return to the version `number`, where `latest` is still the newest one."""
        fields = await self._sessions.read_form(request, viewer)
        number, latest = parse_id(fields.get("number", "")), parse_id(fields.get("latest", ""))
        visibility, settings = await self._access.find_visibility(viewer), self._sessions.settings
        actor = Actor(viewer.team_id, viewer.user_id, self._clock.now(), Origin.WEB)
        reference = request.match_info["reference"]
        if number is None or latest is None:
            raise FormRefused("The form cannot be read. Open the page again.")
        try:
            await self._database.run(save_return, settings, visibility, reference, actor, number, latest)
        except (IncidentNotFound, NotPermitted):
            raise
        except UserError as problem:
            return await self._render(request, viewer, problem.message)
        path = f"{site_root(settings)}/incidents/{reference.upper()}/postmortem"
        return web.Response(status=303, headers={"Location": path})

    async def _render(self, request: web.Request, viewer: Viewer, problem: str = "") -> web.Response:
        visibility = await self._access.find_visibility(viewer)
        reference = request.match_info["reference"]
        incident, history = await self._database.read_large(load_versions_page, visibility, reference)
        values = {
            "incident": incident,
            "path": f"{site_root(self._sessions.settings)}/incidents/{incident.reference}",
            "history": version_values(history, incident.zone),
            "problem": problem,
        }
        status = 409 if problem else 200
        return render_page(self._sessions, "postmortem/versions", values, viewer=viewer, status=status)


def save_return(
    session: Session, settings: Settings, visibility: Visibility, reference: str, actor: Actor, number: int, latest: int
) -> None:
    """Raises IncidentNotFound, NotPermitted and UserError."""
    return_to_version(session, settings, visibility.find(session, reference).key, actor, number, latest=latest)
