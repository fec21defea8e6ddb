"""`GET /incidents/{reference}?key=…`: the incident's page, behind a signed link."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping

from aiohttp import web
from sqlmodel import Session

from bot.config import Settings
from bot.config.crypto import is_incident_page_key
from bot.domain.record.model import Record
from bot.services.postmortem import findings
from bot.services.postmortem.load_record import load_record
from bot.store.database.session import Database, DatabaseUnavailable
from bot.store.incidents import incidents
from bot.store.incidents.incidents import IncidentNotFound
from bot.templating.render import render_pieces
from bot.web.body_limits import DATABASE_UNAVAILABLE
from bot.web.pages.incident_view import template_values
from bot.web.request_context import Handler


def handler_by_key(database: Database, settings: Callable[[], Settings]) -> Handler:
    """The page for people without a session. With a wrong key every incident is a 404."""

    async def show_page(request: web.Request) -> web.StreamResponse:
        reference, current = request.match_info["reference"].upper(), settings()
        if not is_incident_page_key(current, reference, request.query.get("key", "")):
            return web.Response(
                status=404, text="There is no such page. Open the link of an incident's page, which has a key."
            )
        try:
            record = await database.read(_load, current, reference)
        except IncidentNotFound:
            return web.Response(status=404, text="There is no such incident. Check the link.")
        except DatabaseUnavailable:
            return web.Response(status=503, text=DATABASE_UNAVAILABLE)
        problems = await asyncio.to_thread(findings.find_in_record, current, record)
        values = await asyncio.to_thread(template_values, record, problems)
        return web.Response(
            body=stream_pieces("web/incident.html.j2", values), content_type="text/html", charset="utf-8"
        )

    return show_page


def _load(session: Session, settings: Settings, reference: str) -> Record:
    return load_record(session, settings, incidents.find_by_reference(session, None, reference).key)


async def stream_pieces(template: str, values: Mapping[str, object]) -> AsyncIterator[bytes]:
    """
    Stream a page piece by piece.

    It is one page, however long: links of the draft lead to anchors on it. Between pieces other tasks run, and a
    browser shows the beginning at once.
    """
    for piece in render_pieces(template, values):
        yield piece.encode()
        await asyncio.sleep(0)
