"""Text for search: without case and accents, whether composed or combining."""

import re

from bot.domain.text.normalize import normalize

COMBINING_MARKS = "\u0300-\u036f"
"""The combining accents that NFKD leaves beside their letters: a range for a pattern."""
MAX_SEARCH_WORDS = 8
"""The words of a search that count; the rest of a pasted paragraph would find nothing anyway."""
_MARK = re.compile(f"[{COMBINING_MARKS}]")


def search_key(text: str) -> str:
    """The same for `Été` and `ETE`. `store.incidents.search` does the same in PostgreSQL."""
    return text.lower() if text.isascii() else _MARK.sub("", normalize("NFKD", text)).lower()


def search_words(text: str) -> tuple[str, ...]:
    """The search keys of each word; text in quotes stays in one piece."""
    parts = re.findall(r'"([^"]+)"|[“„«]([^”“»]+)[”“»]|(\S+)', text)
    found = (" ".join(search_key(next(filter(None, part), "")).split()) for part in parts)
    return tuple(dict.fromkeys(each for each in found if each))[:MAX_SEARCH_WORDS]
