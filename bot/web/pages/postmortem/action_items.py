"""`POST /incidents/{reference}/postmortem/item`: note an item, or change one."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from aiohttp import web
from sqlmodel import Session

from bot.domain.errors import ErrorCollector, UserError, errors_at
from bot.domain.terms import ActionKind, Owner
from bot.domain.text.normalize import is_visible
from bot.lazy_dataclass import dataclass
from bot.runtime.clock import Clock
from bot.services.timeline.action_items import add_action_item, change_action_item
from bot.services.web_pages.action_bar import find_named_owner
from bot.services.web_pages.postmortem import load_postmortem_page
from bot.services.web_pages.sessions import Viewer
from bot.services.workspace.access import NotPermitted, check_access
from bot.services.workspace.actor import Actor, Origin
from bot.services.workspace.user_groups import UserGroup
from bot.store.database.session import Database
from bot.store.incidents.incidents import IncidentNotFound
from bot.store.incidents.visibility import Visibility
from bot.store.shared import idempotency
from bot.web.auth.local_paths import site_root
from bot.web.auth.page_guard import signed_in
from bot.web.auth.page_sessions import FormRefused, PageSessions, form_digest
from bot.web.auth.private_access import PrivateAccess
from bot.web.body_limits import MAX_SIGNED_IN_FORM_BYTES
from bot.web.pages.postmortem.action_item_view import ANCHOR, DONE, KINDS, OPEN
from bot.web.pages.postmortem.document import render_refusal
from bot.web.pages.postmortem.review import read_due
from bot.web.pages.postmortem.user_groups import UserGroupList

UNREADABLE = "The form cannot be read. Open the page again."
WAS = "_was"
"""Ending of the hidden fields with what the form showed: only what a person changed is set."""


@dataclass(frozen=True, slots=True)
class ActionItemForm:
    """A form as it was sent. `number` None: a new item."""

    number: int | None
    fields: Mapping[str, str]

    @classmethod
    def read(cls, fields: Mapping[str, str]) -> "ActionItemForm":
        """Raises FormRefused for a number or a kind that the page does not send."""
        number, kind = fields.get("number", ""), fields.get("kind", "")
        if number:
            if not (number.isascii() and number.isdecimal() and len(number) < 5):
                raise FormRefused(UNREADABLE)
            return cls(int(number), fields)
        if kind not in KINDS:
            raise FormRefused(UNREADABLE)
        return cls(None, fields)

    def changed(self, name: str) -> str:
        """The value of a field, empty if it is the one that the form showed."""
        value = self.fields.get(name, "").strip()
        return "" if value == self.fields.get(name + WAS, "") else value

    def is_emptied(self, name: str) -> bool:
        return not self.fields.get(name, "").strip() and bool(self.fields.get(name + WAS, ""))


class ActionItemRoutes:
    def __init__(
        self,
        sessions: PageSessions,
        access: PrivateAccess,
        database: Database,
        clock: Clock,
        user_groups: UserGroupList,
    ) -> None:
        self._sessions = sessions
        self._access = access
        self._database = database
        self._clock = clock
        self._user_groups = user_groups

    def routes(self) -> list[web.RouteDef]:
        def page_path(request: web.Request) -> str:
            return f"/incidents/{request.match_info['reference'].upper()}/postmortem"

        submit = signed_in(self._sessions, self.submit, following=page_path)
        return [web.post("/incidents/{reference}/postmortem/item", submit)]

    async def submit(self, request: web.Request, viewer: Viewer) -> web.Response:
        """Lead back to the list; a refusal shows the page with what was entered."""
        fields = await self._sessions.read_form(request, viewer, max_bytes=MAX_SIGNED_IN_FORM_BYTES)
        visibility, settings = await self._access.find_visibility(viewer), self._sessions.settings
        reference, at = request.match_info["reference"], self._clock.now()
        form = ActionItemForm.read(fields)
        groups = await self._user_groups.find_groups()
        try:
            await self._database.run(save_action_item, viewer, visibility, reference, form, groups, at)
        except (IncidentNotFound, NotPermitted):
            raise
        except UserError as problem:
            actor = Actor(viewer.team_id, viewer.user_id, at, Origin.WEB)
            page = await self._database.read_large(load_postmortem_page, settings, visibility, reference, None, actor)
            return await render_refusal(self._sessions, viewer, page, groups, problem.message, fields)
        path = f"{site_root(settings)}/incidents/{reference.upper()}/postmortem#{ANCHOR}"
        return web.Response(status=303, headers={"Location": path})


def save_action_item(
    session: Session,
    viewer: Viewer,
    visibility: Visibility,
    reference: str,
    form: ActionItemForm,
    groups: Sequence[UserGroup],
    at: datetime,
) -> None:
    """
    Note or change an improvement or a task.

    A new one is noted once, however often its form is sent.
    Raises IncidentNotFound, NotPermitted and UserError.
    """
    actor = Actor(viewer.team_id, viewer.user_id, at, Origin.WEB)
    check_access(session, actor, home_team_id=None)
    incident = visibility.find(session, reference)
    owner, due = _read_owner_and_due(session, actor, form, groups)
    if form.number is not None:
        state = form.changed("state")
        is_done = state == DONE if state in {DONE, OPEN} else None
        change_action_item(session, incident.key, form.number, actor, owner=owner, due=due, is_done=is_done)
        return
    text = form.fields.get("text", "").strip()
    if not is_visible(text):
        raise UserError("Write what is to be done.")
    key = f"{actor.team_id}:action-item:{actor.user_id}:{form_digest(form.fields, incident.reference)}"
    if idempotency.register_delivery(session, key, at):
        add_action_item(session, incident.key, actor, ActionKind(form.fields["kind"]), text, owner=owner, due=due)


def _read_owner_and_due(
    session: Session, actor: Actor, form: ActionItemForm, groups: Sequence[UserGroup]
) -> tuple[Owner | None, date | None]:
    """Raises UserError with all that is wrong."""
    owner, due, errors = None, None, ErrorCollector()
    with errors.collect(), errors_at("owner"):
        if form.is_emptied("owner"):
            raise UserError("An owner can be replaced, not removed. Name another one.")
        if word := form.changed("owner"):
            owner = find_named_owner(session, actor.team_id, word, groups, own_id=actor.user_id or "")
    with errors.collect(), errors_at("due"):
        if form.is_emptied("due"):
            raise UserError("A date can be replaced, not removed. Choose another one.")
        due = read_due(form.changed("due"))
    errors.check()
    return owner, due
