"""Links between Markdown files, and in the site that is built from them."""

import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from markdown_it import MarkdownIt

ROOT = Path(__file__).parents[3]
MARKDOWN = MarkdownIt("commonmark").enable("table")
LOADS = {
    "script": ("src",),
    "img": ("src", "srcset"),
    "iframe": ("src",),
    "source": ("src", "srcset"),
    "video": ("src",),
    "object": ("data",),
    "embed": ("src",),
}
"""What a browser fetches without being asked. `link` is looked at by what it is for."""


def documents() -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", "*.md"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return [name for name in listed.rstrip("\0").split("\0") if (ROOT / name).is_file()]


@cache
def anchors(path: Path) -> set[str]:
    """The names that a forge gives to the headings of a file."""
    tokens = MARKDOWN.parse(path.read_text())
    found: set[str] = set()
    for opened, inline in pairwise(tokens):
        if opened.type == "heading_open":
            text = "".join(each.content for each in inline.children or () if each.type in {"text", "code_inline"})
            name = base = re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")
            count = 0
            while name in found:
                count += 1
                name = f"{base}-{count}"
            found.add(name)
    return found


def links(text: str) -> Iterator[str]:
    for block in MARKDOWN.parse(text):
        for token in block.children or ():
            for attribute in ("href", "src"):
                if address := token.attrGet(attribute):
                    yield str(address)


def what_is_wrong(name: str, address: str) -> str | None:
    parts = urlsplit(address)
    if parts.scheme:
        is_fine = parts.scheme in {"http", "https"} and parts.hostname and "." in parts.hostname
        return None if is_fine else "not a web address"
    target = (ROOT / name).parent / unquote(parts.path) if parts.path else ROOT / name
    if not target.exists():
        return "no such file"
    if parts.fragment and target.suffix == ".md" and parts.fragment not in anchors(target.resolve()):
        return "no such heading"
    return None


def test_a_folder_of_documents_fits_a_screen() -> None:
    """Decisions are exempt: their number grows, and their list is a page."""
    folders = Counter(str(Path(name).parent) for name in documents() if name.startswith("docs/"))

    assert {name: count for name, count in folders.items() if count > 13 and name != "docs/adr"} == {}


def test_every_page_that_other_files_name_exists() -> None:
    """Code, messages, comments of deployments and the example configuration name pages by path."""
    found = subprocess.run(
        [
            "git",
            "grep",
            "-ohE",
            r"\bdocs/[a-z/-]+\.(md|json)",
            "--",
            ":!docs",
            ":!tests/contracts/docs",
            ":!CHANGELOG.md",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    named = set(found.split()) - {"docs/checkout.md"}  # an alert's relative link, in a test
    assert len(named) > 20

    assert {path for path in named if not (ROOT / path).is_file()} == set()


@pytest.mark.parametrize("name", documents())
def test_every_link_leads_somewhere(name: str) -> None:
    found = {address: what_is_wrong(name, address) for address in links((ROOT / name).read_text())}

    assert {address: wrong for address, wrong in found.items() if wrong} == {}


@pytest.mark.parametrize(
    ("address", "wrong"),
    [
        ("docs/use/commands.md#without-typing", None),
        ("docs/use/commands.md#no-such", "no such heading"),
        ("docs/no-such.md", "no such file"),
        ("https://example.com/a", None),
        ("https:///a", "not a web address"),
        ("mailto:somebody", "not a web address"),
    ],
)
def test_a_link_that_leads_nowhere_is_found(address: str, wrong: str | None) -> None:
    assert what_is_wrong("README.md", address) == wrong


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site as built by `make docs`."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "--quiet", "--fail-on-warning", "--keep-going"]
    command += ["--doctree-dir", str(folder / "read"), "--builder", "html", "docs", str(folder / "html")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "html"


class Page(HTMLParser):
    """A page: `loads` are its resources, `names` its anchors, `links` its targets."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.loads: set[str] = set()
        self.names: set[str] = set()
        self.links: set[str] = set()
        self.feed(path.read_text())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value for name, value in attrs if value}
        self.loads |= {given[name] for name in LOADS.get(tag, ()) if name in given}
        if tag == "link" and given.get("rel", "") not in {"next", "prev", "index", "search", "author", "canonical"}:
            self.loads.add(given["href"])
        if tag == "a" and "href" in given:
            self.links.add(given["href"])
        self.names |= {given[name] for name in ("id", "name") if name in given}


def test_the_site_is_made_of_every_document(site: Path) -> None:
    expected = {name.removeprefix("docs/").replace(".md", ".html") for name in documents() if name.startswith("docs/")}

    assert expected - {str(path.relative_to(site)) for path in site.rglob("*.html")} == set()


def test_the_site_loads_nothing_from_elsewhere(site: Path) -> None:
    """The site has to work offline."""
    pages = {path: Page(path) for path in site.rglob("*.html")}
    loaded = {(path, address) for path, page in pages.items() for address in page.loads}
    assert loaded

    assert {address for _, address in loaded if urlsplit(address).scheme or address.startswith("//")} == set()
    assert {str(path) for path, address in loaded if not (path.parent / urlsplit(address).path).exists()} == set()
    for style in site.rglob("*.css"):
        assert re.findall(r"@import\b|url\((?!\s*['\"]?data:)[^)]*//", style.read_text()) == [], style


def test_every_link_of_the_site_leads_somewhere(site: Path) -> None:
    """Also those that the theme, the navigation and the downloads make."""
    pages = {path: Page(path) for path in site.rglob("*.html")}
    wrong = set()
    for path, page in pages.items():
        for address in page.links:
            parts = urlsplit(address)
            if parts.scheme:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if not target.is_file() or (parts.fragment and parts.fragment not in pages[target].names):
                wrong.add(f"{path.name}: {address}")

    assert wrong == set()
