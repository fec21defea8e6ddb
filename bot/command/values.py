"""Single words read into typed values. Each refusal names the word, the nearest right one, and what is allowed."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from types import MappingProxyType

from bot.command.table import Context, Mention, Target, Typed, Value
from bot.domain.errors import Ambiguous, UserError, did_you_mean, nearest
from bot.domain.terms import MARKS, NAMED_BY_PEOPLE, Kind, Severity, Status, TargetKind
from bot.domain.times import When, longest_date, longest_time, read_date, read_time, read_zone

_PERSON = re.compile(r"<@([UW][A-Z0-9]*)>")
_NUMBER = r"(?P<number>[1-9]\d{0,9})"
_PERCENT = re.compile(r"(\d{1,3}(?:[.,]\d{1,6})?)%?", re.ASCII)
_NO = frozenset({"no", "false", "off", "0", "n"})
_YES = frozenset({"yes", "true", "on", "1", "y"})
_CALLED = {each.value: each for each in (TargetKind.POLICY, TargetKind.SCHEDULE, TargetKind.VENDOR)}


def shown(word: str) -> str:
    """`word` in code style, cut where it is longer than a word."""
    bare = " ".join(word.replace("`", "'").split())
    return f"`{bare if len(bare) <= 60 else bare[:59] + '…'}`"


def listed(words: Iterable[str]) -> str:
    """`a`, `b`, `c`."""
    return ", ".join(f"`{word}`" for word in words)


def read_word(word: str, choices: Sequence[str]) -> str:
    """One of `choices`, as it is spelled there; anything but nothing if there are none."""
    if not word:
        raise UserError("An empty word says nothing.")
    if not choices:
        return word
    by_folded = {choice.casefold(): choice for choice in choices}
    if word.casefold() not in by_folded:
        guess = did_you_mean(word, choices)
        raise UserError(f"{shown(word)} does not fit here.{guess} Use one of {listed(choices)}.")
    return by_folded[word.casefold()]


def read_severity(word: str, context: Context) -> Severity:
    """`2`, `sev2`, `SEV-2`, or the workspace's own word."""
    own = {_bare(label): severity for label, severity in context.severities.items()}
    plain = {_bare(each.value): each for each in Severity}
    typed = _bare(word)
    found = own.get(typed) or plain.get(typed)
    if found is None and typed.isdecimal():
        numbered = [*own.items(), *plain.items()]
        found = next((severity for word, severity in numbered if re.fullmatch(rf"\D+{typed}", word)), None)
    if found is None:
        words = context.severity_labels()
        known = [each for each in dict.fromkeys([*words, *context.severities]) if _stem(each) != _stem(word)]
        if re.fullmatch(r"(sev|s|p)?5", typed):
            raise UserError(_a_fifth(word, words[-1]))
        guess = did_you_mean(word, known)  # of `SEV9` the next number is no better guess than any other
        raise UserError(f"{shown(word)} is not a severity.{guess} Use one of {listed(words)}; the first is the worst.")
    return found


def _a_fifth(word: str, least: str) -> str:
    """Many teams have five levels, and Dogwatch four: what was the fifth has to be said by somebody."""
    return (
        f"There is no fifth severity here: {shown(least)} is the least. Type that, or ask whoever keeps dogwatch.toml "
        f"to make {shown(word)} a word for it, in `words` of `[severities.SEV4]`."
    )


def _bare(word: str) -> str:
    return re.sub(r"[\W_]", "", word).casefold()


def _stem(word: str) -> str:
    return re.sub(r"[\W\d_]", "", word).casefold()


def read_status(word: str, context: Context, choices: Sequence[str]) -> Status:
    """One of the statuses, by any of the workspace's words; of those in `choices` if there are any."""
    found = {_dashed(each): status for each, status in context.statuses.items()}.get(_dashed(word))
    if found is None or (choices and found not in choices):
        meant = {Status(each) for each in choices or NAMED_BY_PEOPLE}
        words = [each for each, status in context.statuses.items() if status in meant]
        raise UserError(f"{shown(word)} is not a status.{did_you_mean(word, words)} Use one of {listed(words)}.")
    return found


