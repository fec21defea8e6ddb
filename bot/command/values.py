"""Parse words into typed values."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from types import MappingProxyType

from bot.command.table import Context, Mention, Target, TypedValue, Value
from bot.command.word_values import (
    dashed_key,
    quote_word,
    read_kind,
    read_role,
    read_severity,
    read_status,
    read_word,
    unknown_word,
)
from bot.domain.errors import Ambiguous, Offer, UserError, closest_word
from bot.domain.incidents.impact import parse_affected_users
from bot.domain.terms import Owner, TargetKind
from bot.domain.times import ParsedTime, read_date, read_leading_date, read_leading_time, read_time, read_zone

_PERSON = re.compile(r"<@([UW][A-Z0-9]*)>")
_NUMBER = r"(?P<number>[1-9]\d{0,9})"
_NO = frozenset({"no", "false", "off", "0", "n"})
_YES = frozenset({"yes", "true", "on", "1", "y"})
_PREFIXED_TARGETS = {each.value: each for each in (TargetKind.POLICY, TargetKind.SCHEDULE, TargetKind.VENDOR)}


def read_languages(word: str, context: Context) -> tuple[str, ...]:
    """`fr,en`: each once, in the order typed."""
    codes = [code.strip().casefold() for code in word.split(",")]
    for code in codes:
        if code not in context.languages:
            raise unknown_word("a supported language", code, context.languages)
    return tuple(dict.fromkeys(codes))


def read_language(word: str, context: Context) -> str:
    """`fr`. Raises UserError for several: a text has one language."""
    codes = read_languages(word, context)
    if len(codes) > 1:
        raise UserError("A text has one language. Name one, and record each other text separately.", mistake=word)
    return codes[0]


def is_flag_value(word: str) -> bool:
    return word.casefold() in _YES | _NO


def read_flag(word: str) -> bool:
    """`yes`, `no`, or a synonym."""
    if not is_flag_value(word):
        raise UserError(f"{quote_word(word)} is neither `yes` nor `no`.")
    return word.casefold() in _YES


def read_person(word: str, context: Context, groups: Mapping[str, str]) -> Mention:
    """
    A mention, or `@me`. A plain `@name` is refused: only Slack can resolve it.

    So is a user group, one of `groups`.
    """
    if word.casefold() == "@me" and context.caller is not None:
        return Mention(context.caller)
    match = _PERSON.fullmatch(word)
    if word in groups:
        raise UserError(f"{quote_word(word)} is a user group. Name one person of it.")
    if match is None:
        raise UserError(f"{quote_word(word)} is not a mention. Type `@` and choose the person from Slack's list.")
    return Mention(match[1])


def read_owner(word: str, context: Context, groups: Mapping[str, str]) -> Owner:
    """A person, or one of `groups`."""
    if word in groups:
        return Owner(groups[word], word.removeprefix("@"))
    return Owner(read_person(word, context, groups).user_id)


def read_target(word: str, context: Context, groups: Mapping[str, str]) -> Target:
    """
    `@user`, a user group, `@team`, `policy:NAME` or `vendor:NAME`.

    `groups` are the ids of the user groups in the line.
    """
    person = _PERSON.fullmatch(word)
    if person:
        return Target(TargetKind.PERSON, person[1], person[1])
    if word in groups:
        return Target(TargetKind.GROUP, word.removeprefix("@"), groups[word])
    if re.fullmatch(r"@[\w.&-]*\w", word):
        return Target(TargetKind.TEAM, word.removeprefix("@"))
    kind, colon, name = word.partition(":")
    if colon and kind.casefold() in _PREFIXED_TARGETS:
        if not name:
            raise UserError(f"Write the name after the colon, as in `{kind.casefold()}:payments`.")
        if kind.casefold() == TargetKind.VENDOR.value:
            name = known_vendor(name, context)
        return Target(_PREFIXED_TARGETS[kind.casefold()], name)
    raise UserError(
        f"{quote_word(word)} is not a target. Type `@` and choose a person or group from Slack's list, or name a "
        "`policy:NAME`, `schedule:NAME` or `vendor:NAME`. Then give the reason."
    )


def known_vendor(name: str, context: Context) -> str:
    """
    The configured vendor of that name, with blanks, dashes or underscores.

    Another name is a new vendor. Raises UserError for a name that is nearly a configured one.
    """
    known = {dashed_key(each): each for each in context.vendors}
    if dashed_key(name) in known:
        return known[dashed_key(name)]
    guess = closest_word(dashed_key(name), list(known))
    if guess is None or context.chosen.get(name) == name:
        return name
    raise UserError(
        f"dogwatch.toml has no vendor {quote_word(name)}. Did you mean {quote_word(known[guess])}?",
        mistake=name,
        offers=[
            Offer(known[guess] if " " not in known[guess] else f'"{known[guess]}"'),
            Offer(name, label="Use as new vendor"),
        ],
    )


def read_incident(word: str, context: Context) -> str:
    """`INC-7`, also typed as `inc-7`, `7`, or its channel."""
    named = incident_reference(re.sub(rf"^#(.+?-{_NUMBER})(?:-.*)?$", r"\1", word), context)
    if named:
        return named
    number = re.fullmatch(rf"#?{_NUMBER}", word, re.ASCII)
    if number:
        return f"{context.series[0]}-{number['number']}"
    raise UserError(f"{quote_word(word)} is not an incident. Write its number, as in `{context.series[0]}-7`.")


def incident_reference(word: str, context: Context) -> str | None:
    """The incident in a line's first word: `INC-7`, not `7`."""
    series = "|".join(re.escape(each) for each in context.series)
    match = re.fullmatch(rf"(?P<series>{series})-{_NUMBER}[:,]?", word, re.IGNORECASE | re.ASCII)
    return f"{match['series'].upper()}-{match['number']}" if match else None


