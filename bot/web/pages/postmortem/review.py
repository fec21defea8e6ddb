"""`POST /incidents/{reference}/postmortem/review`: the steps from the draft to publication."""

from collections.abc import Mapping, Sequence
from datetime import date

from aiohttp import web
from sqlmodel import Session

from bot.config import Settings
from bot.domain.drafting.document.publication import Step
from bot.domain.errors import UserError
from bot.domain.terms import Owner
from bot.runtime.clock import Clock
from bot.services.postmortem.document.publication import publish_postmortem, reopen_postmortem
from bot.services.postmortem.document.review import approve_postmortem, ask_reviewers
from bot.services.web_pages.action_bar import find_named_owner
from bot.services.web_pages.postmortem import load_postmortem_page
from bot.services.web_pages.sessions import Viewer
from bot.services.workspace.access import NotPermitted
from bot.services.workspace.actor import Actor, Origin
from bot.services.workspace.user_groups import UserGroup
from bot.store.database.session import Database
from bot.store.incidents.incidents import IncidentNotFound
from bot.store.incidents.visibility import Visibility
from bot.store.shared import idempotency
from bot.web.auth.local_paths import site_root
from bot.web.auth.page_guard import signed_in
from bot.web.auth.page_sessions import SUBMISSION, FormRefused, PageSessions, form_digest
from bot.web.auth.private_access import PrivateAccess
from bot.web.body_limits import MAX_SIGNED_IN_FORM_BYTES
from bot.web.pages.postmortem.document import render_refusal
from bot.web.pages.postmortem.user_groups import UserGroupList


class ReviewRoutes:
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

        submit = signed_in(self._sessions, self.submit_step, following=page_path)
        return [web.post("/incidents/{reference}/postmortem/review", submit)]

    async def submit_step(self, request: web.Request, viewer: Viewer) -> web.Response:
        """A step leads back to the page; a refusal is shown on it."""
        fields = await self._sessions.read_form(request, viewer, max_bytes=MAX_SIGNED_IN_FORM_BYTES)
        visibility, settings = await self._access.find_visibility(viewer), self._sessions.settings
        actor = Actor(viewer.team_id, viewer.user_id, self._clock.now(), Origin.WEB)
        reference, named = request.match_info["reference"], fields.get("step", "")
        if named not in {each.value for each in Step}:
            raise FormRefused("The form cannot be read. Open the page again.")
        groups = await self._user_groups.find_groups()
        try:
            await self._database.run(take_step, settings, visibility, reference, actor, groups, fields)
        except (IncidentNotFound, NotPermitted):
            raise
        except UserError as problem:
            page = await self._database.read_large(load_postmortem_page, settings, visibility, reference, None, actor)
            return await render_refusal(self._sessions, viewer, page, groups, problem.message, fields)
        path = f"{site_root(settings)}/incidents/{reference.upper()}/postmortem"
        return web.Response(status=303, headers={"Location": path})


def take_step(
    session: Session,
    settings: Settings,
    visibility: Visibility,
    reference: str,
    actor: Actor,
    groups: Sequence[UserGroup],
    fields: Mapping[str, str],
) -> None:
    """Raises IncidentNotFound, NotPermitted and UserError."""
    incident_id = visibility.find(session, reference).key
    match Step(fields["step"]):
        case Step.REVIEW:
            if SUBMISSION in fields and not _is_first(session, actor, reference, fields):
                return
            reviewers = _read_reviewers(session, actor, fields.get("reviewer", ""), groups)
            ask_reviewers(session, settings, incident_id, actor, reviewers, read_due(fields.get("due", "")))
        case Step.APPROVE:
            approve_postmortem(session, incident_id, actor)
        case Step.REOPEN:
            reopen_postmortem(session, incident_id, actor)
        case Step.PUBLISH:
            publish_postmortem(session, settings, incident_id, actor)


def _is_first(session: Session, actor: Actor, reference: str, fields: Mapping[str, str]) -> bool:
    """False for a form that was carried out before."""
    key = f"{actor.team_id}:review:{actor.user_id}:{form_digest(fields, reference)}"
    return idempotency.register_delivery(session, key, actor.at)


def _read_reviewers(session: Session, actor: Actor, words: str, groups: Sequence[UserGroup]) -> list[Owner]:
    own_id = actor.user_id or ""
    return [find_named_owner(session, actor.team_id, word, groups, own_id=own_id) for word in words.split()]


def read_due(text: str) -> date | None:
    """Read the field of a date, None if it is empty. Raises UserError."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise UserError(f"`{text}` is not a date. Write it like 2026-03-20.") from None
