"""Similar incidents: by their services, and by common words of causes and titles."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from bot.domain.findings.similarity import are_titles_similar
from bot.domain.findings.word_groups import cause_terms
from bot.lazy_dataclass import dataclass

CAUSE_WEIGHT, SERVICE_WEIGHT, TITLE_WEIGHT = 3, 2, 1
LEAST_SCORE = 2
"""One common word of the titles alone is a coincidence."""
MAX_WORDS = 5
SUGGESTED_WORDS, SUGGESTED_WORDS_ALONE = 2, 3
"""Telling words in common from which an earlier incident is suggested: with a service in common, and without any."""
COMMON_WORD, COMMON_SHARE = 3, 8
"""A word is telling in at most this many titles, or in one title of this many."""


@dataclass(frozen=True, slots=True)
class IncidentProfile:
    """Services and words to compare. `cause` and `title` have the telling words by their stems."""

    services: frozenset[str]
    title: Mapping[str, str]
    cause: Mapping[str, str]

    @classmethod
    def from_texts(cls, services: Iterable[str], title: str, causes: Iterable[str]) -> "IncidentProfile":
        return cls(frozenset(services), cause_terms(title), cause_terms("\n".join(causes)))


@dataclass(frozen=True, slots=True)
class Similarity:
    """`reasons` say in words what is common."""

    score: int
    reasons: tuple[str, ...]


def compare_incidents(one: IncidentProfile, other: IncidentProfile) -> Similarity | None:
    """How similar `other` is to `one`; None if it is not."""
    services = sorted(one.services & other.services)
    causes = [word for stem, word in one.cause.items() if stem in other.cause]
    own = {**one.title, **one.cause}
    theirs = {**other.title, **other.cause}
    words = [word for stem, word in own.items() if stem in theirs and word not in causes]
    score = CAUSE_WEIGHT * len(causes) + SERVICE_WEIGHT * len(services) + TITLE_WEIGHT * len(words)
    if score < LEAST_SCORE:
        return None
    reasons = (("same service", services), ("same words in the cause", causes), ("same words", words))
    return Similarity(score, tuple(f"{label}: {', '.join(found[:MAX_WORDS])}" for label, found in reasons if found))


@dataclass(frozen=True, slots=True)
class EarlierIncident:
    """An incident to suggest. `profile.cause` is empty where it is not known."""

    incident_id: int
    title: str
    profile: IncidentProfile


def shared_words(one: IncidentProfile, other: IncidentProfile) -> list[str]:
    """Words of one's title that the other's title or cause has, too, without names of services."""
    named = cause_terms(" ".join(one.services | other.services))
    theirs = other.title.keys() | other.cause.keys()
    return [word for stem, word in one.title.items() if stem in theirs and stem not in named]


def is_possible_match(one: IncidentProfile, services: frozenset[str]) -> bool:
    """False if no earlier incident with these services would match, whatever its texts."""
    least = _least_words(one.services, services)
    return least is not None and len(shared_words(one, one)) >= least


def find_best_match(title: str, one: IncidentProfile, earlier: Sequence[EarlierIncident]) -> EarlierIncident | None:
    """
    The one earlier incident to suggest for a new one; None in doubt. The newest comes first.

    It has a service in common and two telling words, or a similar title with one. Where neither incident names a
    service of the other, three telling words are needed, and services that differ exclude each other.
    """
    frequency = Counter(stem for each in earlier for stem in each.profile.title)
    often = max(COMMON_WORD, len(earlier) // COMMON_SHARE)
    best, most = None, 0
    for each in earlier:
        found = [word for word in shared_words(one, each.profile) if _frequency(frequency, word) <= often]
        if len(found) > most and _is_match(title, one, each, len(found)):
            best, most = each, len(found)
    return best


def _frequency(frequency: Mapping[str, int], word: str) -> int:
    return max((frequency[stem] for stem in cause_terms(word)), default=0)


def _is_match(title: str, one: IncidentProfile, other: EarlierIncident, words: int) -> bool:
    least = _least_words(one.services, other.profile.services)
    if least is None or words < least:
        return False
    return words >= SUGGESTED_WORDS or are_titles_similar(title, other.title)


def _least_words(services: frozenset[str], others: frozenset[str]) -> int | None:
    """Telling words that have to be common; None where the services exclude each other."""
    if services & others:
        return 1
    return None if services and others else SUGGESTED_WORDS_ALONE
