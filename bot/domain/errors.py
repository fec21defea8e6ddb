"""Errors that a person can correct. Any other exception is a defect or an outage."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import field
from difflib import SequenceMatcher, get_close_matches

from bot.lazy_dataclass import dataclass

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


class StateError(UserError):
    """The state or the caller's rights do not permit it; the same line fails again."""


class InvalidField(UserError):
    """An invalid value among several. `field` is its name for the reader."""

    def __init__(self, field: str, message: str) -> None:
        self.field = field
        super().__init__(message)


class InvalidFields(UserError):
    """Invalid values of several fields. `by_field`: the message of each, by the field's name."""

    def __init__(self, by_field: Mapping[str, str]) -> None:
        self.by_field = by_field
        super().__init__(" ".join(by_field.values()))


@dataclass(frozen=True, slots=True)
class ErrorCollector:
    """Errors of several fields: each is checked, and all errors are raised together."""

    by_field: dict[str, str] = field(default_factory=dict)

    @contextmanager
    def collect(self) -> Iterator[None]:
        """Keep the errors of the block that name a field; the first one of each field."""
        try:
            yield
        except InvalidField as problem:
            self.by_field.setdefault(problem.field, problem.message)
        except InvalidFields as problem:
            for name, message in problem.by_field.items():
                self.by_field.setdefault(name, message)

    def check(self) -> None:
        """Raise InvalidField for one error, InvalidFields for several."""
        if len(self.by_field) > 1:
            raise InvalidFields(self.by_field)
        for name, message in self.by_field.items():
            raise InvalidField(name, message)


@contextmanager
def errors_at(name: str) -> Iterator[None]:
    """Raise a UserError of the block as InvalidField; one that names its field is unchanged."""
    try:
        yield
    except (InvalidField, InvalidFields):
        raise
    except UserError as problem:
        raise InvalidField(name, problem.message) from problem


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


class LookupUnavailable(Exception):
    """Slack cannot look up an e-mail address at the moment."""
