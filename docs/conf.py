"""
How the documents become a site: `make docs`.

The documents are plain Markdown that reads as well on a code forge. The navigation is made from the lists of links in
the pages of `CONTENTS`, so that those pages are all there is to keep.
"""

import re
import tomllib
from pathlib import Path

from sphinx.application import Sphinx

HERE = Path(__file__).parent
PROJECT = tomllib.loads((HERE.parent / "pyproject.toml").read_text())["project"]

project = "Dogwatch"
version = release = PROJECT["version"]
html_title = f"Dogwatch {release}"

extensions = ["myst_parser"]
root_doc = "index"
exclude_patterns = ["pictures"]
nitpicky = True

myst_heading_anchors = 4  # the same names that forges give to headings
myst_enable_extensions = ["smartquotes"] if False else []

html_theme = "furo"
html_static_path = ["_static"]
html_css_files = ["tables.css"]
html_copy_source = False
html_show_sourcelink = False
html_show_copyright = False
html_use_index = False
html_theme_options = {"footer_icons": [], "top_of_page_buttons": []}
pygments_style = "default"

CONTENTS = {"index", "configuration/README", "adr/README"}
PART = re.compile(r"^## (.+)$", re.MULTILINE)
LISTED = re.compile(r"^- \[([^\]]+)\]\(([\w./-]+)\.md\)", re.MULTILINE)
EMOJI = dict(re.findall(r"([\w+-]+) ([^\s|]+)", (HERE.parent / "bot/sandbox/page/static/text/emoji.js").read_text()))
NAMED = re.compile(r"(?<![\w`:]):([a-z_]+):(?![\w`:])")
LINKED = re.compile(r"\]\((?=\.\.?/)([\w./-]+\.md)\)")


def with_navigation(_: Sphinx, name: str, source: list[str]) -> None:
    """A list of links under a heading is a part of the navigation, under that heading."""
    if name not in CONTENTS:
        return
    beginning, *parts = PART.split(source[0])
    whole = beginning
    for heading, text in zip(parts[::2], parts[1::2], strict=True):
        whole += f"## {heading}{text}\n"
        if listed := [f"{title.replace('`', '')} <{page}>" for title, page in LISTED.findall(text)]:
            whole += "\n".join(["```{toctree}", ":hidden:", f":caption: {heading}", "", *listed, "```", "", ""])
    source[0] = whole


def with_files(_: Sphinx, name: str, source: list[str]) -> None:
    """What a page links outside of `docs/` is no page of the site: the file itself comes along."""
    folder = (HERE / name).parent

    def link(found: re.Match[str]) -> str:
        is_page = (folder / found[1]).resolve().is_relative_to(HERE)
        return found[0] if is_page else f"](path:{found[1]})"

    source[0] = LINKED.sub(link, source[0])


def with_emoji(_: Sphinx, __: str, source: list[str]) -> None:
    """A forge shows `:mag:` as its picture; the site shows both, because people look for it by its name."""
    source[0] = NAMED.sub(lambda found: f"{EMOJI[found[1]]} `{found[0]}`" if found[1] in EMOJI else found[0], source[0])


def without_search(_: Sphinx, name: str, source: list[str]) -> None:
    """Decisions are read from their list: in a search they hide the page that somebody looks for."""
    if name.startswith("adr/"):
        source[0] = f"---\nno-search: true\n---\n\n{source[0]}"


def setup(app: Sphinx) -> None:
    app.connect("source-read", without_search)
    app.connect("source-read", with_navigation)
    app.connect("source-read", with_files)
    app.connect("source-read", with_emoji)
