"""What the forms of commands do: their fields are read by the grammar that reads typed lines, then the command runs."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.command.help import what_it_takes
from bot.command.table import Command, Context, Invocation, Option, Positional, Value
from bot.command.values import read_value
from bot.config import Settings
from bot.domain.errors import Ambiguous, UserError
from bot.domain.times import When, refuse_future
from bot.services.workspace.actor import Actor
from bot.slack.blocks import modals
from bot.slack.blocks.command_forms import Asked, values_of
from bot.slack.replies.parse_context import context_of
from bot.slack.replies.submission import FieldError, Submitted
from bot.store.incidents import incidents
from bot.store.incidents.incidents import Incident
from bot.store.incidents.visibility import Sight
from commands.base import Caller, Reply


def carry_out(session: Session, settings: Settings, command: Command, actor: Actor, submitted: Submitted) -> Reply:
    """Run a command with what its form holds. Raises FieldError for what is wrong with a field."""
    about = incidents.get(session, submitted.incident_id) if command.inside else None
    typed = read(settings, command, actor, submitted, about)
    try:
        return run(session, settings, command, actor, about, typed)
    except UserError as problem:
        raise FieldError(_blamed(typed, submitted), problem.message) from problem


def press(session: Session, settings: Settings, command: Command, actor: Actor, incident_id: int) -> Reply:
    """Run a command that takes nothing."""
    about = incidents.get(session, incident_id)
    typed = Invocation(command, {}, {}, "", about.reference, ZoneInfo(about.zone))
    return run(session, settings, command, actor, about, typed)


def run(
    session: Session, settings: Settings, command: Command, actor: Actor, about: Incident | None, typed: Invocation
) -> Reply:
    if command.run is None:
        raise UserError(f"`{command.name}` does nothing.")
    sight = Sight(actor.team_id, about.key if about else None)
    reply: Reply = command.run(session, Caller(actor, settings, about, about, sight), typed)
    return reply


def read(
    settings: Settings, command: Command, actor: Actor, submitted: Submitted, about: Incident | None
) -> Invocation:
    """What the fields ask for. Raises FieldError."""
    zone = ZoneInfo(about.zone) if about else settings.incidents.zone
    context = context_of(settings, actor.at, inside=about, zone=zone)
    positionals, options = {each.name for each in command.positionals}, {each.name for each in command.options}
    found: dict[str, Any] = {}
    # The zone first: the times of the same form are read in it.
    for asked in sorted(values_of(command), key=lambda each: each.kind is not Value.ZONE):
        word = _written(asked, submitted)
        if not word:
            _check_needed(asked, context)
            continue
        found[asked.name] = value = _value(asked, word, context)
        if isinstance(value, ZoneInfo):
            context = replace(context, zone=value)
    text = submitted.text()
    if command.text == "required" and not text:
        raise FieldError(modals.TEXT, "Write something here.")
    return Invocation(
        command,
        {name: value for name, value in found.items() if name in options},
        {name: value for name, value in found.items() if name in positionals - options},
        text,
        about.reference if about else None,
        context.zone,
    )


def _written(asked: Asked, submitted: Submitted) -> str:
    """What stands in its field, as somebody would type it."""
    if asked.kind is Value.TARGET:
        person, team = submitted.text(modals.PERSON), submitted.text(modals.TEAM)
        if person and team:
            raise FieldError(modals.TEAM, "Choose one of the two: a person, or a team or vendor.")
        return f"<@{person}>" if person else team
    word = submitted.text(asked.name)
    return f"<@{word}>" if word and asked.kind is Value.PERSON else word


def _field_of(asked: Asked) -> str:
    return modals.PERSON if asked.kind is Value.TARGET else asked.name


def _check_needed(asked: Asked, context: Context) -> None:
    if isinstance(asked, Positional) and asked.required:
        raise FieldError(_field_of(asked), f"This needs {what_it_takes(asked.kind, asked.choices, context)}.")


def _value(asked: Asked, word: str, context: Context) -> object:
    is_to_come = isinstance(asked, Option) and asked.may_be_future
    try:
        value = read_value(asked.kind, word, replace(context, prefers_past=not is_to_come), asked.choices, {})
        if isinstance(value, When) and not is_to_come:
            refuse_future(value, now=context.now, zone=context.zone)
    except Ambiguous as question:
        missing = [each for each in question.candidates if each not in question.message]
        ways = f" Write one of: {', '.join(missing)}." if missing else ""
        raise FieldError(_field_of(asked), question.message + ways) from question
    except UserError as problem:
        raise FieldError(_field_of(asked), problem.message) from problem
    return value


def _blamed(typed: Invocation, submitted: Submitted) -> str:
    """Where a refusal of the command itself is shown: at its time if there is one, else at its text or first field."""
    return next((name for name in _candidates(typed.options) if name in submitted.values), modals.TEXT)


def _candidates(options: Mapping[str, Any]) -> Iterator[str]:
    yield from (name for name, value in options.items() if isinstance(value, When))