def read_value(
    kind: Value, word: str, context: Context, choices: Sequence[str], groups: Mapping[str, str]
) -> TypedValue:
    """`word` as a value of type `kind`. Raises UserError or Ambiguous."""
    try:
        return _READERS[kind](word, context, choices, groups)
    except Ambiguous as question:
        if question.about not in context.chosen:
            raise
        return _READERS[kind](context.chosen[question.about], context, choices, groups)


def read_span(kind: Value, words: Sequence[str], context: Context) -> tuple[ParsedTime | date, int] | None:
    """
    A TIME or DATE at the head of `words`, and its number of words.

    Of several readings the chosen one.
    """
    try:
        return _longest_span(kind, words, context)
    except Ambiguous as question:
        if question.about not in context.chosen:
            raise
        asked, chosen = len(question.about.split()), context.chosen[question.about].split()
        span = _longest_span(kind, [*chosen, *words[asked:]], context)
        # A word of the choice that is no part of the time is the first one of the text: `14:05 hier ist alles rot`.
        return (span[0], span[1] + asked - len(chosen)) if span else None


def _longest_span(kind: Value, words: Sequence[str], context: Context) -> tuple[ParsedTime | date, int] | None:
    if kind is Value.TIME:
        return read_leading_time(words, now=context.now, zone=context.zone, prefer_past=context.prefers_past)
    return read_leading_date(words, now=context.now, zone=context.zone)


_Reader = Callable[[str, Context, Sequence[str], Mapping[str, str]], TypedValue]
_READERS: Mapping[Value, _Reader] = MappingProxyType(
    {
        Value.WORD: lambda word, _context, choices, _groups: read_word(word, choices),
        Value.TEXT: lambda word, _context, _choices, _groups: word,
        Value.TIME: lambda word, context, _choices, _groups: read_time(
            word, now=context.now, zone=context.zone, prefer_past=context.prefers_past
        ),
        Value.DATE: lambda word, context, _choices, _groups: read_date(word, now=context.now, zone=context.zone),
        Value.ZONE: lambda word, _context, _choices, _groups: read_zone(word),
        Value.SEVERITY: lambda word, context, _choices, _groups: read_severity(word, context),
        Value.STATUS: lambda word, context, choices, _groups: read_status(word, context, choices),
        Value.USERS: lambda word, _context, _choices, _groups: parse_affected_users(word),
        Value.LANGUAGE: lambda word, context, _choices, _groups: read_language(word, context),
        Value.LANGUAGES: lambda word, context, _choices, _groups: read_languages(word, context),
        Value.KIND: lambda word, context, _choices, _groups: read_kind(word, context),
        Value.FLAG: lambda word, _context, _choices, _groups: read_flag(word),
        Value.PERSON: lambda word, context, _choices, groups: read_person(word, context, groups),
        Value.OWNER: lambda word, context, _choices, groups: read_owner(word, context, groups),
        Value.TARGET: lambda word, context, _choices, groups: read_target(word, context, groups),
        Value.INCIDENT: lambda word, context, _choices, _groups: read_incident(word, context),
        Value.ROLE: lambda word, context, _choices, _groups: read_role(word, context),
    }
)
