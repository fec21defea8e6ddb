"""`/declare`: declare an incident, also while Slack is away."""

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from aiohttp import web
from sqlmodel import Session

from bot.config import Settings
from bot.domain.errors import InvalidField, InvalidFields, UserError
from bot.runtime.clock import Clock
from bot.services.incidents.merge import find_similar_open
from bot.services.web_pages.sessions import Viewer
from bot.services.workspace.access import NotPermitted, check_access
from bot.services.workspace.actor import Actor, Origin
from bot.store.database.session import Database
from bot.store.shared import idempotency
from bot.web.auth.local_paths import site_root
from bot.web.auth.page_guard import signed_in
from bot.web.auth.page_sessions import PageSessions
from bot.web.body_limits import MAX_SIGNED_IN_FORM_BYTES
from bot.web.pages.incidents.action_forms import NO_ATTEMPT, Attempt, declare_fields
from bot.web.pages.incidents.actions import Action
from bot.web.pages.incidents.incident import answer_key
from bot.web.pages.layout import render_page
from commands import start

PATH = "/declare"
RARE_FIELDS = frozenset({"ref", "tz", "status", "drill", "retro", "lang"})
"""Folded until one of them is filled in or wrong."""
ANOTHER = "The incident was declared by another version of this form. Look for it on the page Now."


class DeclareRoutes:
    def __init__(self, sessions: PageSessions, database: Database, clock: Clock) -> None:
        self._sessions = sessions
        self._database = database
        self._clock = clock

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get(PATH, signed_in(self._sessions, self.show_form)),
            web.post(PATH, signed_in(self._sessions, self.submit)),
        ]

    async def show_form(self, _request: web.Request, viewer: Viewer) -> web.Response:
        return self._render(viewer, NO_ATTEMPT)

    async def submit(self, request: web.Request, viewer: Viewer) -> web.Response:
        """Lead to the incident's page; a refusal shows what was entered."""
        settings = self._sessions.settings
        fields = await self._sessions.read_form(request, viewer, max_bytes=MAX_SIGNED_IN_FORM_BYTES)
        action = Action(start.COMMAND, "", fields)
        try:
            reference = await self._database.run(declare, settings, viewer, action, self._clock.now())
        except NotPermitted:
            raise
        except UserError as problem:
            return self._render(viewer, describe_refusal(fields, problem), status=422)
        path = f"{site_root(settings)}/incidents/{reference}?answer={action.answer_id()}"
        return web.Response(status=303, headers={"Location": path})

    def _render(self, viewer: Viewer, attempt: Attempt, *, status: int = 200) -> web.Response:
        values = page_values(self._sessions.settings, attempt)
        return render_page(self._sessions, "declare", values, viewer=viewer, current=PATH, status=status)


def declare(session: Session, settings: Settings, viewer: Viewer, action: Action, at: datetime) -> str:
    """
    Declare as `/incident start` does, once for each form; returns the incident's reference.

    Raises UserError, and nothing is changed.
    """
    actor = Actor(viewer.team_id, viewer.user_id, at, Origin.WEB)
    check_access(session, actor, home_team_id=None)
    key = answer_key(viewer, action.answer_id())
    if not idempotency.register_delivery(session, key, at):
        known = idempotency.find_answer(session, key)
        if known is None:
            raise UserError(ANOTHER)
        return str(known["reference"])
    incident = start.declare_by_form(session, settings, actor, action.fields)
    text = start.declared_reply(settings, incident, find_similar_open(session, incident))
    idempotency.save_answer(session, key, {"text": text, "reference": incident.reference})
    return incident.reference


def describe_refusal(fields: Mapping[str, str], problem: UserError) -> Attempt:
    found = dict(problem.by_field) if isinstance(problem, InvalidFields) else {}
    if isinstance(problem, InvalidField):
        found = {problem.field: problem.message}
    return Attempt(start.COMMAND.name, fields, problem.message, found)


def page_values(settings: Settings, attempt: Attempt) -> dict[str, Any]:
    """Values of `web/declare.html.j2`."""
    fields = declare_fields(settings, attempt)
    is_at_field = any(each["problem"] for each in fields)
    name, at_once = start.COMMAND.name, [each for each in fields if each["name"] not in RARE_FIELDS]
    return {
        "form": {"name": name, "fields": at_once},
        "more": {"name": name, "fields": [each for each in fields if each["name"] in RARE_FIELDS]},
        "problem": "" if is_at_field else attempt.problem,
        "services": sorted(settings.services),
        "submission": secrets.token_urlsafe(12),
    }
