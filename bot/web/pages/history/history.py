"""`GET /history`: past and open incidents by filters, as a page, CSV and JSON."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from bot.domain.drafting.document.publication import PostmortemState
from bot.domain.errors import UserError
from bot.domain.incidents.statistics import NO_VALUE, Axis
from bot.domain.terms import Severity
from bot.domain.text.durations import format_duration
from bot.domain.text.normalize import parse_id
from bot.domain.times import format_time
from bot.runtime.clock import Clock
from bot.services.web_pages.history.filter import RANGE, Drills, HistoryFilter, Presence
from bot.services.web_pages.history.incidents import MAX_CHECKED, HistoryPage, HistoryRow, load_history
from bot.services.web_pages.sessions import Viewer
from bot.store.database.session import Database
from bot.store.incidents.incidents import IncidentNotFound
from bot.web.auth.page_guard import signed_in
from bot.web.auth.page_sessions import PageSessions
from bot.web.auth.private_access import PrivateAccess
from bot.web.pages.history.figure_texts import AXES, FIGURES, value_label
from bot.web.pages.history.history_files import history_csv, history_json
from bot.web.pages.layout import render_page, render_problem

HISTORY = "/history"
FILE_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
Answer = Callable[[Viewer, HistoryPage], Awaitable[web.Response]]


class HistoryRoutes:
    def __init__(self, sessions: PageSessions, access: PrivateAccess, database: Database, clock: Clock) -> None:
        self._sessions = sessions
        self._access = access
        self._database = database
        self._clock = clock

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get(HISTORY, signed_in(self._sessions, self.show_page)),
            web.get(f"{HISTORY}.csv", signed_in(self._sessions, self.send_csv)),
            web.get(f"{HISTORY}.json", signed_in(self._sessions, self.send_json)),
        ]

    async def show_page(self, request: web.Request, viewer: Viewer) -> web.Response:
        number = parse_id(request.query.get("page", "")) or 1
        return await self._answer(request, viewer, number, self._render)

    async def send_csv(self, request: web.Request, viewer: Viewer) -> web.Response:
        return await self._answer(request, viewer, None, partial(self._send_file, "csv"))

    async def send_json(self, request: web.Request, viewer: Viewer) -> web.Response:
        return await self._answer(request, viewer, None, partial(self._send_file, "json"))

    async def _answer(self, request: web.Request, viewer: Viewer, page: int | None, answer: Answer) -> web.Response:
        """`page` None: the rows of all pages."""
        try:
            wanted = HistoryFilter.from_query(request.query)
            visibility = await self._access.find_visibility(viewer)
            load = partial(load_history, page=page)
            found = await self._database.read_large(
                load, self._sessions.settings, visibility, wanted, viewer, self._clock.now()
            )
        except IncidentNotFound:
            raise
        except UserError as problem:
            return render_problem(self._sessions, 400, problem.message, viewer=viewer)
        return await answer(viewer, found)

    async def _render(self, viewer: Viewer, found: HistoryPage) -> web.Response:
        return render_page(self._sessions, "history/history", template_values(found), viewer=viewer, current=HISTORY)

    async def _send_file(self, form: str, _viewer: Viewer, found: HistoryPage) -> web.Response:
        origin = self._sessions.settings.base_url
        write, kind = {"csv": (history_csv, "text/csv"), "json": (history_json, "application/json")}[form]
        text = await asyncio.to_thread(write, found, origin)
        headers = {**FILE_HEADERS, "Content-Disposition": f'attachment; filename="history.{form}"'}
        return web.Response(text=text, content_type=kind, charset="utf-8", headers=headers)


def template_values(found: HistoryPage) -> dict[str, Any]:
    """Values of `web/history/history.html.j2`."""
    wanted = found.wanted
    first = (found.page - 1) * len(found.rows) + 1
    return {
        "wanted": wanted,
        "query": wanted.query,
        "is_filtered": bool(wanted.query),
        "address": urlencode(wanted.query),
        "rows": [_row_values(found, each) for each in found.rows],
        "count": found.count,
        "first": first,
        "page": found.page,
        "pages": found.pages,
        "earlier": urlencode({**wanted.query, "page": found.page - 1}) if found.page > 1 else "",
        "later": urlencode({**wanted.query, "page": found.page + 1}) if found.page < found.pages else "",
        "fields": _field_values(found),
        "hidden": _hidden_fields(wanted),
        "about": _scope_text(found),
        "without_scope": urlencode({name: value for name, value in wanted.query.items() if name not in SCOPE}),
        "has_findings": wanted.findings is not None,
        "unchecked": found.unchecked,
        "max_checked": MAX_CHECKED,
    }


SCOPE = ("like", "figure", *(axis.value for axis in (Axis.CATEGORY, Axis.CAUSE, Axis.PERSON, Axis.AGE)))
"""Parts of the address without a field in the form."""


def _hidden_fields(wanted: HistoryFilter) -> list[tuple[str, str]]:
    return [(name, value) for name, value in wanted.query.items() if name in SCOPE]


def _scope_text(found: HistoryPage) -> str:
    """Words for the parts of the address that have no field in the form."""
    wanted = found.wanted
    if wanted.like:
        return f"Similar to {wanted.like} {found.like_title}: the same services, or the same words in cause and title."
    if wanted.figure is None:
        return ""
    parts = [FIGURES[wanted.figure].title]
    parts += [f"{AXES[axis].lower()}: {value_label(axis, value, found.names, {})}" for axis, value in wanted.groups]
    return f"Counted in the figure: {', '.join(parts)}."


def _field_values(found: HistoryPage) -> dict[str, list[tuple[str, str, bool]]]:
    """Options of each selection: value, label, whether it is chosen."""
    wanted, choices = found.wanted, found.choices
    query = wanted.query
    options = {
        "severity": [(severity.value, choices.severities[severity]) for severity in Severity],
        "service": [*((each, each) for each in choices.services), (NO_VALUE, "none named")],
        "month": [(each, each) for each in choices.months],
        "lead": [*choices.leads.items(), (NO_VALUE, "nobody")],
        "cause": [(Presence.YES.value, "recorded"), (Presence.NO.value, "not recorded")],
        "findings": [(Presence.YES.value, "open"), (Presence.NO.value, "none")],
        "drills": [(Drills.WITH.value, "with incidents"), (Drills.ONLY.value, "alone")],
    }
    for name, listed in options.items():
        chosen = query.get(name, "")
        if chosen and chosen not in {value for value, _ in listed}:
            listed.insert(0, (chosen, chosen.replace(RANGE, " to ")))
    return {
        name: [(value, label, value == query.get(name)) for value, label in listed] for name, listed in options.items()
    }


def _row_values(found: HistoryPage, row: HistoryRow) -> dict[str, Any]:
    is_begun = row.postmortem is not PostmortemState.DRAFT
    labels = (("Private", row.is_private), ("Drill", row.is_drill), (f"Postmortem {row.postmortem}", is_begun))
    return {
        "reference": row.reference,
        "title": row.title,
        "severity": row.severity,
        "rank": row.severity_rank,
        "status": row.status,
        "labels": [label for label, is_set in labels if is_set],
        "services": row.services,
        "lead": row.lead,
        "declared": {"iso": row.declared_at.isoformat(), "text": format_time(row.declared_at, found.zone)},
        "length": format_duration(row.length) if row.length is not None else "",
        "has_cause": row.has_cause,
        "follow_ups": row.follow_ups,
        "findings": row.findings,
        "entry": row.entry,
        "reasons": row.reasons,
    }
