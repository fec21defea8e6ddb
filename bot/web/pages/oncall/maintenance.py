"""`/maintenance`: plan, publish, change and end maintenance windows."""

import secrets
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import web
from sqlmodel import Session

from bot.command.forms.parser import parse_form
from bot.command.table import Invocation
from bot.config import Settings
from bot.domain.errors import ErrorCollector, InvalidField, InvalidFields, UserError
from bot.domain.languages import get_language
from bot.domain.text.normalize import parse_id
from bot.domain.times import format_time
from bot.runtime.clock import Clock
from bot.services.alerts.maintenance_view import WindowView, load_windows
from bot.services.incidents.maintenance_windows import end_window, lock_unfinished, move_window, plan_window
from bot.services.status_page.maintenance import Announcement, announce_maintenance
from bot.services.web_pages.sessions import Viewer
from bot.services.workspace.access import NotPermitted, check_access
from bot.services.workspace.actor import Actor, Origin
from bot.store import status_page
from bot.store.alerts.maintenance_windows import MaintenanceWindow
from bot.store.database.session import Database
from bot.store.shared import idempotency
from bot.web.auth.local_paths import site_root
from bot.web.auth.page_guard import signed_in
from bot.web.auth.page_sessions import FormRefused, PageSessions
from bot.web.body_limits import MAX_SIGNED_IN_FORM_BYTES
from bot.web.pages.layout import render_page
from commands import maintenance
from commands.execution import build_form_context

PATH = "/maintenance"
TEXT, TITLE, COMPONENT = "text-", "title-", "component-"
"""Prefixes of fields, before a language or the key of a component."""
TYPED = ("service", "from", "to", "text")
"""Fields that are read as the command reads them; `text` is the internal reason."""
DONE = {"plan": "Planned.", "publish": "Published.", "move": "Changed.", "end": "Ended."}
"""The answer to each act."""
Fields = Mapping[str, str]
Values = dict[str, Any]


class MaintenanceRoutes:
    """`refresh_status_page` returns when this process serves what was published."""

    def __init__(
        self,
        sessions: PageSessions,
        database: Database,
        clock: Clock,
        refresh_status_page: Callable[[], Awaitable[None]],
    ) -> None:
        self._sessions = sessions
        self._database = database
        self._clock = clock
        self._refresh_status_page = refresh_status_page

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get(PATH, signed_in(self._sessions, self.show_page)),
            web.post(PATH, signed_in(self._sessions, self.submit)),
        ]

    async def show_page(self, request: web.Request, viewer: Viewer) -> web.Response:
        return await self._render(viewer, {}, done=DONE.get(request.query.get("done", ""), ""))

    async def submit(self, request: web.Request, viewer: Viewer) -> web.Response:
        """`act`: `plan`, `publish`, `move` or `end`. A refusal shows what was entered."""
        settings = self._sessions.settings
        fields = await self._sessions.read_form(request, viewer, max_bytes=MAX_SIGNED_IN_FORM_BYTES)
        if fields.get("act") not in DONE:
            raise FormRefused("The form cannot be read. Open the page again.")
        try:
            await self._database.run(carry_out, settings, viewer, fields, self._clock.now())
        except (NotPermitted, FormRefused):
            raise
        except UserError as problem:
            return await self._render(viewer, fields, problem=problem)
        await self._refresh_status_page()
        path = f"{site_root(settings)}{PATH}?done={fields['act']}"
        return web.Response(status=303, headers={"Location": path})

    async def _render(
        self, viewer: Viewer, fields: Fields, *, problem: UserError | None = None, done: str = ""
    ) -> web.Response:
        settings, now = self._sessions.settings, self._clock.now()
        windows = await self._database.read(load_windows, viewer.team_id, now)
        zone = settings.incidents.zone
        chosen = fields.get("window", "")
        values = {
            "problem": problem.message if problem else "",
            "done": done,
            "zone": zone.key,
            "services": sorted(settings.services),
            "submission": secrets.token_urlsafe(12),
            "plan": plan_fields(settings, fields if not chosen else {}, problem if not chosen else None),
            "windows": [
                window_values(settings, each, fields if chosen == str(each.key) else {}, zone) for each in windows
            ],
            "public_url": settings.status_url if settings.status else "",
        }
        status = 422 if problem else 200
        return render_page(self._sessions, "maintenance", values, viewer=viewer, current=PATH, status=status)


def carry_out(session: Session, settings: Settings, viewer: Viewer, fields: Fields, at: datetime) -> None:
    """
    Do what a form asks for, once for each form.

    Raises UserError, and nothing is changed or published in any language.
    """
    actor = Actor(viewer.team_id, viewer.user_id, at, Origin.WEB)
    check_access(session, actor, home_team_id=None)
    key = f"{viewer.team_id}:maintenance:{viewer.user_id}:{fields.get('submission', '')[:64]}"
    if not idempotency.register_delivery(session, key, at):
        return
    typed = _read_typed(settings, fields, at)
    since, until = typed.options.get("from"), typed.options.get("to")
    if fields["act"] == "plan":
        window = plan_window(
            session,
            settings,
            actor,
            typed.positionals.get("service", ""),
            typed.text,
            since=since,
            until=until,
            zone=typed.zone,
        )
        if any(value.strip() for name, value in fields.items() if name.startswith((TEXT, TITLE, COMPONENT))):
            _announce(session, settings, actor, window, fields)
        return
    window = lock_unfinished(session, actor, parse_id(fields.get("window", "")) or 0)
    match fields["act"]:
        case "publish":
            _announce(session, settings, actor, window, fields)
        case "move":
            if since is None and until is None:
                raise InvalidField("to", "Enter a new start or a new end.")
            move_window(session, settings, window, actor, since=since, until=until, zone=typed.zone)
        case _:
            end_window(session, settings, window, actor)


