"""Texts of vendors as plain text: HTML is dropped, and nothing in them can ping or run."""

import html
import re

MAX_TEXT = 20_000
MAX_TITLE = 300
_MAX_READ = 4 * MAX_TEXT

_TAG = re.compile(r"<(/?[A-Za-z!][^<>]*)>")
_KNOWN_TAG = re.compile(
    r"<(?=/?(?:a|abbr|b|blockquote|br|code|div|em|h[1-6]|hr|i|iframe|img|li|object|ol|p|pre|script|small|span|strong"
    r"|style|svg|table|tbody|td|th|thead|tr|u|ul|var)\b)(/?[A-Za-z][^<>]*)>",
    re.IGNORECASE,
)
_HREF = re.compile(r"""\bhref\s*=\s*["']?(https?://[^"'\s<>]{1,2000})""", re.IGNORECASE)
_SLACK_TOKEN = re.compile(r"<([!@#][^<>\n]{0,300})>")
_SLACK_OPENING = re.compile(r"<(?=[!@#])")
_SKIPPED = frozenset({"script", "style", "iframe", "object", "svg"})
_PARAGRAPHS = frozenset(
    {"p", "div", "ul", "ol", "table", "blockquote", "pre", "h1", "h2", "h3", "h4", "h5", "h6", "hr"}
)
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ue000-\uf8ff]")
"""Controls, signs that turn the direction of what follows, and halves of surrogate pairs."""


def clean_title(text: str) -> str:
    """A title on one line, of at most 300 characters."""
    line = " ".join(clean_text(text).split())
    return line if len(line) <= MAX_TITLE else f"{line[: MAX_TITLE - 1].rstrip()}…"


def clean_text(text: str) -> str:
    """
    Plain text or Markdown without HTML.

    Signs that no reader sees are removed, and long texts are cut.
    """
    if len(text) <= MAX_TEXT and text.isprintable() and "<" not in text:  # one line, and most texts are that
        return text.strip()
    cut = text[:_MAX_READ]
    if _KNOWN_TAG.search(cut) or "<!--" in cut:
        cut = _drop_tags(cut, _KNOWN_TAG, keeps_lines=True)
    return _finish(cut)


def convert_html(text: str) -> str:
    """HTML as plain text: paragraphs and line breaks stay, links are followed by their address."""
    return _finish(html.unescape(_drop_tags(text[:_MAX_READ], _TAG, keeps_lines=False)))


def _drop_tags(text: str, pattern: re.Pattern[str], *, keeps_lines: bool) -> str:
    """Linear in the length of the text, whatever is in it."""
    written: list[str] = []
    skipped = ""
    link: tuple[int, str] | None = None
    for place, piece in enumerate(pattern.split(_drop_comments(text))):
        if place % 2 == 0:
            if not skipped:
                written.append(piece if keeps_lines else re.sub(r"\s+", " ", piece))
            continue
        name = re.split(r"[\s/]", piece.lstrip("/"), maxsplit=1)[0].casefold()
        is_end = piece.startswith("/")
        if skipped:
            skipped = "" if is_end and name == skipped else skipped
        elif name in _SKIPPED:
            skipped = "" if is_end or piece.endswith("/") else name
        elif name == "br":
            written.append("\n")
        elif name == "li" and not is_end:
            written.append("\n- ")
        elif name in _PARAGRAPHS or (name == "tr" and is_end):
            written.append("\n\n" if name != "tr" else "\n")
        elif name == "a" and not is_end:
            found = _HREF.search(piece[:2100])
            link = (len(written), html.unescape(found[1])) if found else None
        elif name == "a" and link:
            start, address = link
            if address not in "".join(written[start:]):
                written.append(f" ({address})")
            link = None
    return "".join(written)


def _drop_comments(text: str) -> str:
    kept, start = [], 0
    while (opened := text.find("<!--", start)) >= 0:
        kept.append(text[start:opened])
        closed = text.find("-->", opened)
        if closed < 0:
            return "".join(kept)
        start = closed + 3
    return "".join([*kept, text[start:]])


def _finish(text: str) -> str:
    """Blanks in order, no invisible signs, no mentions of Slack, at most 20,000 characters."""
    visible = _UNSEEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    harmless = _SLACK_OPENING.sub("‹", _SLACK_TOKEN.sub(r"‹\1›", visible))
    lines = [line.rstrip() for line in harmless.replace("\u00a0", " ").split("\n")]
    joined = re.sub(r"\n{3,}", "\n\n", "\n".join(line if line.strip() else "" for line in lines)).strip()
    return joined if len(joined) <= MAX_TEXT else f"{joined[: MAX_TEXT - 1].rstrip()}…"
