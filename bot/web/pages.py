"""An incident's own page, where each statement of its draft can be checked: for whoever holds its link."""

from collections.abc import Callable

from aiohttp import web
from sqlmodel import Session

from bot.config import Settings
from bot.domain.durations import show_duration
from bot.domain.postmortem_entries import with_names
from bot.domain.record import Record
from bot.domain.terms import Precision
from bot.domain.timeline_lines import Line, lines_of
from bot.domain.when import show_time
from bot.pagelinks import is_page_key
from bot.render import render_template
from bot.services import record
from bot.store import incidents
from bot.store.incidents import IncidentNotFound
from bot.store.session import Database, DatabaseUnavailable

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex",
}


def routes(database: Database, settings: Callable[[], Settings]) -> list[web.RouteDef]:
    """`/incidents/{reference}?key=…`. Without the right key an incident does not exist."""

    async def incident_page(request: web.Request) -> web.Response:
        reference = request.match_info["reference"].upper()
        if not is_page_key(settings(), reference, request.query.get("key", "")):
            return web.Response(status=404, text="There is nothing here. The link of an incident's page has a key.")
        try:
            whole = await database.read(_load, settings(), reference)
        except IncidentNotFound:
            return web.Response(status=404, text="There is no such incident.")
        except DatabaseUnavailable:
            return web.Response(status=503, text="The database does not answer. Try again in a moment.")
        page = render_template("web/incident.html.j2", _values(whole))
        return web.Response(text=page, content_type="text/html", headers=HEADERS)

    return [web.get("/incidents/{reference}", incident_page)]


def _load(session: Session, settings: Settings, reference: str) -> Record:
    return record.load(session, settings, incidents.by_reference(session, None, reference).key)


def _values(whole: Record) -> dict[str, object]:
    incident = whole.incident

    def said(text: str) -> str:
        return with_names(text, whole.people)

    def at(moment: object) -> str:
        found = getattr(moment, "at", None)
        return show_time(found, incident.zone) if found else ""

    def row(line: Line) -> dict[str, object]:
        entry = line.entry
        about = "about " if entry.precision == Precision.APPROXIMATE else ""
        return {
            "ref": entry.source.ref,
            "time": about + show_time(entry.happened_at, incident.zone) if entry.happened_at else "time not known",
            "text": line.text or line.label,
            "notes": line.notes,
            "by": line.by,
            "kinds": line.label if line.text else "",
            "is_withdrawn": entry.withdrawn_at is not None,
            "link": entry.source.link,
        }

    times = ("started", "detected", "declared", "acknowledged", "identified", "mitigated", "resolved", "ended")
    length = incident.ended.at - incident.started.at if incident.ended else None
    return {
        "reference": incident.reference,
        "title": said(incident.title),
        "facts": [
            ("Severity", incident.severity_label),
            ("Status", incident.status.value),
            ("Services", ", ".join(incident.services)),
            ("Duration", show_duration(length) if length is not None and length.total_seconds() >= 0 else ""),
            *((name.capitalize(), at(getattr(incident, name))) for name in times),
        ],
        "entries": [row(line) for line in lines_of(whole, whole.entries)],
        "escalations": [
            {
                "ref": each.source.ref,
                "target": said(each.target),
                "reason": said(each.reason),
                "paged": show_time(each.paged_at, incident.zone) if each.paged_at else "time not known",
                "answer": (
                    f"acknowledged by {whole.people.get(each.acknowledged_by or '', 'somebody')} at "
                    f"{show_time(each.acknowledged_at, incident.zone)}"
                    if each.acknowledged_at
                    else "nobody acknowledged"
                ),
            }
            for each in whole.escalations
        ],
        "actions": [
            {"ref": each.source.ref, "kind": each.kind.value, "number": each.number, "text": said(each.text)}
            for each in whole.actions
        ],
        "alerts": [
            {
                "ref": each.source.ref,
                "name": each.name,
                "summary": each.annotations.get("summary", ""),
                "from": show_time(each.starts_at, incident.zone),
                "to": show_time(each.ended_at, incident.zone) if each.ended_at else each.status.value,
            }
            for each in whole.alerts
        ],
    }
