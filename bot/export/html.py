"""A postmortem as one self-contained HTML file, converted from its Markdown."""

import re
from collections.abc import Mapping, MutableMapping, Sequence
from functools import cache
from html import escape
from typing import Any
from urllib.parse import urlsplit

from babel import Locale
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline, image
from markdown_it.rules_inline import link as read_link
from markdown_it.token import Token

from bot.domain.languages import get_language
from bot.export.html_style import STYLE
from bot.export.plot.style import PLOT_STYLE
from bot.export.transcript import SOURCE_MARK
from bot.lazy_dataclass import dataclass

SOURCE_CLASS = "source"
FILES = "files"
"""Kind of the article with kept files."""
TITLE_END = "</h1>\n"
NO_BREAK = "\u202f"
_LAST_BRACKET = -1
"""Where a parser's memory has the last `]`, among what it has by position."""
_NUMBER = re.compile(r"\d{1,9}")


@dataclass(frozen=True, slots=True)
class Article:
    """
    A document in one language, the transcript, or the kept files.

    `kind`: its CSS class. `picture`: HTML below the title.
    """

    language: str
    markdown: str
    kind: str = "document"
    picture: str = ""


def _mark_sources(state: StateCore) -> None:
    """
    Turn references to sources into small marks, with number and host as title and label.

    `env["source"]`: the language's word for "source".
    """
    word = state.env.get("source", get_language("en").words["source"])
    for block in state.tokens:
        children = block.children or []
        for place, link in enumerate(children):
            if link.type == "link_open" and (number := _take_brackets(children, place)) is not None:
                label = f"{' '.join(filter(None, [word, number]))}: {urlsplit(str(link.attrGet('href'))).hostname}"
                for name, value in (("class", SOURCE_CLASS), ("title", label), ("aria-label", label)):
                    link.attrSet(name, value)


def _take_brackets(children: Sequence[Token], place: int) -> str | None:
    """
    The number of the reference at `place`, whose brackets go into its link: `[[3]]`.

    Empty for the mark behind a message of the transcript; None for any other link.
    """
    before, text, after = (_token_at(children, each) for each in (place - 1, place + 1, place + 3))
    if text is None:
        return None
    if text.content == SOURCE_MARK:
        _keep_on_line(before)
        return ""
    is_reference = before and after and before.content.endswith("[") and after.content.startswith("]")
    if before is None or after is None or not is_reference or not _NUMBER.fullmatch(text.content):
        return None
    number, text.content = text.content, f"[{text.content}]"
    before.content, after.content = before.content[:-1], after.content[1:]
    _keep_on_line(before)
    return number


def _token_at(children: Sequence[Token], place: int) -> Token | None:
    return children[place] if 0 <= place < len(children) else None


def _keep_on_line(before: Token | None) -> None:
    """Keep the mark behind this text from beginning a line."""
    if before is not None and before.content.endswith(" "):
        before.content = f"{before.content[:-1]}{NO_BREAK}"


def _read_link(state: StateInline, silent: bool) -> bool:
    return state.src[state.pos] == "[" and _may_end(state) and read_link(state, silent)


def _read_image(state: StateInline, silent: bool) -> bool:
    return state.src[state.pos] == "!" and _may_end(state) and image(state, silent)


def _may_end(state: StateInline) -> bool:
    """Return whether a `]` follows; without one the parser reads on from each `[`."""
    last = state.cache.get(_LAST_BRACKET)
    if last is None:
        last = state.cache[_LAST_BRACKET] = state.src.rfind("]")
    return last > state.pos


def _table_open(_renderer: RendererHTML, _tokens: Sequence[Token], _index: int, _options: Any, _env: Any) -> str:
    """A wide table scrolls in a box of its own, which takes keyboard focus."""
    return '<div class="wide" tabindex="0">\n<table>\n'


def _table_close(_renderer: RendererHTML, _tokens: Sequence[Token], _index: int, _options: Any, _env: Any) -> str:
    return "</table>\n</div>\n"


def _header_cell(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    tokens[index].attrSet("scope", "col")
    return renderer.renderToken(tokens, index, options, env)


@cache
def _create_converter() -> MarkdownIt:
    """
    CommonMark with tables and strikethrough.

    Raw HTML stays text, and links with a scheme that runs code stay text, too.
    """
    converter = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    converter.inline.ruler.at("link", _read_link)
    converter.inline.ruler.at("image", _read_image)
    converter.core.ruler.push("sources", _mark_sources)
    for name, rule in (("table_open", _table_open), ("table_close", _table_close), ("th_open", _header_cell)):
        converter.add_render_rule(name, rule)
    return converter


def render_html_body(markdown: str, *, source: str = "Source") -> str:
    """Markdown as an HTML fragment. `source`: the word for a source's mark."""
    env: MutableMapping[str, Any] = {"source": source}
    return str(_create_converter().render(markdown, env))


def render_html_document(articles: Sequence[Article], *, title: str) -> str:
    """
    One self-contained file: no scripts, nothing fetched.

    The file's language is the first article's; each article has its own.
    """
    language = articles[0].language if articles else "en"
    documents = {each.language: each for each in articles if each.kind == "document"}
    images = "; img-src data:" if any(each.kind == FILES for each in articles) else ""
    return (
        f'<!doctype html>\n<html lang="{escape(language)}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta http-equiv="Content-Security-Policy" '
        f"content=\"default-src 'none'; style-src 'unsafe-inline'{images}\">\n"
        '<meta name="referrer" content="no-referrer">\n<meta name="robots" content="noindex">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}{PLOT_STYLE}</style>\n</head>\n<body>\n"
        f"{_language_links(documents)}<main>\n{''.join(map(_render_article, articles))}</main>\n</body>\n</html>\n"
    )


def _render_article(article: Article) -> str:
    anchor = article.kind if article.kind != "document" else f"in-{article.language}"
    body = render_html_body(article.markdown, source=get_language(article.language).words["source"])
    return (
        f'<article id="{escape(anchor)}" class="{escape(article.kind)}" lang="{escape(article.language)}">\n'
        f"{_insert_picture(body, article.picture)}</article>\n"
    )


def _insert_picture(body: str, picture: str) -> str:
    """Put the picture below the title, or first in a document without one."""
    title, end, rest = body.partition(TITLE_END)
    return f"{title}{end}{picture}\n{rest}" if picture and end else picture + body


def _language_links(documents: Mapping[str, Article]) -> str:
    """Links to each language by its native name; empty for one language."""
    if len(documents) < 2:
        return ""
    links = "".join(
        f'<a href="#in-{escape(code)}" hreflang="{escape(code)}" lang="{escape(code)}">{escape(_native_name(code))}</a>'
        for code in documents
    )
    return f"<nav>{links}</nav>\n"


def _native_name(code: str) -> str:
    name = Locale.parse(code, sep="-").get_display_name() or code
    return name[:1].upper() + name[1:]
