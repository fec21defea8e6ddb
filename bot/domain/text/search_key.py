"""Text as it is searched: without case and without accents, whichever way somebody's keyboard made them."""

import re
import unicodedata

MARKS = "\u0300-\u036f"
"""The combining accents that NFKD leaves beside their letters."""
_MARK = re.compile(f"[{MARKS}]")
MOST_WORDS = 8
"""Words of a search that count; the rest of a pasted paragraph would find nothing anyway."""


def folded(text: str) -> str:
    """`Été à Zürich` and `ETE A ZURICH` become the same. `store.searching` asks PostgreSQL for the same steps."""
    return text.lower() if text.isascii() else _MARK.sub("", unicodedata.normalize("NFKD", text)).lower()


def words_of(text: str) -> tuple[str, ...]:
    """What is searched for: each word by itself, folded; what stands in quotes in one piece."""
    parts = re.findall(r'"([^"]+)"|[“„«]([^”“»]+)[”“»]|(\S+)', text)
    found = (" ".join(folded(next(filter(None, part), "")).split()) for part in parts)
    return tuple(dict.fromkeys(each for each in found if each))[:MOST_WORDS]
