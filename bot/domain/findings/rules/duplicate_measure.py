"""An improvement that says the same as a task."""

from collections import defaultdict, deque
from collections.abc import Iterator
from math import ceil

from bot.domain.findings.finding import Finding, Quote
from bot.domain.findings.similarity import stems_of
from bot.domain.record.generated_sentences import REDACTED
from bot.domain.record.model import Action, Record
from bot.domain.terms import ActionKind

CODE = "measure-repeats-task"
COMMON = 0.8
"""The share of all their words that both have."""
FEWEST_WORDS = 4
_Stems = frozenset[str]
_Key = tuple[_Stems, str]

COMPARED = 20
"""With how many tasks that share a telling word an improvement is compared: the newest."""


def measure_repeats_task(record: Record) -> Iterator[Finding]:
    """
    An improvement and a task that share four in five of the words that say something, endings apart, and every figure.

    Of fewer than four such words all have to be the same. Silent about those that are only about the same thing.
    """
    tasks: dict[_Key, deque[tuple[Action, _Stems]]] = defaultdict(lambda: deque(maxlen=COMPARED))
    for action in record.actions:
        if action.kind is ActionKind.TASK and action.text != REDACTED:
            stems = frozenset(stems_of(action.text))
            for key in _keys(stems):
                tasks[key].append((action, stems))
    for action in record.actions:
        if action.kind is ActionKind.IMPROVEMENT:
            found = _same(frozenset(stems_of(action.text)), tasks)
            if found is not None:
                refs = (action.source.ref, found.source.ref)
                yield Finding(CODE, refs, {"measure": Quote(action.text), "task": Quote(found.text)})


def _keys(stems: _Stems) -> list[_Key]:
    """
    What two measures that are alike enough have in common at least once: all figures, and one of so many of the longest
    words.
    """
    if len(stems) < FEWEST_WORDS:
        return [(stems, "")] if stems else []
    figures = frozenset(word for word in stems if word.isdecimal())
    ordered = sorted(stems, key=lambda word: (-len(word), word))
    return [(figures, word) for word in ordered[: len(ordered) - ceil(COMMON * len(ordered)) + 1]]


def _same(stems: _Stems, tasks: dict[_Key, deque[tuple[Action, _Stems]]]) -> Action | None:
    for key in _keys(stems):
        for task, others in tasks.get(key, ()):
            if len(stems & others) >= COMMON * len(stems | others):
                return task
    return None
