"""Messages and forms follow the style of texts: docs/contributing/style.md."""

import re
from collections.abc import Iterator

import pytest

from bot.config import load
from tests.support.gallery.exhibits import exhibits
from tests.support.records.markup import parts_of

EXHIBITS = exhibits(load({}))
BANNED = re.compile(
    r"\b(?:anew|whoever|whatever|by what|stands there|so already|a word on|is told|are told|sign of life|put right"
    r"|gives? (?:it|the \w+) up|calls? for help|a tap each|for want of|see to it|nudges?|mend(?:ed)?|lacks?)\b",
    re.IGNORECASE,
)
"""Words of a private language; the style guide has the better ones."""
NO_FIRST_WORD = re.compile(r"(?:^[^\w`]*|[.!] )(?:Who|Whom|Whoever|What|Whose|Somebody)\b(?![^.\n]*\?)")
"""A sentence begins with its subject. A question may begin with these."""
BUTTON = 30
"""Characters of a button's label, its names left out."""
PROPER = re.compile(r"SEV\d|Slack|Dogwatch|Markdown|HTML|JSON|INC-\d+|I\b|[A-Z]{2,}")


def texts() -> Iterator[tuple[str, str]]:
    for exhibit in EXHIBITS:
        for part in parts_of(exhibit.payload):
            if part.get("type") in {"mrkdwn", "plain_text"}:
                yield from ((exhibit.name, line) for line in part["text"].splitlines())


def buttons() -> Iterator[tuple[str, str]]:
    for exhibit in EXHIBITS:
        for part in parts_of(exhibit.payload):
            if part.get("type") == "button":
                yield exhibit.name, part["text"]["text"]


def test_no_text_has_words_of_a_private_language() -> None:
    assert sorted({(name, line) for name, line in texts() if BANNED.search(line)}) == []


def test_no_sentence_begins_with_a_relative_pronoun() -> None:
    assert sorted({(name, line) for name, line in texts() if NO_FIRST_WORD.search(line)}) == []


@pytest.mark.parametrize(("name", "label"), sorted(set(buttons())))
def test_a_button_is_short_and_in_sentence_case(name: str, label: str) -> None:
    shown = label.partition("“")[0]
    assert len(shown) <= BUTTON or "INC-" in shown or "/incident" in shown, name
    words = PROPER.sub("", re.sub(r"`[^`]*`|/incident.*", "", label)).split()
    assert not any(word[:1].isupper() for word in words[1:]), label