def read_role(word: str, context: Context) -> str:
    """A role's name, by any of its words; what is written with blanks is found with dashes, too."""
    found = {_dashed(each): name for each, name in context.roles.items()}.get(_dashed(word))
    if found is None:
        names = list(dict.fromkeys(context.roles.values()))
        guess = did_you_mean(word, [*names, *context.roles])
        raise UserError(f"{shown(word)} is not a role.{guess} Use one of {listed(names)}.")
    return found


def _dashed(word: str) -> str:
    return word.strip().casefold().replace(" ", "-").replace("_", "-")


def words_of_name(kind: Value, words: Sequence[str], context: Context) -> int:
    """How many of `words` make one name, where one of the workspace's own has blanks in it; else 1."""
    named: Mapping[Value, Iterable[str]] = {
        Value.STATUS: context.statuses,
        Value.ROLE: context.roles,
        Value.SEVERITY: context.severities,
    }
    known = {_dashed(each): len(each.split()) for each in named.get(kind, ()) if " " in each.strip()}
    longest = min(max(known.values(), default=1), len(words))
    return next((count for count in range(longest, 1, -1) if _dashed(_plain(words[:count])) in known), 1)


def _plain(words: Sequence[str]) -> str:
    return " ".join(words).rstrip(",;:.!")


def read_kind(word: str, context: Context) -> Kind:
    """
    The kind that `word` names: `misleading path`, `misleading`, `:fish:`, or another of the workspace's words.

    The beginning of any of its words is enough where only one kind has it: `lucky` and `began`, but not `went`.
    """
    typed = re.sub(r"[-_\s]+", " ", word.strip().strip(":")).casefold()
    words = {name.replace("_", " ").replace("-", " ").casefold(): kind for name, kind in context.mark_words.items()}
    words |= {kind.value: kind for kind in MARKS}
    if typed in words:
        return words[typed]
    begun = {kind for kind in MARKS if len(typed) >= 3 and f" {typed}" in f" {kind.value}"}
    if len(begun) == 1:
        return begun.pop()
    guess = nearest(typed, list(words))
    hint = f" Did you mean `{words[guess].value}`?" if guess else ""
    raise UserError(f"{shown(word)} is not a kind of entry.{hint} Use one of {listed(kind.value for kind in MARKS)}.")


def read_percent(word: str) -> float:
    """`20%` or `20`; `2,5` as well as `2.5`."""
    match = _PERCENT.fullmatch(word)
    if match is None:
        raise UserError(f"{shown(word)} is not a percentage. Write for example `20%`.")
    percent = float(match[1].replace(",", "."))
    if percent > 100:
        raise UserError(f"{shown(word)} is more than all of them. A percentage goes from `0%` to `100%`.")
    return percent


def read_languages(word: str, context: Context) -> tuple[str, ...]:
    """`fr,en`: each once, in the order typed."""
    codes = [code.strip().casefold() for code in word.split(",")]
    for code in codes:
        if code not in context.languages:
            guess = did_you_mean(code, context.languages)
            raise UserError(f"{shown(code)} is not a language I can write.{guess} Use {listed(context.languages)}.")
    return tuple(dict.fromkeys(codes))


def read_flag(word: str) -> bool:
    """`yes` or `no`, and the other ways of saying so."""
    if word.casefold() not in _YES | _NO:
        raise UserError(f"{shown(word)} is neither `yes` nor `no`.")
    return word.casefold() in _YES


def read_person(word: str) -> Mention:
    """A mention. A name with an `@` is none: only Slack knows who it is."""
    match = _PERSON.fullmatch(word)
    if match is None:
        raise UserError(
            f"I cannot tell who {shown(word)} is. Type `@` and choose the person from Slack's list, so that it becomes "
            "a mention."
        )
    return Mention(match[1])


