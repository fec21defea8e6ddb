"""`GET /incidents/{reference}/files/{file}`: a kept file, for people who are signed in."""

import asyncio
from urllib.parse import quote

from aiohttp import web
from sqlmodel import Session

from bot.domain.text.normalize import parse_id
from bot.domain.timeline.kept_files import KeptFile, MediaType
from bot.runtime.kept_files import FileFolder
from bot.services.web_pages.sessions import Viewer
from bot.store.database.session import Database
from bot.store.incidents.kept_files import get_kept_file
from bot.store.incidents.visibility import Visibility
from bot.web.auth.page_guard import signed_in
from bot.web.auth.page_sessions import PageSessions
from bot.web.auth.private_access import PrivateAccess
from bot.web.pages.layout import render_problem

NO_FILE = "There is no such file. It was deleted with its message, or it was never kept."
NOT_READABLE = "The file cannot be read. An operator must check [files] folder: all replicas need the same one."
FILE_POLICY = "default-src 'none'; sandbox"
"""Nothing in a file runs, nor is anything fetched for it, even where a browser displays it."""


class KeptFileRoutes:
    def __init__(self, sessions: PageSessions, access: PrivateAccess, database: Database) -> None:
        self._sessions = sessions
        self._access = access
        self._database = database

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/incidents/{reference}/files/{file}", signed_in(self._sessions, self.respond))]

    async def respond(self, request: web.Request, viewer: Viewer) -> web.Response:
        """Raises IncidentNotFound, also for an incident that the viewer may not see."""
        visibility = await self._access.find_visibility(viewer)
        place = (request.match_info["reference"], request.match_info["file"])
        incident_id, file = await self._database.read(_find_file, visibility, place)
        root = self._sessions.settings.kept_files_folder
        if file is None or file.media_type is None or root is None:
            return render_problem(self._sessions, 404, NO_FILE, viewer=viewer)
        content = await asyncio.to_thread(FileFolder(root, of_alerts=file.is_from_alert).read, incident_id, file.digest)
        if content is None:
            return render_problem(self._sessions, 500, NOT_READABLE, viewer=viewer)
        return file_response(file, file.media_type, content)


def _find_file(session: Session, visibility: Visibility, place: tuple[str, str]) -> tuple[int, KeptFile | None]:
    incident, file_key = visibility.find(session, place[0]), parse_id(place[1])
    return incident.key, get_kept_file(session, incident.key, file_key) if file_key else None


def file_response(file: KeptFile, media_type: MediaType, content: bytes) -> web.Response:
    """Serve a content as its checked type. Images are displayed, all else is saved."""
    place = "inline" if media_type.is_image else "attachment"
    headers = {
        "Content-Disposition": f"{place}; filename*=UTF-8''{quote(file.name, safe='')}",
        "Content-Security-Policy": FILE_POLICY,
        "X-Content-Type-Options": "nosniff",
    }
    charset = "utf-8" if media_type is MediaType.TEXT else None
    return web.Response(body=content, content_type=media_type.value, charset=charset, headers=headers)
