"""What `/incident help` says, made of the same table that reads what is typed."""

import re
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from bot.command.table import Command, Context, Option, Value
from bot.domain.terms import NAMED_BY_PEOPLE

_TAKES: Mapping[Value, str] = MappingProxyType(
    {
        Value.WORD: "a word",
        Value.TEXT: "a word, or words in quotes",
        Value.TIME: "a time (`14:05`, `2pm`, `10 min ago`, `yesterday 15:00`; `~14:05` about then, `?` nobody knows)",
        Value.DATE: "a day (`2023-12-01`, `1 Dec`, `friday`, `in 2 weeks`)",
        Value.ZONE: "a time zone (`Europe/Paris`)",
        Value.SEVERITY: "a severity",
        Value.STATUS: "a status",
        Value.PERCENT: "a percentage (`20%`)",
        Value.LANGUAGES: "languages (`en` or `fr,en`)",
        Value.KIND: "a kind of entry (`cause`, `action`, `misleading`, or the name of its reaction)",
        Value.FLAG: "nothing more, or `yes` or `no`",
        Value.PERSON: "a person (`@` and a name from Slack's list)",
        Value.TARGET: "whom to call (`@user`, `@team`, `schedule:NAME`, `policy:NAME` or `vendor:NAME`)",
        Value.INCIDENT: "an incident (`INC-7`)",
        Value.ROLE: "a role",
    }
)

OPTIONAL = re.compile(r" \[[^]]*\]")


def help_text(commands: Iterable[Command]) -> str:
    """Every command on one short line, in the order of the table: what can be left out is told by `help COMMAND`."""
    lines = [_short(command) for command in commands]
    lines.append(
        "`/incident help COMMAND` says more. In an incident's channel the incident is understood; elsewhere name it"
    )
    return "\n".join(lines) + ": `/incident note INC-7 …`."


def help_for(command: Command) -> str:
    """One command: how it is written, what it does, and what each of its options takes."""
    lines = [_line(command)]
    lines += [f"• {_option(option)}" for option in command.options]
    if command.options:
        lines.append('Options stand anywhere, and quotes hold blanks together: `key:"two words"`.')
    return "\n".join(lines)


def usage_of(command: Command) -> str:
    """The sentence that ends a refusal."""
    return f"It is written `{_typed(command)}`."


def what_it_takes(kind: Value, choices: Sequence[str], context: Context | None = None) -> str:
    """`a severity: SEV1, SEV2, …`, to stand behind "needs"."""
    words: Sequence[str] = choices
    if kind is Value.WORD and choices:
        return f"one of {', '.join(f'`{word}`' for word in choices)}"
    if kind is Value.STATUS and not choices:
        words = [status.value for status in NAMED_BY_PEOPLE]
    if kind is Value.SEVERITY and context is not None:
        words = context.severity_labels()
    if kind is Value.ROLE and context is not None:
        words = list(dict.fromkeys(context.roles.values()))
    return _TAKES[kind] + (f": {', '.join(f'`{word}`' for word in words)}" if words else "")


def _typed(command: Command) -> str:
    return f"/incident {command.usage or command.name}".rstrip()


def _line(command: Command) -> str:
    aliases = f" (also {', '.join(f'`{alias}`' for alias in command.aliases)})" if command.aliases else ""
    return f"`{_typed(command)}`{aliases}: {command.summary}"


def _short(command: Command) -> str:
    """The word, what has to stand behind it, and the first sentence."""
    return f"`{OPTIONAL.sub('', _typed(command))}`: {command.summary.partition('. ')[0].rstrip('.')}."


def _option(option: Option) -> str:
    sign = "" if option.kind is Value.FLAG else ":"
    written = f"{option.name}{sign}"
    aliases = "".join(f", `{alias}{sign}`" for alias in option.aliases)
    about = f"{option.about}; " if option.about else ""
    return f"`{written}`{aliases}: {about}{what_it_takes(option.kind, option.choices)}"
