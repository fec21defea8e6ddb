"""The difference between two texts, word by word."""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Any, NamedTuple

_WORD = re.compile(r"\n|[^\S\n]+|[^\s]+")
MAX_WORDS = 2_000
"""Longer texts are compared by line: comparing words takes the square of their number."""
MAX_EQUAL_PAIRS = 50_000
"""More equal pairs than this are not compared with each other: a thousand equal lines make a million."""


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
    for is_equal, own, theirs in compare_lists(old, new, str.isspace):
        if is_equal:
            yield TextChange(ChangeKind.KEPT, "".join(old[own]))
            continue
        if removed := "".join(old[own]):
            yield TextChange(ChangeKind.REMOVED, removed)
        if added := "".join(new[theirs]):
            yield TextChange(ChangeKind.ADDED, added)


def _split(text: str) -> list[str]:
    words = _WORD.findall(text)
    return words if len(words) <= MAX_WORDS else text.splitlines(keepends=True)


def find_equal_runs(
    old: Sequence[Hashable], new: Sequence[Hashable], is_junk: Callable[[Any], bool] | None = None
) -> list[tuple[int, int, int]]:
    """
    The runs that both have, in order: start in `old`, start in `new`, length.

    The common start and end count first. Between them, if too many pairs are equal to compare them all, only what
    stands once in each is found. `is_junk` elements begin no run.
    """
    least = min(len(old), len(new))
    head = next((n for n in range(least) if old[n] != new[n]), least)
    tail = next((n for n in range(least - head) if old[-1 - n] != new[-1 - n]), least - head)
    mine, theirs = old[head : len(old) - tail], new[head : len(new) - tail]
    times = Counter(theirs)
    if sum(times[each] for each in mine if not (is_junk and is_junk(each))) <= MAX_EQUAL_PAIRS:
        matcher = SequenceMatcher(is_junk, mine, theirs, autojunk=False)
        between = [(run.a, run.b, run.size) for run in matcher.get_matching_blocks() if run.size]
    else:
        between = _find_single_ones(mine, theirs, times)
    runs = [(head + first, head + second, size) for first, second, size in between]
    return [*([(0, 0, head)] if head else []), *runs, *([(len(old) - tail, len(new) - tail, tail)] if tail else [])]


def compare_lists(
    old: Sequence[Hashable], new: Sequence[Hashable], is_junk: Callable[[Any], bool] | None = None
) -> Iterator[tuple[bool, slice, slice]]:
    """The parts of both lists in order: whether they are equal, and where they stand in each."""
    start = new_start = 0
    for first, second, size in (*find_equal_runs(old, new, is_junk), (len(old), len(new), 0)):
        if start < first or new_start < second:
            yield False, slice(start, first), slice(new_start, second)
        if size:
            yield True, slice(first, first + size), slice(second, second + size)
        start, new_start = first + size, second + size


def _find_single_ones(
    old: Sequence[Hashable], new: Sequence[Hashable], times: Mapping[Hashable, int]
) -> list[tuple[int, int, int]]:
    """The longest row of elements that stand once in each, in the order of both."""
    own_times, places = Counter(old), {each: place for place, each in enumerate(new) if times[each] == 1}
    pairs = [(n, places[each]) for n, each in enumerate(old) if own_times[each] == 1 and each in places]
    ends: list[int] = []
    last: list[int] = []
    before: list[int | None] = []
    for number, (_, place) in enumerate(pairs):
        length = bisect_left(ends, place)
        before.append(last[length - 1] if length else None)
        ends[length : length + 1], last[length : length + 1] = [place], [number]
    row: list[tuple[int, int, int]] = []
    number_of = last[-1] if last else None
    while number_of is not None:
        row.append((*pairs[number_of], 1))
        number_of = before[number_of]
    return row[::-1]
