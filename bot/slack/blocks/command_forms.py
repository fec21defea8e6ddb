"""
Forms of commands, generated from the command table: one field for each parameter.

FORM_TEXTS holds the labels that the table lacks; a command without an entry gets a form all the same. Block ids are the
parameters' names in the table.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from bot.command.groups import PHRASES
from bot.command.help import describe_value
from bot.command.table import OF_LANGUAGE, Command, Option, Positional, Value
from bot.config import Settings
from bot.slack.blocks import modals
from bot.slack.blocks.form_texts import DEFAULT_LABELS, FORM_TEXTS, FormText
from bot.slack.blocks.inputs import (
    Choice,
    checkboxes_field,
    date_field,
    modal,
    multi_select_field,
    person_field,
    select_field,
    text_field,
)
from bot.slack.blocks.limits import Block, View
from bot.slack.blocks.modals import PERSON, TEAM, TEXT

Parameter = Option | Positional

TEMPLATE, VENDOR = "template", "vendor"


def form_callback_id(name: str) -> str:
    """Id of a command's form and of the button that opens it."""
    return f"do_{name}"


def form_text(command: Command) -> FormText:
    return FORM_TEXTS.get(command.name) or FormText("Save")


def command_parameters(command: Command) -> list[Parameter]:
    """Parameters of a command except its text, each name once."""
    parameters: list[Parameter] = [*command.positionals, *command.options]
    return list({each.name: each for each in parameters}.values())


def is_required(parameter: Parameter) -> bool:
    return isinstance(parameter, Positional) and parameter.required


def has_fields(command: Command) -> bool:
    """False for a command without parameters: it is a plain button."""
    return bool(command.options or command.positionals or command.text != "none")


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
    hint = texts.hints.get(name, _hint(parameter, is_labelled=name in texts.labels))
    example = texts.examples.get(name, "")
    choices = [*incidents] if parameter.kind is Value.INCIDENT else _choices(parameter, settings)
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


def _hint(parameter: Parameter, *, is_labelled: bool) -> str:
    """Hint from the command table, without backquotes, which a form would show."""
    about = parameter.about if isinstance(parameter, Option) and not is_labelled else ""
    takes = modals.TIME_HINT if parameter.kind is Value.TIME else describe_value(parameter.kind, parameter.choices)
    text = "; ".join(filter(None, [about, takes])).replace("`", "")
    return text[:1].upper() + text[1:]


def _choices(parameter: Parameter, settings: Settings) -> list[Choice]:
    """Options of a parameter; empty if it is typed."""
    if parameter.name == VENDOR:
        return [Choice(name, each.name or name) for name, each in sorted(settings.vendors.items())]
    if parameter.name == TEMPLATE:
        return [Choice(name, name.capitalize()) for name in settings.template_names]
    if parameter.choices and parameter.kind is Value.STATUS:
        return [Choice(each, settings.status_name(each)) for each in parameter.choices]
    if parameter.choices and parameter.kind is Value.WORD:
        return [Choice(each, each.capitalize()) for each in parameter.choices]
    found = CHOICES_BY_KIND.get(parameter.kind)
    return list(found(settings)) if found else []


CHOICES_BY_KIND: Mapping[Value, Callable[[Settings], Sequence[Choice]]] = {
    Value.SEVERITY: modals.severity_choices,
    Value.STATUS: modals.status_choices,
    Value.LANGUAGE: lambda _settings: modals.language_choices(),
    Value.LANGUAGES: lambda _settings: modals.language_choices(),
    Value.ROLE: lambda settings: [Choice(name, role.label) for name, role in settings.role_table.items()],
    Value.KIND: lambda _settings: modals.kind_choices(),
}


def target_fields(settings: Settings) -> list[Block]:
    """Fields for an escalation target: a person, or a schedule, team or vendor."""
    teams = [Choice(f"schedule:{name}", name, "the person on call") for name in sorted(settings.schedules)]
    teams += [Choice(f"@{name}", f"@{name}", "team") for name in sorted(settings.teams)]
    teams += [Choice(f"vendor:{name}", name, "vendor") for name in sorted(settings.vendors)]
    person = person_field(PERSON, "A person")
    return [person, select_field(TEAM, "Or a schedule, team or vendor", teams)] if teams else [person]
