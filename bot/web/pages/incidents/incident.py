"""`GET /incidents/{reference}`: an incident for people who are signed in."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from aiohttp import web
from sqlmodel import Session

from bot.config import Settings
from bot.domain.findings import Finding
from bot.domain.record.model import Record
from bot.domain.text.normalize import make_storable
from bot.domain.timeline.filters import TimelineFilter, count_kinds, count_people
from bot.domain.timeline.kept_files import KeptFile, files_by_entry
from bot.domain.timeline.lines import iter_timeline_lines
from bot.services.postmortem import findings
from bot.services.postmortem.load_record import load_record
from bot.services.web_pages.incident_header import load_incident_header
from bot.services.web_pages.sessions import Viewer
from bot.store.database.session import Database, DatabaseUnavailable
from bot.store.incidents.incidents import IncidentNotFound
from bot.store.incidents.kept_files import find_kept_files
from bot.store.incidents.visibility import Visibility
from bot.templating.render import render_template
from bot.web.auth.local_paths import site_root
from bot.web.auth.page_guard import signed_in
from bot.web.auth.page_sessions import PageSessions
from bot.web.auth.private_access import PrivateAccess
from bot.web.pages.incidents.action_forms import NO_ATTEMPT, Attempt, bar_values
from bot.web.pages.incidents.incident_link import SharedPage, stream_pieces
from bot.web.pages.incidents.incident_view import ShownFiles, template_values
from bot.web.pages.layout import PAGE_HEADERS, frame_values

HEADERS = {**PAGE_HEADERS, "Content-Security-Policy": f"{PAGE_HEADERS['Content-Security-Policy']}; img-src 'self'"}
"""The page shows the images that are kept."""
KEY, ANSWER = "key", "answer"
MAX_ANSWER_ID = 64
RECORD_PLACE = "<!-- record -->"
NOT_READ = b'<p class="notice bad" role="alert">The record could not be read. Reload this page.</p>'


class IncidentRoutes:
    """An address with `key` is the page behind the signed link."""

    def __init__(self, sessions: PageSessions, access: PrivateAccess, database: Database) -> None:
        self._sessions = sessions
        self._access = access
        self._database = database
        self._shared = SharedPage(database, lambda: sessions.settings)
        self._show_signed_in = signed_in(sessions, self.respond)

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/incidents/{reference}", self.show_page),
            web.get("/incidents/{reference}/picture.png", self._shared.show_picture),
        ]

    async def show_page(self, request: web.Request) -> web.StreamResponse:
        if KEY in request.query:
            return await self._shared.show_page(request)
        return await self._show_signed_in(request)

    async def respond(
        self, request: web.Request, viewer: Viewer, *, attempt: Attempt = NO_ATTEMPT, status: int = 200
    ) -> web.StreamResponse:
        """The page, with the form of a refused `attempt` open. Raises IncidentNotFound."""
        settings, reference = self._sessions.settings, request.match_info["reference"]
        answer = make_storable(request.query.get(ANSWER, ""))
        key = answer_key(viewer, answer) if answer else None
        visibility = await self._access.find_visibility(viewer)
        header = await self._database.read(load_incident_header, settings, visibility, reference, key)
        values = {
            **frame_values(self._sessions, viewer),
            "header": header,
            "path": f"{site_root(settings)}/incidents/{header.reference}",
            "bar": bar_values(settings, header.bar, attempt),
            "submission": secrets.token_urlsafe(12),
        }
        pieces = self._stream_page(visibility, TimelineFilter.from_query(request.query), values)
        return web.Response(status=status, body=pieces, content_type="text/html", charset="utf-8", headers=HEADERS)

    async def _stream_page(
        self, visibility: Visibility, chosen: TimelineFilter, values: Mapping[str, Any]
    ) -> AsyncIterator[bytes]:
        """The page up to its record, and then the record, which may have thousands of entries."""
        settings, reference = self._sessions.settings, values["header"].reference
        above, _, below = render_template("web/incidents/incident.html.j2", values).partition(RECORD_PLACE)
        yield above.encode()
        try:
            record, files = await self._database.read_large(_load_record, settings, visibility, reference)
        except (DatabaseUnavailable, IncidentNotFound):
            yield NOT_READ
        else:
            problems = await asyncio.to_thread(findings.find_in_record, settings, record)
            shown = await asyncio.to_thread(page_values, record, problems, chosen, values["path"], files)
            async for piece in stream_pieces("web/incidents/incident_record.html.j2", {**values, **shown}):
                yield piece
        yield below.encode()


def answer_key(viewer: Viewer, answer_id: str) -> str:
    """Key of the answer to a form, which only the person who sent it can read."""
    return f"{viewer.team_id}:page:{viewer.user_id}:{answer_id[:MAX_ANSWER_ID]}"


def _load_record(
    session: Session, settings: Settings, visibility: Visibility, reference: str
) -> tuple[Record, list[KeptFile]]:
    """Raises IncidentNotFound, also for an incident that was made private meanwhile."""
    key = visibility.find(session, reference).key
    return load_record(session, settings, key), find_kept_files(session, key)


def page_values(
    record: Record, problems: Sequence[Finding], chosen: TimelineFilter, path: str, files: Sequence[KeptFile]
) -> Mapping[str, Any]:
    """Values of `web/incidents/incident_record.html.j2`, without those of the page around it."""
    selected = chosen.select(iter_timeline_lines(record, record.entries)) if chosen.is_set else None
    return {
        **template_values(record, problems, selected, ShownFiles(path, files_by_entry(record.entries, files))),
        "base": path if chosen.is_set else "",
        "chosen": chosen,
        "found": len(record.entries) if selected is None else len(selected),
        "total": len(record.entries),
        "choices": {
            "kinds": [(kind.value, count) for kind, count in count_kinds(record.entries)],
            "people": [(user, record.people.get(user, user), count) for user, count in count_people(record.entries)],
        },
    }
