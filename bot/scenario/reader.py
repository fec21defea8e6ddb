"""Reader of scenario files. Every error names its line, step and key."""

from pathlib import Path
from typing import Any, get_args

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from bot.domain.errors import UserError, did_you_mean
from bot.scenario.fields import format_value
from bot.scenario.model import (
    ACTION_KEYS,
    Header,
    Message,
    MessageShortcut,
    Reaction,
    Scenario,
    ScenarioFile,
    Section,
    Step,
)
from bot.scenario.times import step_times
from bot.scenario.yaml_document import Document, load_document

MESSAGES = {
    "missing": "it is missing.",
    "bool_type": "write true or false, not {}.",
    "int_type": "a number from 0 is needed, not {}.",
    "greater_than_equal": "a number from 0 is needed, not {}.",
    "float_type": "a number is needed, not {}.",
    "string_type": "a text is needed, not {}. Put it in quotes if it is one.",
    "invalid_key": "each key must be a text.",
    "tuple_type": "a list is needed, not {}.",
    "list_type": "a list is needed, not {}.",
    "dict_type": "a table of keys is needed here, not {}.",
    "mapping_type": "a table of keys is needed here, not {}.",
    "model_type": "a table of keys is needed here, not {}.",
}
"""Messages by type of pydantic error; `{}` is the value."""


def read_scenario_text(text: str) -> Scenario:
    """Return the scenario of a YAML text. Raises UserError for the first error."""
    document = load_document(text)
    try:
        file = ScenarioFile.model_validate(document.value)
    except ValidationError as invalid:
        # A misspelt key explains a missing one.
        errors = invalid.errors(include_url=False)
        first = min(errors, key=lambda error: (error["type"] == "missing", document.find_line(error["loc"])))
        raise UserError(f"line {document.find_line(first['loc'])}: {_describe_error(first)}") from None
    header = {name: getattr(file, name) for name in Header.model_fields}
    return Scenario.model_construct(**header, steps=_build_steps(file, document))


def read_scenario(path: Path) -> Scenario:
    """Return the scenario of a file. Raises UserError, naming the file, if it cannot be read."""
    try:
        return read_scenario_text(path.read_bytes().decode("utf-8-sig"))
    except OSError as problem:
        raise UserError(f"{path}: it cannot be opened: {problem.strerror}.") from problem
    except UnicodeDecodeError as problem:
        raise UserError(f"{path}: this is not UTF-8 text.") from problem
    except UserError as problem:
        raise UserError(f"{path.name}: {problem.message}") from problem


def _describe_error(error: ErrorDetails) -> str:
    kind, path = error["type"], [part for part in error["loc"] if part != "[key]"]
    where = _describe_path(path)
    if kind == "extra_forbidden":
        *table, key = path
        known = _known_keys(table)
        what = "is not a known key"
        if "at" in known:
            known, what = ACTION_KEYS, "is not a known action"
        where = where.removesuffix(f": {key}")
        return f"{where}: `{key}` {what}.{did_you_mean(str(key), known)} Use one of {', '.join(known)}."
    if kind == "value_error":
        return f"{where}: {error['msg'].removeprefix('Value error, ')}"
    message = MESSAGES[kind].format(format_value(error["input"])) if kind in MESSAGES else f"{error['msg']}."
    return f"{where}: {message}"


def _describe_path(path: list[str | int]) -> str:
    """Return `("steps", 6, "say", "text")` as people name it: `step 7 (say): text`."""
    where, rest = "the scenario", path
    match path:
        case ["steps", int(index), str(action), _, *_] if action in ACTION_KEYS:
            where, rest = f"step {index + 1} ({action})", path[3:]
        case ["steps", int(index), *_]:
            where, rest = f"step {index + 1}", path[2:]
        case ["expect", _, *_]:
            where, rest = "expect", path[1:]
    if rest and isinstance(rest[-1], int):
        rest = rest[:-1]  # the message quotes the item
    return ": ".join([where, *(f"number {part + 1}" if isinstance(part, int) else part for part in rest)])


def _known_keys(path: list[str | int]) -> tuple[str, ...]:
    """Return the keys of the table at `path`."""
    section: type[Section] = ScenarioFile
    for part in path:
        field = next((each for name, each in section.model_fields.items() if (each.alias or name) == part), None)
        section = _find_section(field.annotation) or section if field else section
    return tuple(field.alias or name for name, field in section.model_fields.items())


def _find_section(annotation: Any) -> type[Section] | None:
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return annotation
    return next((found for each in get_args(annotation) if (found := _find_section(each))), None)


def _build_steps(file: ScenarioFile, document: Document) -> tuple[Step, ...]:
    """Give each step its time. Raises UserError for an impossible time, or an unknown message."""
    labels = [
        f"line {document.find_line(['steps', index])}: step {index + 1} ({entry.action.kind})"
        for index, entry in enumerate(file.steps)
    ]
    _check_names(file, labels)
    stated = [(label, entry.at) for label, entry in zip(labels, file.steps, strict=True)]
    times = step_times(stated, file.date, file.zone)
    return tuple(
        Step(number, at, entry.at is not None, entry.action)
        for number, (at, entry) in enumerate(zip(times, file.steps, strict=True), 1)
    )


def _check_names(file: ScenarioFile, labels: list[str]) -> None:
    """Check that each message that a step names was written before."""
    known: list[str] = []
    for label, entry in zip(labels, file.steps, strict=True):
        action = entry.action
        if isinstance(action, Message) and action.name:
            if action.name in known:
                raise UserError(f"{label}: id: `{action.name}` already names a message.")
            known.append(action.name)
        if isinstance(action, Reaction | MessageShortcut) and action.to not in known:
            guess = did_you_mean(action.to, known)
            raise UserError(f"{label}: to: no earlier step writes a message `{action.to}`.{guess}")
