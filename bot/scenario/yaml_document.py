"""YAML documents as plain values, with the lines of their parts."""

import re
from collections.abc import Sequence
from typing import Any

import yaml

from bot.domain.errors import UserError
from bot.lazy_dataclass import dataclass

PLAIN = {
    "tag:yaml.org,2002:bool": r"^(?:true|True|false|False)$",
    "tag:yaml.org,2002:int": r"^-?(?:0|[1-9][0-9]*)$",
    "tag:yaml.org,2002:float": r"^-?[0-9]+\.[0-9]+$",
    "tag:yaml.org,2002:null": r"^(?:~|null|Null|NULL|)$",
}
"""Types of unquoted scalars besides text. YAML 1.1 would also read 12:00 as 720, and a date as a date."""


class _Loader(yaml.SafeLoader):
    """A loader that reads most scalars as text, and refuses duplicate keys."""

    yaml_implicit_resolvers: dict[str, list[Any]] = {}  # noqa: RUF012  PyYAML requires a class variable

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: list[Any] = []
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise UserError(f"line {_line_number(key_node)}: `{key}` is given twice. Remove one.")
            seen.append(key)
        return super().construct_mapping(node, deep=deep)


for _tag, _pattern in PLAIN.items():
    _Loader.add_implicit_resolver(_tag, re.compile(_pattern), None)


def _line_number(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed text: its value, and its nodes, which know their lines."""

    value: Any
    root: yaml.Node | None

    def find_line(self, path: Sequence[str | int]) -> int:
        """Return the line of the key or item at `path`, or of its nearest parent that exists."""
        line, node = 1, self.root
        for part in path:
            match node:
                case yaml.MappingNode(value=pairs):
                    key, node = next(((key, value) for key, value in pairs if key.value == part), (None, None))
                case yaml.SequenceNode(value=items):
                    key = node = items[part]
                case _:
                    break
            line = _line_number(key) if key else line
        return line


def load_document(text: str) -> Document:
    """Parse a YAML text. Raises UserError for invalid YAML."""
    try:
        loader = _Loader(text)
        root = loader.get_single_node()
        return Document(loader.construct_document(root) if root else None, root)
    except yaml.YAMLError as problem:
        mark = getattr(problem, "problem_mark", None)
        where = f"line {mark.line + 1}: " if mark else ""
        what = getattr(problem, "problem", None) or "it cannot be read"
        raise UserError(f"{where}This is not YAML: {what}.") from problem
    except RecursionError:
        raise UserError("This YAML is nested too deeply.") from None
