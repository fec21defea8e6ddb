"""The index of faults is complete: each once, with existing tests."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[3]
DOCUMENT = ROOT / "docs" / "operate" / "faults.md"
FAULTS = range(1, 97)


class Row(NamedTuple):
    number: int
    injected: str
    seen: str
    databases: str


def rows() -> list[Row]:
    lines = re.findall(r"^\| (\d+) \|(.*)\|$", DOCUMENT.read_text(), flags=re.MULTILINE)
    return [Row(int(number), *(cell.strip() for cell in rest.split("|"))) for number, rest in lines]


def listed_tests() -> dict[int, list[str]]:
    section = DOCUMENT.read_text().partition("## Tests")[2]
    lines = re.findall(r"^- \*\*(\d+)\*\*: (.*)$", section, flags=re.MULTILINE)
    return {int(number): re.findall(r"`(tests/[^`]+)`", rest) for number, rest in lines}


@cache
def known_tests(path: str) -> frozenset[str]:
    file = ROOT / path
    if not file.is_file():
        return frozenset()
    nodes = ast.walk(ast.parse(file.read_text()))
    return frozenset(
        each.name
        for each in nodes
        if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef) and each.name.startswith("test_")
    )


def test_each_fault_stands_there_once_in_order() -> None:
    assert [row.number for row in rows()] == list(FAULTS)


def test_each_row_says_what_is_done_and_what_comes_of_it() -> None:
    assert [row.number for row in rows() if not (row.injected and row.seen)] == []


def test_each_row_names_its_databases() -> None:
    known = {"S", "P", "2P", "-"}

    assert [row.number for row in rows() if not set(row.databases.split(", ")) <= known] == []


def test_each_fault_has_a_test() -> None:
    assert list(listed_tests()) == list(FAULTS)
    assert [number for number, names in listed_tests().items() if not names] == []


def test_each_test_that_is_named_exists() -> None:
    assert list(_missing()) == []


def _missing() -> Iterator[str]:
    for number, names in listed_tests().items():
        for name in names:
            path, _, test = name.partition("::")
            if test not in known_tests(path):
                yield f"{number}: {name}"
