"""`GET /figures/vendors`: incidents by vendor and month, as a page and as CSV."""

from collections.abc import Sequence
from datetime import timedelta, tzinfo
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from bot.domain.errors import UserError
from bot.domain.paging.statistics import months_until
from bot.domain.text.durations import format_duration
from bot.domain.times import format_time
from bot.domain.vendor_status.figures import VendorMonth, VendorOutage
from bot.export.vendor_statistics import format_delay, vendor_statistics_csv
from bot.runtime.clock import Clock
from bot.services.paging.statistics import current_month, parse_month
from bot.services.vendors.figures import load_vendor_figures
from bot.services.web_pages.now import viewer_zone
from bot.services.web_pages.sessions import Viewer
from bot.store.database.session import Database
from bot.web.auth.page_guard import signed_in
from bot.web.auth.page_sessions import PageSessions
from bot.web.auth.private_access import PrivateAccess
from bot.web.pages.history.figures import CHOICES, FIGURES_PATH, MONTHS
from bot.web.pages.history.history import FILE_HEADERS
from bot.web.pages.layout import render_page, render_problem

VENDORS_PATH = f"{FIGURES_PATH}/vendors"
MAX_ROWS = 200
"""Rows of the page; the file has all."""
MAX_LISTED = 20
"""Incidents that the page lists for each row."""


class VendorFigureRoutes:
    def __init__(self, sessions: PageSessions, access: PrivateAccess, database: Database, clock: Clock) -> None:
        self._sessions = sessions
        self._access = access
        self._database = database
        self._clock = clock

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get(VENDORS_PATH, signed_in(self._sessions, self.show_page)),
            web.get(f"{VENDORS_PATH}.csv", signed_in(self._sessions, self.send_csv)),
        ]

    async def show_page(self, request: web.Request, viewer: Viewer) -> web.Response:
        settings = self._sessions.settings
        newest = current_month(self._clock.now(), settings.incidents.zone)
        chosen = request.query.get("month", "").strip()
        try:
            months = _wanted_months(chosen, newest)
        except UserError as problem:
            return render_problem(self._sessions, 400, problem.message, viewer=viewer)
        rows = await self._load(viewer, months)
        vendor = request.query.get("vendor", "").strip()
        shown = _rows_of(rows, vendor)
        zone = viewer_zone(settings, viewer)
        query = {name: value for name, value in (("month", chosen), ("vendor", vendor)) if value}
        values = {
            "period": months[0] if len(months) == 1 else f"{months[0]} to {months[-1]}",
            "month": chosen,
            "months": list(reversed(months_until(newest, CHOICES))),
            "vendor": vendor,
            "vendors": sorted({each.vendor for each in rows} | ({vendor} if vendor else set()), key=str.casefold),
            "rows": [_row_values(each, zone) for each in shown[:MAX_ROWS]],
            "hidden": max(len(shown) - MAX_ROWS, 0),
            "address": urlencode(query),
        }
        return render_page(self._sessions, "history/vendors", values, viewer=viewer, current=VENDORS_PATH)

    async def send_csv(self, request: web.Request, viewer: Viewer) -> web.Response:
        newest = current_month(self._clock.now(), self._sessions.settings.incidents.zone)
        try:
            months = _wanted_months(request.query.get("month", "").strip(), newest)
        except UserError as problem:
            return render_problem(self._sessions, 400, problem.message, viewer=viewer)
        rows = _rows_of(await self._load(viewer, months), request.query.get("vendor", "").strip())
        headers = {**FILE_HEADERS, "Content-Disposition": 'attachment; filename="vendors.csv"'}
        return web.Response(text=vendor_statistics_csv(rows), content_type="text/csv", charset="utf-8", headers=headers)

    async def _load(self, viewer: Viewer, months: Sequence[str]) -> Sequence[VendorMonth]:
        visibility = await self._access.find_visibility(viewer)
        return await self._database.read_large(load_vendor_figures, self._sessions.settings, months, visibility)


def _wanted_months(chosen: str, newest: str) -> Sequence[str]:
    """Raises UserError for a text that is no month."""
    return [parse_month(chosen)] if chosen else months_until(newest, MONTHS)


def _rows_of(rows: Sequence[VendorMonth], vendor: str) -> Sequence[VendorMonth]:
    """Those of one vendor, by its name; all without one."""
    return [each for each in rows if not vendor or each.vendor == vendor]


def _row_values(row: VendorMonth, zone: tzinfo) -> dict[str, Any]:
    return {
        "vendor": row.vendor,
        "month": f"{row.month:%Y-%m}",
        "incidents": row.incidents,
        "length": format_duration(row.length) if row.incidents > row.without_end else "",
        "without_end": row.without_end,
        "linked": row.linked,
        "median": _delay(row.median_delay),
        "longest": _delay(row.longest_delay),
        "outages": [_outage_values(each, zone) for each in row.outages[:MAX_LISTED]],
        "hidden": max(row.incidents - MAX_LISTED, 0),
    }


def _outage_values(outage: VendorOutage, zone: tzinfo) -> dict[str, Any]:
    return {
        "title": outage.title,
        "link": outage.link,
        "began": {"iso": outage.began_at.isoformat(), "text": format_time(outage.began_at, zone)},
        "length": format_duration(outage.length) if outage.length is not None else "no end",
        "linked": [
            {
                "reference": each.reference,
                "title": each.title,
                "is_private": each.is_private,
                "delay": _delay(outage.first_word_at - each.first_error_at),
            }
            for each in outage.linked
        ],
    }


def _delay(length: timedelta | None) -> str:
    return "" if length is None else format_delay(length)
