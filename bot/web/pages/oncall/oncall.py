"""`GET` and `POST /oncall`: the schedules of the next four weeks, and their changes."""

from aiohttp import web
from sqlmodel import Session
from structlog import get_logger

from bot.config import Settings
from bot.domain.errors import UserError
from bot.domain.text.normalize import parse_id
from bot.runtime.clock import Clock
from bot.services.web_pages.now import viewer_zone
from bot.services.web_pages.oncall import OnCallPage, load_on_call_page
from bot.services.web_pages.oncall_change import ShiftForm, change_shift, name_people
from bot.services.web_pages.sessions import Viewer
from bot.services.workspace.actor import Actor, Origin
from bot.store.database.session import Database
from bot.web.auth.local_paths import site_root
from bot.web.auth.page_guard import signed_in
from bot.web.auth.page_sessions import PageSessions
from bot.web.pages.layout import render_page
from bot.web.pages.oncall.oncall_view import template_values
from bot.web.pages.oncall.shift_forms import find_wrong_fields, form_values

PATH = "/oncall"
FIELDS = tuple(ShiftForm.__dataclass_fields__)
MAX_FORM_BYTES = 16 * 1024

log = get_logger(__name__)


class OnCallRoutes:
    def __init__(self, sessions: PageSessions, database: Database, clock: Clock) -> None:
        self._sessions = sessions
        self._database = database
        self._clock = clock

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get(PATH, signed_in(self._sessions, self.show_page)),
            web.post(PATH, signed_in(self._sessions, self.submit_change)),
        ]

    async def show_page(self, request: web.Request, viewer: Viewer) -> web.Response:
        return await self._render(viewer, changed=parse_id(request.query.get("changed", "")))

    async def submit_change(self, request: web.Request, viewer: Viewer) -> web.Response:
        """Redirects back to the page. A refused form is shown again with what was typed."""
        fields = await self._sessions.read_form(request, viewer, max_bytes=MAX_FORM_BYTES)
        form = ShiftForm(**{name: fields.get(name, "") for name in FIELDS})
        actor = self._actor(viewer)
        try:
            change = await self._database.run(change_shift, self._sessions.settings, actor, form)
        except UserError as problem:
            log.info("on-call change refused", user=viewer.user_id, reason=problem.message)
            return await self._render(viewer, form=form, problem=problem)
        path = f"{site_root(self._sessions.settings)}{PATH}?changed={change.override_id}"
        return web.Response(status=303, headers={"Location": path})

    def _actor(self, viewer: Viewer) -> Actor:
        return Actor(viewer.team_id, viewer.user_id, self._clock.now(), Origin.WEB)

    async def _render(
        self,
        viewer: Viewer,
        *,
        changed: int | None = None,
        form: ShiftForm | None = None,
        problem: UserError | None = None,
    ) -> web.Response:
        page, refusal = await self._database.read_large(
            _load, self._sessions.settings, viewer, self._actor(viewer), changed, problem.message if problem else ""
        )
        wrong = find_wrong_fields(problem)
        values = {
            **template_values(page),
            "forms": {each.name: form_values(each.name, form or ShiftForm(), wrong) for each in page.schedules},
            "refusal": refusal,
        }
        status = 400 if problem else 200
        return render_page(self._sessions, "oncall", values, viewer=viewer, current=PATH, status=status)


def _load(
    session: Session, settings: Settings, viewer: Viewer, actor: Actor, changed: int | None, refusal: str
) -> tuple[OnCallPage, str]:
    page = load_on_call_page(session, settings, actor, viewer_zone(settings, viewer), changed)
    return page, name_people(session, actor.team_id, refusal)
