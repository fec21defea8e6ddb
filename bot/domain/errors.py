"""Errors that a person can correct. Any other exception is a defect or an outage."""

from collections.abc import Sequence
from difflib import get_close_matches


class UserError(Exception):
    """An error whose message says what is wrong and what to do. Nothing was changed."""

    def __init__(self, message: str) -> None:
        self.message = message
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


def did_you_mean(word: str, known: Sequence[str]) -> str:
    """`" Did you mean `status`?"`, or an empty text. Goes behind a refusal."""
    guess = closest_word(word, known)
    return f" Did you mean `{guess}`?" if guess else ""
