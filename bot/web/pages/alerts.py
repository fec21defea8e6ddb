"""`GET /alerts`: received alerts; `POST /alerts`: preview of a pasted body."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, tzinfo
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from bot.config import Settings
from bot.domain.alerts.events import Batch
from bot.domain.terms import AlertStatus, Precision
from bot.domain.text.durations import format_duration
from bot.domain.text.normalize import parse_id
from bot.domain.times import format_time
from bot.runtime.clock import Clock
from bot.services.alerts.preview import AlertPreview, Outcome
from bot.services.web_pages.alerts import (
    AlertFilter,
    AlertsPage,
    PreviewPage,
    ReceivedAlert,
    load_alerts_page,
    load_preview,
)
from bot.services.web_pages.now import viewer_zone
from bot.services.web_pages.sessions import Viewer
from bot.sources import SOURCES, Malformed, find_source
from bot.store.database.session import Database
from bot.web.auth.local_paths import site_root
from bot.web.auth.page_guard import signed_in
from bot.web.auth.page_sessions import PageSessions
from bot.web.auth.private_access import PrivateAccess
from bot.web.body_limits import error_response
from bot.web.pages.layout import render_page

PATH = "/alerts"
FORM_TYPE = "application/x-www-form-urlencoded"
MAX_BODY_BYTES = 512 * 1024
MAX_PREVIEWS = 50
STATUSES = tuple(each.value for each in AlertStatus)
UNKNOWN_SOURCE = "Choose the source of the body."
AT_WORK = frozenset({Outcome.OPEN, Outcome.OPEN_LINKED, Outcome.NEW_STORM, Outcome.REOPEN, Outcome.STORM})
"""Outcomes that are shown as important."""


class AlertRoutes:
    def __init__(self, sessions: PageSessions, access: PrivateAccess, database: Database, clock: Clock) -> None:
        self._sessions = sessions
        self._access = access
        self._database = database
        self._clock = clock

    def routes(self) -> list[web.RouteDef]:
        return [web.get(PATH, signed_in(self._sessions, self.show_page)), web.post(PATH, self.submit)]

    async def submit(self, request: web.Request) -> web.StreamResponse:
        """A form of the page. Anything else is an alert of a sender with an incomplete address."""
        if request.content_type != FORM_TYPE:
            return error_response(404, "Send alerts to /alerts/generic, or to their own source.")
        return await signed_in(self._sessions, self.show_preview)(request)

    async def show_page(self, request: web.Request, viewer: Viewer) -> web.Response:
        chosen = read_filter(request, _source_names(self._sessions.settings))
        return render_page(
            self._sessions, "alerts", await self._page_values(viewer, chosen), viewer=viewer, current=PATH
        )

    async def show_preview(self, request: web.Request, viewer: Viewer) -> web.Response:
        """Show the preview of the form's body. A body that its source refuses gets 400."""
        fields = await self._sessions.read_form(request, viewer, max_bytes=3 * MAX_BODY_BYTES)
        source, body = fields.get("source", ""), fields.get("body", "")
        at = self._clock.now()
        values: dict[str, Any] = {"body": body, "source": source}
        try:
            batch = await _parse(self._sessions.settings, source, body, at)
        except Malformed as problem:
            values |= {"refusal": problem.message}
        else:
            visibility = await self._access.find_visibility(viewer)
            page = await self._database.read(load_preview, self._sessions.settings, visibility, batch, at)
            values |= {"preview": self._preview_values(page)}
        values = {**await self._page_values(viewer, AlertFilter()), **values}
        status = 400 if values["refusal"] else 200
        return render_page(self._sessions, "alerts", values, viewer=viewer, current=PATH, status=status)

    async def _page_values(self, viewer: Viewer, chosen: AlertFilter) -> dict[str, Any]:
        settings, visibility = self._sessions.settings, await self._access.find_visibility(viewer)
        page = await self._database.read(
            load_alerts_page, settings, visibility, viewer_zone(settings, viewer), chosen, self._clock.now()
        )
        return template_values(page, chosen, site_root(settings), _source_names(settings))

    def _preview_values(self, page: PreviewPage) -> dict[str, Any]:
        settings = self._sessions.settings
        return {
            "alerts": [_alert_values(each, settings.incidents.zone) for each in page.batch.alerts[:MAX_PREVIEWS]],
            "hidden": max(0, len(page.batch.alerts) - MAX_PREVIEWS),
            "total": len(page.batch.alerts),
            "truncated": page.batch.truncated,
            "openings": [
                {
                    "title": each.title,
                    "severity": settings.severity_label(each.severity),
                    "services": each.services,
                    "policy": page.policies.get(each.policy or ""),
                    "levels": [
                        {"wait": format_duration(wait), "targets": targets}
                        for wait, targets in (page.policies[each.policy].levels if each.policy else ())
                    ],
                }
                for each in page.batch.openings
            ],
        }


