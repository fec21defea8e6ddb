"""Texts that make a pattern try every way to read them: read in little time at any length."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.domain.drafting.document.markdown import clean_markdown
from bot.domain.findings.durations_in_text import find_spans, parse_impact_duration, speaks_of_part
from bot.domain.findings.times_in_text import parse_since, parse_window
from bot.export.canvas_markdown import canvas_markdown

LONG = 40_000
"""Characters of Slack's longest message."""
NEAR, ZONE = datetime(2026, 3, 2, 14, 0, tzinfo=UTC), ZoneInfo("Europe/Paris")
READERS: dict[str, Callable[[str], object]] = {
    "impact": lambda text: parse_impact_duration(text, is_impact=True),
    "spans": lambda text: list(find_spans(text, NEAR, ZONE)),
    "part": speaks_of_part,
    "window": lambda text: parse_window(text, NEAR, ZONE),
    "since": lambda text: parse_since(text, NEAR, ZONE),
    "canvas": lambda text: canvas_markdown(text, "https://dogwatch.example.test"),
    "markdown": clean_markdown,
}
PIECES = ("1", "a", "for 3 h, ", "10:00 - ", "' ", "`", "`` ", "> ", ">", "[[1]]`", " ")


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
