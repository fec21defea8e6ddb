"""
Buttons and forms made of the table of commands.

The parser of typed lines reads the fields of a form, then the command runs.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.command.help import describe_value
from bot.command.table import Command, Context, Invocation, Option, Positional, Value
from bot.command.values import read_value
from bot.config import Settings
from bot.domain.errors import Ambiguous, ErrorCollector, InvalidField, UserError, errors_at
from bot.domain.times import ParsedTime, refuse_future
from bot.services.workspace.actor import Actor
from bot.slack.blocks import modals
from bot.slack.blocks.command_forms import Parameter, command_form, command_parameters, has_fields
from bot.slack.blocks.limits import View
from bot.slack.blocks.message import Message
from bot.slack.handlers.commands.parse_context import build_context
from bot.slack.handlers.fields import list_candidates
from bot.slack.handlers.interactions import ViewSubmission
from bot.slack.handlers.registry import INCIDENT, Answer, Button, ButtonReply, EphemeralMessage, Form
from bot.slack.replies import entry_points
from bot.slack.replies.render import render_command_reply
from bot.store.incidents import incidents
from bot.store.incidents.incidents import Incident
from bot.store.incidents.visibility import Visibility
from commands.base import Caller, Reply, with_language


def parse_form(
    settings: Settings,
    command: Command,
    actor: Actor,
    submission: ViewSubmission,
    incident: Incident | None,
    errors: ErrorCollector,
) -> Invocation:
    """Parse the fields of a command's form; collect their errors, and leave invalid values out."""
    zone = ZoneInfo(incident.zone) if incident else settings.incidents.zone
    context = build_context(settings, actor.at, inside=incident, zone=zone)
    found: dict[str, Any] = {}
    # The zone first: the times of the same form are read in it.
    for parameter in sorted(command_parameters(command), key=lambda each: each.kind is not Value.ZONE):
        with errors.collect():
            word = _typed_word(parameter, submission)
            if not word:
                _check_required(parameter, context)
                continue
            found[parameter.name] = value = _parse_field(parameter, word, context)
            if isinstance(value, ZoneInfo):
                context = replace(context, zone=value)
    text = submission.text()
    if command.text == "required" and not text:
        errors.by_field[modals.TEXT] = "Enter a text."
    options = {each.name for each in command.options}
    return Invocation(
        command,
        {name: value for name, value in found.items() if name in options},
        {name: value for name, value in found.items() if name not in options},
        text,
        incident.reference if incident else None,
        context.zone,
    )


def _typed_word(parameter: Parameter, submission: ViewSubmission) -> str:
    """Return a field's value as it would be typed."""
    if parameter.kind is Value.TARGET:
        person, team = submission.text(modals.PERSON), submission.text(modals.TEAM)
        if person and team:
            raise InvalidField(modals.TEAM, "Choose one of the two: a person, or a team or vendor.")
        return f"<@{person}>" if person else team
    word = submission.text(parameter.name)
    return f"<@{word}>" if word and parameter.kind in {Value.PERSON, Value.OWNER} else word


def _field_name(parameter: Parameter) -> str:
    return modals.PERSON if parameter.kind is Value.TARGET else parameter.name


def _check_required(parameter: Parameter, context: Context) -> None:
    if isinstance(parameter, Positional) and parameter.required:
        takes = describe_value(parameter.kind, parameter.choices, context)
        raise InvalidField(_field_name(parameter), f"This needs {takes}.")


def _parse_field(parameter: Parameter, word: str, context: Context) -> object:
    may_be_future = isinstance(parameter, Option) and parameter.may_be_future
    with errors_at(_field_name(parameter)):
        try:
            value = read_value(
                parameter.kind, word, replace(context, prefers_past=not may_be_future), parameter.choices, {}
            )
        except Ambiguous as question:
            raise UserError(list_candidates(question, "Write")) from question
        if isinstance(value, ParsedTime) and not may_be_future:
            refuse_future(value, now=context.now, zone=context.zone)
        return value


