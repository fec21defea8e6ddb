"""Fields of a command's form: one for each parameter of the table."""

from bot.command.forms.texts import FORM_TEXTS, TIME_HINT, FormText
from bot.command.help import describe_value
from bot.command.table import Command, Option, Positional, Value

Parameter = Option | Positional

TEXT, PERSON, TEAM = "text", "person", "team"
"""Fields of the free text, and of the two kinds of target."""


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


def parameter_hint(parameter: Parameter, *, is_labelled: bool) -> str:
    """Hint from the command table, without backquotes, which a form would show."""
    about = parameter.about if isinstance(parameter, Option) and not is_labelled else ""
    takes = TIME_HINT if parameter.kind is Value.TIME else describe_value(parameter.kind, parameter.choices)
    text = "; ".join(filter(None, [about, takes])).replace("`", "")
    return text[:1].upper() + text[1:]
