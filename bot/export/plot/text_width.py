"""Widths of texts without a font, rather too wide, so that labels never overlap."""

import unicodedata
from functools import lru_cache

from bot.domain.text.normalize import to_one_line

WIDTHS = (
    (frozenset("iljI'’"), 0.32),
    (frozenset("tfr.,:;!|()[] -·"), 0.43),
    (frozenset("mwMW@%—…"), 1.03),
    (frozenset("DGHNOQU"), 0.81),
)
"""Shares of the font's height, of DejaVu Sans: few fonts are wider."""
LONGEST = 200
"""Characters of a label, before it is cut to its room."""


def plain_label(text: str, limit: int = LONGEST) -> str:
    """The text in one line, without signs that XML does not allow."""
    kept = "".join(sign if unicodedata.category(sign) not in {"Cc", "Cs", "Cn", "Co"} else " " for sign in text)
    return to_one_line(kept, limit)


def text_width(text: str, size: float) -> float:
    """Width in the unit of `size`, the height of the font."""
    return sum(map(_sign_width, text)) * size


def fit_text(text: str, size: float, room: float) -> str:
    """Cut the text to `room`, with an ellipsis; empty if no two letters fit."""
    if text_width(text, size) <= room:
        return text
    kept = text
    while kept and text_width(kept + "…", size) > room:
        kept = kept[:-1]
    return f"{kept.rstrip()}…" if len(kept.rstrip()) > 1 else ""


@lru_cache(maxsize=4096)
def _sign_width(sign: str) -> float:
    for signs, width in WIDTHS:
        if sign in signs:
            return width
    if not sign.isascii() and unicodedata.east_asian_width(sign) in {"W", "F"}:
        return 1.3
    if unicodedata.combining(sign):
        return 0.0
    if not sign.isascii() and ord(sign) > 0x24F:
        return 1.1
    return 0.81 if not sign.isascii() else 0.72 if sign.isupper() else 0.645
