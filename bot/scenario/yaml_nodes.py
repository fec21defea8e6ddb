"""YAML as values whose every mistake can be named by its place."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NoReturn

import yaml

from bot.domain.errors import UserError, did_you_mean

PLAIN = {
    "tag:yaml.org,2002:bool": r"^(?:true|True|false|False)$",
    "tag:yaml.org,2002:int": r"^-?(?:0|[1-9][0-9]*)$",
    "tag:yaml.org,2002:float": r"^-?[0-9]+\.[0-9]+$",
    "tag:yaml.org,2002:null": r"^(?:~|null|Null|NULL|)$",
}
"""What an unquoted scalar may be besides text. YAML 1.1 would also read 12:00 as 720 and a date as a date."""


class _Loader(yaml.SafeLoader):
    """Reads few scalars as anything but text, and refuses a key that stands twice."""

    yaml_implicit_resolvers: dict[str, list[Any]] = {}  # noqa: RUF012  the library's own way to hold them

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: list[Any] = []
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise UserError(f"line {key_node.start_mark.line + 1}: `{key}` stands twice. Leave one of them.")
            seen.append(key)
        return super().construct_mapping(node, deep=deep)


for _tag, _pattern in PLAIN.items():
    _Loader.add_implicit_resolver(_tag, re.compile(_pattern), None)


def load(text: str) -> "Part":
    """The file's top. Raises UserError for what is no YAML, or no table of keys."""
    try:
        data = yaml.load(text, Loader=_Loader)  # noqa: S506  a SafeLoader with fewer readings
    except yaml.YAMLError as problem:
        mark = getattr(problem, "problem_mark", None)
        where = f"line {mark.line + 1}: " if mark else ""
        what = getattr(problem, "problem", None) or "it cannot be read"
        raise UserError(f"{where}This is not YAML: {what}.") from problem
    except RecursionError:
        raise UserError("This is not YAML that can be read: it is nested too deeply.") from None
    return Part.of(data, "the scenario")


class Part:
    """A table of the file. `where` names it in what is said about mistakes."""

    def __init__(self, values: Mapping[str, Any], where: str) -> None:
        self.values = values
        self.where = where

    @classmethod
    def of(cls, value: object, where: str) -> "Part":
        if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
            raise UserError(f"{where}: a table of keys is needed here, not {_shown(value)}.")
        return cls(value, where)

    def fail(self, key: str, what: str) -> NoReturn:
        raise UserError(f"{self.where}: {key}: {what}")

    def only(self, *known: str) -> "Part":
        """Refuse every other key."""
        for key in self.values:
            if key not in known:
                raise UserError(
                    f"{self.where}: `{key}` is not known here.{did_you_mean(key, known)} There are {', '.join(known)}."
                )
        return self

    def text(self, key: str) -> str | None:
        value = self.values.get(key)
        if value is None:
            return None
        if not isinstance(value, str):
            self.fail(key, f"a text is needed, not {_shown(value)}. Put it in quotes if it is one.")
        if not value.strip():
            self.fail(key, "it is empty. Write something, or leave the key out.")
        return value

    def needed(self, key: str) -> str:
        value = self.text(key)
        if value is None:
            self.fail(key, "it is missing.")
        return value

    def one_of(self, key: str, choices: Sequence[str]) -> str:
        value = self.needed(key)
        if value not in choices:
            self.fail(key, f"`{value}` is not possible.{did_you_mean(value, choices)} Use {' or '.join(choices)}.")
        return value

    def flag(self, key: str) -> bool | None:
        value = self.values.get(key)
        if value is not None and not isinstance(value, bool):
            self.fail(key, f"write true or false, not {_shown(value)}.")
        return value

    def count(self, key: str) -> int | None:
        value = self.values.get(key)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 0):
            self.fail(key, f"a number from 0 is needed, not {_shown(value)}.")
        return value

    def number(self, key: str) -> float | None:
        value = self.values.get(key)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
            self.fail(key, f"a number is needed, not {_shown(value)}.")
        return value

    def instant(self, key: str) -> datetime | None:
        """A time with its offset, ISO 8601."""
        text = self.text(key)
        if text is None:
            return None
        try:
            at = datetime.fromisoformat(text)
        except ValueError:
            at = None
        if at is None or at.tzinfo is None:
            self.fail(key, f"`{text}` is no time with an offset. Write it like 2023-05-15T12:00:00+03:00.")
        return at

    def table(self, key: str) -> "Part | None":
        value = self.values.get(key)
        return None if value is None else Part.of(value, f"{self.where}: {key}")

    def texts(self, key: str) -> Mapping[str, str]:
        """A table of texts; numbers in it are taken as they are written."""
        inner = self.table(key)
        if inner is None:
            return {}
        for name, value in inner.values.items():
            if not isinstance(value, str | int | float):
                inner.fail(name, f"a text is needed, not {_shown(value)}.")
        return {name: _as_text(value) for name, value in inner.values.items()}

    def list(self, key: str) -> Sequence[Any] | None:
        value = self.values.get(key)
        if value is not None and not isinstance(value, list):
            self.fail(key, f"a list is needed, not {_shown(value)}.")
        return value

    def tables(self, key: str) -> Iterator["Part"]:
        """Each element of a list of tables; none if the key is absent."""
        for number, each in enumerate(self.list(key) or [], 1):
            yield Part.of(each, f"{self.where}: {key}: number {number}")


def _as_text(value: str | float) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _shown(value: object) -> str:
    if value is None:
        return "nothing"
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:59]}…"
