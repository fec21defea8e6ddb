"""`POST /incidents/{reference}/actions/{name}`: run a command from the incident's page."""

import re
from collections.abc import Mapping
from datetime import datetime

from aiohttp import web
from sqlmodel import Session
from structlog import get_logger

from bot.command.forms.parameters import PERSON, TEAM, command_parameters
from bot.command.table import Command, Value
from bot.config import Settings
from bot.domain.errors import ErrorCollector, InvalidField, InvalidFields, UserError, errors_at
from bot.lazy_dataclass import dataclass
from bot.runtime.clock import Clock
from bot.services.escalation.responses.acknowledge import acknowledge, escalation_label
from bot.services.web_pages.action_bar import find_named_person, load_present_values, value_version
from bot.services.web_pages.sessions import Viewer
from bot.services.workspace.access import NotPermitted, check_access
from bot.services.workspace.actor import Actor, Origin
from bot.store.database.session import Database
from bot.store.escalation import escalations
from bot.store.incidents import incidents
from bot.store.incidents.incidents import Incident, IncidentNotFound
from bot.store.incidents.visibility import Visibility
from bot.store.shared import idempotency
from bot.web.auth.local_paths import site_root
from bot.web.auth.page_guard import signed_in
from bot.web.auth.page_sessions import PageSessions, form_digest
from bot.web.auth.private_access import PrivateAccess
from bot.web.body_limits import MAX_SIGNED_IN_FORM_BYTES
from bot.web.pages.incidents.action_forms import ON_PAGE, Attempt
from bot.web.pages.incidents.confirmations import ConfirmationNeeded, answer_text
from bot.web.pages.incidents.incident import IncidentRoutes, answer_key
from bot.web.pages.layout import render_problem
from commands.base import Caller
from commands.execution import run_form

log = get_logger(__name__)

NO_ACTION = "There is no such action. Open the incident's page again."
SEEN, CONFIRMED, ESCALATION = "seen", "confirmed", "escalation"
"""Hidden fields: what was set when the form was opened, the answer to a question, one escalation."""
ESCALATION_REF = re.compile(r"escalation-(?P<number>[0-9]{1,9})", re.ASCII)


class Changed(UserError):
    """Another value than the one that the form shows is set now."""


@dataclass(frozen=True, slots=True)
class Action:
    """A form as it was sent: `fields` by parameter, as people entered them."""

    command: Command
    reference: str
    fields: Mapping[str, str]

    def answer_id(self) -> str:
        """Identifies the form and what was entered: sent twice, it is carried out once."""
        return form_digest(self.fields, self.command.name, self.reference)


class ActionRoutes:
    def __init__(
        self,
        sessions: PageSessions,
        access: PrivateAccess,
        database: Database,
        clock: Clock,
        incident_page: IncidentRoutes,
    ) -> None:
        self._sessions = sessions
        self._access = access
        self._database = database
        self._clock = clock
        self._incident_page = incident_page

    def routes(self) -> list[web.RouteDef]:
        run = signed_in(self._sessions, self.run_action, following=_page_path)
        return [web.post("/incidents/{reference}/actions/{name}", run)]

    async def run_action(self, request: web.Request, viewer: Viewer) -> web.StreamResponse:
        """Lead back to the page; a refusal shows it with all that was entered."""
        settings = self._sessions.settings
        reference, name = request.match_info["reference"], request.match_info["name"]
        fields = await self._sessions.read_form(request, viewer, max_bytes=MAX_SIGNED_IN_FORM_BYTES)
        command = ON_PAGE.get(name)
        if command is None:
            return render_problem(self._sessions, 404, NO_ACTION, viewer=viewer)
        visibility = await self._access.find_visibility(viewer)
        action = Action(command, reference, fields)
        try:
            await self._database.run(carry_out, settings, viewer, visibility, action, self._clock.now())
        except (IncidentNotFound, NotPermitted):
            raise
        except UserError as problem:
            log.info("action refused", command=name, user=viewer.user_id, incident=reference)
            attempt = describe_refusal(action, problem)
            return await self._incident_page.respond(request, viewer, attempt=attempt, status=422)
        path = f"{site_root(settings)}{_page_path(request)}?answer={action.answer_id()}"
        return web.Response(status=303, headers={"Location": path})


