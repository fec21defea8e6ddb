"""The configuration in force as a list: each value, and where it comes from."""

import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from urllib.parse import urlsplit

from pydantic import BaseModel, SecretStr

from bot.config.environment import CONFIG_VARIABLE, find_variables
from bot.config.problems import KeyPath, dotted_key, format_value
from bot.config.settings import FILE_SETTINGS, Settings
from bot.lazy_dataclass import dataclass

HIDDEN = "set, not shown"
NOT_SET = "not set"
WEB_ADDRESS = re.compile(r"https?://\S+")
SECRET_ADDRESSES = ("paging", "schedules")
"""Tables whose addresses may hold a token behind the host."""


class ValueOrigin(StrEnum):
    FILE = "file"
    ENVIRONMENT = "environment"
    SECRET_FILE = "secret file"  # noqa: S105  a place, not a secret
    DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class ConfiguredValue:
    """A setting by its key in the file or its variable. `text` never holds a secret."""

    key: str
    text: str
    origin: ValueOrigin


def list_values(settings: Settings) -> list[ConfiguredValue]:
    """Every setting: variables first, then the file's tables in their order."""
    return [*_variables(settings), *_file_values(settings)]


def _variables(settings: Settings) -> Iterator[ConfiguredValue]:
    for variable in find_variables(settings.set_variables):
        if variable.name == CONFIG_VARIABLE:
            text = str(settings.config_path) if settings.config_path else "no file"
            yield ConfiguredValue(variable.name, text, _origin(settings, variable.name))
        elif variable.path[0] not in FILE_SETTINGS:
            found: object = getattr(settings, str(variable.path[0]))
            for part in variable.path[1:]:
                found = found.get(part) if isinstance(found, Mapping) else None
            text = _secret_text(found) if variable.secret else _text((), found)
            yield ConfiguredValue(variable.name, text, _origin(settings, variable.name))


def _origin(settings: Settings, variable: str) -> ValueOrigin:
    if variable in settings.secret_files:
        return ValueOrigin.SECRET_FILE
    return ValueOrigin.ENVIRONMENT if variable in settings.set_variables else ValueOrigin.DEFAULT


def _file_values(settings: Settings) -> Iterator[ConfiguredValue]:
    from_environment = {
        variable.path: variable.name
        for variable in find_variables(settings.set_variables)
        if variable.name in settings.set_variables
    }
    for name, field in Settings.model_fields.items():
        if name in FILE_SETTINGS:
            is_set = name in settings.model_fields_set
            for path, value, is_own in _walk((field.alias or name,), getattr(settings, name), is_set=is_set):
                origin = ValueOrigin.FILE if is_own else ValueOrigin.DEFAULT
                if path in from_environment:
                    origin = _origin(settings, from_environment[path])
                yield ConfiguredValue(dotted_key(path), _text(path, value), origin)


def _walk(path: KeyPath, value: object, *, is_set: bool) -> Iterator[tuple[KeyPath, object, bool]]:
    """Yield each leaf with its path, and whether the file has it."""
    if isinstance(value, BaseModel):
        for name, field in type(value).model_fields.items():
            is_own = is_set and name in value.model_fields_set
            yield from _walk((*path, field.alias or name), getattr(value, name), is_set=is_own)
    elif isinstance(value, Mapping) and value:
        for key, each in value.items():
            yield from _walk((*path, str(key)), each, is_set=is_set)
    elif isinstance(value, tuple) and any(isinstance(each, BaseModel) for each in value):
        for number, each in enumerate(value):
            yield from _walk((*path, number), each, is_set=is_set)
    else:
        yield path, value, is_set


def _text(path: KeyPath, value: object) -> str:
    """The value as the file writes it."""
    match value:
        case None:
            return NOT_SET
        case SecretStr():
            return HIDDEN
        case bool() | int() | float():
            return format_value(value)
        case Mapping():
            return "{}"
        case tuple() | frozenset():
            return f"[{', '.join(_text(path, each) for each in value)}]"
        case _:
            text = _hide_path(str(value)) if path and path[0] in SECRET_ADDRESSES else str(value)
            return f"'{text}'" if '"' in text else f'"{text}"'


def _hide_path(text: str) -> str:
    """A web address without what follows its host."""
    if not WEB_ADDRESS.fullmatch(text):
        return text
    parts = urlsplit(text)
    return f"{parts.scheme}://{parts.hostname}{'/…' if parts.path.strip('/') or parts.query else ''}"


def _secret_text(found: object) -> str:
    return NOT_SET if found is None else HIDDEN
