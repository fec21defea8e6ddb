"""Errors that a person can correct. Any other exception is a defect or an outage."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher, get_close_matches

NEARLY = 0.8
"""Least similarity of a misspelt word."""
CLEARLY_CLOSER = 0.1
"""Least distance between the closest word and the next one, for an automatic correction."""


@dataclass(frozen=True, slots=True)
class Offer:
    """
    A replacement for a mistake; the mistake itself, if it may be correct.

    `label` is that of its button; without one, the whole line is.
    """

    text: str
    label: str = ""


class UserError(Exception):
    """
    An error whose message says what is wrong and what to do. Nothing was changed.

    `mistake` is the wrong part of a typed text, `offers` are likely replacements; empty if unknown.
    """

    def __init__(self, message: str, *, mistake: str = "", offers: Sequence[Offer] = ()) -> None:
        self.message = message
        self.mistake = mistake
        self.offers = tuple(offers)
        super().__init__(message)


class InvalidField(UserError):
    """An invalid value among several. `field` is its name for the reader."""

    def __init__(self, field: str, message: str) -> None:
        self.field = field
        super().__init__(message)


class Ambiguous(UserError):
    """
    A text with several readings: the person chooses.

    `about` is the part of the text in question, `candidates` are ready to be typed instead. `labels` are the buttons'
    texts, if not the candidates. `hint` says what to type where no button can be shown and no candidate be typed.
    """

    def __init__(
        self, message: str, *, about: str, candidates: Sequence[str], labels: Sequence[str] = (), hint: str = ""
    ) -> None:
        self.about = about
        self.candidates = tuple(candidates)
        self.labels = tuple(labels) or self.candidates
        self.hint = hint
        super().__init__(message)


def closest_word(word: str, known: Sequence[str]) -> str | None:
    """The known word that `word` probably means; None if none is close."""
    by_folded = {candidate.casefold(): candidate for candidate in known}
    found = get_close_matches(word.casefold(), by_folded, n=1, cutoff=0.6)
    return by_folded[found[0]] if found else None


def offer_closest(word: str, known: Sequence[str]) -> tuple[Offer, ...]:
    """The known word that is clearly closer to `word` than all others; empty if none is."""
    typed = word.casefold()
    by_folded = {candidate.casefold(): candidate for candidate in known}
    found = get_close_matches(typed, by_folded, n=2, cutoff=0.6)
    near = [SequenceMatcher(None, each, typed).ratio() for each in found]
    if not found or (len(found) > 1 and near[0] - near[1] < CLEARLY_CLOSER):
        return ()
    return (Offer(by_folded[found[0]]),)


def is_misspelling(word: str, known: Sequence[str]) -> bool:
    """Return whether `word` is nearly one of the known ones: `reslove`, not `login` for `log`."""
    typed = word.casefold()
    return any(
        SequenceMatcher(None, each.casefold(), typed).ratio() >= NEARLY or sorted(each.casefold()) == sorted(typed)
        for each in known
    )


def did_you_mean(word: str, known: Sequence[str]) -> str:
    """`" Did you mean `status`?"`, or an empty text, to follow an error."""
    guess = closest_word(word, known)
    return f" Did you mean `{guess}`?" if guess else ""
