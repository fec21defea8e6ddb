"""Texts of `/incident help`, made from the table of commands."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from bot.command.groups import GROUPS
from bot.command.table import Command, Context, Option, Value
from bot.domain.terms import DIRECT_STATUSES

_VALUE_WORDS: Mapping[Value, str] = MappingProxyType(
    {
        Value.WORD: "a word",
        Value.TEXT: "a word, or words in quotes",
        Value.TIME: "a time (`14:05`, `2pm`, `10 min ago`, `yesterday 15:00`; `~14:05` if approximate, `?` if unknown)",
        Value.DATE: "a day (`2023-12-01`, `1 Dec`, `friday`, `in 2 weeks`)",
        Value.ZONE: "a time zone (`Europe/Paris`)",
        Value.SEVERITY: "a severity",
        Value.STATUS: "a status",
        Value.USERS: "a count (`1200`) or a percentage (`20%`); `~20%` if approximate",
        Value.LANGUAGE: "a language (`en`)",
        Value.LANGUAGES: "languages (`en` or `fr,en`)",
        Value.KIND: "a kind of entry (`cause`, `action`, `misleading`, or the name of its reaction)",
        Value.FLAG: "no value, or `yes` or `no`",
        Value.PERSON: "a person (`@` and a name from Slack's list)",
        Value.OWNER: "a person or user group (`@` and a name from Slack's list)",
        Value.TARGET: "a target (`@user`, `@team`, `schedule:NAME`, `policy:NAME` or `vendor:NAME`)",
        Value.INCIDENT: "an incident (`INC-7`)",
        Value.ROLE: "a role",
    }
)


def help_text() -> str:
    """Every command with its phrase, by group."""
    lines = [
        "Type `/incident COMMAND`. `/incident help COMMAND` explains one.",
        "*React to messages to log them*: `/incident help reactions` explains the emoji.",
    ]
    for heading, phrases in GROUPS.items():
        lines += [f"*{heading}*", " · ".join(f"`{name}` {phrase}" for name, phrase in phrases.items() if name)]
    lines.append("Outside an incident's channel, name the incident: `/incident note INC-7 …`.")
    return "\n".join(lines)


def command_help(command: Command) -> str:
    """One command: usage, summary, and the values of its options."""
    lines = [_command_line(command)]
    lines += [f"• {_option_line(option)}" for option in command.options]
    if command.options:
        lines.append('Options can be anywhere in the line. Quote values with spaces: `key:"two words"`.')
    return "\n".join(lines)


def usage_hint(command: Command) -> str:
    """The last sentence of an error message."""
    return f"Usage: `{_typed_form(command)}`."


def describe_value(kind: Value, choices: Sequence[str], context: Context | None = None) -> str:
    """`a severity: SEV1, SEV2, …`, to follow "needs"."""
    words: Sequence[str] = choices
    if kind is Value.WORD and choices:
        return f"one of {', '.join(f'`{word}`' for word in choices)}"
    if kind is Value.STATUS and not choices:
        words = [status.value for status in DIRECT_STATUSES]
    if kind is Value.SEVERITY and context is not None:
        words = context.severity_labels()
    if kind is Value.ROLE and context is not None:
        words = list(dict.fromkeys(context.roles.values()))
    return _VALUE_WORDS[kind] + (f": {', '.join(f'`{word}`' for word in words)}" if words else "")


def _typed_form(command: Command) -> str:
    return f"/incident {command.usage or command.name}".rstrip()


def _command_line(command: Command) -> str:
    aliases = f" (also {', '.join(f'`{alias}`' for alias in command.aliases)})" if command.aliases else ""
    return f"`{_typed_form(command)}`{aliases}: {command.summary}"


def _option_line(option: Option) -> str:
    sign = "" if option.kind is Value.FLAG else ":"
    written = f"{option.name}{sign}"
    aliases = "".join(f", `{alias}{sign}`" for alias in option.aliases)
    about = f"{option.about}; " if option.about else ""
    return f"`{written}`{aliases}: {about}{describe_value(option.kind, option.choices)}"
