"""Parse the fields of a command's form, as the parser of typed lines does."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from bot.command.forms.parameters import PERSON, TEAM, TEXT, Parameter, command_parameters
from bot.command.help import describe_value
from bot.command.table import Command, Context, Invocation, Option, Positional, Value
from bot.command.values import read_value
from bot.domain.errors import Ambiguous, ErrorCollector, InvalidField, UserError, errors_at
from bot.domain.times import ParsedTime, refuse_future

CLEARED = '""'
"""What people enter for an empty text; an empty field is left out."""


def parse_form(command: Command, fields: Mapping[str, str], context: Context, errors: ErrorCollector) -> Invocation:
    """
    Parse the fields of a command's form; collect their errors, and leave invalid values out.

    A person is given by id. The incident is that of the context.
    """
    found: dict[str, Any] = {}
    # The zone first: the times of the same form are read in it.
    for parameter in sorted(command_parameters(command), key=lambda each: each.kind is not Value.ZONE):
        with errors.collect():
            word = _typed_word(parameter, fields)
            if not word:
                _check_required(parameter, context)
                continue
            found[parameter.name] = value = _parse_field(parameter, word, context)
            if isinstance(value, ZoneInfo):
                context = replace(context, zone=value)
    text = _field_text(fields, TEXT)
    if command.text == "required" and not text:
        errors.by_field[TEXT] = "Enter a text."
    options = {each.name for each in command.options}
    return Invocation(
        command,
        {name: value for name, value in found.items() if name in options},
        {name: value for name, value in found.items() if name not in options},
        text,
        context.inside if command.needs_incident else None,
        context.zone,
    )


def _field_text(fields: Mapping[str, str], name: str) -> str:
    return fields.get(name, "").strip()


def _typed_word(parameter: Parameter, fields: Mapping[str, str]) -> str:
    """Return a field's value as it would be typed."""
    if parameter.kind is Value.TARGET:
        person, team = _field_text(fields, PERSON), _field_text(fields, TEAM)
        if person and team:
            raise InvalidField(TEAM, "Choose one of the two: a person, or a team or vendor.")
        return f"<@{person}>" if person else team
    word = _field_text(fields, parameter.name)
    return f"<@{word}>" if word and parameter.kind in {Value.PERSON, Value.OWNER} else word


def _field_name(parameter: Parameter) -> str:
    return PERSON if parameter.kind is Value.TARGET else parameter.name


def _check_required(parameter: Parameter, context: Context) -> None:
    if isinstance(parameter, Positional) and parameter.required:
        takes = describe_value(parameter.kind, parameter.choices, context)
        raise InvalidField(_field_name(parameter), f"This needs {takes}.")


def _parse_field(parameter: Parameter, word: str, context: Context) -> object:
    may_be_future = isinstance(parameter, Option) and parameter.may_be_future
    with errors_at(_field_name(parameter)):
        if parameter.kind is Value.TEXT and word == CLEARED:
            return ""
        try:
            value = read_value(
                parameter.kind, word, replace(context, prefers_past=not may_be_future), parameter.choices, {}
            )
        except Ambiguous as question:
            raise UserError(list_candidates(question, "Write")) from question
        if isinstance(value, ParsedTime) and not may_be_future:
            refuse_future(value, now=context.now, zone=context.zone)
        is_repeatable = isinstance(parameter, Positional) and parameter.is_repeatable
        return (value,) if is_repeatable else value


def list_candidates(question: Ambiguous, verb: str) -> str:
    """Return the message of a question, with the candidates that it does not name."""
    missing = [each for each in question.candidates if each not in question.message]
    return question.message + (f" {verb} one of: {', '.join(missing)}." if missing else "")
