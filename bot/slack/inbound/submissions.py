"""Modals that were sent off, from their payload to what they do, in one transaction."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from dataclasses import field as made
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.command.table import Command
from bot.config import Settings
from bot.domain.errors import UserError, WrongField
from bot.domain.terms import MARKS, ActionKind, Kind, Precision, Severity, Status, TargetKind
from bot.domain.times import When, read_time, read_zone
from bot.services import outbox as tell
from bot.services.channel import transcript
from bot.services.escalation import responses as answering
from bot.services.escalation import start as escalation
from bot.services.incidents import cancel as cancelling
from bot.services.incidents import edit as editing
from bot.services.incidents import lifecycle as incidents
from bot.services.incidents import roles
from bot.services.incidents.edit import Edit
from bot.services.paging import contacts
from bot.services.timeline import action_items as actions
from bot.services.timeline import impact_and_cause as statements
from bot.services.workspace import access, people
from bot.services.workspace.actor import Actor, Origin
from bot.slack.blocks import modals
from bot.slack.blocks.escalation import contact_settings as pages
from bot.slack.blocks.escalation import forms as escalation_forms
from bot.slack.blocks.escalation import oncall_form
from bot.slack.blocks.incidents import merge as combined
from bot.slack.blocks.incidents import roles_form as role_forms
from bot.slack.blocks.postmortem import entry_forms as amending
from bot.slack.handlers import command_forms as form_acts
from bot.slack.handlers import declare as declaring
from bot.slack.handlers import merge as combining
from bot.slack.handlers import oncall as oncall_acts
from bot.slack.handlers import timeline_entries as entry_acts
from bot.slack.replies import entry_points as ways
from bot.slack.replies.render import answer_of, ephemeral, words
from bot.slack.replies.submission import FieldError, Submitted
from bot.store.database.savepoint import undone_if_it_fails
from bot.store.incidents import incidents as store_incidents
from bot.store.incidents.visibility import sight_in
from bot.store.shared import idempotency as deliveries
from commands import task

FIRST_FIELD: Mapping[str, str] = {
    **modals.FIRST_FIELD,
    **amending.FIRST_FIELD,
    **escalation_forms.FIRST_FIELD,
    combined.MERGE_FORM: combined.INCIDENT,
    oncall_form.FORM: oncall_form.ENDS,
    pages.ADD_FORM: contacts.MEANS,
}


Submission = Callable[[Session, Settings, Actor, Submitted], dict[str, Any] | None]


@dataclass(frozen=True, slots=True)
class Sent:
    """
    What came of a form. `errors`: what is wrong, by field; then nothing was changed and what was typed stays.

    `told`: what whoever sent it is answered, as the body of an answer to a command; None where the channel shows it.
    """

    errors: dict[str, str] = made(default_factory=dict)
    told: dict[str, Any] | None = None


def submit(session: Session, settings: Settings, submitted: Submitted, at: datetime) -> Sent:
    """
    Do what a modal asks for.

    The same submission delivered again gets the first errors again; what was told is not kept.
    """
    key = f"{submitted.team_id}:view:{submitted.key}"
    if not deliveries.is_first(session, key, at):
        return Sent(deliveries.answer_of(session, key) or {})
    actor = Actor(submitted.team_id, submitted.user_id, at, Origin.MODAL)
    errors: dict[str, str] = {}
    told = None
    try:
        with undone_if_it_fails(session):
            people.meet(session, submitted.team_id, [submitted.user_id], at)
            access.check(session, actor, home_team_id=submitted.home_team_id)
            if not _is_done(session, submitted, at):
                told = SUBMISSIONS[submitted.callback_id](session, settings, actor, submitted)
            session.flush()
    except FieldError as problem:
        errors = {problem.field: _in_a_form(problem.message)}
    except UserError as problem:
        errors = at_first_field(submitted, problem.message)
    deliveries.remember_answer(session, key, errors)
    return Sent(errors, told)


def _is_done(session: Session, submitted: Submitted, at: datetime) -> bool:
    """
    Whether this window was sent before, with success: its answer came too late, so that it was sent again.

    Raises UserError if something else stands in it now: that would be lost, or done beside the first.
    """
    key = f"{submitted.team_id}:window:{submitted.window}:{submitted.callback_id}"
    if not submitted.window:
        return False
    if deliveries.is_first(session, key, at):
        deliveries.remember_answer(session, key, {"told": submitted.told})
        return False
    if (deliveries.answer_of(session, key) or {}).get("told") != submitted.told:
        raise UserError("This was saved already, as you sent it first. Close the window; to change it, do it anew.")
    return True


def _in_a_form(message: str) -> str:
    """Slack shows what is wrong with a field as it is, backquotes and all."""
    return message.replace("`", "")


def at_first_field(submitted: Submitted, message: str) -> dict[str, str]:
    """What belongs to no field, shown where it is seen. Nothing for a form that only shows something."""
    wanted = FIRST_FIELD.get(submitted.callback_id, modals.TEXT)
    fields = [wanted] if wanted in submitted.values else list(submitted.values)[:1]
    return dict.fromkeys(fields, _in_a_form(message))


def _time_in(session: Session, submitted: Submitted, at: datetime) -> When | None:
    text = submitted.text(modals.AT)
    if not text:
        return None
    incident = store_incidents.get(session, submitted.incident_id)
    try:
        return read_time(text, now=at, zone=ZoneInfo(incident.zone))
    except UserError as problem:
        raise FieldError(modals.AT, problem.message) from problem


def _at_its_field(field: str, problem: UserError) -> FieldError:
    return FieldError(field, problem.message)


def _mark(session: Session, _settings: Settings, actor: Actor, submitted: Submitted) -> None:
    reference = submitted.text(modals.INCIDENT)
    sight = sight_in(session, submitted.team_id, str(submitted.carried.get("channel") or ""))
    try:
        incident = sight.named(session, reference)
    except UserError as problem:
        raise _at_its_field(modals.INCIDENT, problem) from problem
    kind = submitted.text(modals.KIND)
    mark = Kind(kind) if kind in MARKS else Kind.NOTE
    transcript.mark_elsewhere(session, incident, actor, submitted.said, mark)


def _task_of_message(session: Session, settings: Settings, actor: Actor, submitted: Submitted) -> dict[str, Any]:
    """The message comes onto the timeline as a task, and the task is made of that entry: its source is the message."""
    sight = sight_in(session, submitted.team_id, str(submitted.carried.get("channel") or ""))
    try:
        incident = sight.named(session, submitted.text(modals.INCIDENT))
    except UserError as problem:
        raise _at_its_field(modals.INCIDENT, problem) from problem
    typed = form_acts.read(settings, task.COMMAND, actor, submitted, incident)
    owner, languages = typed.options.get("owner"), typed.options.get("lang") or (None,)
    entry = transcript.mark_elsewhere(session, incident, actor, submitted.said, Kind.TASK)
    item = actions.add(
        session,
        incident.key,
        actor,
        ActionKind.TASK,
        typed.text,
        owner=owner.user_id if owner else None,
        due=typed.options.get("due"),
        symptom=typed.options.get("symptom"),
        language=languages[0],
        entry=entry,
    )
    return words(f"Task {item.number} of {incident.reference} noted.")


def _resolve(session: Session, settings: Settings, actor: Actor, submitted: Submitted) -> None:
    ended = _time_in(session, submitted, actor.at)
    try:
        incidents.resolve(session, settings, submitted.incident_id, actor, text=submitted.text(), ended=ended)
    except UserError as problem:
        is_about_time = ended is not None or isinstance(problem, WrongField)
        raise _at_its_field(modals.AT if is_about_time else modals.TEXT, problem) from problem


def _note(session: Session, _settings: Settings, actor: Actor, submitted: Submitted) -> None:
    if not submitted.text():
        raise FieldError(modals.TEXT, "Write what happened.")
    kind = submitted.text(modals.KIND)
    when = _time_in(session, submitted, actor.at)
    try:
        incidents.note(
            session,
            submitted.incident_id,
            actor,
            submitted.text(),
            when=when,
            kind=Kind(kind) if kind in MARKS else None,
        )
    except UserError as problem:
        raise _at_its_field(modals.AT, problem) from problem


def _severity(session: Session, settings: Settings, actor: Actor, submitted: Submitted) -> None:
    to = Severity(submitted.text(modals.SEVERITY))
    incidents.change_severity(session, settings, submitted.incident_id, actor, to, submitted.text())


def _status(session: Session, settings: Settings, actor: Actor, submitted: Submitted) -> None:
    to = Status(submitted.text(modals.STATUS))
    incidents.change_status(session, settings, submitted.incident_id, actor, to, submitted.text())


def _escalate(session: Session, settings: Settings, actor: Actor, submitted: Submitted) -> None:
    person, team = submitted.text(modals.PERSON), submitted.text(modals.TEAM)
    if not person and not team:
        raise FieldError(modals.PERSON, "Choose whom to page.")
    when = _time_in(session, submitted, actor.at)
    targets = [(TargetKind.PERSON, person, person)] if person else []
    if team:
        kind, _, name = team.partition(":")
        targets.append((TargetKind(kind), name, ""))
    case = submitted.text(modals.CASE)
    if case and not any(kind == TargetKind.VENDOR for kind, _, _ in targets):
        raise FieldError(modals.CASE, "Only a vendor has a case reference. Leave this empty, or choose a vendor.")
    for kind_of, name, target_id in targets:
        called = escalation.find_target(session, settings, actor.team_id, kind_of, name, target_id or None)
        try:
            escalation.escalate(
                session,
                settings,
                submitted.incident_id,
                actor,
                called,
                submitted.text(),
                when=when,
                case=case if kind_of == TargetKind.VENDOR else "",
            )
        except UserError as problem:
            raise _at_its_field(modals.AT if when else modals.PERSON, problem) from problem


def _escalation_in(submitted: Submitted) -> int:
    found = submitted.carried.get(escalation_forms.ESCALATION)
    if not isinstance(found, int):
        raise UserError("This window is from another version of Dogwatch. Close it and open it again.")
    return found


def _hand_over(session: Session, settings: Settings, actor: Actor, submitted: Submitted) -> None:
    person = submitted.text(modals.PERSON)
    if not person:
        raise FieldError(modals.PERSON, "Choose whom to hand it over to.")
    to = escalation.find_target(session, settings, actor.team_id, TargetKind.PERSON, person, person)
    escalation.hand_over(session, settings, _escalation_in(submitted), actor, to=to, reason=submitted.text())


def _hand_back(session: Session, settings: Settings, actor: Actor, submitted: Submitted) -> None:
    answering.hand_back(session, settings, _escalation_in(submitted), actor, why=submitted.text())


def _ask_impact(session: Session, _settings: Settings, actor: Actor, submitted: Submitted) -> None:
    share = submitted.text(modals.USERS).removesuffix("%").strip().replace(",", ".")
    try:
        percent = float(share) if share else None
    except ValueError as problem:
        raise FieldError(modals.USERS, "Write a number, like 20%.") from problem
    if percent is not None and not 0 <= percent <= 100:
        raise FieldError(modals.USERS, "A share of users is between 0% and 100%.")
    statements.state_impact(session, submitted.incident_id, actor, submitted.text(), users_percent=percent)


def _ask_start(session: Session, _settings: Settings, actor: Actor, submitted: Submitted) -> None:
    started = _time_in(session, submitted, actor.at)
    try:
        statements.state_impact(session, submitted.incident_id, actor, "", started=started)
    except UserError as problem:
        raise _at_its_field(modals.AT, problem) from problem


def _ask_cause(session: Session, _settings: Settings, actor: Actor, submitted: Submitted) -> None:
    statements.state_cause(session, submitted.incident_id, actor, submitted.text())


def _ask_detection(session: Session, _settings: Settings, actor: Actor, submitted: Submitted) -> None:
    when = _time_in(session, submitted, actor.at) or When(None, Precision.UNKNOWN)
    try:
        incidents.note(session, submitted.incident_id, actor, submitted.text(), when=when, kind=Kind.DETECTION)
    except UserError as problem:
        raise _at_its_field(modals.AT, problem) from problem


def _ask_fix(session: Session, _settings: Settings, actor: Actor, submitted: Submitted) -> None:
    incidents.tell_fix(session, submitted.incident_id, actor, submitted.text())


def _edit(session: Session, settings: Settings, actor: Actor, submitted: Submitted) -> None:
    """Only what is different from what the form showed: somebody else may have changed the rest meanwhile."""
    given = {name: text.strip() for name, text in submitted.values.items() if text != submitted.shown.get(name, "")}
    wanted = Edit(
        titles={
            name.partition(".")[2]: text for name, text in given.items() if name.partition(".")[0] == editing.TITLE
        },
        services=editing.services_of(given[editing.SERVICES]) if editing.SERVICES in given else None,
        reference=given.get(editing.REFERENCE),
        category=given.get(editing.CATEGORY),
        responsibility=given.get(editing.RESPONSIBILITY),
        zone=_zone_in(given),
        languages=editing.services_of(given[editing.LANGUAGES].lower()) if editing.LANGUAGES in given else None,
        template=given.get(editing.TEMPLATE),
    )
    try:
        editing.edit(session, settings, submitted.incident_id, actor, wanted)
    except WrongField as problem:
        raise _at_its_field(problem.field, problem) from problem


def _zone_in(given: Mapping[str, str]) -> ZoneInfo | None:
    try:
        return read_zone(given[editing.ZONE]) if editing.ZONE in given else None
    except UserError as problem:
        raise _at_its_field(editing.ZONE, problem) from problem


def _cancel(session: Session, settings: Settings, actor: Actor, submitted: Submitted) -> None:
    cancelling.cancel(session, settings, submitted.incident_id, actor, submitted.text())


def _roles(session: Session, settings: Settings, actor: Actor, submitted: Submitted) -> None:
    """Only the roles that are different from what the form showed: somebody else may have changed the rest."""
    for field, user_id in submitted.values.items():
        shown = submitted.shown.get(field, "")
        if not field.startswith(role_forms.FIELDS) or user_id == shown:
            continue
        name = field.removeprefix(role_forms.FIELDS)
        try:
            if not user_id:
                roles.give_up(session, settings, submitted.incident_id, actor, name)
            else:
                pass_on = roles.hand_over if shown else roles.assign
                pass_on(session, settings, submitted.incident_id, actor, name, user_id, note=submitted.text())
        except UserError as problem:
            raise _at_its_field(field, problem) from problem


def _command(command: Command) -> Submission:
    """The form of a command, as the command is made in the table."""

    def submission(session: Session, settings: Settings, actor: Actor, submitted: Submitted) -> dict[str, Any]:
        reply = form_acts.carry_out(session, settings, command, actor, submitted)
        return answer_of(session, settings, reply, actor.at)

    return submission


def _add_means(session: Session, settings: Settings, actor: Actor, submitted: Submitted) -> dict[str, Any]:
    fields = (submitted.text(contacts.MEANS), submitted.text(contacts.ADDRESS), submitted.text(contacts.DELAY))
    try:
        contacts.add(session, settings, actor, *fields)
    except WrongField as problem:
        raise _at_its_field(problem.field, problem) from problem
    tell.show_home(session, actor.team_id, actor.user_id or "", actor.at)
    return ephemeral(pages.shown(contacts.view(session, settings, actor.team_id, actor.user_id or "", actor.at)))


SUBMISSIONS: Mapping[str, Submission] = {
    pages.ADD_FORM: _add_means,
    **{name: _command(each) for name, each in ways.FORMS.items()},
    modals.DECLARE: declaring.submitted,
    modals.MARK: _mark,
    modals.TASK_OF_MESSAGE: _task_of_message,
    modals.RESOLVE: _resolve,
    modals.NOTE: _note,
    modals.SEVERITY_FORM: _severity,
    modals.STATUS_FORM: _status,
    modals.ESCALATE_FORM: _escalate,
    escalation_forms.HAND_OVER_FORM: _hand_over,
    escalation_forms.HAND_BACK_FORM: _hand_back,
    modals.ASK_IMPACT: _ask_impact,
    modals.ASK_START: _ask_start,
    modals.ASK_CAUSE: _ask_cause,
    modals.ASK_DETECTION: _ask_detection,
    modals.ASK_FIX: _ask_fix,
    **entry_acts.SUBMISSIONS,
    combined.MERGE_FORM: combining.submitted,
    modals.EDIT_FORM: _edit,
    modals.CANCEL_FORM: _cancel,
    oncall_form.FORM: oncall_acts.submitted,
    modals.ROLES_FORM: _roles,
}
