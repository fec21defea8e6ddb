"""Improvements that repeat a task."""

from collections import defaultdict, deque
from collections.abc import Iterator
from math import ceil

from bot.domain.findings.finding import Finding, Quote
from bot.domain.findings.similarity import content_stems
from bot.domain.findings.word_groups import REVERSING_WORDS, measure_terms
from bot.domain.record.facts import REDACTED
from bot.domain.record.model import Action, Record
from bot.domain.terms import ActionKind

CODE = "measure-repeats-task"
MIN_COMMON = 0.75
"""The share of common terms among all."""
MIN_WORDS = 2
"""With fewer terms than that, the words themselves have to be equal."""
_Stems = frozenset[str]
_Key = tuple[_Stems, str]

MAX_COMPARED = 20
"""How many of the newest tasks with a common key an improvement is compared with."""


def check_duplicate_measures(record: Record) -> Iterator[Finding]:
    """
    Find an improvement and a task that share three in four terms.

    Every figure, single letter and negation has to be common. Word endings, words of the same meaning ("alert",
    "alarm") and words of doing ("add", "set up") make no difference. With a single term all words have to be equal.
    """
    tasks: dict[_Key, deque[tuple[Action, _Stems]]] = defaultdict(lambda: deque(maxlen=MAX_COMPARED))
    for action in record.actions:
        if action.kind is ActionKind.TASK and action.text != REDACTED:
            stems = _terms(action.text)
            for key in _keys(stems):
                tasks[key].append((action, stems))
    for action in record.actions:
        if action.kind is ActionKind.IMPROVEMENT:
            found = _find_duplicate(_terms(action.text), tasks)
            if found is not None:
                refs = (action.source.ref, found.source.ref)
                yield Finding(CODE, refs, {"measure": Quote(action.text), "task": Quote(found.text)})


def _terms(text: str) -> _Stems:
    terms = measure_terms(text)
    return terms if len(terms) >= MIN_WORDS else frozenset(content_stems(text))


def _keys(stems: _Stems) -> list[_Key]:
    """
    The lookup keys of a measure: terms that have to be common, with one of the longest.

    Two measures that share enough words have at least one key in common.
    """
    if len(stems) < MIN_WORDS:
        return [(stems, "")] if stems else []
    figures = frozenset(word for word in stems if _has_to_be_common(word))
    ordered = sorted(stems, key=lambda word: (-len(word), word))
    return [(figures, word) for word in ordered[: len(ordered) - ceil(MIN_COMMON * len(ordered)) + 1]]


def _has_to_be_common(term: str) -> bool:
    return len(term) == 1 or term in REVERSING_WORDS or any(sign.isdecimal() for sign in term)


def _find_duplicate(stems: _Stems, tasks: dict[_Key, deque[tuple[Action, _Stems]]]) -> Action | None:
    for key in _keys(stems):
        for task, others in tasks.get(key, ()):
            if len(stems & others) >= MIN_COMMON * len(stems | others):
                return task
    return None
