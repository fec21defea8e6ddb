"""Text for comparison, without accents and bent apostrophes, and for storage; charsets."""

import codecs
import re
import unicodedata
from functools import lru_cache
from itertools import groupby
from typing import Literal

_APOSTROPHES = {"’": "'", "‘": "'", "ʼ": "'", "´": "'"}

DIRECTION_CONTROLS = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Signs that turn the direction of what follows: a way to show one thing and say another."""


_FILLERS = frozenset("\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\ufe0e\ufe0f\u034f")
"""Letters and marks that show nothing."""


_MANY_MARKS = re.compile(r"(?:[^\w\s]|[\uff9e\uff9f]){32}")
"""So many signs in a row that can be accents of one letter: no word has them."""


_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
"""NUL, which PostgreSQL does not store in text, and unpaired surrogates."""


MAX_ID = 2**31 - 1
"""The largest id of a row: of PostgreSQL's type `integer`."""


def make_storable(text: str) -> str:
    """Replace characters that no database stores by U+FFFD."""
    return _UNSTORABLE.sub("\ufffd", text)


def normalize(form: Literal["NFC", "NFKC", "NFKD"], text: str) -> str:
    """
    The same as that of `unicodedata`, in time that grows with the length.

    That one moves each accent past all before it. So many accents of one letter are put in order here.
    """
    if text.isascii() or not _MANY_MARKS.search(text):
        return unicodedata.normalize(form, text)
    apart: Literal["NFD", "NFKD"] = "NFD" if form == "NFC" else "NFKD"
    signs = "".join(unicodedata.normalize(apart, sign) for sign in text)
    runs = groupby(signs, key=lambda sign: unicodedata.combining(sign) > 0)
    ordered = (sorted(run, key=unicodedata.combining) if are_marks else run for are_marks, run in runs)
    return unicodedata.normalize(form, "".join("".join(run) for run in ordered))


_OF_HOST_NAMES = frozenset({"punycode", "idna"})
"""No text is in them, and the time that they take grows with the square of the length."""


def find_charset(name: str) -> str | None:
    """Python's name of a charset; None if it is not known, or none of texts."""
    try:
        found = codecs.lookup(name).name
    except (LookupError, ValueError):  # ValueError: a NUL in the name
        return None
    return None if found in _OF_HOST_NAMES else found


def strip_accents(text: str) -> str:
    """
    Remove accents and straighten apostrophes.

    Positions in the result are positions in `text`. Letters of other scripts stay as they are.
    """
    return text if text.isascii() else "".join(map(_base_sign, text))


@lru_cache(maxsize=4096)
def _base_sign(sign: str) -> str:
    base = unicodedata.normalize("NFD", sign)[0]
    return _APOSTROPHES.get(sign) or (base if base.isascii() else sign)


def is_visible(text: str) -> bool:
    """Return whether a reader sees anything of it, other than blanks, controls and joiners."""
    return any(
        unicodedata.category(sign) not in {"Cc", "Cf", "Zs", "Zl", "Zp"} and sign not in _FILLERS for sign in text
    )


def to_one_line(text: str, limit: int) -> str:
    """Join the lines, drop invisible signs, and cut to `limit` characters."""
    visible = DIRECTION_CONTROLS.sub("", text)
    parted = (" " if unicodedata.category(sign) in {"Cc", "Zl", "Zp"} else sign for sign in visible)
    line = " ".join("".join(parted).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def parse_id(text: str) -> int | None:
    """The id of a row, at most `MAX_ID`; None for any other text."""
    if not (text.isascii() and text.isdecimal() and len(text) <= 18):
        return None
    return found if (found := int(text)) <= MAX_ID else None
