"""A postmortem as one HTML file that needs nothing else: converted from its Markdown."""

from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from typing import Any
from urllib.parse import urlsplit

from babel import Locale
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from bot.domain.drafting.markdown import MARK
from bot.domain.languages import language as language_of
from bot.export.html_style import STYLE

CLASS_OF_SOURCES = "source"
NO_BREAK = "\u202f"


@dataclass(frozen=True, slots=True)
class Article:
    """One part of the file: a document in one language, or the transcript. `kind` is its class."""

    language: str
    markdown: str
    kind: str = "document"


def _mark_sources(state: StateCore) -> None:
    """
    Sources are small marks. Each says where it leads, for those who point at it and those who hear the page.

    `env["source"]` is the language's word for it.
    """
    word = state.env.get("source", language_of("en").words["source"])
    for block in state.tokens:
        children = block.children or []
        for before, link, text in zip([None, *children], children, children[1:], strict=False):
            if link.type == "link_open" and text.content == MARK:
                if before is not None and before.content.endswith(" "):  # a mark never begins a line
                    before.content = f"{before.content[:-1]}{NO_BREAK}"
                where = f"{word}: {urlsplit(str(link.attrGet('href'))).hostname}"
                for name, value in (("class", CLASS_OF_SOURCES), ("title", where), ("aria-label", where)):
                    link.attrSet(name, value)


def _table_open(_renderer: RendererHTML, _tokens: Sequence[Token], _index: int, _options: Any, _env: Any) -> str:
    """A table that is too wide scrolls by itself, also by the keyboard."""
    return '<div class="wide" tabindex="0">\n<table>\n'


def _table_close(_renderer: RendererHTML, _tokens: Sequence[Token], _index: int, _options: Any, _env: Any) -> str:
    return "</table>\n</div>\n"


def _header_cell(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    tokens[index].attrSet("scope", "col")
    return renderer.renderToken(tokens, index, options, env)


@cache
def _markdown() -> MarkdownIt:
    """CommonMark with tables. Raw HTML stays text, and only addresses that cannot run anything become links."""
    made = MarkdownIt("commonmark", {"html": False}).enable("table")
    made.core.ruler.push("sources", _mark_sources)
    for name, rule in (("table_open", _table_open), ("table_close", _table_close), ("th_open", _header_cell)):
        made.add_render_rule(name, rule)
    return made


def html_body(markdown: str, *, source: str = "Source") -> str:
    """The Markdown as HTML, for a page that brings its own frame. `source` is the word for a source's mark."""
    env: MutableMapping[str, Any] = {"source": source}
    return str(_markdown().render(markdown, env))


def html_document(articles: Sequence[Article], *, title: str) -> str:
    """
    One self-contained file: no scripts, no pictures, nothing fetched. Readable on a phone; prints well.

    Its language is the first article's; each article says its own.
    """
    language = articles[0].language if articles else "en"
    written = {each.language: each for each in articles if each.kind == "document"}
    return (
        f'<!doctype html>\n<html lang="{escape(language)}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        '<meta name="referrer" content="no-referrer">\n<meta name="robots" content="noindex">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        f"{_languages(written)}<main>\n{''.join(_article(each) for each in articles)}</main>\n</body>\n</html>\n"
    )


def _article(article: Article) -> str:
    place = article.kind if article.kind != "document" else f"in-{article.language}"
    body = html_body(article.markdown, source=language_of(article.language).words["source"])
    return (
        f'<article id="{escape(place)}" class="{escape(article.kind)}" lang="{escape(article.language)}">\n'
        f"{body}</article>\n"
    )


def _languages(written: Mapping[str, Article]) -> str:
    """The way to each language, in its own name; nothing if there is only one."""
    if len(written) < 2:
        return ""
    links = "".join(
        f'<a href="#in-{escape(code)}" hreflang="{escape(code)}" lang="{escape(code)}">{escape(_own_name(code))}</a>'
        for code in written
    )
    return f"<nav>{links}</nav>\n"


def _own_name(code: str) -> str:
    name = Locale.parse(code, sep="-").get_display_name() or code
    return name[:1].upper() + name[1:]