def _run_command(
    session: Session,
    settings: Settings,
    command: Command,
    actor: Actor,
    incident: Incident | None,
    invocation: Invocation,
    channel_id: str,
) -> Reply:
    """`channel_id`: where the form or button was; its lines answer there."""
    if command.run is None:
        raise UserError(f"`{command.name}` does nothing.")
    visibility = Visibility(actor.team_id, incident.key if incident else None)
    here = incident if incident and incident.channel_id == channel_id else None
    caller = Caller(with_language(actor, invocation), settings, incident, here, visibility)
    reply: Reply = command.run(session, caller, invocation)
    return reply


def _run_form(command: Command) -> Callable[[Session, Settings, Actor, ViewSubmission], Answer | None]:
    def run(session: Session, settings: Settings, actor: Actor, submission: ViewSubmission) -> Answer | None:
        incident = incidents.get(session, submission.incident_id) if command.needs_incident else None
        errors = ErrorCollector()
        invocation = parse_form(settings, command, actor, submission, incident, errors)
        if errors.by_field:
            with suppress(UserError), errors.collect():
                _check_values(session, settings, actor, incident, invocation)
            errors.check()
        with errors_at(_error_field(invocation, submission)):
            reply = _run_command(session, settings, command, actor, incident, invocation, submission.channel_id)
        return render_command_reply(session, settings, reply, actor.at) or None

    return run


def _check_values(
    session: Session, settings: Settings, actor: Actor, incident: Incident | None, invocation: Invocation
) -> None:
    """
    Run the command with the valid values for the errors that it finds in them.

    The caller raises afterwards, so that nothing is changed.
    """
    given, command = invocation.positionals, invocation.command
    if all(each.name in given for each in command.positionals if each.required):
        _run_command(session, settings, command, actor, incident, invocation, "")


def _error_field(invocation: Invocation, submission: ViewSubmission) -> str:
    """Return the field for an error of the command: its time field, if any, or its text."""
    times = (name for name, value in invocation.options.items() if isinstance(value, ParsedTime))
    return next((name for name in times if name in submission.values), modals.TEXT)


def _run_button(command: Command) -> Callable[[Session, Settings, Actor, int], ButtonReply]:
    def run(session: Session, settings: Settings, actor: Actor, incident_id: int) -> ButtonReply:
        incident = incidents.get(session, incident_id)
        invocation = Invocation(command, {}, {}, "", incident.reference, ZoneInfo(incident.zone))
        reply = _run_command(session, settings, command, actor, incident, invocation, "")
        answer = render_command_reply(session, settings, reply, actor.at)
        return EphemeralMessage(Message(answer["text"], answer["blocks"])) if answer.get("blocks") else reply.text

    return run


def _open_form(command: Command) -> Callable[[Settings, int], View]:
    def modal(settings: Settings, incident_id: int) -> View:
        return command_form(command, settings, {modals.INCIDENT: incident_id})

    return modal


def menu_aliases(buttons: Iterable[Button[Any]]) -> Iterator[Button[Any]]:
    """Yield the lines of the incident menu that do the same as one of `buttons`, on the card."""
    by_id = {each.action_id: each for each in buttons}
    for action_id, command in entry_points.IN_MENU.items():
        own_id = entry_points.OWN_ACTIONS.get(command.name)
        if own_id is not None and own_id != action_id and has_fields(command):
            yield replace(by_id[own_id], action_id=action_id)


BUTTONS = (
    *(
        Button(action_id, about=INCIDENT, run=_run_button(command))
        for action_id, command in entry_points.IN_MENU.items()
        if not has_fields(command)
    ),
    *(
        Button(action_id, about=INCIDENT, modal=_open_form(command), carries_url=True)
        for action_id, command in entry_points.GENERATED_FORMS.items()
    ),
)
FORMS = tuple(
    Form(callback_id, run=_run_form(command)) for callback_id, command in entry_points.GENERATED_FORMS.items()
)
