"""An improvement that says the same as a task."""

from collections import defaultdict, deque
from collections.abc import Iterator
from math import ceil

from bot.domain.findings.finding import Finding, Quote
from bot.domain.findings.words import stems_of
from bot.domain.record import Action, Record
from bot.domain.terms import ActionKind

CODE = "measure-repeats-task"
COMMON = 0.8
"""The share of all their words that both have."""
FEWEST_WORDS = 4
COMPARED = 20
"""With how many tasks that share a telling word an improvement is compared: the newest."""


def measure_repeats_task(record: Record) -> Iterator[Finding]:
    """
    An improvement and a task that share four in five of the words that say something, endings apart.

    Silent about measures of fewer than four such words, and about those that are only about the same thing.
    """
    tasks: dict[str, deque[tuple[Action, frozenset[str]]]] = defaultdict(lambda: deque(maxlen=COMPARED))
    for action in record.actions:
        stems = frozenset(stems_of(action.text))
        if action.kind is ActionKind.TASK and len(stems) >= FEWEST_WORDS:
            for word in _telling(stems):
                tasks[word].append((action, stems))
    for action in record.actions:
        if action.kind is ActionKind.IMPROVEMENT:
            found = _same(frozenset(stems_of(action.text)), tasks)
            if found is not None:
                refs = (action.source.ref, found.source.ref)
                yield Finding(CODE, refs, {"measure": Quote(action.text), "task": Quote(found.text)})


def _telling(stems: frozenset[str]) -> list[str]:
    """So many of the longest words that two texts alike enough have at least one of them in common."""
    ordered = sorted(stems, key=lambda word: (-len(word), word))
    return ordered[: len(ordered) - ceil(COMMON * len(ordered)) + 1]


def _same(stems: frozenset[str], tasks: dict[str, deque[tuple[Action, frozenset[str]]]]) -> Action | None:
    if len(stems) < FEWEST_WORDS:
        return None
    for word in _telling(stems):
        for task, others in tasks.get(word, ()):
            if len(stems & others) >= COMMON * len(stems | others):
                return task
    return None
