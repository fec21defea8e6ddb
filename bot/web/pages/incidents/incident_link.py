"""
`GET /incidents/{reference}?key=…`: the page behind a signed link, and its picture.

What a preview shows is named as the Open Graph protocol says: https://ogp.me
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from typing import TYPE_CHECKING

from aiohttp import web
from sqlmodel import Session

from bot.config import Settings
from bot.config.crypto import verify_incident_page_key
from bot.domain.record.model import Record
from bot.lazy_loader import LazyModule
from bot.services.postmortem import findings
from bot.services.postmortem.load_record import load_record
from bot.store.database.session import Database, DatabaseUnavailable
from bot.store.incidents import incidents
from bot.store.incidents.incidents import IncidentNotFound
from bot.templating.render import render_pieces
from bot.web.body_limits import DATABASE_UNAVAILABLE
from bot.web.pages.incidents.incident_view import template_values
from bot.web.pages.resources import head_values

if TYPE_CHECKING:
    from bot.export.image import plot_image
else:
    plot_image = LazyModule("bot.export.image.plot_image")

NO_PAGE = "There is no such page. Open the link of an incident's page, which has a key."
NO_PICTURE = "Pictures of incidents are switched off."
NO_INCIDENT = "There is no such incident, or its link was ended. Ask the person who sent it."


class SharedPage:
    """The page for people without a session. With a wrong key every incident is a 404."""

    def __init__(self, database: Database, settings: Callable[[], Settings]) -> None:
        self._database = database
        self._settings = settings

    async def show_page(self, request: web.Request) -> web.StreamResponse:
        settings = self._settings()
        record = await self._find_record(request, settings)
        if isinstance(record, web.Response):
            return record
        problems = await asyncio.to_thread(findings.find_in_record, settings, record)
        values = await asyncio.to_thread(template_values, record, problems)
        picture = picture_link(settings, record.incident.reference, request.query["key"])
        return web.Response(
            body=stream_pieces(
                "web/incidents/incident_link.html.j2", {**head_values(settings), **values, "picture": picture}
            ),
            content_type="text/html",
            charset="utf-8",
        )

    async def show_picture(self, request: web.Request) -> web.StreamResponse:
        """The picture of the incident as a PNG."""
        settings = self._settings()
        record = await self._find_record(request, settings)
        if isinstance(record, web.Response):
            return record
        if not settings.postmortem.picture:
            return web.Response(status=404, text=NO_PICTURE)
        language = record.postmortem_languages[0]
        drawn = await asyncio.to_thread(plot_image.render_plot_image, record, language, settings.oncall.font)
        return web.Response(body=drawn.content, content_type="image/png")

    async def _find_record(self, request: web.Request, settings: Settings) -> Record | web.Response:
        """The record, or the refusal."""
        reference = request.match_info["reference"].upper()
        generation = verify_incident_page_key(settings, reference, request.query.get("key", ""))
        if generation is None:
            return web.Response(status=404, text=NO_PAGE)
        try:
            return await self._database.read_large(_load, settings, reference, generation)
        except IncidentNotFound:
            return web.Response(status=404, text=NO_INCIDENT)
        except DatabaseUnavailable:
            return web.Response(status=503, text=DATABASE_UNAVAILABLE)


def picture_link(settings: Settings, reference: str, key: str) -> str:
    """The picture's address; empty where it is off, or no other machine could fetch it."""
    if settings.public_url is None or not settings.postmortem.picture:
        return ""
    return f"{settings.base_url}/incidents/{reference}/picture.png?key={key}"


def _load(session: Session, settings: Settings, reference: str, generation: int) -> Record:
    """Raises IncidentNotFound, also for a share link that was ended."""
    incident = incidents.find_by_reference(session, None, reference)
    if incident.active_link != generation:
        raise IncidentNotFound(NO_INCIDENT)
    return load_record(session, settings, incident.key)


async def stream_pieces(template: str, values: Mapping[str, object]) -> AsyncIterator[bytes]:
    """
    Stream a page piece by piece.

    It is one page, however long: links of the draft lead to anchors on it. Between pieces other tasks run, and a
    browser shows the beginning at once.
    """
    for piece in render_pieces(template, values):
        yield piece.encode()
        await asyncio.sleep(0)
