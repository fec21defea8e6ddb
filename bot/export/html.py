"""A postmortem as one HTML file that needs nothing else: converted from its Markdown."""

from functools import cache
from html import escape

from markdown_it import MarkdownIt

STYLE = """
:root { color-scheme: light dark; --text: #1d2129; --quiet: #5b6472; --line: #d9dde3; --link: #1259c3; --paper: #fff; }
@media (prefers-color-scheme: dark) {
  :root { --text: #e4e7ec; --quiet: #9aa3b2; --line: #363c46; --link: #7fb0ff; --paper: #15181d; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 46rem; padding: 1.5rem 1rem 4rem; background: var(--paper); color: var(--text);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .75rem; }
h2 { font-size: 1.25rem; margin: 2rem 0 .5rem; padding-bottom: .2rem; border-bottom: 1px solid var(--line); }
h3 { font-size: 1.05rem; margin: 1.4rem 0 .4rem; }
p { margin: .5rem 0; }
ul { margin: .5rem 0; padding-left: 1.2rem; }
li { margin: .3rem 0; }
em { color: var(--quiet); }
a { color: var(--link); text-decoration: none; }
a:hover, a:focus { text-decoration: underline; }
hr { border: 0; border-top: 2px solid var(--line); margin: 3rem 0; }
table { border-collapse: collapse; width: 100%; }
th, td { border: 1px solid var(--line); padding: .35rem .5rem; text-align: left; vertical-align: top; }
@media print {
  @page { margin: 18mm; }
  :root { --text: #000; --quiet: #444; --line: #bbb; --link: #000; --paper: #fff; }
  body { max-width: none; padding: 0; font-size: 10.5pt; }
  h2, h3 { break-after: avoid; }
  li, tr { break-inside: avoid; }
  hr { break-after: page; border: 0; }
}
"""


@cache
def _markdown() -> MarkdownIt:
    """CommonMark with tables. Raw HTML stays text, and only addresses that cannot run anything become links."""
    return MarkdownIt("commonmark", {"html": False}).enable("table")


def html_body(markdown: str) -> str:
    """The Markdown as HTML, for a page that brings its own frame."""
    return str(_markdown().render(markdown))


def html_document(markdown: str, *, title: str, language: str = "en") -> str:
    """One self-contained file: no scripts, no pictures, nothing fetched. Readable on a phone; prints well."""
    return (
        f'<!doctype html>\n<html lang="{escape(language)}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n"
        f"{html_body(markdown)}</main>\n</body>\n</html>\n"
    )
