"""
Alerts by mail: topic, state and severity by words of the subject.

Words count as marks: in brackets, at the beginning or end, or before a colon. What is left is the topic, which is the
same in the mail of the problem and in the mail of its end.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from functools import lru_cache
from itertools import chain

from bot.domain.terms import AlertStatus
from bot.domain.text.normalize import to_one_line
from bot.lazy_dataclass import dataclass

RESOLVED_WORDS = ("RESOLVED", "RECOVERED", "RECOVERY", "OK")
FIRING_WORDS = ("FIRING", "PROBLEM", "ALARM", "ALERT", "TRIGGERED", "DOWN")
SEVERITY_WORDS = (
    *("CRITICAL", "HIGH", "ERROR", "WARNING", "MEDIUM", "INFO", "LOW"),
    *(f"{letters}{number}" for letters in ("SEV", "P") for number in range(1, 5)),
)
"""Marks that become the label `severity` as they are."""
MAX_SUBJECT = 500
"""Characters of a subject that are read."""
MAX_MARK = 80
"""Characters in a pair of brackets that may be a mark."""

_REPLY = re.compile(r"(?:\s*(?:re|aw|antw|sv|vs|rif|r|fwd?|wg|tr|i)\s*(?:\[\d{1,4}\])?\s*:)+", re.IGNORECASE)
"""Prefixes of replies and forwarded mails, as mail programs of several languages write them."""
_BRACKETS = re.compile(rf"\[([^\[\]]{{1,{MAX_MARK}}})\]|\(([^()]{{1,{MAX_MARK}}})\)")
_NEGATED = re.compile(r"\b(?:not|no|isn't|never)\s+\Z", re.IGNORECASE)
_ENDS = " \t*!-–—:|,.;#>"
_TAG = re.compile(r"\+([\w.-]{1,80})@")


@dataclass(frozen=True, slots=True)
class MailRules:
    """
    Words that the operator chooses.

    `severities` maps words of the subject to values of the label `severity`, `services` to names of services. `senders`
    are the addresses, or domains with `@` before them, whose mails are read; empty: those of everybody.
    """

    resolved: tuple[str, ...] = RESOLVED_WORDS
    firing: tuple[str, ...] = FIRING_WORDS
    severities: Mapping[str, str] = field(default_factory=dict)
    services: Mapping[str, str] = field(default_factory=dict)
    senders: tuple[str, ...] = ()

    def accepts_sender(self, address: str) -> bool:
        known = {each.casefold() for each in self.senders}
        sent = address.casefold()
        return not known or sent in known or f"@{sent.rpartition('@')[2]}" in known

    def find_service(self, recipients: Iterable[str], subject: str) -> str | None:
        """The tag of a recipient (`alerts+checkout@…`), or else by a word of the subject."""
        tags = (found[1] for each in recipients if (found := _TAG.search(each)))
        named = (name for word, name in self.services.items() if _whole_word(word).search(subject[:MAX_SUBJECT]))
        return next(chain(tags, named), None)


@dataclass(frozen=True, slots=True)
class SubjectReading:
    """`topic` has neither marks nor prefixes of replies, and may be empty."""

    topic: str
    status: AlertStatus
    severity: str | None


@dataclass(frozen=True, slots=True)
class _Mark:
    """A word of the rules in a subject, casefolded."""

    start: int
    word: str


def read_subject(subject: str, rules: MailRules) -> SubjectReading:
    """Read a subject. The first state decides; a subject without one is of a firing alert."""
    line = to_one_line(subject, MAX_SUBJECT)
    prefix = _REPLY.match(line)
    line = line[prefix.end() :] if prefix else line
    severities = {**{word.casefold(): word.casefold() for word in SEVERITY_WORDS}, **_normalize_keys(rules.severities)}
    states = {
        **{_normalize(word): AlertStatus.FIRING for word in rules.firing},
        **{_normalize(word): AlertStatus.RESOLVED for word in rules.resolved},
    }
    words = tuple(dict.fromkeys((*rules.resolved, *rules.firing, *rules.severities, *SEVERITY_WORDS)))
    marks, rest = _take_marks(line, words)
    found = [each.word for each in sorted(marks, key=lambda mark: mark.start)]
    return SubjectReading(
        topic=re.sub(r" +([:|])", r"\1", " ".join(rest.split())).strip(_ENDS),
        status=next((states[word] for word in found if word in states), AlertStatus.FIRING),
        severity=next((severities[word] for word in found if word in severities), None),
    )


def _normalize_keys(words: Mapping[str, str]) -> dict[str, str]:
    return {_normalize(word): text for word, text in words.items()}


def _take_marks(line: str, words: Sequence[str]) -> tuple[list[_Mark], str]:
    """The marks, and the line with blanks in their places."""
    marks: list[_Mark] = []
    for match in _BRACKETS.finditer(line):
        inside = match[1] or match[2]
        found = list(_patterns(tuple(words)).anywhere.finditer(inside))
        if found and not re.search(r"[^\W\d_]", _patterns(tuple(words)).anywhere.sub("", inside)):
            marks += [_Mark(match.start() + each.start(), _normalize(each[0])) for each in found]
            line = _blank(line, match.start(), match.end())
    while plain := _find_plain_mark(line, words):
        marks.append(_Mark(plain.start(1), _normalize(plain[1])))
        line = _blank(line, plain.start(1), plain.end(1))
    return marks, line


def _find_plain_mark(line: str, words: Sequence[str]) -> re.Match[str] | None:
    """A mark outside brackets. Each one found takes letters or digits out of the line."""
    patterns = _patterns(tuple(words))
    for pattern in (patterns.headed, patterns.leading, patterns.trailing, patterns.before_colon):
        match = pattern.search(line)
        if match and not _NEGATED.search(line[: match.start(1)]):
            return match
    return None


def _blank(line: str, start: int, end: int) -> str:
    return f"{line[:start]}{' ' * (end - start)}{line[end:]}"


def _normalize(word: str) -> str:
    return " ".join(word.casefold().split())


@dataclass(frozen=True, slots=True)
class _Patterns:
    """
    Patterns of marks, made of words.

    In any case of letters in brackets (`anywhere`), or at the beginning before a colon, bar or dash (`headed`); else as
    they are written.
    """

    anywhere: re.Pattern[str]
    headed: re.Pattern[str]
    leading: re.Pattern[str]
    trailing: re.Pattern[str]
    before_colon: re.Pattern[str]


@lru_cache(maxsize=16)
def _patterns(words: tuple[str, ...]) -> _Patterns:
    longest_first = sorted(filter(has_letters, words), key=len, reverse=True)
    word = rf"(?<![\w-])({'|'.join(map(_escape, longest_first)) or '(?!)'})(?![\w-])"
    return _Patterns(
        re.compile(word, re.IGNORECASE),
        re.compile(rf"\A\W*{word}(?=\s*[:|–—]|\s+-\s)", re.IGNORECASE),
        re.compile(rf"\A\W*{word}"),
        re.compile(rf"{word}[^\w()\[\]]*\Z"),
        re.compile(rf"{word}(?=\s*[:|])"),
    )


@lru_cache(maxsize=256)
def _whole_word(word: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){_escape(word)}(?!\w)", re.IGNORECASE)


def has_letters(word: str) -> bool:
    """True for a word that can be found in a subject."""
    return re.search(r"[^\W_]", word) is not None


def _escape(word: str) -> str:
    return r"\s+".join(re.escape(part) for part in word.split())
