"""What a person can put right. Everything else is a defect or an outage and is let through to the edge."""

from collections.abc import Sequence
from difflib import get_close_matches


class UserError(Exception):
    """Says what is wrong and how to mend it, in words for the person who typed. Changes nothing."""

    def __init__(self, message: str) -> None:
        self.message = message
        super().__init__(message)


class WrongField(UserError):
    """What is wrong with one of the values that were given, by the name that whoever reads them gives to it."""

    def __init__(self, field: str, message: str) -> None:
        self.field = field
        super().__init__(message)


class Ambiguous(UserError):
    """
    One text, several readings: the person chooses.

    `about` is the part of the text that is meant, `candidates` are ready to be typed instead of it.
    """

    def __init__(self, message: str, *, about: str, candidates: Sequence[str]) -> None:
        self.about = about
        self.candidates = tuple(candidates)
        super().__init__(message)


def nearest(word: str, known: Sequence[str]) -> str | None:
    """The known word that `word` was probably meant to be, or None if nothing is near."""
    by_folded = {candidate.casefold(): candidate for candidate in known}
    found = get_close_matches(word.casefold(), by_folded, n=1, cutoff=0.6)
    return by_folded[found[0]] if found else None


def did_you_mean(word: str, known: Sequence[str]) -> str:
    """`" Did you mean `status`?"`, or nothing: to be put behind the sentence that refuses a word."""
    guess = nearest(word, known)
    return f" Did you mean `{guess}`?" if guess else ""
