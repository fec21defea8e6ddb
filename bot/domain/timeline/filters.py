"""Filters of a timeline on a screen: by kind, person and text."""

from collections import Counter
from collections.abc import Iterable, Mapping

from bot.domain.record.model import Entry
from bot.domain.terms import Kind
from bot.domain.text.search_key import search_key, search_words
from bot.domain.timeline.lines import TimelineLine
from bot.lazy_dataclass import dataclass

KIND, PERSON, TEXT = "kind", "person", "text"
"""Names of the filters in an address."""
MAX_TEXT = 200


@dataclass(frozen=True, slots=True)
class TimelineFilter:
    """
    An entry has to match each part that is set.

    `person` is the id of its author, of whoever recorded it, or of a role's holder. `text` are words, all of which
    occur; words in quotes stay together.
    """

    kind: Kind | None = None
    person: str = ""
    text: str = ""

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> "TimelineFilter":
        """Read an untrusted address. An unknown kind counts as none."""
        kind = query.get(KIND, "")
        known = Kind(kind) if kind in set(Kind) else None
        return cls(known, query.get(PERSON, "").strip()[:MAX_TEXT], query.get(TEXT, "").strip()[:MAX_TEXT])

    @property
    def is_set(self) -> bool:
        return bool(self.kind or self.person or self.text)

    def select(self, lines: Iterable[TimelineLine]) -> list[TimelineLine]:
        words = search_words(self.text)
        return [each for each in lines if self._matches_entry(each.entry) and _has_words(each, words)]

    def _matches_entry(self, entry: Entry) -> bool:
        if self.kind is not None and self.kind not in entry.kinds:
            return False
        return not self.person or self.person in people_of(entry)


def people_of(entry: Entry) -> set[str]:
    return {each for each in (entry.author, entry.recorded_by, entry.person) if each}


def _has_words(line: TimelineLine, words: tuple[str, ...]) -> bool:
    if not words:
        return True
    text = " ".join(search_key(" ".join((line.text, line.label, *line.notes, line.by))).split())
    return all(word in text for word in words)


def count_kinds(entries: Iterable[Entry]) -> list[tuple[Kind, int]]:
    """The kinds that occur, in the order of `Kind`, with their entries."""
    counts = Counter(kind for entry in entries for kind in set(entry.kinds))
    return [(kind, counts[kind]) for kind in Kind if counts[kind]]


def count_people(entries: Iterable[Entry]) -> list[tuple[str, int]]:
    """The people that occur, by id, those with the most entries first."""
    counts = Counter(person for entry in entries for person in people_of(entry))
    return sorted(counts.items(), key=lambda found: (-found[1], found[0]))
