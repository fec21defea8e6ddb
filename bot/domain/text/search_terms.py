"""Words and phrases of a text search, and their places in a text."""

import re
from collections.abc import Iterator, Sequence
from itertools import islice

from bot.domain.text.search_key import COMBINING_MARKS, MAX_SEARCH_WORDS, search_key
from bot.lazy_dataclass import dataclass

WORD = re.compile(rf"<[@#!][^<>]*>|[^\W_]+(?:[{COMBINING_MARKS}]+[^\W_]*)*")
"""A word as the index has it, or a mention of Slack, which is skipped."""
TYPED = re.compile(r'"([^"]+)"|[“„«]([^”“»]+)[”“»]|(\S+)')
_LINE_MARKS = re.compile(r"^\s*(?:(?:>|[-+*]|#{1,6}|\d{1,9}[.)])\s+)*")
_REFERENCE = re.compile(r"(?<!\s)\s*+\[{1,2}\d{1,9}\](?:\([^()\s]*+\)\]|\])?(?!\()")
_LINK = re.compile(r"(?<!\\)\[(?P<text>[^\[\]]*)\]\([^()\s]*\)")
_DEFINITION = re.compile(r"\[\d{1,9}\]: ")
_MARKS = re.compile(r"\\(?P<escaped>[!-/:-@\[-`{-~])|\*+|`+")
MAX_TYPED = 500
"""Words of a search that are read. It uses fewer, but may repeat them."""
MAX_PHRASE_WORDS = 32
"""Words of a phrase that are looked for."""
EXCERPT_LENGTH = 200
"""Characters of the excerpt around the first match."""


@dataclass(frozen=True, slots=True)
class SearchTerm:
    """Search keys of words in a row. `is_prefix`: the last may be the beginning of a word."""

    words: tuple[str, ...]
    is_prefix: bool = False

    def matches(self, words: Sequence[str]) -> bool:
        *first, last = self.words
        return list(words[:-1]) == first and (words[-1].startswith(last) if self.is_prefix else words[-1] == last)


@dataclass(frozen=True, slots=True)
class ExcerptPart:
    """A part of an excerpt; `is_match` if the search looked for it."""

    text: str
    is_match: bool = False


Excerpt = tuple[ExcerptPart, ...]


def search_terms(text: str) -> tuple[SearchTerm, ...]:
    """
    The terms of a typed search: each word, and the text in quotes as one phrase.

    The last word counts as the beginning of one, unless it is quoted or a number.
    Of a long phrase the first words count.
    """
    typed = list(islice(TYPED.finditer(text), MAX_TYPED))
    terms = [_term(each, is_last=each is typed[-1]) for each in typed]
    return tuple(dict.fromkeys(each for each in terms if each.words))[:MAX_SEARCH_WORDS]


def _term(found: re.Match[str], *, is_last: bool) -> SearchTerm:
    words = tuple(re.findall(r"[^\W_]+", search_key(found[found.lastindex or 0])))
    if len(words) > MAX_PHRASE_WORDS:
        return SearchTerm(words[:MAX_PHRASE_WORDS])
    return SearchTerm(words, is_prefix=bool(words) and is_last and found[3] is not None and not words[-1].isdigit())


def make_excerpt(text: str, terms: Sequence[SearchTerm]) -> Excerpt:
    """The text on one line, with its matches; of a long one the part around the first match."""
    line = " ".join(text.split())
    spans = list(_match_spans(line, terms))
    if len(line) > EXCERPT_LENGTH:
        begin = max(0, spans[0][0] - EXCERPT_LENGTH // 4) if spans else 0
        end = begin + EXCERPT_LENGTH
    else:
        begin, end = 0, len(line)
    parts = [ExcerptPart("…")] if begin else []
    place = begin
    for first, last in spans:
        if last <= end:
            parts += [ExcerptPart(line[place:first]), ExcerptPart(line[first:last], is_match=True)]
            place = last
    parts += [ExcerptPart(line[place:end]), ExcerptPart("…" if end < len(line) else "")]
    return tuple(each for each in parts if each.text)


def make_written_excerpt(markdown: str, terms: Sequence[SearchTerm]) -> Excerpt:
    """Of a document the line with the most terms, the first of several, without its marks."""
    best, most = "", -1
    for line in markdown.splitlines():
        text = _plain_line(line)
        count = _count_terms(text, terms) if text else -1
        if count > most:
            best, most = text, count
        if most == len(terms):
            break
    return make_excerpt(best, terms)


def _plain_line(line: str) -> str:
    """A line of Markdown without marks and references; empty for the address of a reference."""
    if _DEFINITION.match(line):
        return ""
    text = _LINK.sub(r"\g<text>", _REFERENCE.sub("", _LINE_MARKS.sub("", line, count=1)))
    return _MARKS.sub(lambda found: found["escaped"] or "", text).replace("&lt;", "<").strip()


def _count_terms(line: str, terms: Sequence[SearchTerm]) -> int:
    keys = [search_key(found[0]) for found in WORD.finditer(line) if found[0][0] != "<"]
    return sum(any(each.matches(keys[place : place + len(each.words)]) for place in range(len(keys))) for each in terms)


def excerpt_text(excerpt: Excerpt) -> str:
    return "".join(each.text for each in excerpt)


def _match_spans(line: str, terms: Sequence[SearchTerm]) -> Iterator[tuple[int, int]]:
    """Begin and end of each match, in order and apart."""
    words = [(search_key(found[0]), *found.span()) for found in WORD.finditer(line) if found[0][0] != "<"]
    keys = [key for key, _, _ in words]
    place = 0
    while place < len(words):
        lengths = [len(each.words) for each in terms if each.matches(keys[place : place + len(each.words)])]
        if lengths:
            yield words[place][1], words[place + max(lengths) - 1][2]
        place += max(lengths, default=1)


def has_formatting(text: str) -> bool:
    """Return whether the text may have code, bold or struck words, as people type them in Slack."""
    return any(mark in text for mark in "`*~")
