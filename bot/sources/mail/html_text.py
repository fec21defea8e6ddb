"""The text of a mail that has HTML only."""

import re
from collections import Counter
from html.parser import HTMLParser

MAX_HTML = 100_000
"""Characters of the HTML that are read."""
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)|<!\[[^<>]*>?", re.DOTALL)
_LONG_TAG = re.compile(r"<[^<>]{1000,}>")
"""Such as an image within the mail. Nothing of it is text."""
_NO_TAG = re.compile(r"<(?![^<>]*>)")
_HIDDEN = frozenset({"head", "script", "style", "title", "template"})
_BREAKING = frozenset({"br", "p", "div", "tr", "li", "h1", "h2", "h3", "h4", "table", "ul", "ol", "pre", "blockquote"})


class _TextCollector(HTMLParser):
    """`pieces`: the texts, and line ends between blocks."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._hidden: Counter[str] = Counter()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002  the signature of the parser
        if tag in _HIDDEN:
            self._hidden[tag] += 1
        self._break_line(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._hidden[tag]:
            self._hidden[tag] -= 1
        self._break_line(tag)

    def handle_data(self, data: str) -> None:
        if not self._hidden.total():
            self.pieces.append(re.sub(r"\s+", " ", data))

    def _break_line(self, tag: str) -> None:
        if tag in _BREAKING:
            self.pieces.append("\n")


def extract_text(html: str) -> str:
    """The visible text, one line for each block."""
    collector = _TextCollector()
    try:
        collector.feed(_limit_tags(html[:MAX_HTML]))
        collector.close()
    except AssertionError:  # the parser's own, for declarations that it does not know
        pass
    lines = (" ".join(line.split()) for line in "".join(collector.pieces).splitlines())
    return "\n".join(line for line in lines if line)


def _limit_tags(html: str) -> str:
    """
    The HTML without comments and long tags, and with every `<` that begins no tag escaped.

    The parser takes minutes for thousands of tags and comments that do not end. A blank takes the place of what is left
    out, so that its neighbours do not become a tag.
    """
    return _NO_TAG.sub("&lt;", _LONG_TAG.sub(" ", _COMMENT.sub(" ", html)))
