"""`/incidents/{reference}/publish`: a public update in all languages, with a preview."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import web
from sqlmodel import Session

from bot.config import Settings
from bot.domain.errors import ErrorCollector, InvalidFields, UserError, errors_at
from bot.domain.languages import get_language
from bot.domain.status_page.components import ComponentState
from bot.domain.status_page.publication import PublishedIncident
from bot.domain.status_page.state import PublicState
from bot.domain.terms import UpdateState
from bot.domain.text.mentions import resolve_mentions
from bot.domain.text.normalize import parse_id
from bot.domain.times import format_time, format_unambiguous, read_time, refuse_future
from bot.runtime.clock import Clock
from bot.services.status_page.approval import approve_request, decline_request
from bot.services.status_page.approval_view import ApprovalRequestView, find_waiting_view, preview_request
from bot.services.status_page.form_view import (
    PreviewFinished,
    PublishForm,
    load_publish_form,
    preview_form,
    publish_form,
)
from bot.services.status_page.publish import Publication
from bot.services.status_page.subscriptions import describe_readers
from bot.services.web_pages.sessions import Viewer
from bot.services.workspace.access import NotPermitted
from bot.services.workspace.actor import Actor, Origin
from bot.services.workspace.people import MENTION
from bot.store import status_page
from bot.store.database.session import Database
from bot.store.incidents.incidents import IncidentNotFound
from bot.store.incidents.visibility import Visibility
from bot.store.shared import people
from bot.web.auth.local_paths import site_root
from bot.web.auth.page_guard import signed_in
from bot.web.auth.page_sessions import FormRefused, PageSessions
from bot.web.auth.private_access import PrivateAccess
from bot.web.body_limits import MAX_SIGNED_IN_FORM_BYTES
from bot.web.pages.layout import render_page
from bot.web.status.site import build_frame
from bot.web.status.view import StatusView

PATH = "/incidents/{reference}/publish"
TEXT, TITLE, COMPONENT = "text-", "title-", "component-"
"""Prefixes of fields, before a language or the key of a component."""
STARTED, ENDED = "impact_started", "impact_ended"
DONE = {
    "published": "Published.",
    "incomplete": "Published, without the text of the postmortem. *Preview* says why.",
    "waits": "It waits for approval.",
    "approved": "Approved and published.",
    "declined": "Declined. Nothing was published.",
}
"""Answers after a redirect."""
Fields = Mapping[str, str]
Values = dict[str, Any]


class PublishRoutes:
    """`refresh_status_page` returns when this process serves what was published."""

    def __init__(
        self,
        sessions: PageSessions,
        access: PrivateAccess,
        database: Database,
        clock: Clock,
        refresh_status_page: Callable[[], Awaitable[None]],
    ) -> None:
        self._refresh_status_page = refresh_status_page
        self._sessions = sessions
        self._access = access
        self._database = database
        self._clock = clock

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get(PATH, signed_in(self._sessions, self.show_form)),
            web.post(PATH, signed_in(self._sessions, self.submit)),
        ]

    async def show_form(self, request: web.Request, viewer: Viewer) -> web.Response:
        """`?state=` chooses the state whose prepared texts fill the form."""
        return await self._render(request, viewer, {"state": request.query.get("state", "")}, is_fresh=True)

    async def submit(self, request: web.Request, viewer: Viewer) -> web.Response:
        """
        Carry out `act`: `preview`, `publish`, `urgent`, `approve` or `decline`.

        All but the preview lead back to the page.
        """
        settings = self._sessions.settings
        fields = await self._sessions.read_form(request, viewer, max_bytes=MAX_SIGNED_IN_FORM_BYTES)
        visibility = await self._access.find_visibility(viewer)
        reference = request.match_info["reference"]
        actor = Actor(viewer.team_id, viewer.user_id, self._clock.now(), Origin.WEB)
        try:
            done = await self._carry_out(visibility, reference, actor, fields)
        except (IncidentNotFound, NotPermitted, FormRefused):
            raise
        except PreviewFinished as preview:
            return await self._render(request, viewer, fields, preview=preview)
        except UserError as problem:
            return await self._render(request, viewer, fields, problem=problem)
        await self._refresh_status_page()
        path = f"{site_root(settings)}/incidents/{reference.upper()}/publish?done={done}"
        return web.Response(status=303, headers={"Location": path})

    async def _carry_out(self, visibility: Visibility, reference: str, actor: Actor, fields: Fields) -> str:
        """Carry out `act`. Returns a key of DONE. Raises PreviewFinished and UserError."""
        settings, act = self._sessions.settings, fields.get("act", "")
        if act in {"approve", "decline"}:
            await self._database.run(decide_request, settings, visibility, reference, actor, fields)
            return "approved" if act == "approve" else "declined"
        form = await self._database.read_large(load_publish_form, settings, visibility, reference)
        wanted, seen = read_publication(settings, form, fields, actor.at), fields.get("seen", "")
        given = (settings, visibility, reference, actor, wanted)
        if act not in {"publish", "urgent"}:
            await self._database.run(preview_form, *given, seen=seen)
        published = await self._database.run(publish_form, *given, seen=seen, is_urgent=act == "urgent")
        if published.request is not None:
            return "waits"
        return "incomplete" if published.no_document else "published"

    async def _render(
        self,
        request: web.Request,
        viewer: Viewer,
        fields: Fields,
        *,
        is_fresh: bool = False,
        preview: PreviewFinished | None = None,
        problem: UserError | None = None,
    ) -> web.Response:
        settings, visibility = self._sessions.settings, await self._access.find_visibility(viewer)
        form = await self._database.read_large(load_publish_form, settings, visibility, request.match_info["reference"])
        entered = initial_fields(form, fields.get("state", "")) if is_fresh else fields
        now, waiting = (
            self._clock.now(),
            await self._database.read(find_waiting_view, settings, visibility, request.match_info["reference"]),
        )
        values = {
            "waiting": await self._waiting_values(viewer, waiting),
            "page": settings.status,
            "reference": form.reference,
            "incident_title": form.title,
            "why_not": form.why_not,
            "seen": form.seen,
            "done": DONE.get(request.query.get("done", ""), ""),
            "public_url": settings.status_url if settings.status else "",
            "problem": await self._with_names(viewer, problem.message) if problem else "",
            "form": {"name": "publish", "fields": form_fields(form, settings, entered, problem)},
            "preview": language_views(settings, preview.incident if preview else None, now),
            "no_document": await self._with_names(viewer, preview.no_document) if preview else "",
            "published": language_views(settings, form.published, now),
            "readers": await self._database.read(describe_readers, settings),
        }
        status = 422 if problem else 200
        return render_page(self._sessions, "incidents/publish", values, viewer=viewer, status=status)

    async def _with_names(self, viewer: Viewer, text: str) -> str:
        """A text with names in the place of mentions."""
        ids = MENTION.findall(text)
        return (
            resolve_mentions(text, await self._database.read(people.find_names, viewer.team_id, ids)) if ids else text
        )

    async def _waiting_values(self, viewer: Viewer, waiting: ApprovalRequestView | None) -> Values | None:
        """The update that waits, as the incident's page would show it; None if none does."""
        if waiting is None:
            return None
        settings, now = self._sessions.settings, self._clock.now()
        preview, standing = None, waiting.standing
        try:
            if not standing:
                actor = Actor(viewer.team_id, viewer.user_id, now, Origin.WEB)
                await self._database.run(preview_request, settings, waiting.request_id, actor)
        except PreviewFinished as finished:
            preview = finished.incident
        except UserError as problem:
            standing = problem.message
        return {
            "id": waiting.request_id,
            "author": waiting.names.get(waiting.author, waiting.author),
            "at": format_time(waiting.requested_at, settings.status_zone),
            "is_own": waiting.author == viewer.user_id,
            "standing": await self._with_names(viewer, standing),
            "missing": waiting.missing,
            "preview": language_views(settings, preview, now),
        }