def _source_names(settings: Settings) -> tuple[str, ...]:
    return (*SOURCES, *settings.alerts.sources)


def read_filter(request: web.Request, sources: Sequence[str]) -> AlertFilter:
    """The filter of the address; what it does not know is left out."""
    before, status, source = (request.query.get(name, "") for name in ("before", "status", "source"))
    return AlertFilter(parse_id(before), status if status in STATUSES else "", source if source in sources else "")


async def _parse(settings: Settings, source: str, body: str, at: datetime) -> Batch:
    """Raises Malformed, also for an unknown source."""
    found = find_source(source, settings.alerts)
    if found is None:
        raise Malformed("", UNKNOWN_SOURCE)
    return await asyncio.to_thread(found.parse_body, body.encode(errors="replace"), at)


def template_values(page: AlertsPage, chosen: AlertFilter, root: str, sources: Sequence[str]) -> dict[str, Any]:
    """Values of `web/alerts.html.j2`, without those of a preview."""
    filters = {name: value for name, value in (("status", chosen.status), ("source", chosen.source)) if value}
    return {
        "at": _moment(page.at, page.zone),
        "alerts": [_received_values(page, each) for each in page.alerts],
        "older": f"{root}{PATH}?{urlencode({**filters, 'before': page.older})}" if page.older else "",
        "is_older": chosen.before is not None,
        "chosen": chosen,
        "statuses": STATUSES,
        "sources": list(sources),
        "body": "",
        "source": "",
        "refusal": "",
        "preview": None,
    }


def _received_values(page: AlertsPage, alert: ReceivedAlert) -> dict[str, Any]:
    ended = alert.ended_at
    return {
        "name": alert.name,
        "summary": alert.summary if alert.summary != alert.name else "",
        "source": alert.source,
        "service": alert.routing.service,
        "severity": alert.severity,
        "action": alert.routing.action.value,
        "why": alert.routing.why,
        "status": alert.status,
        "is_firing": alert.status == AlertStatus.FIRING,
        "starts": _moment(alert.starts_at, page.zone),
        "ended": _moment(ended, page.zone) if ended else None,
        "length": format_duration((ended or page.at) - alert.starts_at),
        "count": alert.count,
        "link": alert.link,
        "incident": alert.incident,
        "is_held": alert.is_held,
    }


def _alert_values(preview: AlertPreview, zone: tzinfo) -> dict[str, Any]:
    event = preview.event
    about = "about " if event.starts_at_precision is Precision.APPROXIMATE else ""
    fields = (
        ("Status", event.status.value),
        ("Start", about + format_time(event.starts_at, zone)),
        ("End", format_time(event.ends_at, zone) if event.ends_at else ""),
        ("Service", preview.routing.service or ""),
        ("Grouped by", preview.routing.label_group.text if preview.routing.label_group else ""),
        ("Flapping", "yes: its changes are not announced one by one" if preview.is_flapping else ""),
        ("Resolution", preview.routing.resolution),
        ("Fingerprint", event.fingerprint),
        ("Group", event.group),
        ("Link", event.generator_url or ""),
        *((f"Label {name}", value) for name, value in sorted(event.labels.items())),
        *((f"Annotation {name}", value) for name, value in sorted(event.annotations.items())),
    )
    return {
        "name": event.name,
        "outcome": preview.outcome.value,
        "is_important": preview.outcome in AT_WORK,
        "incident": preview.incident,
        "action": preview.routing.action.value,
        "why": preview.routing.why,
        "is_test": event.is_test,
        "fields": [(name, value) for name, value in fields if value],
    }


def _moment(at: datetime, zone: tzinfo) -> dict[str, str]:
    return {"iso": at.isoformat(), "text": format_time(at, zone)}
