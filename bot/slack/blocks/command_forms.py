"""
Forms of commands, generated from the command table: one field for each parameter.

FORM_TEXTS holds the labels that the table lacks; a command without an entry gets a form all the same. Block ids are the
parameters' names in the table.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from bot.command.forms.choices import Choice, parameter_choices, target_choices
from bot.command.forms.parameters import (
    PERSON,
    TEAM,
    TEXT,
    Parameter,
    command_parameters,
    form_text,
    is_required,
    parameter_hint,
)
from bot.command.forms.texts import DEFAULT_LABELS, FormText
from bot.command.groups import PHRASES
from bot.command.table import OF_LANGUAGE, Command, Option, Value
from bot.config import Settings
from bot.slack.blocks.inputs import (
    checkboxes_field,
    date_field,
    modal,
    multi_select_field,
    person_field,
    select_field,
    text_field,
)
from bot.slack.blocks.limits import Block, View


def form_callback_id(name: str) -> str:
    """Id of a command's form and of the button that opens it."""
    return f"do_{name}"


def command_form(
    command: Command,
    settings: Settings,
    metadata: Mapping[str, object],
    *,
    initial: Mapping[str, str] = MappingProxyType({}),
    incidents: Sequence[Choice] = (),
) -> View:
    """`incidents`: choices of an incident field; without any it is a text field."""
    texts = form_text(command)
    parameters = command_parameters(command)
    needed = [each for each in parameters if is_required(each) or each.name in texts.required]
    fields = [block for each in needed for block in _fields(each, settings, texts, incidents, initial)]
    if command.text != "none":
        fields.append(_text(command, texts, initial.get(TEXT, "")))
    others = sorted((each for each in parameters if each not in needed), key=lambda each: each.kind in OF_LANGUAGE)
    fields += [block for each in others for block in _fields(each, settings, texts, incidents, initial)]
    return modal(form_callback_id(command.name), PHRASES[command.name], texts.submit, fields, metadata)


def _text(command: Command, texts: FormText, initial: str) -> Block:
    return text_field(
        TEXT,
        texts.labels.get(TEXT, "Text"),
        initial=initial,
        hint=texts.hints.get(TEXT, ""),
        example=texts.examples.get(TEXT, ""),
        is_long=True,
        is_optional=command.text != "required",
    )


def _fields(
    parameter: Parameter, settings: Settings, texts: FormText, incidents: Sequence[Choice], initial: Mapping[str, str]
) -> list[Block]:
    if parameter.kind is Value.TARGET:
        return target_fields(settings)
    name = parameter.name
    is_optional = not (is_required(parameter) or name in texts.required)
    label = texts.labels.get(name, DEFAULT_LABELS.get(name, name.capitalize()))
    hint = texts.hints.get(name, parameter_hint(parameter, is_labelled=name in texts.labels))
    example = texts.examples.get(name, "")
    choices = [*incidents] if parameter.kind is Value.INCIDENT else parameter_choices(parameter, settings)
    match parameter.kind:
        case Value.PERSON | Value.OWNER:
            return [person_field(name, label, hint=texts.hints.get(name, ""))]
        case Value.DATE:
            return [date_field(name, label)]
        case Value.FLAG:
            return [
                checkboxes_field(
                    name, label, [Choice("yes", (parameter.about if isinstance(parameter, Option) else name))]
                )
            ]
        case Value.LANGUAGES:
            return [multi_select_field(name, label, choices, hint=texts.hints.get(name, ""))]
        case _ if choices:
            chosen, hint = initial.get(name), texts.hints.get(name, "")
            return [select_field(name, label, choices, chosen=chosen, hint=hint, is_optional=is_optional)]
        case _:
            return [text_field(name, label, hint=hint, example=example, is_optional=is_optional)]


def target_fields(settings: Settings) -> list[Block]:
    """Fields for an escalation target: a person, or a schedule, team or vendor."""
    teams = target_choices(settings)
    person = person_field(PERSON, "A person")
    return [person, select_field(TEAM, "Or a schedule, team or vendor", teams)] if teams else [person]
