"""`POST /incidents/{reference}/postmortem/new`: add a block at the end of a section."""

import secrets
from collections.abc import Mapping

from aiohttp import web

from bot.domain.drafting.document.blocks import BlockId
from bot.domain.errors import UserError
from bot.runtime.clock import Clock
from bot.services.postmortem.document.edits import Act, BlockChange
from bot.services.web_pages.postmortem import load_versions_page
from bot.services.web_pages.sessions import Viewer
from bot.services.workspace.access import NotPermitted
from bot.services.workspace.actor import Actor, Origin
from bot.store.database.session import Database
from bot.store.incidents.incidents import IncidentNotFound
from bot.web.auth.local_paths import site_root
from bot.web.auth.page_guard import signed_in
from bot.web.auth.page_sessions import SUBMISSION, PageSessions, form_digest
from bot.web.auth.private_access import PrivateAccess
from bot.web.body_limits import MAX_SIGNED_IN_FORM_BYTES
from bot.web.pages.layout import render_page
from bot.web.pages.postmortem.block import save_change
from bot.web.pages.postmortem.document import back_to


class NewBlockRoutes:
    def __init__(self, sessions: PageSessions, access: PrivateAccess, database: Database, clock: Clock) -> None:
        self._sessions = sessions
        self._access = access
        self._database = database
        self._clock = clock

    def routes(self) -> list[web.RouteDef]:
        def page_path(request: web.Request) -> str:
            return f"/incidents/{request.match_info['reference'].upper()}/postmortem"

        submit = signed_in(self._sessions, self.submit_block, following=page_path)
        return [web.post("/incidents/{reference}/postmortem/new", submit)]

    async def submit_block(self, request: web.Request, viewer: Viewer) -> web.Response:
        """Lead to the new block; a refusal shows the form with what was entered."""
        fields = await self._sessions.read_form(request, viewer, max_bytes=MAX_SIGNED_IN_FORM_BYTES)
        visibility, settings = await self._access.find_visibility(viewer), self._sessions.settings
        actor = Actor(viewer.team_id, viewer.user_id, self._clock.now(), Origin.WEB)
        reference = request.match_info["reference"]
        block_id = BlockId(fields.get("section", ""), "", fields.get("language", ""))
        form = form_digest(fields, request.path) if SUBMISSION in fields else ""
        change = BlockChange(Act.ADD, block_id, fields.get("text", ""), form=form)
        try:
            added = await save_change(self._database, settings, visibility, reference, actor, change)
        except (IncidentNotFound, NotPermitted):
            raise
        except UserError as problem:
            return await self._render(request, viewer, fields, problem.message)
        path = f"{site_root(settings)}/incidents/{reference.upper()}"
        return web.Response(status=303, headers={"Location": back_to(path, added.id)})

    async def _render(
        self, request: web.Request, viewer: Viewer, fields: Mapping[str, str], problem: str
    ) -> web.Response:
        visibility = await self._access.find_visibility(viewer)
        incident, _ = await self._database.read_large(load_versions_page, visibility, request.match_info["reference"])
        values = {
            "incident": incident,
            "path": f"{site_root(self._sessions.settings)}/incidents/{incident.reference}",
            "problem": problem,
            SUBMISSION: secrets.token_urlsafe(12),
            "text": fields.get("text", ""),
            "section": fields.get("section", ""),
            "language": fields.get("language", ""),
        }
        return render_page(self._sessions, "postmortem/new_block", values, viewer=viewer, status=422)
