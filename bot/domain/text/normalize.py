"""Text as it is compared: people in a hurry leave accents out, and phones bend apostrophes."""

import re
import unicodedata
from functools import lru_cache

_SIGNS = {"’": "'", "‘": "'", "ʼ": "'", "´": "'"}


_TURNING = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Signs that turn the direction of what follows: a way to show one thing and say another."""


def plain(text: str) -> str:
    """
    `text` without accents and with straight apostrophes, sign for sign, so that places in it are places in `text`.

    Letters of other scripts stay as they are.
    """
    return text if text.isascii() else "".join(map(_plain_sign, text))


@lru_cache(maxsize=4096)
def _plain_sign(sign: str) -> str:
    base = unicodedata.normalize("NFD", sign)[0]
    return _SIGNS.get(sign) or (base if base.isascii() else sign)


def one_line(text: str, limit: int) -> str:
    """Without line ends, and without signs that nobody sees; of at most `limit` characters."""
    parted = (" " if unicodedata.category(sign) in {"Cc", "Zl", "Zp"} else sign for sign in _TURNING.sub("", text))
    line = " ".join("".join(parted).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"
