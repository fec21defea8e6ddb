"""The tables and keys of `dogwatch.toml`, derived from `Settings`."""

from collections.abc import Iterator, Mapping
from typing import Any, get_args, get_origin

from bot.config.problems import KeyPath
from bot.config.sections import Section
from bot.config.settings import FILE_SETTINGS, Settings
from bot.domain.terms import Severity, Status

ANY = "*"
"""A name that people choose, or an index of a list."""


def _find_sections(annotation: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], type[Section]]]:
    """Yield the sections in the type of the value at `path`."""
    if isinstance(annotation, type) and issubclass(annotation, Section):
        yield path, annotation
        for name, field in annotation.model_fields.items():
            yield from _find_sections(field.annotation, (*path, field.alias or name))
        return
    origin = get_origin(annotation)
    inner = (*path, ANY) if origin in {tuple, Mapping} else path
    for argument in get_args(annotation):
        yield from _find_sections(argument, inner)


_FIELDS = {field.alias or name: field for name, field in Settings.model_fields.items() if name in FILE_SETTINGS}

FILE_TABLES = tuple(_FIELDS)
"""The top-level keys of `dogwatch.toml`."""

SECTIONS: Mapping[tuple[str, ...], type[Section]] = {
    path: section for key, field in _FIELDS.items() for path, section in _find_sections(field.annotation, (key,))
}
"""Every table with fixed keys."""


def section_keys(section: type[Section]) -> tuple[str, ...]:
    """Return the keys of a table as they are written in the file."""
    return tuple(field.alias or name for name, field in section.model_fields.items())


def keys_at(key_path: KeyPath) -> tuple[str, ...]:
    """Return the keys that the table at `key_path` may have; none if any name is valid."""
    for path, section in SECTIONS.items():
        if len(path) == len(key_path) and all(
            mine in {ANY, theirs} for mine, theirs in zip(path, key_path, strict=True)
        ):
            return section_keys(section)
    if key_path == ("severities",):
        return tuple(Severity)
    return tuple(Status) if key_path == ("statuses",) else ()
