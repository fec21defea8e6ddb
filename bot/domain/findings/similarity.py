"""
Common words of texts, without endings and stop words.

Nothing here understands a text; it only compares words.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from difflib import SequenceMatcher
from functools import lru_cache
from types import MappingProxyType

_WORD = re.compile(r"\w+")


def word_set(words: str) -> frozenset[str]:
    return frozenset(words.split())


STOP_WORDS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "en": word_set(
            "a an and are as at be been but by can could did do does for from had has have he her his how i if in into "
            "is it its may of on or our she should so some than that the their them then there these they this to was "
            "we were what when where which who will with would you your"
        ),
        "fr": word_set(
            "à a au aux avec ce ces cet cette d dans de des du elle en est et été eu il ils l la le les leur leurs lui "
            "mais n nos notre nous on ont ou par pour qu que qui s sa sans se ses son sont sur un une vers vos votre "
            "vous y était ainsi"
        ),
        "it": word_set(
            "a ad ai al alla alle allo anche che chi ci con da dai dal dalla dalle dei del della delle dello di e ed è "
            "fra gli ha hanno i il in l la le lo ma nei nel nella nelle o per più quale quando questa questo si sono "
            "stata stato su sul sulla tra un una uno"
        ),
        "es": word_set(
            "a al ante como con cuando de del desde donde el ella en entre es esta este fue ha han hasta la las le les "
            "lo los más o para pero por que quien se sin sobre son su sus también un una unas uno unos y ya"
        ),
        "de": word_set(
            "als am an auch auf aus bei beim bis das dass dem den der des die durch ein eine einem einen einer eines "
            "er es für hat haben ich ihr im in ist mit nach oder sein sich sie sind so über um und uns unter von vom "
            "vor war waren was wenn wer wie wir wird wurde wurden zu zum zur"
        ),
        "pt": word_set(
            "a ao aos as até com como da das de do dos e ela ele em entre era essa esse esta este foi foram há já mais "
            "mas na nas no nos num numa o os ou para pela pelas pelo pelos por que quem se sem seu seus sua suas são "
            "também um uma umas uns"
        ),
    }
)
"""By language. Words that turn a sentence round (not, again, without) are none of them."""

ALL_STOP_WORDS = frozenset().union(*STOP_WORDS.values())
_ENDINGS = (
    "izations",
    "ization",
    "ations",
    "ation",
    "ements",
    "ement",
    "ities",
    "ings",
    "ing",
    "ions",
    "ion",
    "ers",
    "ies",
    "ies",
    "ied",
    "ed",
    "es",
    "er",
    "en",
    "ez",
    "ée",
    "és",
    "é",
    "ar",
    "ir",
    "s",
    "e",
    "n",
    "a",
    "o",
    "i",
)
_MIN_STEM = 4
_SHARED_STEMS, _EQUAL_LETTERS = 0.6, 0.9
"""Least share of stems, or of letters, that similar titles have in common."""


def words_in(text: str) -> list[str]:
    """The words and figures of a text in lower case, in order."""
    return _WORD.findall(text.casefold())


def stem_word(word: str) -> str:
    """Cut the ending: `testing`, `tests` and `tested` become one. Figures stay."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _MIN_STEM:
            return word[: -len(ending)]
    return word


def content_stems(text: str) -> list[str]:
    """The stems of words that are no stop words, in order."""
    return [stem_word(word) for word in words_in(text) if word not in ALL_STOP_WORDS]


def are_titles_similar(one: str, other: str) -> bool:
    """True for titles with mostly the same words, in any order, also misspelt."""
    stems, others = _title_stems(one), _title_stems(other)
    if not stems or not others:
        return one.casefold() == other.casefold()
    shared = len({*stems} & {*others}) / len({*stems} | {*others})
    return shared >= _SHARED_STEMS or _have_equal_letters(" ".join(stems), " ".join(others))


@lru_cache(maxsize=1000)
def _title_stems(title: str) -> tuple[str, ...]:
    """Sorted, each once. In a storm each new title is held against those of all open incidents."""
    return tuple(sorted(set(content_stems(title))))


def _have_equal_letters(one: str, other: str) -> bool:
    """Upper bounds of the ratio that cost little are asked first: most titles differ much."""
    letters = len(one) + len(other)
    if 2 * min(len(one), len(other)) / letters < _EQUAL_LETTERS:
        return False
    if 2 * sum(min(count, other.count(letter)) for letter, count in _letters_of(one)) / letters < _EQUAL_LETTERS:
        return False
    return SequenceMatcher(None, one, other).ratio() >= _EQUAL_LETTERS


@lru_cache(maxsize=1000)
def _letters_of(words: str) -> tuple[tuple[str, int], ...]:
    return tuple(Counter(words).items())


def guess_language(words: Iterable[str]) -> str | None:
    """The language with the most stop words; None for a tie, or for fewer than two."""
    known = list(words)
    hits = sorted(((sum(word in stop for word in known), code) for code, stop in STOP_WORDS.items()), reverse=True)
    (most, code), (second, _) = hits[0], hits[1]
    return code if most >= 2 and most > second else None
