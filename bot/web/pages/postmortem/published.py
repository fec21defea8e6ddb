"""`GET /incidents/{reference}/postmortem/published`: a version as HTML or as Markdown."""

import asyncio

from aiohttp import web

from bot.domain.errors import UserError
from bot.domain.text.normalize import parse_id
from bot.services.web_pages.postmortem import load_published_page
from bot.services.web_pages.sessions import Viewer
from bot.store.database.session import Database
from bot.store.incidents.incidents import IncidentNotFound
from bot.web.auth.local_paths import site_root
from bot.web.auth.page_guard import signed_in
from bot.web.auth.page_sessions import PageSessions
from bot.web.auth.private_access import PrivateAccess
from bot.web.pages.layout import render_page, render_problem
from bot.web.pages.postmortem.document import published_values, render_published


class PublishedRoutes:
    def __init__(self, sessions: PageSessions, access: PrivateAccess, database: Database) -> None:
        self._sessions = sessions
        self._access = access
        self._database = database

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/incidents/{reference}/postmortem/published", signed_in(self._sessions, self.show_version))]

    async def show_version(self, request: web.Request, viewer: Viewer) -> web.Response:
        """The version `number`; with `format=markdown` the bytes of its digest."""
        visibility, reference = await self._access.find_visibility(viewer), request.match_info["reference"]
        number = parse_id(request.query.get("number", "")) or 0
        try:
            incident, version = await self._database.read_large(load_published_page, visibility, reference, number)
        except IncidentNotFound:
            raise
        except UserError as problem:
            return render_problem(self._sessions, 404, problem.message, viewer=viewer)
        if request.query.get("format") == "markdown":
            name = f"postmortem-{incident.reference}-{number}.md"
            headers = {"Content-Disposition": f'attachment; filename="{name}"'}
            return web.Response(text=version.markdown, content_type="text/markdown", charset="utf-8", headers=headers)
        values = {
            "incident": incident,
            "path": f"{site_root(self._sessions.settings)}/incidents/{incident.reference}",
            "version": published_values(version, incident.zone),
            "articles": await asyncio.to_thread(render_published, version),
        }
        return render_page(self._sessions, "postmortem/published", values, viewer=viewer)
