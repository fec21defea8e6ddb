"""Typed JSON payloads of rows: frozen dataclasses that are stored as JSON objects."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from types import UnionType
from typing import Any, Self, Union, get_args, get_origin, get_type_hints

from bot.lazy_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Payload:
    """
    Base of payloads.

    Field types: str, int, float, bool, datetime, tuples of those, mappings with JSON values, and each of them or None.
    A stored object may omit fields that have a default, and may contain unknown fields.
    """

    def as_json(self) -> dict[str, Any]:
        """The JSON object to store. Fields at their default are left out."""
        return {
            each.name: _to_json(value) for each in fields(self) if (value := getattr(self, each.name)) != each.default
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Raises KeyError if a field without a default is missing."""
        given = {name: read(stored[name]) for name, read in _readers(cls).items() if name in stored}
        try:
            return cls(**given)
        except TypeError as problem:
            raise KeyError(f"{cls.__name__}: {problem}") from problem


def _to_json(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, tuple):
        return [_to_json(each) for each in value]
    return value


_READERS: dict[type[Payload], dict[str, Any]] = {}
"""By class: the function that reads each field."""


def _readers(cls: type[Payload]) -> dict[str, Any]:
    if cls not in _READERS:
        hints = get_type_hints(cls)
        _READERS[cls] = {each.name: _reader(hints[each.name]) for each in fields(cls)}
    return _READERS[cls]


def _reader(hint: Any) -> Any:
    """The function that makes a field's value of its JSON value."""
    if get_origin(hint) in (Union, UnionType):
        inner = _reader(next(each for each in get_args(hint) if each is not type(None)))
        return lambda value: None if value is None else inner(value)
    if get_origin(hint) is tuple:
        item = _reader(get_args(hint)[0])
        return lambda value: tuple(item(each) for each in value)
    if hint is datetime:
        return datetime.fromisoformat
    return hint if hint in (str, int, float, bool) else lambda value: value
