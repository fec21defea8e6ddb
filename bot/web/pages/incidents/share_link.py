"""`/incidents/{reference}/share`: the link for readers outside; end it, or make a new one."""

from typing import Any

from aiohttp import web

from bot.domain.errors import UserError
from bot.domain.text.normalize import parse_id
from bot.domain.times import format_time
from bot.runtime.clock import Clock
from bot.services.web_pages.sessions import Viewer
from bot.services.web_pages.share_link import ShareLink, end_share_link, load_share_link, renew_share_link
from bot.services.workspace.actor import Actor, Origin
from bot.store.database.session import Database
from bot.store.incidents.incidents import IncidentNotFound
from bot.web.auth.local_paths import site_root
from bot.web.auth.page_guard import signed_in
from bot.web.auth.page_sessions import FormRefused, PageSessions
from bot.web.auth.private_access import PrivateAccess
from bot.web.pages.layout import render_page

PATH = "/incidents/{reference}/share"


class ShareLinkRoutes:
    def __init__(self, sessions: PageSessions, access: PrivateAccess, database: Database, clock: Clock) -> None:
        self._sessions = sessions
        self._access = access
        self._database = database
        self._clock = clock

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get(PATH, signed_in(self._sessions, self.show_page)),
            web.post(PATH, signed_in(self._sessions, self.submit_change)),
        ]

    async def show_page(self, request: web.Request, viewer: Viewer) -> web.Response:
        return await self._render(viewer, request.match_info["reference"])

    async def submit_change(self, request: web.Request, viewer: Viewer) -> web.Response:
        """`act`: `end`, or `renew` with the `number` of the shown link. Redirects back."""
        fields, reference = await self._sessions.read_form(request, viewer), request.match_info["reference"]
        visibility, settings = await self._access.find_visibility(viewer), self._sessions.settings
        actor = Actor(viewer.team_id, viewer.user_id, self._clock.now(), Origin.WEB)
        number = fields.get("number", "")
        try:
            if fields.get("act") == "end":
                await self._database.run(end_share_link, settings, actor, visibility, reference)
            else:
                await self._database.run(renew_share_link, settings, actor, visibility, reference, _parse(number))
        except (IncidentNotFound, FormRefused):
            raise
        except UserError as problem:
            return await self._render(viewer, reference, problem.message)
        return web.Response(status=303, headers={"Location": f"{site_root(settings)}{request.path}"})

    async def _render(self, viewer: Viewer, reference: str, problem: str = "") -> web.Response:
        settings, visibility = self._sessions.settings, await self._access.find_visibility(viewer)
        link = await self._database.read(load_share_link, settings, visibility, reference)
        values = {**template_values(link), "problem": problem}
        status = 409 if problem else 200
        return render_page(self._sessions, "incidents/share_link", values, viewer=viewer, status=status)


def _parse(text: str) -> int:
    """Raises FormRefused."""
    number = parse_id(text)
    if number is None:
        raise FormRefused("The form cannot be read. Open the page again.")
    return number


def template_values(link: ShareLink) -> dict[str, Any]:
    """Values of `web/incidents/share_link.html.j2`."""
    return {
        "reference": link.reference,
        "title": link.title,
        "number": link.number,
        "url": link.url,
        "ended": format_time(link.ended_at, link.zone) if link.ended_at else "",
    }
