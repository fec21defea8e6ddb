"""Duplicates: entries recorded twice, and improvements that repeat a task."""

import re
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from math import ceil

from bot.domain.findings.common import active_entries
from bot.domain.findings.finding import Finding, Quote
from bot.domain.findings.similarity import ALL_STOP_WORDS, content_stems, word_set, words_in
from bot.domain.findings.word_groups import DEEDS, REVERSING_WORDS, measure_terms
from bot.domain.record.facts import REDACTED
from bot.domain.record.model import Action, Entry, Record
from bot.domain.terms import MARKS, ActionKind, Kind, SourceKind

REPEATED_ENTRY = "repeated-entry"
MAX_DISTANCE = 20
"""How far apart in the order two entries are compared."""
WINDOW = timedelta(minutes=60)
MIN_WORDS = 4
"""Shorter texts ("done", "still down") are rightly repeated."""
LONG_TEXT = 10
"""Content words from which on their order and stop words make no difference."""
MIN_CHARACTERS = 12
"""Four words take more."""
NOT_COMPARED = frozenset({Kind.ESCALATION, Kind.IMPACT_BEGAN, Kind.COMMUNICATION})
"""Several teams are paged for one reason, and public updates repeat the channel."""
_BY_PEOPLE = frozenset({SourceKind.MESSAGE, SourceKind.COMMAND})
_COMPARED = frozenset(MARKS) - NOT_COMPARED
_NO_FIGURE = bytes(sign for sign in range(128) if not chr(sign).isdigit())
_ARTICLES = word_set("the a an le la les l un une der die das ein eine el los las lo il gli i o os as um uma")
REPEATED_TASK = "measure-repeats-task"
MIN_COMMON = 0.75
"""The share of common terms among all."""
MIN_TERMS = 2
"""With fewer terms than that, the words themselves have to be equal."""
MIN_CONTAINED, MAX_ADDED = 3, 2
"""Terms of an improvement that a task contains, and how many other ones the task may have."""
_MENTION = re.compile(r"<[@!][^<>]+>|(?<!\w)@[\w.-]+")
_Stems = frozenset[str]
_Key = tuple[_Stems, str]

MAX_COMPARED = 20
"""How many of the newest tasks with a common key an improvement is compared with."""


def check_duplicate_entries(record: Record) -> Iterator[Finding]:
    """
    Find entries near each other with the same words.

    Equal except for capitals, punctuation and articles; long ones also except for the order of words. Silent about
    short texts, about entries of the bot or a monitor, and about causes stated by command, which are repeated on
    purpose. Another word, ending or figure ("rolling back", "rolled back") is another event.
    """
    entries = active_entries(record)
    last: dict[str, int] = {}
    groups: dict[int, list[Entry]] = {}  # by the index of the last entry
    candidates = _candidates(entries)
    for index, entry in enumerate(entries):
        key = _comparison_key(entry) if index in candidates else ""
        if not key:
            continue
        before = last.get(key)
        last[key] = index
        if before is not None and _is_near(index - before, entries[before], entry):
            groups[index] = [*groups.pop(before, [entries[before]]), entry]
    return (_finding(group) for group in sorted(groups.values(), key=lambda group: (group[0].sort_at, group[0].seq)))


def _candidates(entries: Sequence[Entry]) -> set[int]:
    """The places of entries that have the figures of another one nearby: most have not."""
    found: set[int] = set()
    last: dict[bytes, int] = {}
    for index, entry in enumerate(entries):
        if _is_compared(entry):
            figures = _figures(entry.text)
            before = last.get(figures)
            last[figures] = index
            if before is not None and index - before <= MAX_DISTANCE:
                found |= {before, index}
    return found


def _figures(text: str) -> bytes:
    """The figures of a text, sorted. Texts that say the same have the same figures."""
    return bytes(sorted(text.encode("ascii", "ignore").translate(None, _NO_FIGURE)))


def _is_compared(entry: Entry) -> bool:
    if entry.source.kind not in _BY_PEOPLE or entry.public is not None or len(entry.text) < MIN_CHARACTERS:
        return False
    return _COMPARED.issuperset(entry.kinds) and not (
        entry.source.kind is SourceKind.COMMAND and Kind.CAUSE in entry.kinds
    )


