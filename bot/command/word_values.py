"""
Read words of the workspace: severities, statuses, roles, kinds.

Errors name the word, the nearest valid one, and the choices.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import SequenceMatcher
from types import MappingProxyType

from bot.command.table import Context, Value
from bot.domain.errors import NEARLY, Offer, UserError, closest_word, did_you_mean, offer_closest
from bot.domain.terms import DIRECT_STATUSES, MARKS, Kind, Severity, Status

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
_COMMON_STATUSES: Mapping[str, Status] = MappingProxyType(
    {
        word: status
        for status, words in {
            Status.INVESTIGATING: "open started new ongoing looking",
            Status.IDENTIFIED: "found known caused",
            Status.MONITORING: "mitigated stable watching recovering",
            Status.RESOLVED: "fixed done closed over ended finished solved",
        }.items()
        for word in words.split()
    }
)
"""Words that people use for a status. They are only suggested."""
JOINING_WORDS = frozenset({"and", "&", "+", ","})
"""Words between two persons or targets."""
NAMED = MappingProxyType(
    {
        **dict.fromkeys((Value.PERSON, Value.OWNER), re.compile(r"<@[UW]|@\w")),
        Value.TARGET: re.compile(r"<@[UW]|@\w|(?:policy|schedule|vendor):\S", re.IGNORECASE),
    }
)
"""Beginnings of a word that names a person or a target."""
NOUNS = MappingProxyType({Value.PERSON: "person", Value.OWNER: "owner"})
"""Kinds of value that name somebody."""


def quote_word(word: str) -> str:
    """`word` in code style, shortened to 60 characters."""
    bare = " ".join(word.replace("`", "'").split())
    return f"`{bare if len(bare) <= 60 else bare[:59] + '…'}`"


def quote_words(words: Iterable[str]) -> str:
    """`a`, `b`, `c`."""
    return ", ".join(f"`{word}`" for word in words)


def unknown_word(
    what: str, word: str, choices: Sequence[str], known: Sequence[str] = (), suggested: str = ""
) -> UserError:
    """
    Build the error for a word that is none of `choices`.

    `known` has further words for the suggestion; `suggested` is the one to make.
    """
    candidates = known or choices
    return UserError(
        f"{quote_word(word)} is not {what}.{did_you_mean(suggested or word, candidates)} "
        f"Use one of {quote_words(choices)}.",
        mistake=word,
        offers=offer_closest(suggested or word, candidates),
    )


def read_word(word: str, choices: Sequence[str]) -> str:
    """One of `choices`, in its spelling there; without choices any word that is not empty."""
    if not word:
        raise UserError("The value is empty. Write a word.")
    if not choices:
        return word
    by_folded = {choice.casefold(): choice for choice in choices}
    if word.casefold() not in by_folded:
        raise unknown_word("valid here", word, choices)
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
    found = {dashed_key(each): status for each, status in context.statuses.items()}.get(dashed_key(word))
    if found is None or (choices and found not in choices):
        meant = {Status(each) for each in choices or DIRECT_STATUSES}
        words = [each for each, status in context.statuses.items() if status in meant]
        common = _COMMON_STATUSES.get(dashed_key(word))
        suggested = [each for each, status in context.statuses.items() if status is common and status in meant]
        raise unknown_word("a status", word, words, suggested=suggested[0] if suggested else "")
    return found


def read_role(word: str, context: Context) -> str:
    """A role's name, by any of its words, with blanks or dashes."""
    found = {dashed_key(each): name for each, name in context.roles.items()}.get(dashed_key(word))
    if found is None:
        names = list(dict.fromkeys(context.roles.values()))
        raise unknown_word("a role", word, names, known=[*names, *context.roles])
    return found


def dashed_key(word: str) -> str:
    return word.strip().casefold().replace(" ", "-").replace("_", "-")


def count_name_words(kind: Value, words: Sequence[str], context: Context) -> int:
    """Number of `words` that make one of the workspace's names with blanks; else 1."""
    named: Mapping[Value, Iterable[str]] = {
        Value.STATUS: context.statuses,
        Value.ROLE: context.roles,
        Value.SEVERITY: context.severities,
    }
    known = {dashed_key(each): len(each.split()) for each in named.get(kind, ()) if " " in each.strip()}
    longest = min(max(known.values(), default=1), len(words))
    return next((count for count in range(longest, 1, -1) if dashed_key(_joined_name(words[:count])) in known), 1)


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


def closest_key(name: str, keys: Sequence[str], *, is_figure: bool) -> str | None:
    """
    The key that `name` misspells: some signs differ, or two changed places (`sve`).

    `is_figure`: a figure is behind it. Only then a short key may have other signs (`att:14:05`).
    """
    typed = name.casefold()
    similar = {each: SequenceMatcher(None, each, typed).ratio() for each in keys}
    best = max(similar, key=similar.__getitem__, default="")
    if best and (is_figure or min(len(best), len(typed)) > 3) and similar[best] >= NEARLY:
        return best
    return next((each for each in keys if len(each) > 1 and sorted(each) == sorted(typed)), None)
