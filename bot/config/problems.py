"""Configuration errors, each with its key, its value and the remedy."""

import re
from collections.abc import Mapping, Sequence

from pydantic_core import ErrorDetails

from bot.domain.errors import UserError, did_you_mean
from bot.lazy_dataclass import dataclass

KeyPath = tuple[str | int, ...]
"""The path of a value: `("services", "checkout", "severity")`, `("routes", 0, "match")`."""

Conflict = tuple[KeyPath, str, object]
"""The path of a value, a message with the remedy, and the value."""

DEEPEST_TABLE = 16
"""Names in the path of a table whose line is known before it has a header."""
LONGEST_VALUE = 80
"""Characters of a value in a message."""


@dataclass(frozen=True, slots=True)
class Problem:
    """
    One error or warning.

    `key` is the environment variable or the dotted key (`routes[0].severity`). `value` is None if it is absent or
    secret. `message` ends with the remedy. `line` counts from 1, None if unknown.
    """

    key: str
    message: str
    value: str | None = None
    origin: str = "environment"
    line: int | None = None

    def __str__(self) -> str:
        where = self.origin if self.line is None else f"{self.origin}:{self.line}"
        value = "" if self.value is None else f" = {self.value}"
        return f"{where}: {self.key}{value}: {self.message}"


class ConfigurationError(UserError):
    """An invalid configuration. `problems` has every error, not only the first."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        count = "1 error" if len(self.problems) == 1 else f"{len(self.problems)} errors"
        super().__init__("\n".join([f"The configuration has {count}:", *(f"  {each}" for each in self.problems)]))


def dotted_key(path: KeyPath) -> str:
    """Return `("routes", 0, "match")` as people write it: `routes[0].match`."""
    parts = [f"[{part}]" if isinstance(part, int) else f".{_quote_key(part)}" for part in path]
    return "".join(parts).removeprefix(".")


def _quote_key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_+-]+", key) else f'"{key}"'


def format_value(value: object) -> str:
    """Return a value as TOML, cut to a line's length."""
    text = {True: "true", False: "false"}[value] if isinstance(value, bool) else repr(value)
    if isinstance(value, str) and '"' not in value:
        text = f'"{value}"'
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"


_MESSAGES = {
    "int_type": "This must be a whole number, without quotation marks.",
    "int_parsing": "This must be a whole number.",
    "float_type": "This must be a number, without quotation marks.",
    "string_type": "This must be a text in quotation marks.",
    "bool_type": "This must be true or false, without quotation marks.",
    "tuple_type": 'This must be a list, like ["one", "two"].',
    "list_type": 'This must be a list, like ["one", "two"].',
    "dict_type": "This must be a table of keys and values.",
    "model_type": "This must be a table of keys and values.",
    "model_attributes_type": "This must be a table of keys and values.",
    "string_too_short": "This must not be empty. Remove the line to use the default.",
    "too_short": "This needs at least one entry. Remove the line to use the default.",
    "missing": "This key is required. Add it.",
}


def describe_error(error: ErrorDetails, siblings: Sequence[str]) -> str:
    """Return the message of a pydantic error. `siblings`: the valid keys beside an unknown one."""
    kind = error["type"]
    limits: Mapping[str, object] = error.get("ctx", {})
    if error["loc"][-1:] == ("[key]",) and kind.startswith("string_"):
        return "A name must have 1 to 80 characters."
    if error["loc"] == ("severities", "SEV5", "[key]"):
        return "There are four severities. Add the name of a fifth to `words` of [severities.SEV4]."
    if error["loc"] == ("routes",):
        return "Each route must be a separate table: [[routes]], with two brackets."
    if error["loc"][:1] == ("schedules",) and error["loc"][2:] == ("layers",):
        return "Each layer must be a separate table: [[schedules.NAME.layers]], with two brackets."
    if kind == "extra_forbidden":
        guess = did_you_mean(str(error["loc"][-1]), siblings)
        return f"There is no such key.{guess} Valid keys: {', '.join(siblings)}."
    if kind in {"enum", "literal_error"}:
        return f"This is not a valid value. Use one of {limits['expected']}."
    if kind in {"greater_than_equal", "less_than_equal"}:
        bound = "at least" if kind == "greater_than_equal" else "at most"
        return f"This must be {bound} {limits.get('ge', limits.get('le'))}."
    if kind == "string_too_long":
        return f"This is too long. Use up to {limits['max_length']} characters."
    if kind == "value_error":
        return error["msg"].removeprefix("Value error, ")
    return _MESSAGES.get(kind, f"{error['msg']}.")


_TABLE = re.compile(r"\s*\[(?P<list>\[)?\s*(?P<name>[^\]]+?)\s*\]\]?\s*(?:#.*)?")
_KEY = re.compile(
    r"""\s*(?P<key>(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*'))*)\s*="""
)
_PART = re.compile(r"""[A-Za-z0-9_-]+|"[^"]*"|'[^']*'""")


def key_lines(text: str) -> dict[KeyPath, int]:
    """
    Return the line of each table and key of a TOML text, or that of the first key in it.

    Only table headers and keys at the beginning of lines are found; a key of an inline table has the line of its
    parent.
    """
    lines: dict[KeyPath, int] = {}
    table: KeyPath = ()
    counts: dict[KeyPath, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if header := _TABLE.fullmatch(line):
            table = _split_key(header["name"])
            if header["list"]:
                counts[table] = counts.get(table, -1) + 1
                table = (*table, counts[table])
            _set_line(lines, table, number)
        elif key := _KEY.match(line):
            _set_line(lines, (*table, *_split_key(key["key"])), number)
    return lines


def _set_line(lines: dict[KeyPath, int], path: KeyPath, number: int) -> None:
    """Set the line of a key, and of what it is in, unless it has an earlier one."""
    for depth in {*range(1, min(len(path), DEEPEST_TABLE) + 1), len(path)}:
        lines.setdefault(path[:depth], number)


def _split_key(name: str) -> KeyPath:
    return tuple(part.strip("\"'") for part in _PART.findall(name))


def find_line(lines: Mapping[KeyPath, int], path: KeyPath) -> int | None:
    """Return the line of a key or of its nearest parent; None if none."""
    while path:
        if path in lines:
            return lines[path]
        path = path[:-1]
    return None
