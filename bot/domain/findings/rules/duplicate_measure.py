"""Improvements that repeat a task."""

from collections import defaultdict, deque
from collections.abc import Iterator
from math import ceil

from bot.domain.findings.finding import Finding, Quote
from bot.domain.findings.similarity import content_stems
from bot.domain.record.facts import REDACTED
from bot.domain.record.model import Action, Record
from bot.domain.terms import ActionKind

CODE = "measure-repeats-task"
MIN_COMMON = 0.8
"""The share of common words among all."""
MIN_WORDS = 4
_Stems = frozenset[str]
_Key = tuple[_Stems, str]

MAX_COMPARED = 20
"""How many of the newest tasks with a common key an improvement is compared with."""


def check_duplicate_measures(record: Record) -> Iterator[Finding]:
    """
    Find an improvement and a task that share four in five content words, and every figure.

    Word endings are ignored. With fewer than four content words all have to be equal.
    """
    tasks: dict[_Key, deque[tuple[Action, _Stems]]] = defaultdict(lambda: deque(maxlen=MAX_COMPARED))
    for action in record.actions:
        if action.kind is ActionKind.TASK and action.text != REDACTED:
            stems = frozenset(content_stems(action.text))
            for key in _keys(stems):
                tasks[key].append((action, stems))
    for action in record.actions:
        if action.kind is ActionKind.IMPROVEMENT:
            found = _find_duplicate(frozenset(content_stems(action.text)), tasks)
            if found is not None:
                refs = (action.source.ref, found.source.ref)
                yield Finding(CODE, refs, {"measure": Quote(action.text), "task": Quote(found.text)})


def _keys(stems: _Stems) -> list[_Key]:
    """
    The lookup keys of a measure: all figures with one of its longest words.

    Two measures that share enough words have at least one key in common.
    """
    if len(stems) < MIN_WORDS:
        return [(stems, "")] if stems else []
    figures = frozenset(word for word in stems if word.isdecimal())
    ordered = sorted(stems, key=lambda word: (-len(word), word))
    return [(figures, word) for word in ordered[: len(ordered) - ceil(MIN_COMMON * len(ordered)) + 1]]


def _find_duplicate(stems: _Stems, tasks: dict[_Key, deque[tuple[Action, _Stems]]]) -> Action | None:
    for key in _keys(stems):
        for task, others in tasks.get(key, ()):
            if len(stems & others) >= MIN_COMMON * len(stems | others):
                return task
    return None
