"""An incident's own page, where each statement of its draft can be checked: for whoever holds its link."""

from collections.abc import Callable

from aiohttp import web
from sqlmodel import Session

from bot.config import Settings
from bot.domain.findings import Finding
from bot.domain.record import Record
from bot.pagelinks import is_page_key
from bot.render import render_template
from bot.services import findings, record
from bot.store import incidents
from bot.store.incidents import IncidentNotFound
from bot.store.session import Database, DatabaseUnavailable
from bot.web.incident_page import values_of


def routes(database: Database, settings: Callable[[], Settings]) -> list[web.RouteDef]:
    """`/incidents/{reference}?key=…`. Without the right key an incident does not exist."""

    async def incident_page(request: web.Request) -> web.Response:
        reference = request.match_info["reference"].upper()
        if not is_page_key(settings(), reference, request.query.get("key", "")):
            return web.Response(status=404, text="There is nothing here. The link of an incident's page has a key.")
        try:
            whole, found = await database.read(_load, settings(), reference)
        except IncidentNotFound:
            return web.Response(status=404, text="There is no such incident.")
        except DatabaseUnavailable:
            return web.Response(status=503, text="The database does not answer. Try again in a moment.")
        page = render_template("web/incident.html.j2", values_of(whole, found))
        return web.Response(text=page, content_type="text/html")

    return [web.get("/incidents/{reference}", incident_page)]


def _load(session: Session, settings: Settings, reference: str) -> tuple[Record, tuple[Finding, ...]]:
    whole = record.load(session, settings, incidents.by_reference(session, None, reference).key)
    return whole, findings.of_record(settings, whole)