def _comparison_key(entry: Entry) -> str:
    """The normalized text of an entry; empty for one with few words."""
    words = [word for word in words_in(entry.text) if word not in _ARTICLES]
    if len(words) < MIN_WORDS:
        return ""
    if len(words) >= LONG_TEXT:
        content = [word for word in words if word not in ALL_STOP_WORDS]
        words = sorted(content) if len(content) >= LONG_TEXT else words
    # One text and not a tuple of them: tens of thousands of tuples make the garbage collector work.
    return f"{_follow_up_kind(entry.kinds)} {' '.join(words)}"


def _follow_up_kind(kinds: Iterable[Kind]) -> str:
    """Tasks and improvements are compared with their own kind only."""
    return next((kind.value for kind in kinds if kind in {Kind.TASK, Kind.IMPROVEMENT}), "")


def _is_near(distance: int, before: Entry, entry: Entry) -> bool:
    return distance <= MAX_DISTANCE and entry.sort_at - before.sort_at <= WINDOW


def _finding(group: list[Entry]) -> Finding:
    refs = tuple(entry.source.ref for entry in group)
    return Finding(REPEATED_ENTRY, refs, {"number": len(group), "text": Quote(group[0].text)})


def check_duplicate_measures(record: Record) -> Iterator[Finding]:
    """
    Find improvements that a task repeats: three in four terms are common.

    Every figure, single letter and negation has to be common, and something of what is done ("test", "document"). Word
    endings, words of the same meaning ("alert", "alarm") and words of doing ("add", "set up") make no difference. With
    a single term all words have to be equal. A task may add a figure and two words to three common ones.
    """
    tasks: dict[_Key, deque[tuple[Action, _Stems]]] = defaultdict(lambda: deque(maxlen=MAX_COMPARED))
    for action in record.actions:
        if action.kind is ActionKind.TASK and action.text != REDACTED:
            stems = _terms(action.text)
            for key in (*_keys(stems), *_containing_keys(stems)):
                tasks[key].append((action, stems))
    for action in record.actions:
        if action.kind is ActionKind.IMPROVEMENT:
            found = _find_duplicate(_terms(action.text), tasks)
            if found is not None:
                refs = (action.source.ref, found.source.ref)
                yield Finding(REPEATED_TASK, refs, {"measure": Quote(action.text), "task": Quote(found.text)})


def _terms(text: str) -> _Stems:
    text = _MENTION.sub(" ", text)
    terms = measure_terms(text)
    return terms if len(terms) >= MIN_TERMS else frozenset(content_stems(text))


def _keys(stems: _Stems) -> list[_Key]:
    """
    The lookup keys of a measure: terms that have to be common, with one of the longest.

    Two measures that share enough words have at least one key in common.
    """
    if len(stems) < MIN_TERMS:
        return [(stems, "")] if stems else []
    figures = frozenset(word for word in stems if _has_to_be_common(word))
    ordered = sorted(stems, key=lambda word: (-len(word), word))
    return [(figures, word) for word in ordered[: len(ordered) - ceil(MIN_COMMON * len(ordered)) + 1]]


def _containing_keys(stems: _Stems) -> list[_Key]:
    """The lookup keys for longer measures: what is done, or else all words if they are few."""
    terms = stems & DEEDS or (stems if len(stems) <= MIN_CONTAINED else ())
    return [(frozenset(), f"in {term}") for term in sorted(terms)]


def _says_more(others: _Stems, stems: _Stems) -> bool:
    """Return whether `others` has all terms and few more: two beside three, one beside two."""
    added = {term for term in others - stems if not term.isdecimal()}
    if not stems < others or any(_has_to_be_common(term) for term in added):
        return False
    if len(stems) < MIN_CONTAINED:
        return len(stems) == MIN_TERMS and len(added) <= 1 and others.isdisjoint(DEEDS)
    return len(added) <= MAX_ADDED and not stems.isdisjoint(DEEDS)


def _has_to_be_common(term: str) -> bool:
    return len(term) == 1 or term in REVERSING_WORDS or any(sign.isdecimal() for sign in term)


def _is_same_deed(stems: _Stems, others: _Stems) -> bool:
    deeds, other_deeds = stems & DEEDS, others & DEEDS
    return not deeds or not other_deeds or not deeds.isdisjoint(other_deeds)


def _find_duplicate(stems: _Stems, tasks: dict[_Key, deque[tuple[Action, _Stems]]]) -> Action | None:
    for key in _keys(stems):
        for task, others in tasks.get(key, ()):
            if len(stems & others) >= MIN_COMMON * len(stems | others) and _is_same_deed(stems, others):
                return task
    candidates = (pair for key in _containing_keys(stems) for pair in tasks.get(key, ()))
    return next((task for task, others in candidates if _says_more(others, stems)), None)
