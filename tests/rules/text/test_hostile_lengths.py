"""Texts that make a pattern try every way to read them: read in little time at any length."""

import time
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Literal
from zoneinfo import ZoneInfo

import pytest

from bot.command.tokenizer import split_words
from bot.domain.drafting.document.markdown import clean_markdown
from bot.domain.drafting.document.text_changes import compare_texts
from bot.domain.drafting.public.model import PublicPolicy
from bot.domain.drafting.public.wording import PublicWording
from bot.domain.errors import UserError
from bot.domain.findings.durations_in_text import find_spans, parse_impact_duration, speaks_of_part
from bot.domain.findings.times_in_text import parse_since, parse_window
from bot.domain.languages import get_language
from bot.domain.text.normalize import normalize
from bot.domain.text.search_key import search_key
from bot.domain.text.search_terms import make_written_excerpt, search_terms
from bot.export.canvas_markdown import canvas_markdown
from bot.export.html import render_html_body
from bot.export.image.fonts import substitute_missing_glyphs
from bot.services.escalation.duplicate_check import read_request
from tests.support.records.samples import checkout_500s

LONG = 40_000
"""Characters of Slack's longest message."""
NEAR, ZONE = datetime(2026, 3, 2, 14, 0, tzinfo=UTC), ZoneInfo("Europe/Paris")
PUBLIC = PublicWording(replace(checkout_500s(), people={"U1": "Ada Byron"}), get_language("en"), PublicPolicy())
READERS: dict[str, Callable[[str], object]] = {
    "impact": lambda text: parse_impact_duration(text, is_impact=True),
    "spans": lambda text: list(find_spans(text, NEAR, ZONE)),
    "part": speaks_of_part,
    "window": lambda text: parse_window(text, NEAR, ZONE),
    "since": lambda text: parse_since(text, NEAR, ZONE),
    "canvas": lambda text: canvas_markdown(text, "https://dogwatch.example.test"),
    "markdown": clean_markdown,
    "public": PUBLIC.reword,
    "excerpt": lambda text: make_written_excerpt(text, search_terms("foo bar")),
    "search": search_key,
    "image": substitute_missing_glyphs,
    "line": lambda text: split_words(f"{text} "),
    "terms": search_terms,
    "differences": lambda text: list(compare_texts(f"1 {text}", f"{text} 2")),
}
PIECES = (
    "a.",
    "a-",
    ".",
    "Ada ",
    "[1](",
    "u\u0301\u0316",
    "\u0301\u0316",
    "\u0f73",
    "\uff9e\u0301",
    "1",
    "a",
    "for 3 h, ",
    "10:00 - ",
    "' ",
    "`",
    "`` ",
    "> ",
    ">",
    "[[1]]`",
    " ",
    "a\n",
    "a ",
)


@pytest.mark.parametrize("reader", READERS)
def test_no_text_takes_long_to_read(reader: str) -> None:
    for piece in PIECES:
        started = time.process_time()

        READERS[reader]("[[1]]" + piece * (LONG // len(piece)) + "x 1")

        assert time.process_time() - started < 1, piece


@pytest.mark.parametrize(
    ("written", "clean"),
    [("a `<b>` <b>", "a `<b>` &lt;b>"), ("``a` <b>", "``a` &lt;b>"), ("\\``<b>` <b>", "\\``<b>` &lt;b>")],
)
def test_code_is_what_as_many_backquotes_end(written: str, clean: str) -> None:
    assert clean_markdown(written) == clean


@pytest.mark.parametrize("piece", ["[", "![", "[[", "[a"])
def test_brackets_that_never_end_are_read_once(piece: str) -> None:
    started = time.process_time()

    page = render_html_body("[a](https://a.example.test) " + piece * (4 * LONG // len(piece)))

    assert time.process_time() - started < 1
    assert page.startswith('<p><a href="https://a.example.test">a</a> ')


@pytest.mark.parametrize("form", ["NFC", "NFKC", "NFKD"])
@pytest.mark.parametrize("piece", ["\u0301\u0316", "é\u0316", "\u0344\u0f73", "\uff9e\u0301", "…!"])
def test_many_accents_are_put_in_the_order_of_unicode(form: Literal["NFC", "NFKC", "NFKD"], piece: str) -> None:
    assert normalize(form, "e" + piece * 40) == unicodedata.normalize(form, "e" + piece * 40)


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("see mailto:a.b@c.example+d@e.example.", "see"),
        ("at a+https://db.corp/x, then 10.0.0.1:80/y", "at"),
        ("e.g. 1.2 of Node.js", "e.g. 1.2 of Node.js"),
    ],
)
def test_addresses_next_to_each_other_are_all_found(written: str, shown: str) -> None:
    text = PUBLIC.reword(written).text

    assert text.startswith(shown)
    assert [part for part in ("@", "corp", "example", "10.0") if part in text] == []


def test_a_deeply_nested_request_is_of_another_version() -> None:
    with pytest.raises(UserError, match="another version"):
        read_request("[" * LONG)
