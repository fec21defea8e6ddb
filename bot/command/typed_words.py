"""Reading of lines whose order or words differ from the table of commands."""

import re
from collections.abc import Mapping, Sequence

from bot.command.table import Command, Context
from bot.command.tokenizer import OPENING, Word, split_words
from bot.command.values import incident_reference, read_incident
from bot.command.word_values import quote_word, read_severity, read_status
from bot.domain.errors import Offer, UserError, did_you_mean, is_misspelling, offer_closest
from bot.domain.terms import DIRECT_STATUSES

HELP_SIGNS = frozenset({"?", "--help", "-h"})
_KEYED = re.compile(r"(?P<name>[^\W\d_]+)[:：](?P<value>.+)", re.DOTALL)
_SEVERITY = re.compile(r"(?:sev|s|p)[-_]?\d", re.IGNORECASE | re.ASCII)
_SEVERITY_KEYS = frozenset({"sev", "severity"})
_SPELT_SEVERITY = re.compile(r"sev[-_]?\d", re.IGNORECASE | re.ASCII)
"""In a title too: `S3 is down` and `p99 is 2 s` speak of other things."""
_SEVERITY_WORDS = frozenset({"sev", "severity"})
QUESTIONS = frozenset({"oncall"})
"""Commands that may change something, and only answer if they are typed alone."""
QUOTE_SIGNS = f"{OPENING}»"
PHRASES = {
    ("root", "cause"): "cause",
    ("false", "alarm"): "cancel false alarm",
    ("i", "lead"): "lead",
    ("who", "is"): "oncall",
    ("whois", "oncall"): "oncall",
    ("rename",): "edit title:",
    ("title",): "edit title:",
}
"""
First words that stand for a command.

`edit title:` takes the rest of the line in quotes, `oncall` replaces it.
"""
LABEL_TITLE = 50
"""Characters of a title in a button's label."""


def commands_by_word(commands: Sequence[Command]) -> dict[str, Command]:
    """The commands by their names and aliases, casefolded; `/incident` alone has an empty name."""
    return {name.casefold(): command for command in commands for name in (command.name, *command.aliases)}


def ordered_line(line: str, commands: Sequence[Command], context: Context) -> str:
    """
    The same line with its command first.

    `note --help` is `help note`, `sev:2 start …` and `sev2 start …` are `start sev:2 …`, `sev2 …` is
    `severity sev2 …`. A severity at an end of a title is its option: `start Login fails sev2`. A number alone is its
    incident.
    """
    words = split_words(line)
    if (alone := lone_incident(line, context)) is not None:
        return alone
    behind = words[1:] if words and incident_reference(words[0].text, context) else words
    if not behind:
        return line
    head, rest, known = line[: behind[0].start], line[behind[0].end :], commands_by_word(commands)
    first = _without_punctuation(behind, known)
    if first != behind[0].text:
        return f"{head}{first}{rest}"
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


def lone_incident(text: str, context: Context) -> str | None:
    """The incident that all of `text` names: `7`, `#7`, `inc7`, `inc 7`, or its channel."""
    series = "|".join(re.escape(each) for each in context.series)
    number = re.fullmatch(rf"(?:(?P<series>{series})[-_ ]?|#)?(?P<number>\d+)", text.strip(), re.IGNORECASE | re.ASCII)
    word = f"{number['series'] or context.series[0]}-{number['number']}" if number else text.strip()
    try:
        return read_incident(word, context) if number or word.startswith("#") else None
    except UserError:
        return None


def _without_punctuation(words: Sequence[Word], known: Mapping[str, Command]) -> str:
    """The first word without a sign behind it: `oncall?`, `severity:`. `note?` asks for help."""
    typed = words[0].text
    bare = typed.rstrip("?:,.!")
    command = known.get(bare.casefold()) if bare else None
    if command is None or typed.casefold() in known:
        return typed
    asks_for_help = typed.endswith("?") and len(words) == 1 and not (command.reads_only or command.name in QUESTIONS)
    return f"help {bare}" if asks_for_help else bare


def _with_severity(line: str, words: Sequence[Word], command: Command, context: Context) -> str:
    """The line with `sev:` before a severity that begins or ends the text of a declaration."""
    is_given = any((keyed := _KEYED.match(word.text)) and keyed["name"].casefold() in _SEVERITY_KEYS for word in words)
    if command.name != "start" or len(words) < 3 or is_given:
        return line
    for word in (words[1], words[-1]):
        if _SPELT_SEVERITY.fullmatch(word.text) and _is_severity(word.text, context):
            return f"{line[: word.start]}sev:{line[word.start :]}"
    for word, number in ((words[1], words[2]), (words[-2], words[-1])):
        if word.text.casefold() in _SEVERITY_WORDS and re.fullmatch(r"\d", number.text, re.ASCII):
            return f"{line[: word.start]}sev:{line[number.start :]}"
    return line


def _has_option(command: Command | None, name: str) -> bool:
    return command is not None and name.casefold() in command.option_keys()


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
    if (phrase := _phrase_error(words, line, known) or _status_error(words, context)) is not None:
        return phrase
    if len(words) > 1 and words[1].value.casefold() in known and (number := lone_incident(word, context)):
        message = f"{quote_word(word)} is not a command. Name an incident in full: `{number}`."
        return UserError(message, mistake=words[0].text, offers=[Offer(number)])
    if len(words) > 1 and not is_misspelling(word, known):
        return _no_command(words[0].text, line[words[0].start :], context)
    return _no_such_command(word, words[0].text, known)


def _phrase_error(words: Sequence[Word], line: str, known: Sequence[str]) -> UserError | None:
    """Offer the command that two words spell (`catch up`), or that a phrase stands for."""
    typed = tuple(word.text.casefold().rstrip("?:,.!") for word in words[:2])
    phrase = next((each for each in PHRASES if typed[: len(each)] == each), typed)
    meant = PHRASES.get(phrase) or "".join(typed)
    if phrase not in PHRASES and (len(typed) < 2 or meant not in known):
        return None
    end = words[len(phrase) - 1].end if meant != "oncall" else words[-1].end
    mistake, rest = line[words[0].start : end], line[end:].strip()
    if meant.endswith(":"):
        if not rest:
            return None
        mistake, meant = line[words[0].start :].strip(), f'{meant}"{rest.strip(QUOTE_SIGNS)}"'
    return UserError(
        f"{quote_word(mistake)} is not a command. Did you mean `{meant}`? `/incident help` lists them all.",
        mistake=mistake,
        offers=[Offer(meant)],
    )


def _status_error(words: Sequence[Word], context: Context) -> UserError | None:
    """Offer to set the status that the first word names."""
    word = words[0].text
    try:
        read_status(word, context, DIRECT_STATUSES)
    except UserError:
        return None
    message = f"{quote_word(word)} is a status, not a command. `/incident status` sets it."
    return UserError(message, mistake=word, offers=[Offer(f"status {word}")])


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
