"""
Parse words into typed values.

Errors name the word, the nearest valid one, and the choices.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from types import MappingProxyType

from bot.command.table import Context, Mention, Target, TypedValue, Value
from bot.domain.errors import Ambiguous, Offer, UserError, closest_word, did_you_mean, offer_closest
from bot.domain.incidents.impact import parse_affected_users
from bot.domain.terms import DIRECT_STATUSES, MARKS, Kind, Owner, Severity, Status, TargetKind
from bot.domain.times import ParsedTime, read_date, read_leading_date, read_leading_time, read_time, read_zone

_PERSON = re.compile(r"<@([UW][A-Z0-9]*)>")
_NUMBER = r"(?P<number>[1-9]\d{0,9})"
_COMMON_SEVERITIES: Mapping[str, Severity] = MappingProxyType(
    {
        word: severity
        for severity, words in zip(
            Severity, ("critical blocker outage", "high major urgent", "medium moderate", "low minor"), strict=True
        )
        for word in words.split()
    }
)
"""Words of other tools. They are only suggested, because their meaning differs between teams."""
_NO = frozenset({"no", "false", "off", "0", "n"})
_YES = frozenset({"yes", "true", "on", "1", "y"})
_PREFIXED_TARGETS = {each.value: each for each in (TargetKind.POLICY, TargetKind.SCHEDULE, TargetKind.VENDOR)}


def quote_word(word: str) -> str:
    """`word` in code style, shortened to 60 characters."""
    bare = " ".join(word.replace("`", "'").split())
    return f"`{bare if len(bare) <= 60 else bare[:59] + '…'}`"


def quote_words(words: Iterable[str]) -> str:
    """`a`, `b`, `c`."""
    return ", ".join(f"`{word}`" for word in words)


def read_word(word: str, choices: Sequence[str]) -> str:
    """One of `choices`, in its spelling there; without choices any word that is not empty."""
    if not word:
        raise UserError("The value is empty. Write a word.")
    if not choices:
        return word
    by_folded = {choice.casefold(): choice for choice in choices}
    if word.casefold() not in by_folded:
        guess = did_you_mean(word, choices)
        raise UserError(
            f"{quote_word(word)} is not valid here.{guess} Use one of {quote_words(choices)}.",
            mistake=word,
            offers=offer_closest(word, choices),
        )
    return by_folded[word.casefold()]


def read_severity(word: str, context: Context) -> Severity:
    """`2`, `sev2`, `SEV-2`, or the workspace's own word."""
    own = {_fold_severity(label): severity for label, severity in context.severities.items()}
    plain = {_fold_severity(each.value): each for each in Severity}
    typed = _fold_severity(word)
    found = own.get(typed) or plain.get(typed)
    if found is None and typed.isdecimal():
        numbered = [*own.items(), *plain.items()]
        found = next((severity for word, severity in numbered if re.fullmatch(rf"\D+{typed}", word)), None)
    if found is None:
        raise _unknown_severity(word, typed, context)
    return found


def _unknown_severity(word: str, folded: str, context: Context) -> UserError:
    words = context.severity_labels()
    if re.fullmatch(r"(sev|s|p)?5", folded):
        return UserError(_fifth_severity_message(word, words[-1]), mistake=word)
    # Of `SEV9` the next number is no better guess than any other.
    stem = _severity_stem(word)
    known = [each for each in dict.fromkeys([*words, *context.severities]) if _severity_stem(each) != stem]
    guess, offers = did_you_mean(word, known), offer_closest(word, known)
    common = _COMMON_SEVERITIES.get(word.casefold())
    if common is not None:
        label = context.labels.get(common, common.value)
        guess, offers = f" Did you mean `{label}`?", (Offer(label),)
    return UserError(
        f"{quote_word(word)} is not a severity.{guess} Use one of {quote_words(words)} (worst first).",
        mistake=word,
        offers=offers,
    )


def _fifth_severity_message(word: str, least: str) -> str:
    """Many teams have five levels and Dogwatch has four: an operator must map the fifth."""
    return (
        f"There is no fifth severity: {quote_word(least)} is the lowest. Use it, or ask an operator to add "
        f"{quote_word(word)} to `words` of `[severities.SEV4]` in dogwatch.toml."
    )


def _fold_severity(word: str) -> str:
    return re.sub(r"[\W_]", "", word).casefold()


