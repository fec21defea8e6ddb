"""Mistakes in the configuration, each with its key, its value, and what to do about it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic_core import ErrorDetails

from bot.domain.errors import UserError, did_you_mean

Place = tuple[str | int, ...]
"""Where a value stands: `("services", "checkout", "severity")`, `("routes", 0, "match")`."""

LONGEST_VALUE = 80


@dataclass(frozen=True, slots=True)
class Problem:
    """
    One mistake. `key` is the environment variable or the dotted key (`routes[0].severity`); `value` is what stands
    there, None where it is absent or secret; `message` ends with the remedy; `line` counts from 1, None if unknown.
    """

    key: str
    message: str
    value: str | None = None
    origin: str = "environment"
    line: int | None = None

    def __str__(self) -> str:
        where = self.origin if self.line is None else f"{self.origin}:{self.line}"
        shown = "" if self.value is None else f" = {self.value}"
        return f"{where}: {self.key}{shown}: {self.message}"


class ConfigurationError(UserError):
    """The configuration cannot be used. `problems` has every mistake, not only the first."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        count = "1 mistake" if len(self.problems) == 1 else f"{len(self.problems)} mistakes"
        super().__init__("\n".join([f"The configuration has {count}:", *(f"  {each}" for each in self.problems)]))


def dotted(place: Place) -> str:
    """`("routes", 0, "match")` as people write it: `routes[0].match`."""
    parts = [f"[{part}]" if isinstance(part, int) else f".{_quoted(part)}" for part in place]
    return "".join(parts).removeprefix(".")


def _quoted(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_+-]+", key) else f'"{key}"'


def shown(value: object) -> str:
    """A value as it would stand in the file, cut to a line's length."""
    text = {True: "true", False: "false"}[value] if isinstance(value, bool) else repr(value)
    if isinstance(value, str) and '"' not in value:
        text = f'"{value}"'
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"


_MESSAGES = {
    "int_type": "This has to be a whole number, without quotation marks.",
    "int_parsing": "This has to be a whole number.",
    "float_type": "This has to be a number, without quotation marks.",
    "string_type": "This has to be a text in quotation marks.",
    "bool_type": "This has to be true or false, without quotation marks.",
    "tuple_type": 'This has to be a list, like ["one", "two"].',
    "list_type": 'This has to be a list, like ["one", "two"].',
    "dict_type": "This has to be a table of keys and values.",
    "model_type": "This has to be a table of keys and values.",
    "model_attributes_type": "This has to be a table of keys and values.",
    "string_too_short": "This may not be empty. Take the line out to have the default.",
    "too_short": "This needs at least one entry. Take the line out to have the default.",
    "missing": "This key is needed and absent. Add it.",
}


def wording(error: ErrorDetails, siblings: Sequence[str]) -> str:
    """What is wrong and the remedy. `siblings` are the keys that may stand where an unknown one does."""
    kind = error["type"]
    limits: Mapping[str, object] = error.get("ctx", {})
    if error["loc"][-1:] == ("[key]",) and kind.startswith("string_"):
        return "A name has 1 to 80 characters. Give it one."
    if error["loc"] == ("severities", "SEV5", "[key]"):
        return "There are four. A fifth is one more word for the least: put its name into `words` of [severities.SEV4]."
    if error["loc"] == ("routes",):
        return "Each route is a table of its own, under [[routes]] with two brackets."
    if error["loc"][:1] == ("schedules",) and error["loc"][2:] == ("layers",):
        return "Each layer is a table of its own, under [[schedules.NAME.layers]] with two brackets."
    if kind == "extra_forbidden":
        guess = did_you_mean(str(error["loc"][-1]), siblings)
        return f"There is no such key.{guess} Known here: {', '.join(siblings)}."
    if kind in {"enum", "literal_error"}:
        return f"This is not one of the known values. Use one of {limits['expected']}."
    if kind in {"greater_than_equal", "less_than_equal"}:
        bound = "at least" if kind == "greater_than_equal" else "at most"
        return f"This has to be {bound} {limits.get('ge', limits.get('le'))}."
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


def lines_of(text: str) -> dict[Place, int]:
    """
    The line of each table and key of a TOML text.

    It reads heads and keys at the beginning of lines, which is how people write; a key inside an inline table has none
    and is reported with the line of its parent.
    """
    places: dict[Place, int] = {}
    table: Place = ()
    counts: dict[Place, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if head := _TABLE.fullmatch(line):
            table = _parts(head["name"])
            if head["list"]:
                counts[table] = counts.get(table, -1) + 1
                table = (*table, counts[table])
            places.setdefault(table, number)
        elif key := _KEY.match(line):
            places.setdefault((*table, *_parts(key["key"])), number)
    return places


def _parts(name: str) -> Place:
    return tuple(part.strip("\"'") for part in _PART.findall(name))


def line_of(places: Mapping[Place, int], place: Place) -> int | None:
    """The line of a key, or of the first thing in it, or of the nearest thing around it; None for the whole file."""
    inside = [line for each, line in places.items() if each[: len(place)] == place]
    if inside:
        return min(inside)
    while place:
        if place in places:
            return places[place]
        place = place[:-1]
    return None
