"""Similar incidents: by their services, and by common words of causes and titles."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.domain.findings.word_groups import cause_terms

CAUSE_WEIGHT, SERVICE_WEIGHT, TITLE_WEIGHT = 3, 2, 1
LEAST_SCORE = 2
"""One common word of the titles alone is a coincidence."""
MAX_WORDS = 5


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
