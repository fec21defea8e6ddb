"""An incident's own page, where each statement of its draft can be checked: for whoever holds its link."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence

from aiohttp import web
from sqlmodel import Session

from bot.config import Settings
from bot.crypto.signed_links import is_page_key
from bot.domain.findings import Finding
from bot.domain.record.model import Record
from bot.services.postmortem import findings
from bot.services.postmortem import load_record as record
from bot.store.database.session import Database, DatabaseUnavailable
from bot.store.incidents import incidents
from bot.store.incidents.incidents import IncidentNotFound
from bot.templating.render import render_pieces
from bot.web.body_limits import AWAY
from bot.web.pages.incident_view import values_of


def routes(database: Database, settings: Callable[[], Settings]) -> list[web.RouteDef]:
    """`/incidents/{reference}?key=…`. Without the right key an incident does not exist."""

    async def incident_page(request: web.Request) -> web.Response:
        reference, in_force = request.match_info["reference"].upper(), settings()
        if not is_page_key(in_force, reference, request.query.get("key", "")):
            return web.Response(status=404, text="There is nothing here. The link of an incident's page has a key.")
        try:
            whole = await database.read(_load, in_force, reference)
        except IncidentNotFound:
            return web.Response(status=404, text="There is no such incident.")
        except DatabaseUnavailable:
            return web.Response(status=503, text=AWAY)
        found = await asyncio.to_thread(findings.of_record, in_force, whole)
        return web.Response(body=_pieces(whole, found), content_type="text/html", charset="utf-8")

    return [web.get("/incidents/{reference}", incident_page)]


def _load(session: Session, settings: Settings, reference: str) -> Record:
    return record.load(session, settings, incidents.by_reference(session, None, reference).key)


async def _pieces(whole: Record, found: Sequence[Finding]) -> AsyncIterator[bytes]:
    """
    The page as it is made. One page, however long: what a draft leads to has to be on it.

    Between two pieces others get their turn, and whoever reads it on a phone has the first screen at once.
    """
    for piece in render_pieces("web/incident.html.j2", values_of(whole, found)):
        yield piece.encode()
        await asyncio.sleep(0)
