"""Search: which words are looked for, and where they are in a text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.text.search_terms import SearchTerm, excerpt_text, make_excerpt, make_written_excerpt, search_terms

LETTERS = st.characters(codec="latin-1", categories=["L", "Nd", "P"])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("certificate EXPIRED", [("certificate",), ("expired", "*")]),
        ("Zu\u0308rich", [("zurich", "*")]),
        ('"connection pool" exhau', [("connection", "pool"), ("exhau", "*")]),
        ('exhau "connection pool"', [("exhau",), ("connection", "pool")]),
        ("„größte Störung“", [("großte", "storung")]),
        ("checkout-api", [("checkout", "api", "*")]),
        ("INC-7", [("inc", "7")]),
        ("pool pool", [("pool",), ("pool", "*")]),
        ("100% _ !!", [("100",)]),
        ('"" “” * " OR NEAR(', [("or",), ("near", "*")]),
        ("% _", []),
        (" ".join(f"w{n}x" for n in range(20)), [(f"w{n}x",) for n in range(8)]),
        (",".join("a" * 4000), [("a",) * 32]),
    ],
)
def test_search_terms(text: str, expected: list[tuple[str, ...]]):
    found = [(*each.words, "*") if each.is_prefix else each.words for each in search_terms(text)]

    assert found == expected


@pytest.mark.parametrize(
    ("text", "search", "expected"),
    [
        ("The Café's pool_size is used", "cafe pool", "The [Café]'s [pool]_size is used"),
        ("the connection pool is exhausted", '"connection pool" exh', "the [connection pool] is [exhausted]"),
        ("connection, then pool", '"connection pool"', "connection, then pool"),
        ("Zu\u0308rich", "zurich", "[Zu\u0308rich]"),
        ("<@U0POOL> reads a\n\npool", "pool", "<@U0POOL> reads a [pool]"),
        (f"{'long ' * 60}needle {'long ' * 60}", "needle", f"…{'long ' * 10}[needle] {'long ' * 28}lon…"),
    ],
)
def test_an_excerpt_marks_what_was_looked_for(text: str, search: str, expected: str):
    parts = make_excerpt(text, search_terms(search))

    assert "".join(f"[{each.text}]" if each.is_match else each.text for each in parts) == expected


DOCUMENT = r"""# Postmortem: Checkout is down

> **To check**
> - 1 task has no owner [[1]]

- *Impact:* customers could not \*pay\* [[2](https://x.example/p2)] [3]
- **17:40** the deploy halved the `pool` of checkout &lt;b>, see [the graph](https://x.example) [[4]]

[4]: https://x.example/halved/checkout
"""


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ("checkout", "Postmortem: [Checkout] is down"),
        ("halved checkout", "17:40 the deploy [halved] the pool of [checkout] <b>, see the graph"),
        ("customers pay", "Impact: [customers] could not *[pay]*"),
        ("owner", "1 task has no [owner]"),
        ("nothing", "Postmortem: Checkout is down"),
    ],
)
def test_an_excerpt_of_a_document_is_its_best_line_without_marks(search: str, expected: str):
    parts = make_written_excerpt(DOCUMENT, search_terms(search))

    assert "".join(f"[{each.text}]" if each.is_match else each.text for each in parts) == expected


@given(st.text(max_size=300), st.text(max_size=40))
def test_an_excerpt_changes_no_word(text: str, search: str):
    line = " ".join(text.split())

    found = excerpt_text(make_excerpt(text, search_terms(search)))

    assert found.removeprefix("…").removesuffix("…") in line or found == line


@given(st.lists(st.text(LETTERS, min_size=1, max_size=8), min_size=1, max_size=5))
def test_every_word_of_a_text_is_found_in_it(words: list[str]):
    text = " ".join(words)
    terms = [SearchTerm(each.words) for each in search_terms(text)]

    shown = make_excerpt(text, terms)

    assert not terms or any(each.is_match for each in shown)
