"""The same thing recorded twice."""

from collections.abc import Iterable, Iterator
from datetime import timedelta

from bot.domain.findings.common import standing
from bot.domain.findings.finding import Finding, Quote
from bot.domain.findings.similarity import ALL_STOP_WORDS, words_of
from bot.domain.record.model import Entry, Record
from bot.domain.terms import MARKS, Kind, SourceKind

CODE = "repeated-entry"
NEIGHBOURS = 20
"""How far apart in the order two entries are still compared."""
WINDOW = timedelta(minutes=60)
FEWEST_WORDS = 4
"""Shorter texts ("done", "still down") are rightly said again and again."""
LONG = 10
"""With so many words that say something, their order and the little words between them make no difference."""
SHORTEST = 12
"""Characters: four words take more."""
UNLIKE = frozenset({Kind.ESCALATION, Kind.IMPACT_BEGAN, Kind.COMMUNICATION})
"""Several teams are called for one reason, and the public is told in the words that the channel reads."""
_OF_PEOPLE = frozenset({SourceKind.MESSAGE, SourceKind.COMMAND})
_MARKS = frozenset(MARKS)
_ARTICLES = frozenset(
    {
        "the",
        "a",
        "an",
        "le",
        "la",
        "les",
        "l",
        "un",
        "une",
        "der",
        "die",
        "das",
        "ein",
        "eine",
        "el",
        "los",
        "las",
        "lo",
        "il",
        "gli",
        "i",
        "o",
        "os",
        "as",
        "um",
        "uma",
    }
)


def repeated_entry(record: Record) -> Iterator[Finding]:
    """
    Entries that say the same in the same words, near each other: equal but for capitals, punctuation and articles; long
    ones also but for the order of their words.

    Silent about short texts, about what the bot or a monitor recorded, and about what a command stated of the incident
    as a whole: a cause is typed again on purpose. A word more, another ending or a figure that differs ("rolling back",
    "rolled back") is another thing that happened.
    """
    entries = standing(record)
    last: dict[str, int] = {}
    groups: dict[int, list[Entry]] = {}
    """By the place of the last entry in it."""
    for place, entry in enumerate(entries):
        said = _said(entry)
        if not said:
            continue
        before = last.get(said)
        last[said] = place
        if before is not None and _is_near(place - before, entries[before], entry):
            groups[place] = [*groups.pop(before, [entries[before]]), entry]
    return (_finding(group) for group in sorted(groups.values(), key=lambda group: (group[0].sort_at, group[0].seq)))


def _said(entry: Entry) -> str:
    """What an entry says, as a value to compare; empty for one that is not compared."""
    if entry.source.kind not in _OF_PEOPLE or entry.public is not None or len(entry.text) < SHORTEST:
        return ""
    if not _MARKS.issuperset(entry.kinds) or not UNLIKE.isdisjoint(entry.kinds):
        return ""
    if entry.source.kind is SourceKind.COMMAND and Kind.CAUSE in entry.kinds:
        return ""
    words = [word for word in words_of(entry.text) if word not in _ARTICLES]
    if len(words) < FEWEST_WORDS:
        return ""
    if len(words) >= LONG:
        telling = [word for word in words if word not in ALL_STOP_WORDS]
        words = sorted(telling) if len(telling) >= LONG else words
    # One text and not a tuple of them: tens of thousands of tuples make the garbage collector work.
    return f"{_group(entry.kinds)} {' '.join(words)}"


def _group(kinds: Iterable[Kind]) -> str:
    """Tasks are compared with tasks, improvements with improvements, what happened with what happened."""
    return next((kind.value for kind in kinds if kind in {Kind.TASK, Kind.IMPROVEMENT}), "")


def _is_near(places: int, before: Entry, entry: Entry) -> bool:
    return places <= NEIGHBOURS and entry.sort_at - before.sort_at <= WINDOW


def _finding(group: list[Entry]) -> Finding:
    refs = tuple(entry.source.ref for entry in group)
    return Finding(CODE, refs, {"number": len(group), "text": Quote(group[0].text)})