def decide_request(
    session: Session, settings: Settings, visibility: Visibility, reference: str, actor: Actor, fields: Fields
) -> None:
    """
    Approve or decline the update that waits.

    Raises IncidentNotFound, FormRefused and UserError.
    """
    incident, request_id = visibility.find(session, reference), parse_id(fields.get("request", ""))
    row = status_page.get_request(session, request_id) if request_id is not None else None
    if row is None or row.incident_id != incident.key:
        raise FormRefused("The form cannot be read. Open the page again.")
    if fields.get("act") == "approve":
        approve_request(session, settings, row.key, actor)
    else:
        decline_request(session, settings, row.key, actor, fields.get("reason", ""))


def initial_fields(form: PublishForm, state: str) -> dict[str, str]:
    """The fields of a form that was opened: suggestions, and prepared texts of the state."""
    chosen = UpdateState(state) if state in {*UpdateState} else form.state
    started, ended = (format_unambiguous(at, _zone(form.zone)) if at else "" for at in form.impact)
    return {
        "state": chosen.value,
        **{f"{TITLE}{code}": title for code, title in form.titles.items()},
        **{f"{TEXT}{code}": text for code, text in form.drafts.get(chosen, {}).items()},
        **{f"{COMPONENT}{key}": state.value for key, state in form.suggested.items()},
        STARTED: started,
        ENDED: ended,
    }


