"""Runs that two lists have in common, and the difference between two texts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.drafting.document import text_changes
from bot.domain.drafting.document.text_changes import ChangeKind, compare_lists, compare_texts, find_equal_runs

lists = st.lists(st.sampled_from("abcd "), max_size=12)


@pytest.mark.parametrize("most", [0, text_changes.MAX_EQUAL_PAIRS])
@given(old=lists, new=lists)
def test_runs_are_equal_and_in_order_in_both(most: int, old: list[str], new: list[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_changes, "MAX_EQUAL_PAIRS", most)
        runs = find_equal_runs(old, new)
        parts = list(compare_lists(old, new))

    ends = [(0, 0), *((first + size, second + size) for first, second, size in runs)]
    assert all(
        first >= end and second >= new_end for (first, second, _), (end, new_end) in zip(runs, ends[:-1], strict=True)
    )
    assert all(size and old[first : first + size] == new[second : second + size] for first, second, size in runs)
    assert [each for _, ours, _ in parts for each in old[ours]] == old
    assert [each for _, _, theirs in parts for each in new[theirs]] == new
    assert all(old[ours] == new[theirs] for is_equal, ours, theirs in parts if is_equal)


def test_thousands_of_equal_lines_are_not_compared_with_each_other():
    equal = ["x"] * 20_000
    old, new = ["a", *equal, "kept", *equal, "b"], ["c", *equal, "x", "kept", *equal, "d"]

    assert find_equal_runs(old, new) == [(20_001, 20_002, 1)]


def test_lines_that_stand_once_are_found_among_many_equal_ones():
    equal = ["x"] * 500
    old, new = ["a", "one", *equal, "two", "three", "b"], ["c", *equal, "one", "three", "two", "d"]

    assert find_equal_runs(old, new) == [(1, 501, 1), (503, 502, 1)]


def test_a_text_is_compared_word_by_word():
    found = [(each.kind, each.text) for each in compare_texts("the pool is full", "the queue is full")]

    assert found == [
        (ChangeKind.KEPT, "the "),
        (ChangeKind.REMOVED, "pool"),
        (ChangeKind.ADDED, "queue"),
        (ChangeKind.KEPT, " is full"),
    ]


@given(old=st.text(alphabet="ab \n"), new=st.text(alphabet="ab \n"))
def test_the_parts_make_up_both_texts(old: str, new: str) -> None:
    parts = list(compare_texts(old, new))

    assert "".join(each.text for each in parts if each.kind is not ChangeKind.ADDED) == old
    assert "".join(each.text for each in parts if each.kind is not ChangeKind.REMOVED) == new