def _read_typed(settings: Settings, fields: Fields, at: datetime) -> Invocation:
    """The fields that the command reads. Raises InvalidFields."""
    errors = ErrorCollector()
    given = {name: fields.get(name, "") for name in TYPED}
    typed = parse_form(maintenance.COMMAND, given, build_form_context(settings, at, None), errors)
    errors.check()
    return typed


def _announce(session: Session, settings: Settings, actor: Actor, window: MaintenanceWindow, fields: Fields) -> None:
    """Publish what differs, language by language; an empty field leaves what is published."""
    languages = settings.status.languages if settings.status else ()
    components = settings.status.as_components() if settings.status else ()
    named = tuple(each.key for each in components if fields.get(f"{COMPONENT}{each.key}"))
    row = status_page.find_announced(session, [window.key]).get(window.key)
    texts, titles = dict(row.texts if row else {}), dict(row.titles if row else {})
    is_unchanged = row is not None and {*row.components} == {*named}
    entered = [
        Announcement(text, title, code, named)
        for code in sorted(languages, key=lambda each: not fields.get(f"{TEXT}{each}", "").strip())
        for text, title in [(fields.get(f"{TEXT}{code}", "").strip(), fields.get(f"{TITLE}{code}", "").strip())]
        if (text and text != texts.get(code)) or (title and title != titles.get(code))
    ]
    if not entered and is_unchanged:
        raise UserError("Nothing was changed: the status page shows these words already.")
    for wanted in entered or [Announcement("", components=named)]:
        announce_maintenance(session, settings, actor, window, wanted)


def plan_fields(settings: Settings, entered: Fields, problem: UserError | None) -> list[Values]:
    """Fields that plan a window, and publish it if they have words for readers."""
    problems = dict(problem.by_field) if isinstance(problem, InvalidFields) else {}
    if isinstance(problem, InvalidField):
        problems = {problem.field: problem.message}
    zone = settings.incidents.zone.key
    fields = [
        _field("service", "Service", "services", is_required=True),
        _field("from", "Start", hint=f"Empty: now. Times are in {zone}.", example="22:00"),
        _field("to", "End", example="tomorrow 02:00", is_required=True),
        _field("text", "Reason", hint="Internal: no reader outside sees it."),
        *public_fields(settings),
    ]
    return [
        {**each, "value": entered.get(name := each["name"], ""), "problem": problems.get(name, "")} for each in fields
    ]


def public_fields(settings: Settings) -> list[Values]:
    """Words of each language, and the components; none without a status page."""
    page, english = settings.status, get_language("en")
    if page is None:
        return []
    names = {code: english.language_name(code) for code in page.languages}
    fields = [_field(f"{TITLE}{code}", f"Public title, {name}") for code, name in names.items()]
    fields += [_field(f"{TEXT}{code}", f"Public text, {name}", "area") for code, name in names.items()]
    return fields + [
        _field(f"{COMPONENT}{each.key}", f"Affects {next(iter(each.names.values()))}", "check")
        for each in page.as_components()
    ]


def window_values(settings: Settings, view: WindowView, entered: Fields, zone: ZoneInfo) -> Values:
    """One window with its forms; what was entered wins over what is published."""
    published = {
        **{f"{TITLE}{code}": title for code, title in view.titles.items()},
        **{f"{TEXT}{code}": text for code, text in view.texts.items()},
        **{f"{COMPONENT}{key}": "yes" for key in view.components},
    }
    values = entered if entered.get("act") == "publish" else published
    moved = entered if entered.get("act") == "move" else {}
    times = [_field("from", "New start", example="22:00"), _field("to", "New end", example="tomorrow 02:00")]
    return {
        "key": view.key,
        "service": view.service,
        "starts": format_time(view.starts_at, zone),
        "ends": format_time(view.ends_at, zone),
        "is_running": view.is_running,
        "is_public": view.is_public,
        "reason": view.reason,
        "by": view.by,
        "missing": [
            get_language("en").language_name(code)
            for code in (settings.status.languages if settings.status and view.is_public else ())
            if not view.texts.get(code)
        ],
        "words": [{**each, "value": values.get(each["name"], "")} for each in public_fields(settings)],
        "times": [{**each, "value": moved.get(each["name"], "")} for each in (times[1:] if view.is_running else times)],
    }


def _field(
    name: str, label: str, widget: str = "line", *, hint: str = "", example: str = "", is_required: bool = False
) -> Values:
    return {
        "name": name,
        "label": label,
        "widget": widget,
        "hint": hint,
        "example": example,
        "is_required": is_required,
        "is_wide": widget == "area",
        "choices": [],
        "problem": "",
    }