def _zone(zone: tzinfo) -> ZoneInfo:
    return zone if isinstance(zone, ZoneInfo) else ZoneInfo("UTC")


def read_publication(settings: Settings, form: PublishForm, fields: Fields, now: datetime) -> Publication:
    """Raises UserError or InvalidFields, and FormRefused for a form of another page."""
    languages = settings.status.languages if settings.status else ()
    if fields.get("state", "") not in {*UpdateState}:
        raise FormRefused("The form cannot be read. Open the page again.")
    impact = _read_impact(form, fields, now)
    texts = {code: fields.get(f"{TEXT}{code}", "").strip() for code in languages}
    titles = {code: fields.get(f"{TITLE}{code}", "").strip() for code in languages}
    chosen = {each.key: fields.get(f"{COMPONENT}{each.key}", "") for each in form.components}
    states = {key: ComponentState(value) for key, value in chosen.items() if value in {*ComponentState}}
    kept = {code: text for code, text in texts.items() if text}
    if not any(titles.values()):
        raise InvalidFields({f"{TITLE}{languages[0]}": "Enter a title in at least one language."})
    return Publication(UpdateState(fields["state"]), kept, states, tuple(kept), titles, impact)


def _read_impact(form: PublishForm, fields: Fields, now: datetime) -> tuple[datetime | None, datetime | None]:
    errors, times = ErrorCollector(), dict[str, datetime | None]()
    for name in (STARTED, ENDED):
        with errors.collect(), errors_at(name):
            times[name] = _read_time(fields.get(name, ""), now, _zone(form.zone))
    errors.check()
    started, ended = times[STARTED], times[ENDED]
    if started and ended and ended < started:
        raise InvalidFields({ENDED: "The impact ends before it begins. Correct one of the times."})
    return started, ended


def _read_time(text: str, now: datetime, zone: ZoneInfo) -> datetime | None:
    if not text.strip():
        return None
    when = read_time(text.strip(), now=now, zone=zone)
    refuse_future(when, now=now, zone=zone)
    return when.at


def form_fields(form: PublishForm, settings: Settings, entered: Fields, problem: UserError | None) -> list[Values]:
    """The fields of the form, with what was entered and what is wrong with it."""
    problems = problem.by_field if isinstance(problem, InvalidFields) else {}
    languages = settings.status.languages if settings.status else ()
    english = get_language("en")
    states = [(each.value, each.capitalize()) for each in UpdateState]
    component_states = [(each.value, english.words[f"page_component_{each}"]) for each in ComponentState]
    fields = [_field("state", "Public status", "select", choices=states, is_required=True)]
    for code in languages:
        name = english.language_name(code)
        fields.append(_field(f"{TITLE}{code}", f"Title, {name}"))
    for code in languages:
        name = english.language_name(code)
        fields.append(_field(f"{TEXT}{code}", f"Text, {name}", "area"))
    for each in form.components:
        label = f"Component: {next(iter(each.names.values()))}"
        fields.append(_field(f"{COMPONENT}{each.key}", label, "select", choices=component_states, hint="–: unchanged."))
    hint = "Shown on the page. Empty: not published."
    fields += [_field(STARTED, "Start of the impact", hint=hint), _field(ENDED, "End of the impact", hint=hint)]
    return [
        {**each, "value": entered.get(name := each["name"], ""), "problem": problems.get(name, "")} for each in fields
    ]


def _field(
    name: str,
    label: str,
    widget: str = "line",
    *,
    choices: list[tuple[str, str]] | None = None,
    hint: str = "",
    is_required: bool = False,
) -> Values:
    return {
        "name": name,
        "label": label,
        "widget": widget,
        "hint": hint,
        "example": "",
        "is_required": is_required,
        "is_wide": widget == "area",
        "choices": choices or [],
    }


def language_views(settings: Settings, incident: PublishedIncident | None, now: datetime) -> list[Values]:
    """The incident as its page shows it, in each language."""
    if incident is None or settings.status is None:
        return []
    state = PublicState(now, settings.status_zone, (), (incident,))
    frame, english = build_frame(settings), get_language("en")
    return [
        {
            "code": code,
            "name": english.language_name(code),
            "t": get_language(code).words,
            "incident": StatusView(state, frame, code, None).incident_values(incident),
        }
        for code in frame.languages
    ]