def _page_path(request: web.Request) -> str:
    return f"/incidents/{request.match_info['reference'].upper()}"


def carry_out(
    session: Session, settings: Settings, viewer: Viewer, visibility: Visibility, action: Action, at: datetime
) -> None:
    """
    Run the command of a form and keep its answer, once for each form.

    Raises UserError, and nothing is changed.
    """
    actor = Actor(viewer.team_id, viewer.user_id, at, Origin.WEB)
    check_access(session, actor, home_team_id=None)
    incident = visibility.find(session, action.reference)
    key = answer_key(viewer, action.answer_id())
    if not idempotency.register_delivery(session, key, at):
        return
    _check_unchanged(session, settings, incident, action)
    caller = Caller(actor, settings, incident, None, visibility)
    idempotency.save_answer(session, key, {"text": _run(session, caller, action)})


def _run(session: Session, caller: Caller, action: Action) -> str:
    if ESCALATION in action.fields:
        return _acknowledge(session, caller, action.fields[ESCALATION])
    fields = _with_people(session, caller, action)
    reply = run_form(session, caller, action.command, fields)
    return answer_text(session, caller, reply, is_confirmed=CONFIRMED in action.fields)


def _acknowledge(session: Session, caller: Caller, given: str) -> str:
    """Acknowledge the escalation beside which the button is."""
    named = ESCALATION_REF.fullmatch(given)
    number = int(named["number"]) if named else 0
    found = escalations.get(session, number)
    if found is None or found.incident_id != caller.about.key:
        raise UserError("That escalation does not exist. Open the page again.")
    return f"You acknowledged {escalation_label(acknowledge(session, caller.settings, number, caller.actor))}."


def _check_unchanged(session: Session, settings: Settings, incident: Incident, action: Action) -> None:
    """
    Raises Changed if the form shows another value than the present one.

    The incident is locked first: of two forms at the same moment, the second one reads what the first one set.
    """
    seen = action.fields.get(SEEN)
    if not seen:
        return
    incident = incidents.lock(session, incident.key)
    present = load_present_values(session, settings, incident).get(action.command.name)
    if present is not None and value_version(present) != seen:
        raise Changed(f"Somebody changed this meanwhile. Now: {present}. Check your entry and send it again.")


def _with_people(session: Session, caller: Caller, action: Action) -> dict[str, str]:
    """The fields with ids in place of the names of people. Raises InvalidField or InvalidFields."""
    fields, errors = dict(action.fields), ErrorCollector()
    for parameter in command_parameters(action.command):
        word = fields.get(parameter.name, "").strip()
        if not word or parameter.kind not in {Value.PERSON, Value.OWNER, Value.TARGET}:
            continue
        with errors.collect(), errors_at(parameter.name):
            if parameter.kind is Value.TARGET:
                fields |= _target_fields(session, caller, word)
            else:
                fields[parameter.name] = _person_id(session, caller, word)
    errors.check()
    return fields


def _person_id(session: Session, caller: Caller, word: str) -> str:
    return find_named_person(session, caller.actor.team_id, word, own_id=caller.actor.user_id or "")


def _target_fields(session: Session, caller: Caller, word: str) -> dict[str, str]:
    """A person's id, or the team, schedule, policy or vendor as it is typed."""
    is_named = ":" in word or word.removeprefix("@").casefold() in map(str.casefold, caller.settings.teams)
    return {TEAM: word} if is_named else {PERSON: _person_id(session, caller, word)}


def describe_refusal(action: Action, problem: UserError) -> Attempt:
    """The form with what was entered, the reason, and what it is about."""
    found = dict(problem.by_field) if isinstance(problem, InvalidFields) else {}
    if isinstance(problem, InvalidField):
        found = {problem.field: problem.message}
    target = next((each.name for each in command_parameters(action.command) if each.kind is Value.TARGET), PERSON)
    found = {target if name in {PERSON, TEAM} and name not in action.fields else name: found[name] for name in found}
    confirmation = problem.label if isinstance(problem, ConfirmationNeeded) else ""
    return Attempt(action.command.name, action.fields, problem.message, found, confirmation)
