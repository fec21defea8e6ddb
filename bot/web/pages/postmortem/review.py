"""`POST /incidents/{reference}/postmortem/review`: the steps from the draft to publication."""

import asyncio

from aiohttp import web
from sqlmodel import Session

from bot.config import Settings
from bot.domain.drafting.document.publication import Step
from bot.domain.errors import UserError
from bot.runtime.clock import Clock
from bot.services.postmortem.document.publication import publish_postmortem, reopen_postmortem
from bot.services.web_pages.postmortem import load_postmortem_page
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
from bot.web.pages.postmortem.document import page_values


class ReviewRoutes:
    def __init__(self, sessions: PageSessions, access: PrivateAccess, database: Database, clock: Clock) -> None:
        self._sessions = sessions
        self._access = access
        self._database = database
        self._clock = clock

    def routes(self) -> list[web.RouteDef]:
        def page_path(request: web.Request) -> str:
            return f"/incidents/{request.match_info['reference'].upper()}/postmortem"

        submit = signed_in(self._sessions, self.submit_step, following=page_path)
        return [web.post("/incidents/{reference}/postmortem/review", submit)]

    async def submit_step(self, request: web.Request, viewer: Viewer) -> web.Response:
        """A step leads back to the page; a refusal is shown on it."""
        fields = await self._sessions.read_form(request, viewer)
        visibility, settings = await self._access.find_visibility(viewer), self._sessions.settings
        actor = Actor(viewer.team_id, viewer.user_id, self._clock.now(), Origin.WEB)
        reference, named = request.match_info["reference"], fields.get("step", "")
        if named not in {each.value for each in Step}:
            raise FormRefused("The form cannot be read. Open the page again.")
        try:
            await self._database.run(take_step, settings, visibility, reference, actor, Step(named))
        except (IncidentNotFound, NotPermitted):
            raise
        except UserError as problem:
            return await self._render(viewer, visibility, reference, actor, problem.message)
        path = f"{site_root(settings)}/incidents/{reference.upper()}/postmortem"
        return web.Response(status=303, headers={"Location": path})

    async def _render(
        self, viewer: Viewer, visibility: Visibility, reference: str, actor: Actor, problem: str
    ) -> web.Response:
        settings = self._sessions.settings
        page = await self._database.read(load_postmortem_page, settings, visibility, reference, None, actor)
        values = await asyncio.to_thread(page_values, settings, page, problem)
        return render_page(self._sessions, "postmortem/document", values, viewer=viewer, status=422)


def take_step(
    session: Session, settings: Settings, visibility: Visibility, reference: str, actor: Actor, step: Step
) -> None:
    """Raises IncidentNotFound, NotPermitted and UserError."""
    incident_id = visibility.find(session, reference).key
    match step:
        case Step.REOPEN:
            reopen_postmortem(session, incident_id, actor)
        case _:
            publish_postmortem(session, settings, incident_id, actor)