def _severity_stem(word: str) -> str:
    return re.sub(r"[\W\d_]", "", word).casefold()


def read_status(word: str, context: Context, choices: Sequence[str]) -> Status:
    """A status, by any of the workspace's words; one of `choices` if there are any."""
    found = {_dashed_key(each): status for each, status in context.statuses.items()}.get(_dashed_key(word))
    if found is None or (choices and found not in choices):
        meant = {Status(each) for each in choices or DIRECT_STATUSES}
        words = [each for each, status in context.statuses.items() if status in meant]
        raise UserError(
            f"{quote_word(word)} is not a status.{did_you_mean(word, words)} Use one of {quote_words(words)}.",
            mistake=word,
            offers=offer_closest(word, words),
        )
    return found


def read_role(word: str, context: Context) -> str:
    """A role's name, by any of its words, with blanks or dashes."""
    found = {_dashed_key(each): name for each, name in context.roles.items()}.get(_dashed_key(word))
    if found is None:
        names = list(dict.fromkeys(context.roles.values()))
        known = [*names, *context.roles]
        raise UserError(
            f"{quote_word(word)} is not a role.{did_you_mean(word, known)} Use one of {quote_words(names)}.",
            mistake=word,
            offers=offer_closest(word, known),
        )
    return found


def _dashed_key(word: str) -> str:
    return word.strip().casefold().replace(" ", "-").replace("_", "-")


def count_name_words(kind: Value, words: Sequence[str], context: Context) -> int:
    """Number of `words` that make one of the workspace's names with blanks; else 1."""
    named: Mapping[Value, Iterable[str]] = {
        Value.STATUS: context.statuses,
        Value.ROLE: context.roles,
        Value.SEVERITY: context.severities,
    }
    known = {_dashed_key(each): len(each.split()) for each in named.get(kind, ()) if " " in each.strip()}
    longest = min(max(known.values(), default=1), len(words))
    return next((count for count in range(longest, 1, -1) if _dashed_key(_joined_name(words[:count])) in known), 1)


def _joined_name(words: Sequence[str]) -> str:
    return " ".join(words).rstrip(",;:.!")


def read_kind(word: str, context: Context) -> Kind:
    """
    The kind that `word` names: `misleading path`, `misleading`, `:fish:`.

    The beginning of any of its words is enough if it is unique: `lucky` and `began`, but not `went`.
    """
    typed = re.sub(r"[-_\s]+", " ", word.strip().strip(":")).casefold()
    words = {name.replace("_", " ").replace("-", " ").casefold(): kind for name, kind in context.mark_words.items()}
    words |= {kind.value: kind for kind in MARKS}
    if typed in words:
        return words[typed]
    begun = {kind for kind in MARKS if len(typed) >= 3 and f" {typed}" in f" {kind.value}"}
    if len(begun) == 1:
        return begun.pop()
    guess = closest_word(typed, list(words))
    hint = f" Did you mean `{words[guess].value}`?" if guess else ""
    raise UserError(
        f"{quote_word(word)} is not a kind of entry.{hint} Use one of {quote_words(kind.value for kind in MARKS)}.",
        mistake=word,
        offers=[Offer(f'"{words[each.text].value}"') for each in offer_closest(typed, list(words))],
    )


def read_languages(word: str, context: Context) -> tuple[str, ...]:
    """`fr,en`: each once, in the order typed."""
    codes = [code.strip().casefold() for code in word.split(",")]
    for code in codes:
        if code not in context.languages:
            guess = did_you_mean(code, context.languages)
            raise UserError(
                f"{quote_word(code)} is not a supported language.{guess} Use {quote_words(context.languages)}.",
                mistake=code,
                offers=offer_closest(code, context.languages),
            )
    return tuple(dict.fromkeys(codes))


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
        f"{quote_word(word)} is not a target. Name one (`@user`, `@team`, `policy:NAME`, `schedule:NAME` or "
        "`vendor:NAME`), then give the reason."
    )


def known_vendor(name: str, context: Context) -> str:
    """
    The configured vendor of that name, with blanks, dashes or underscores.

    Another name is a new vendor. Raises UserError for a name that is nearly a configured one.
    """
    known = {_dashed_key(each): each for each in context.vendors}
    if _dashed_key(name) in known:
        return known[_dashed_key(name)]
    guess = closest_word(_dashed_key(name), list(known))
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
