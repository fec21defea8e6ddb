"""Names and words: modules are named by terms of the glossary, prose is plain, folders and files stay small."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
GLOSSARY = (ROOT / "docs" / "glossary.md").read_text()
SOURCES = sorted(path for package in ("bot", "commands") for path in (ROOT / package).rglob("*.py"))
TREES = {path: ast.parse(path.read_text()) for path in SOURCES}

FOLDER_LIMIT = 13
FILE_LIMIT = 400
DOCSTRING_LIMIT = 90

NO_FIRST_WORD = re.compile(
    r"(?:who|whom|whose|whoever|what|whatever|where|wherever|somebody|nobody|everybody)\b", re.IGNORECASE
)
"""Beginnings that have to be read twice."""
BANNED = re.compile(
    r"\b(?:anew|whoever|stands there|what came of|is heard|in peace|nudges?|calls? for help|called for help|farewell"
    r"|it lacks|mends?|mended)\b",
    re.IGNORECASE,
)
"""Words of a private language. The field's own are in docs/glossary.md."""
NOUNLESS = {
    "heard",
    "held",
    "line",
    "lines",
    "look",
    "meant",
    "of",
    "place",
    "said",
    "say",
    "seen",
    "show",
    "shown",
} | {"tell", "told", "whole"}
LOG_METHODS = {"debug", "info", "warning", "error", "exception", "critical"}


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def terms_of_the_glossary() -> set[str]:
    """Each word of a term, and of the list of standard parts of names."""
    terms = re.findall(r"^\| \[([^\]]+)\]", GLOSSARY, re.MULTILINE)
    listed = re.findall(r"`([a-z_]+)`", GLOSSARY.partition("## Parts of names")[2])
    return {
        form for text in (*terms, *listed) for word in re.findall(r"[a-z]+", text.lower()) for form in plurals(word)
    }


def plurals(word: str) -> set[str]:
    """The word and its plurals: `entry`, `entries`."""
    return {word, f"{word}s", f"{word}es", f"{word.removesuffix('y')}ies"}


def names_of_modules() -> Iterator[tuple[str, str]]:
    """`(path, name)` of each module and package below `bot`. Those of `commands` are the words that people type."""
    for path in SOURCES:
        if path.is_relative_to(ROOT / "bot") and path != ROOT / "bot" / "__init__.py":
            name = path.parent.name if path.name == "__init__.py" else path.stem
            if not name.startswith("__"):
                yield relative(path), name


def test_modules_are_named_by_terms_of_the_glossary():
    known = terms_of_the_glossary()

    unknown = {f"{path}: {word}" for path, name in names_of_modules() for word in name.split("_") if word not in known}

    assert not unknown, sorted(unknown)


def test_every_term_of_the_glossary_has_a_sentence_and_a_link_that_leads_somewhere():
    rows = re.findall(r"^\| \[([^\]]+)\]\(([^)#]+)[^)]*\) \| (.+) \|$", GLOSSARY, re.MULTILINE)

    assert len(rows) >= 60
    assert [term for term, _, meaning in rows if len(meaning.split()) < 3] == []
    assert [link for _, link, _ in rows if not (ROOT / "docs" / link).exists()] == []
    assert [term for term, count in Counter(term for term, _, _ in rows).items() if count > 1] == []


def documented() -> Iterator[tuple[str, str]]:
    """`(place, first line)` of each docstring."""
    for path, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                if any("command" in ast.unparse(each) for each in getattr(node, "decorator_list", ())):
                    continue  # the help of a command line: people read it
                text = ast.get_docstring(node)
                if text:
                    yield f"{relative(path)}:{getattr(node, 'lineno', 1)}", text.partition("\n")[0]


def test_docstrings_begin_with_a_short_plain_line():
    long = [f"{place}: {line}" for place, line in documented() if len(line) > DOCSTRING_LIMIT]
    odd = [f"{place}: {line}" for place, line in documented() if NO_FIRST_WORD.match(line) or BANNED.search(line)]

    assert not long, "\n".join(long)
    assert not odd, "\n".join(odd)


def log_events() -> Iterator[tuple[str, str]]:
    """`(place, event)` of each call of a logger with a literal event."""
    for path, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in LOG_METHODS:
                receiver = ast.unparse(node.func.value)
                first = node.args[0] if node.args else None
                if "log" in receiver and isinstance(first, ast.Constant) and isinstance(first.value, str):
                    yield f"{relative(path)}:{node.lineno}", first.value


def test_log_events_are_greppable_and_plain():
    events = list(log_events())

    assert len(events) > 50
    odd = [
        f"{place}: {event}"
        for place, event in events
        if not event[:1].islower() or event.endswith(".") or NO_FIRST_WORD.match(event) or BANNED.search(event)
    ]
    assert not odd, "\n".join(odd)


def test_functions_have_a_noun():
    nounless = [
        f"{relative(path)}:{node.lineno}: {node.name}"
        for path, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.strip("_") in NOUNLESS
        if "sandbox/control" not in relative(path)  # there the names are what a person in Slack does
    ]

    assert not nounless, "\n".join(nounless)


def test_no_module_of_ours_has_a_second_name():
    modules = {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for path in SOURCES}

    aliased = [
        f"{relative(path)}:{node.lineno}: {alias.name} as {alias.asname}"
        for path, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom | ast.Import)
        for alias in node.names
        if alias.asname and f"{getattr(node, 'module', '')}.{alias.name}".lstrip(".") in modules
    ]

    assert not aliased, "\n".join(aliased)


@pytest.mark.parametrize("top", ["bot", "tests", "bench"])
def test_a_folder_fits_a_screen(top: str):
    counts = Counter(path.parent for path in (ROOT / top).rglob("*.py"))

    assert {relative(folder): count for folder, count in counts.items() if count > FOLDER_LIMIT} == {}


def test_files_stay_small():
    lengths = {relative(path): path.read_text().count("\n") for path in SOURCES}

    assert {path: length for path, length in lengths.items() if length > FILE_LIMIT} == {}


@pytest.mark.parametrize("page", ["architecture.md", "contributing/recipes.md"])
def test_paths_in_the_guides_exist(page: str):
    paths = re.findall(
        r"`((?:bot|commands|docs|migrations|templates|tests)/[\w/.]+)`", (ROOT / "docs" / page).read_text()
    )
    literal = [path for path in paths if not re.search(r"NOUN|NAME|WORD|CODE", path)]

    assert len(literal) > 15
    assert [path for path in literal if not (ROOT / path).exists()] == []
