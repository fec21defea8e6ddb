"""A line cut into words that know where they stood, so that what is not taken out of it stays as it was typed."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

OPENING = '"“„”«'
_CLOSING = {"«": "»"}
_SINGLE = {"'": "'", "‘": "’"}
# After these an opening quote belongs to the word: `symptom:"a b"`, `--symptom="a b"`.
_KEY = re.compile(r"(?:[^\W\d_][\w-]*:|(?:--|[—–])[^\W\d_][\w-]*=)")


@dataclass(frozen=True, slots=True)
class Word:
    """
    One word of a line, or a stretch in quotes with the key before it. `start` and `end` are its place in the line.

    `text` is as typed. `quoted` is what stands between the quotes, None without quotes; `key` what stands before them.
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
        """In quotes from its first sign on: nothing in it is a key."""
        return self.quoted is not None and not self.key


def split(line: str) -> list[Word]:
    """The words of `line` in order. A quote that nothing closes is a sign like any other."""
    words: list[Word] = []
    hopeless: set[str] = set()
    place = 0
    while place < len(line):
        if line[place].isspace():
            place += 1
            continue
        word = _quotation(line, place, hopeless) or _bare(line, place)
        words.append(word)
        place = word.end
    return words


def _bare(line: str, start: int) -> Word:
    end = start
    while end < len(line) and not line[end].isspace():
        end += 1
    return Word(line[start:end], start, end)


def _quotation(line: str, start: int, hopeless: set[str]) -> Word | None:
    """`hopeless` gathers the closing quotes that do not come any more, so that a line is searched once for each."""
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


def without(line: str, taken: Iterable[Word]) -> str:
    """`line` without these words. Of the blanks around each, one side goes; a line's end stays a line's end."""
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


def unquoted(text: str) -> str:
    """A text that is one quotation from end to end loses its quotes: they were there to hold it together."""
    words = split(text)
    if len(words) == 1 and words[0].is_quotation:
        return words[0].value.strip()
    return text


def trailing(words: Sequence[Word], known: Iterable[str]) -> list[Word]:
    """The words at the end of the line that are all among `known` (casefolded), from the last backwards."""
    names = set(known)
    found: list[Word] = []
    for word in reversed(words):
        if word.quoted is not None or word.text.casefold() not in names:
            break
        found.append(word)
    return found
