"""Text as it is compared: people in a hurry leave accents out, and phones bend apostrophes."""

import unicodedata
from functools import lru_cache

_SIGNS = {"’": "'", "‘": "'", "ʼ": "'", "´": "'"}


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
