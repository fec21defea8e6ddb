"""Entries that were recorded twice."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import timedelta

from bot.domain.findings.common import active_entries
from bot.domain.findings.finding import Finding, Quote
from bot.domain.findings.similarity import ALL_STOP_WORDS, word_set, words_in
from bot.domain.record.model import Entry, Record
from bot.domain.terms import MARKS, Kind, SourceKind

CODE = "repeated-entry"
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
_MARKS = frozenset(MARKS)
_FIGURE = re.compile(r"\d")
_ARTICLES = word_set("the a an le la les l un une der die das ein eine el los las lo il gli i o os as um uma")


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
    figures = [_figures(entry.text) if _is_compared(entry) else None for entry in entries]
    seen = Counter(figures)
    for index, entry in enumerate(entries):
        is_candidate = figures[index] is not None and seen[figures[index]] > 1
        key = _comparison_key(entry) if is_candidate else ""
        if not key:
            continue
        before = last.get(key)
        last[key] = index
        if before is not None and _is_near(index - before, entries[before], entry):
            groups[index] = [*groups.pop(before, [entries[before]]), entry]
    return (_finding(group) for group in sorted(groups.values(), key=lambda group: (group[0].sort_at, group[0].seq)))


def _figures(text: str) -> str:
    """The figures of a text, sorted. Texts that say the same have the same figures."""
    return "".join(sorted(_FIGURE.findall(text)))


def _is_compared(entry: Entry) -> bool:
    if entry.source.kind not in _BY_PEOPLE or entry.public is not None or len(entry.text) < MIN_CHARACTERS:
        return False
    if not _MARKS.issuperset(entry.kinds) or not NOT_COMPARED.isdisjoint(entry.kinds):
        return False
    return not (entry.source.kind is SourceKind.COMMAND and Kind.CAUSE in entry.kinds)


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
    return Finding(CODE, refs, {"number": len(group), "text": Quote(group[0].text)})
