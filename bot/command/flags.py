"""Flags typed as bare words at an end of the text: options, or words of the text."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from bot.command.table import Option
from bot.command.tokenizer import Word
from bot.domain.errors import Ambiguous

_PUNCTUATION = ".,;:!?()[]-–—"
SEPARATORS = " ,;:-–—"
"""Characters allowed between a text and a flag."""
_MAX_TITLE = 150
"""Characters of a title in a question."""


def find_flag_words(words: Sequence[Word], left: Sequence[int], flags: Mapping[str, Option]) -> dict[int, Option]:
    """
    Find the flags at the ends of the text, by their place in `words`.

    `left` are the places of the text, `flags` the options by key (casefolded). Only a flag with `readings` counts at
    the beginning.
    """
    found = _flag_run(words, reversed(left), flags)
    leading = {key: option for key, option in flags.items() if option.readings}
    return dict(sorted({**_flag_run(words, left, leading), **found}.items()))


def _flag_run(words: Sequence[Word], places: Iterable[int], flags: Mapping[str, Option]) -> dict[int, Option]:
    run: dict[int, Option] = {}
    for place in places:
        option = _flag_of(words[place], flags)
        if option is None or option in run.values():
            break
        run[place] = option
    return run


def _flag_of(word: Word, flags: Mapping[str, Option]) -> Option | None:
    if word.quoted is not None:
        return None
    exact = flags.get(word.text.casefold())
    loose = flags.get(word.text.strip(_PUNCTUATION).casefold())
    return exact or (loose if loose and loose.readings else None)


def is_apart_from_text(place: int, left: Sequence[int], found: Collection[int]) -> bool:
    """True if another option is between the flag and the text, or if there is no text."""
    text = [each for each in left if each not in found]
    if not text:
        return True
    between = range(place, text[0]) if place < text[0] else range(text[-1] + 1, place)
    return any(each not in left for each in between)


def flag_question(option: Option, whole: str, rest: str) -> Ambiguous:
    """Ask what a flag means; `whole` is the text with its word, `rest` without it."""
    yes, no = option.readings
    labels = (yes, f"{yes}, title unchanged", f"{no}, title unchanged")
    titles = (rest.strip(SEPARATORS), whole, whole)
    lines = "".join(f"\n• *{label}*: {_shorten(title)}" for label, title in zip(labels, titles, strict=True))
    return Ambiguous(
        f"`{option.name}` may be an option or a word of the title.{lines}",
        about=option.name,
        candidates=(f"{option.name}:yes", f"{option.name} {option.name}:yes", f"{option.name} {option.name}:no"),
        labels=labels,
    )


def _shorten(title: str) -> str:
    plain = " ".join(title.split())
    return plain if len(plain) <= _MAX_TITLE else plain[: _MAX_TITLE - 1].rstrip() + "…"
