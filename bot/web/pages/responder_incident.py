"""`GET /incidents/{reference}`: an incident for people who are signed in."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from typing import Any

from aiohttp import web
from sqlmodel import Session

from bot.config import Settings
from bot.domain.findings import Finding
from bot.domain.record.model import Record
from bot.domain.timeline.filters import TimelineFilter, count_kinds, count_people
from bot.domain.timeline.lines import iter_timeline_lines
from bot.services.postmortem import findings
from bot.services.postmortem.load_record import load_record
from bot.services.web_pages.sessions import Viewer
from bot.store.database.session import Database, DatabaseUnavailable
from bot.store.incidents.incidents import IncidentNotFound
from bot.store.incidents.visibility import Visibility
from bot.web.auth.local_paths import sign_in_path, site_root
from bot.web.auth.page_sessions import PageSessions
from bot.web.auth.private_access import PrivateAccess
from bot.web.body_limits import DATABASE_UNAVAILABLE
from bot.web.pages.incident import handler_by_key, stream_pieces
from bot.web.pages.incident_view import template_values
from bot.web.pages.layout import PAGE_HEADERS, frame_values, render_problem

REFERENCE = re.compile(r"[A-Za-z][A-Za-z0-9]{0,20}-[0-9]{1,9}", re.ASCII)
NOT_FOUND = "There is no such incident. Check the reference, or look on the page Now."
KEY = "key"


class IncidentRoutes:
    """An address with `key` is the page behind the signed link."""

    def __init__(self, sessions: PageSessions, access: PrivateAccess, database: Database) -> None:
        self._sessions = sessions
        self._access = access
        self._database = database
        self._show_by_key = handler_by_key(database, lambda: sessions.settings)

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/incidents/{reference}", self.show_page)]

    async def show_page(self, request: web.Request) -> web.StreamResponse:
        if KEY in request.query:
            return await self._show_by_key(request)
        viewer: Viewer | None = None
        settings = self._sessions.settings
        try:
            viewer = await self._sessions.find_viewer(request)
            if viewer is None:
                return web.Response(status=303, headers={"Location": sign_in_path(settings, request.path_qs)})
            visibility = await self._access.find_visibility(viewer)
            record = await self._database.read(_load, settings, visibility, request.match_info["reference"])
        except IncidentNotFound:
            return render_problem(self._sessions, 404, NOT_FOUND, viewer=viewer)
        except DatabaseUnavailable:
            return render_problem(self._sessions, 503, DATABASE_UNAVAILABLE, viewer=viewer)
        chosen = TimelineFilter.from_query(request.query)
        problems = await asyncio.to_thread(findings.find_in_record, settings, record)
        values = await asyncio.to_thread(page_values, record, problems, chosen, site_root(settings))
        pieces = stream_pieces("web/responder_incident.html.j2", {**frame_values(self._sessions, viewer), **values})
        return web.Response(body=pieces, content_type="text/html", charset="utf-8", headers=PAGE_HEADERS)


def _load(session: Session, settings: Settings, visibility: Visibility, reference: str) -> Record:
    """Raises IncidentNotFound, alike for missing and for invisible incidents."""
    if not REFERENCE.fullmatch(reference):
        raise IncidentNotFound(NOT_FOUND)
    return load_record(session, settings, visibility.find(session, reference).key)


def page_values(record: Record, problems: Sequence[Finding], chosen: TimelineFilter, root: str) -> Mapping[str, Any]:
    """Values of `web/responder_incident.html.j2`, without those of its frame."""
    path = f"{root}/incidents/{record.incident.reference}"
    selected = chosen.select(iter_timeline_lines(record, record.entries)) if chosen.is_set else None
    return {
        **template_values(record, problems, selected),
        "base": path if chosen.is_set else "",
        "path": path,
        "chosen": chosen,
        "found": len(record.entries) if selected is None else len(selected),
        "total": len(record.entries),
        "choices": {
            "kinds": [(kind.value, count) for kind, count in count_kinds(record.entries)],
            "people": [(user, record.people.get(user, user), count) for user, count in count_people(record.entries)],
        },
        "labels": [
            label
            for label, is_set in (("Private", record.incident.private), ("Drill", record.incident.drill))
            if is_set
        ],
        "channel": (record.incident.channel_name, record.incident.channel_link),
    }
