"""Reading of lines whose order or words differ from the table of commands."""

import re
from collections.abc import Sequence

from bot.command.table import Command, Context
from bot.command.tokenizer import Word, split_words
from bot.command.values import incident_reference
from bot.command.word_values import quote_word, read_severity
from bot.domain.errors import Offer, UserError, did_you_mean, is_misspelling, offer_closest

HELP_SIGNS = frozenset({"?", "--help", "-h"})
_KEYED = re.compile(r"(?P<name>[^\W\d_]+)[:：](?P<value>.+)", re.DOTALL)
_SEVERITY = re.compile(r"(?:sev|s|p)[-_]?\d", re.IGNORECASE | re.ASCII)
_SEVERITY_KEYS = frozenset({"sev", "severity"})
_SPELT_SEVERITY = re.compile(r"sev[-_]?\d", re.IGNORECASE | re.ASCII)
"""In a title too: `S3 is down` and `p99 is 2 s` speak of other things."""
LABEL_TITLE = 50
"""Characters of a title in a button's label."""


def commands_by_word(commands: Sequence[Command]) -> dict[str, Command]:
    """The commands by their names and aliases, casefolded; `/incident` alone has an empty name."""
    return {name.casefold(): command for command in commands for name in (command.name, *command.aliases)}


def ordered_line(line: str, commands: Sequence[Command], context: Context) -> str:
    """
    The same line with its command first.

    `note --help` is `help note`, `sev:2 start …` and `sev2 start …` are `start sev:2 …`, `sev2 …` is
    `severity sev2 …`. A severity at an end of a title is its option: `start Login fails sev2`.
    """
    words = split_words(line)
    behind = words[1:] if words and incident_reference(words[0].text, context) else words
    if not behind:
        return line
    head, rest = line[: behind[0].start], line[behind[0].end :]
    first, known = behind[0].text, commands_by_word(commands)
    if first.casefold() in known:
        asks = len(behind) == 2 and behind[1].text.casefold() in HELP_SIGNS
        return f"{head}help {first}" if asks else _with_severity(line, behind, known[first.casefold()], context)
    keyed = _KEYED.fullmatch(first)
    following = known.get(behind[1].text.casefold()) if len(behind) > 1 else None
    if keyed is not None and _has_option(following, keyed["name"]):
        return f"{head}{behind[1].text} {first}{line[behind[1].end :]}"
    is_keyed = keyed is not None and keyed["name"].casefold() in _SEVERITY_KEYS
    severity = keyed["value"] if keyed and is_keyed else first
    if _SEVERITY.fullmatch(first) and _has_option(following, "sev") and _is_severity(first, context):
        return f"{head}{behind[1].text} sev:{first}{line[behind[1].end :]}"
    if "severity" in known and (is_keyed or (_SEVERITY.fullmatch(first) and _is_severity(severity, context))):
        return f"{head}severity {severity}{rest}"
    return line


def _with_severity(line: str, words: Sequence[Word], command: Command, context: Context) -> str:
    """The line with `sev:` before a severity that begins or ends the text of a declaration."""
    is_given = any((keyed := _KEYED.match(word.text)) and keyed["name"].casefold() in _SEVERITY_KEYS for word in words)
    if command.name != "start" or len(words) < 3 or is_given:
        return line
    for word in (words[1], words[-1]):
        if _SPELT_SEVERITY.fullmatch(word.text) and _is_severity(word.text, context):
            return f"{line[: word.start]}sev:{line[word.start :]}"
    return line


def _has_option(command: Command | None, name: str) -> bool:
    keys = {key.casefold() for option in command.options for key in (option.name, *option.aliases)} if command else ()
    return name.casefold() in keys


def _is_severity(word: str, context: Context) -> bool:
    try:
        read_severity(word, context)
    except UserError:
        return False
    return True


def unknown_command(words: Sequence[Word], line: str, commands: Sequence[Command], context: Context) -> UserError:
    """Build the error for a line that begins with no command, with likely corrections."""
    word = words[0].value
    meant = next((each for each in commands if word.casefold() in each.also_meant), None)
    if meant is not None:
        message = f"{quote_word(word)} is not a command. Did you mean `{meant.name}`? `/incident help` lists them all."
        return UserError(message, mistake=words[0].text, offers=[Offer(meant.name)])
    known = [name for name in commands_by_word(commands) if name not in HELP_SIGNS and name]
    if len(words) > 1 and not is_misspelling(word, known):
        return _no_command(words[0].text, line[words[0].start :], context)
    return _no_such_command(word, words[0].text, known)


def _no_command(first: str, text: str, context: Context) -> UserError:
    """A sentence: the title of an incident, or in an incident's channel a note."""
    shown = " ".join(text.split())
    title = shown if len(shown) <= LABEL_TITLE else shown[: LABEL_TITLE - 1] + "…"
    start = Offer(f"start {first}", label=f'Declare incident "{title}"')
    note = Offer(f"note {first}", label=f"Add it to the timeline of {context.inside}")
    return UserError(
        f"{quote_word(first)} is not a command. `/incident help` lists the commands.",
        mistake=first,
        offers=[note, start] if context.inside else [start],
    )


def _no_such_command(word: str, typed: str, known: Sequence[str]) -> UserError:
    return UserError(
        f"{quote_word(word)} is not a command.{did_you_mean(word, known)} `/incident help` lists them all.",
        mistake=typed,
        offers=offer_closest(word, known),
    )


def find_command(word: str, commands: Sequence[Command]) -> Command:
    """Find a command by name or alias, for its help. Raises UserError with the nearest one."""
    by_word = commands_by_word(commands)
    if word.casefold() in by_word:
        return by_word[word.casefold()]
    known = [name for name in by_word if name not in HELP_SIGNS and name]
    raise _no_such_command(word, word, known)