def read_target(word: str, groups: Mapping[str, str]) -> Target:
    """`@user`, a user group (of those in `groups`, with their ids), `@team`, `policy:NAME` or `vendor:NAME`."""
    person = _PERSON.fullmatch(word)
    if person:
        return Target(TargetKind.PERSON, person[1], person[1])
    if word in groups:
        return Target(TargetKind.GROUP, word.removeprefix("@"), groups[word])
    if re.fullmatch(r"@[\w.&-]*\w", word):
        return Target(TargetKind.TEAM, word.removeprefix("@"))
    kind, colon, name = word.partition(":")
    if colon and kind.casefold() in _CALLED:
        if not name:
            raise UserError(f"Name the {kind.casefold()} right behind the colon, as in `{kind.casefold()}:payments`.")
        return Target(_CALLED[kind.casefold()], name)
    raise UserError(
        f"{shown(word)} is nobody I can call. Start with whom to call (`@user`, `@team`, `policy:NAME`, "
        "`schedule:NAME` or `vendor:NAME`), then say why."
    )


def read_incident(word: str, context: Context) -> str:
    """`INC-7`, also typed as `inc-7`, `7`, or its channel."""
    named = incident_named(re.sub(rf"^#(.+?-{_NUMBER})(?:-.*)?$", r"\1", word), context)
    if named:
        return named
    number = re.fullmatch(rf"#?{_NUMBER}", word, re.ASCII)
    if number:
        return f"{context.series[0]}-{number['number']}"
    raise UserError(f"{shown(word)} is not an incident. Write its number, as in `{context.series[0]}-7`.")


def incident_named(word: str, context: Context) -> str | None:
    """The incident that a line's first word names beyond doubt: `INC-7`, not `7`."""
    series = "|".join(re.escape(each) for each in context.series)
    match = re.fullmatch(rf"(?P<series>{series})-{_NUMBER}[:,]?", word, re.IGNORECASE | re.ASCII)
    return f"{match['series'].upper()}-{match['number']}" if match else None


def read_value(kind: Value, word: str, context: Context, choices: Sequence[str], groups: Mapping[str, str]) -> Typed:
    """`word` as what `kind` says. UserError or Ambiguous if it is none."""
    try:
        return _READERS[kind](word, context, choices, groups)
    except Ambiguous as question:
        if question.about not in context.chosen:
            raise
        return _READERS[kind](context.chosen[question.about], context, choices, groups)


def read_span(kind: Value, words: Sequence[str], context: Context) -> tuple[When | date, int] | None:
    """A TIME or a DATE at the head of `words`, and how many of them it takes: the one that was chosen where one was."""
    try:
        return _longest(kind, words, context)
    except Ambiguous as question:
        if question.about not in context.chosen:
            raise
        asked, chosen = len(question.about.split()), context.chosen[question.about].split()
        span = _longest(kind, [*chosen, *words[asked:]], context)
        # A word of the choice that is no part of the time is the first one of the text: `14:05 hier ist alles rot`.
        return (span[0], span[1] + asked - len(chosen)) if span else None


def _longest(kind: Value, words: Sequence[str], context: Context) -> tuple[When | date, int] | None:
    if kind is Value.TIME:
        return longest_time(words, now=context.now, zone=context.zone, prefer_past=context.prefers_past)
    return longest_date(words, now=context.now, zone=context.zone)


_Reader = Callable[[str, Context, Sequence[str], Mapping[str, str]], Typed]
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
        Value.PERCENT: lambda word, _context, _choices, _groups: read_percent(word),
        Value.LANGUAGES: lambda word, context, _choices, _groups: read_languages(word, context),
        Value.KIND: lambda word, context, _choices, _groups: read_kind(word, context),
        Value.FLAG: lambda word, _context, _choices, _groups: read_flag(word),
        Value.PERSON: lambda word, _context, _choices, _groups: read_person(word),
        Value.TARGET: lambda word, _context, _choices, groups: read_target(word, groups),
        Value.INCIDENT: lambda word, context, _choices, _groups: read_incident(word, context),
        Value.ROLE: lambda word, context, _choices, _groups: read_role(word, context),
    }
)
