"""`/admin/audit`: who did what, when and from where."""

from datetime import date
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from bot.domain.text.normalize import make_storable, parse_id
from bot.domain.times import format_time
from bot.services.web_pages.now import viewer_zone
from bot.services.web_pages.operations import AuditFilter, AuditPage, load_audit_page
from bot.services.web_pages.sessions import Viewer
from bot.store.database.session import Database
from bot.web.auth.local_paths import site_root
from bot.web.auth.page_sessions import PageSessions
from bot.web.auth.private_access import PrivateAccess
from bot.web.pages.layout import render_page
from bot.web.pages.operations.operation_deps import PAGES, admins_only

PATH = "/admin/audit"
MAX_TEXT = 100


class AuditRoutes:
    def __init__(self, sessions: PageSessions, access: PrivateAccess, database: Database) -> None:
        self._sessions = sessions
        self._access = access
        self._database = database

    def routes(self) -> list[web.RouteDef]:
        return [web.get(PATH, admins_only(self._sessions, self.show_page))]

    async def show_page(self, request: web.Request, viewer: Viewer) -> web.Response:
        chosen, settings = read_filter(request), self._sessions.settings
        visibility = await self._access.find_visibility(viewer)
        page = await self._database.read(load_audit_page, viewer_zone(settings, viewer), visibility, chosen)
        values = {**template_values(page, chosen, site_root(settings)), "pages": PAGES}
        return render_page(self._sessions, "operations/audit", values, viewer=viewer, current=PATH)


def read_filter(request: web.Request) -> AuditFilter:
    """The filter of the address; a day or number that is none is left out."""
    before = request.query.get("before", "")
    return AuditFilter(
        _read_text(request, "person"),
        _read_text(request, "action"),
        _parse_day(request.query.get("since", "")),
        _parse_day(request.query.get("until", "")),
        parse_id(before),
    )


def _read_text(request: web.Request, name: str) -> str:
    return make_storable(request.query.get(name, "")).strip()[:MAX_TEXT]


def _parse_day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if 1970 <= found.year < 9999 else None


def template_values(page: AuditPage, chosen: AuditFilter, root: str) -> dict[str, Any]:
    """Values of `web/operations/audit.html.j2`."""
    filters = {
        "person": chosen.person,
        "action": chosen.action,
        "since": chosen.since.isoformat() if chosen.since else "",
        "until": chosen.until.isoformat() if chosen.until else "",
    }
    further = {name: value for name, value in filters.items() if value}
    return {
        "filters": filters,
        "is_filtered": chosen.is_set,
        "is_older": chosen.before is not None,
        "is_unknown": page.is_unknown,
        "older": f"{root}{PATH}?{urlencode({**further, 'before': page.older})}" if page.older else "",
        "lines": [
            {
                "iso": each.at.isoformat(),
                "at": format_time(each.at, page.zone),
                "person": each.person,
                "action": each.action,
                "origin": each.origin,
                "incident": each.incident,
                "details": each.details,
            }
            for each in page.lines
        ],
    }
