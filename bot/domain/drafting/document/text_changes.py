"""The difference between two texts, word by word."""

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from enum import StrEnum
from typing import NamedTuple

_WORD = re.compile(r"\n|[^\S\n]+|[^\s]+")
MAX_WORDS = 2_000
"""Longer texts are compared by line: comparing words takes the square of their number."""


class ChangeKind(StrEnum):
    KEPT = "kept"
    REMOVED = "removed"
    ADDED = "added"


class TextChange(NamedTuple):
    kind: ChangeKind
    text: str


def compare_texts(before: str, after: str) -> Iterator[TextChange]:
    """Parts of both texts in order: kept, removed from `before`, added in `after`."""
    old, new = _split(before), _split(after)
    for tag, start, end, new_start, new_end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            yield TextChange(ChangeKind.KEPT, "".join(old[start:end]))
            continue
        if start < end:
            yield TextChange(ChangeKind.REMOVED, "".join(old[start:end]))
        if new_start < new_end:
            yield TextChange(ChangeKind.ADDED, "".join(new[new_start:new_end]))


def _split(text: str) -> list[str]:
    words = _WORD.findall(text)
    return words if len(words) <= MAX_WORDS else text.splitlines(keepends=True)
