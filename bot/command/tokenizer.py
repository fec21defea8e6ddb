"""Split a line into words with their places; the remaining text stays as typed."""

import re
from collections.abc import Iterable
from functools import lru_cache

from bot.lazy_dataclass import dataclass

OPENING = '"“„”«'
_CLOSING = {"«": "»"}
_SINGLE = {"'": "'", "‘": "’"}
# After these an opening quote belongs to the word: `symptom:"a b"`, `--symptom="a b"`.
_KEY = re.compile(r"(?:[^\W\d_][\w-]*[:：]|(?:--|[—–])[^\W\d_][\w-]*=)")


@dataclass(frozen=True, slots=True)
class Word:
    """
    A word of a line, or a quotation with the key before it. `start` and `end` are its place.

    `text` is as typed. `quoted` is the text between the quotes, None without quotes; `key` the text before them.
    """

    text: str
    start: int
    end: int
    quoted: str | None = None
    key: str = ""

    @property
    def value(self) -> str:
        return self.text if self.quoted is None else self.quoted

    @property
    def is_quotation(self) -> bool:
        """True if it begins with a quote: nothing in it is a key."""
        return self.quoted is not None and not self.key


_BARE = re.compile(r"\S+")


def split_words(line: str) -> list[Word]:
    """The words of `line` in order. An unclosed quote is a character like any other."""
    return list(_split(line))


@lru_cache(maxsize=2)
def _split(line: str) -> tuple[Word, ...]:
    """Kept for the next look: a command is split for its name, its zone and its options."""
    words: list[Word] = []
    hopeless: set[str] = set()
    place = 0
    while place < len(line):
        if line[place].isspace():
            place += 1
            continue
        word = _quotation(line, place, hopeless) or _bare_word(line, place)
        words.append(word)
        place = word.end
    return tuple(words)


def _bare_word(line: str, start: int) -> Word:
    found = _BARE.match(line, start)
    end = found.end() if found else len(line)
    return Word(line[start:end], start, end)


def _quotation(line: str, start: int, hopeless: set[str]) -> Word | None:
    """
    A quotation at `start`.

    `hopeless` collects missing closing quotes, so that a line is searched once for each.
    """
    key = _KEY.match(line, start)
    opening = key.end() if key else start
    sign = line[opening : opening + 1]
    if not sign or not (sign in OPENING or (key and sign in _SINGLE)):
        return None
    # A closing quote has no letter behind it: `5"x7"` and `'it's'` do not end in the middle.
    closing = _SINGLE.get(sign) or _CLOSING.get(sign) or '"“”'
    end = None if closing in hopeless else re.compile(rf"[{closing}](?!\w)").search(line, opening + 1)
    if end is None:
        hopeless.add(closing)
    else:
        return Word(line[start : end.end()], start, end.end(), line[opening + 1 : end.start()], key[0] if key else "")
    return None


def remove_words(line: str, taken: Iterable[Word]) -> str:
    """`line` without these words. One side of the blanks around each goes; line ends stay."""
    spans = sorted((word.start, word.end) for word in taken)
    kept, place = "", 0
    for start, end in spans:
        kept += line[place:start]
        after = end
        while after < len(line) and line[after] in ",;":
            after += 1
        following = after
        while following < len(line) and line[following].isspace():
            following += 1
        before = kept[len(kept.rstrip()) :]
        behind = line[after:following]
        if before or not kept:
            kept = kept.rstrip() + (behind if "\n" in behind and "\n" not in before else before)
            place = following
        else:
            place = after
    return (kept + line[place:]).strip()


def strip_quotes(text: str) -> str:
    """Strip the quotes of a text that is one quotation."""
    if text.lstrip()[:1] not in OPENING:
        return text
    words = split_words(text)
    if len(words) == 1 and words[0].is_quotation:
        return words[0].value.strip()
    return text
